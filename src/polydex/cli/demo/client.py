"""A small HTTP client for the demonstration that can show what it does as a curl line."""

from __future__ import annotations

import base64
import http.client
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers with lower-case names, and the decoded JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(slots=True)
class Client:
    """Calls one Polydex server.

    Attributes:
        url: of the server.
        app: client id and secret, for calls of an application.
        token: an account's access token, for all other calls.
        variable: name of the shell variable that stands for the token in the lines.
        named: text -> name of the shell variable that stands for it in the lines, such as a contact's id.
    """

    url: str
    app: tuple[str, str] = field(repr=False)
    token: str = field(default="", repr=False)
    variable: str = "TOKEN"
    named: dict[str, str] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        as_app: bool = False,
    ) -> Answer:
        """One call; ``query`` values are text or numbers."""
        sent = {"Authorization": self._authorization(as_app), **(headers or {})}
        content = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            connection.request(method, _target(path, query), content, sent)
            answer = connection.getresponse()
            raw = answer.read()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, json.loads(raw) if raw else None)
        finally:
            connection.close()

    def curl(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        as_app: bool = False,
    ) -> str:
        """The same call as a line for a shell in which API, APP, ``variable`` and the ``named`` variables are set."""
        words = ["curl", "-sS"]
        if method != "GET":
            words.append(f"-X {method}")
        words.append('-u "$APP"' if as_app else f'-H "Authorization: Bearer ${self.variable}"')
        words += [f"-H {self._quoted(f'{name}: {value}')}" for name, value in (headers or {}).items()]
        if body is not None:
            words.append("-H 'Content-Type: application/json'")
            words.append(f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}")
        words.append(f'"$API{self._with_names(_target(path, query))}"')
        return " ".join(words)

    def exports(self) -> str:
        """What the curl lines need."""
        client_id, secret = self.app
        more = "".join(f" {name}={value}" for value, name in self.named.items())
        return f"export API={self.url} {self.variable}={self.token} APP={client_id}:{secret}{more}"

    def _with_names(self, text: str) -> str:
        for value, name in self.named.items():
            text = text.replace(value, f"${name}")
        return text

    def _quoted(self, text: str) -> str:
        named = self._with_names(text)
        return shlex.quote(text) if named == text else f'"{named}"'

    def _authorization(self, as_app: bool) -> str:
        if not as_app:
            return f"Bearer {self.token}"
        return "Basic " + base64.b64encode(":".join(self.app).encode()).decode()


def _target(path: str, query: Mapping[str, object] | None) -> str:
    return quote(path) + (f"?{urlencode(query)}" if query else "")
