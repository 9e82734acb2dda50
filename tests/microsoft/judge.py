"""Requests to Graph and its answers, judged by Microsoft's description: one by one, or all that an application sees."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.microsoft.contract import Broken, Json, Operation, check, document, of_parameter, operation, preferences

VERSION = "/v1.0"
ERROR = "microsoft.graph.ODataErrors.ODataError"
_RARE = {"primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress"}
"""Not in any answer that others have published, although they are in the description."""
_PLAIN = re.compile(r"application/json(;.*)?")


def request(verb: str, target: str, headers: Mapping[str, str], body: bytes) -> Operation:
    """Judge a request.

    Args:
        verb: of HTTP.
        target: path and query as they were sent, from ``/v1.0`` on.
        headers: names in lower case.
        body: as it was sent.

    Returns:
        what was asked for.

    Raises:
        Broken: it is not as described.
    """
    path, _, query = target.partition("?")
    if not path.startswith(f"{VERSION}/"):
        raise Broken(f"{path} is not below {VERSION}")
    found = operation(verb, path.removeprefix(VERSION))
    what = f"{verb} {path}"
    _query(found, query, what)
    if "if-match" in headers and "if-match" not in found.headers:
        raise Broken(f"{what}: If-Match is not described")
    if "prefer" in headers:
        if "prefer" not in found.headers:
            raise Broken(f"{what}: Prefer is not described")
        preferences(headers["prefer"], what)
    _request_body(found, headers.get("content-type", ""), body, what)
    return found


def answer(
    verb: str,
    target: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    sent: bytes = b"",
) -> None:
    """Judge an answer.

    Args:
        verb: of the request.
        target: of the request.
        status: of the answer.
        headers: of the answer, names in lower case.
        body: of the answer, decompressed.
        sent: the body of the request, of which the answer to a batch has to be.

    Raises:
        Broken: it is not as described.
    """
    path, _, query = target.partition("?")
    what = f"{verb} {path} -> {status}"
    if status >= 400:
        _media_type(headers, what)
        check(ERROR, _json(body, what), what)
        return
    found = operation(verb, path.removeprefix(VERSION))
    if str(status) not in found.answers:
        raise Broken(f"{what}: this status is not described")
    described = found.answers[str(status)]
    if not described:
        if body:
            raise Broken(f"{what}: a body where none is described")
        return
    if "application/json" not in described:
        if not headers.get("content-type", "").startswith(("image/", "application/octet-stream")):
            raise Broken(f"{what}: no picture but {headers.get('content-type')}")
        return
    _media_type(headers, what)
    value = _json(body, what)
    check(described["application/json"], value, what)
    _whole(found, query, value, what)
    if found.id == "batch":
        _batch(json.loads(sent), value)


@dataclass
class Judge:
    """Around an ASGI application: judges what goes in and out below ``/v1.0``.

    Attributes:
        app: the application.
        lenient: requests that were refused need not be as described (a client that is tested has to send none of them).
        faults: what was not as described; a test demands at its end that there is nothing.
        seen: ids of the operations that were answered with success.
    """

    app: Any
    lenient: bool = False
    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(f"{VERSION}/"):
            await self.app(scope, receive, send)
            return
        sent, taken = bytearray(), bytearray()
        start: dict[str, Any] = {}

        async def reading() -> Any:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def writing(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                taken.extend(message.get("body", b""))
            await send(message)

        await self.app(scope, reading, writing)
        if start:
            self._judge(scope, bytes(sent), start, bytes(taken))

    def _judge(self, scope: Any, sent: bytes, start: Mapping[str, Any], taken: bytes) -> None:
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1").partition("?")[0] + (f"?{query}" if query else "")
        verb, status = scope["method"], start["status"]
        try:
            if status < 400 or not self.lenient:
                found = request(verb, target, _headers(scope["headers"]), sent)
                if status < 400:
                    self.seen.add(found.id)
            answer(verb, target, status, _headers(start["headers"]), taken, sent)
        except Broken as error:
            self.faults.append(str(error))


def notification(body: Any) -> None:
    """Judge what Graph posts to a notification URL. Raises Broken."""
    check("microsoft.graph.changeNotificationCollection", body, "notification")
    for one in body["value"]:
        needed = {"subscriptionId", "subscriptionExpirationDateTime", "tenantId"}
        if "lifecycleEvent" not in one:
            needed |= {"changeType", "resource", "resourceData"}
        if missing := needed - set(one):
            raise Broken(f"notification: without {', '.join(sorted(missing))}")
        missing = {"@odata.type", "@odata.id", "id"} - set(one.get("resourceData") or ())
        if "resourceData" in one and missing:
            raise Broken(f"notification: resourceData without {', '.join(sorted(missing))}")


def _query(found: Operation, query: str, what: str) -> None:
    names = []
    for pair in filter(None, query.split("&")):
        name, _, text = pair.partition("=")
        name, text = unquote(name), unquote(text.replace("+", " "))
        if name not in found.query:
            raise Broken(f"{what}: unknown parameter {name}")
        if not of_parameter(found.query[name], text):
            raise Broken(f"{what}: {name} cannot be {text!r}")
        names.append(name)
    if len(set(names)) < len(names):
        raise Broken(f"{what}: a parameter is given twice")


def _request_body(found: Operation, media: str, body: bytes, what: str) -> None:
    if not found.body:
        if body not in (b"", b"{}"):
            raise Broken(f"{what}: takes no body")
        return
    if "application/json" not in found.body:
        if media not in found.body:
            raise Broken(f"{what}: a body of {media or 'no media type'}")
        return
    if not body:
        if found.required:
            raise Broken(f"{what}: without a body")
        return
    if not _PLAIN.fullmatch(media):
        raise Broken(f"{what}: a body of {media or 'no media type'}")
    value = _json(body, what)
    check(found.body["application/json"], value, what, writable=True)
    if found.id == "batch":
        _steps(value)


def _steps(value: Json) -> None:
    """Each request of a batch, as if it came by itself."""
    ids = [one["id"].lower() for one in value["requests"]]
    if len(set(ids)) < len(ids):
        raise Broken("batch: an id occurs twice")
    for one in value["requests"]:
        if not {name.lower() for name in one.get("dependsOn", ())} <= set(ids):
            raise Broken(f"batch: {one['id']} depends on what is not there")
        headers = {name.lower(): text for name, text in one.get("headers", {}).items()}
        request(one["method"], _target(one), headers, _step_body(one, headers))


def _step_body(one: Json, headers: Mapping[str, str]) -> bytes:
    if "body" not in one:
        return b""
    if not isinstance(one["body"], str):
        return json.dumps(one["body"]).encode()
    if headers.get("content-type", "").startswith("application/json"):
        raise Broken(f"batch: the body of {one['id']} is a text and called JSON")
    return base64.urlsafe_b64decode(one["body"] + "=" * (-len(one["body"]) % 4))


def _batch(sent: Json, value: Json) -> None:
    """Each answer to a batch, as if it came by itself."""
    asked = {one["id"].lower(): one for one in sent["requests"]}
    got = [one["id"].lower() for one in value["responses"]]
    if sorted(got) != sorted(asked):
        raise Broken(f"batch: asked for {sorted(asked)}, got {sorted(got)}")
    for one in value["responses"]:
        step = asked[one["id"].lower()]
        headers = {name.lower(): text for name, text in one.get("headers", {}).items()}
        body = _step_answer(one, headers)
        # What was refused may have any URL.
        target = _target(step) if one["status"] < 400 else step["url"]
        answer(step["method"], target, one["status"], headers, body)


def _step_answer(one: Json, headers: Mapping[str, str]) -> bytes:
    if "body" not in one:
        return b""
    if isinstance(one["body"], str):
        return base64.b64decode(one["body"], validate=True)
    if not _PLAIN.fullmatch(headers.get("content-type", "")):
        raise Broken(f"batch: the answer {one['id']} is JSON and does not say so")
    return json.dumps(one["body"]).encode()


def _target(step: Json) -> str:
    url: str = step["url"]
    if "://" in url:
        raise Broken(f"batch: the URL of {step['id']} is not relative")
    return f"{VERSION}/{url.lstrip('/')}"


def _whole(found: Operation, query: str, value: Json, what: str) -> None:
    """A collection's page is the last or leads on, and a contact has all its members unless some were selected."""
    if found.is_delta and ("@odata.nextLink" in value) == ("@odata.deltaLink" in value):
        raise Broken(f"{what}: has to have one of nextLink and deltaLink")
    if "select=" in query or found.is_delta:
        return
    described = found.answers["200" if "200" in found.answers else "201"]["application/json"]
    if described == "microsoft.graph.contactCollectionResponse":
        contacts = value["value"]
    elif described == "microsoft.graph.contact":
        contacts = [value]
    else:
        return
    for contact in contacts:
        if missing := _members() - set(contact):
            raise Broken(f"{what}: a contact without {', '.join(sorted(missing))}")


def _members() -> set[str]:
    """The structural members of a contact."""
    schemas = document()["components"]["schemas"]
    found = set()
    for name in ("outlookItem", "contact"):
        properties = schemas[f"microsoft.graph.{name}"]["allOf"][-1]["properties"]
        found |= {member for member, one in properties.items() if "x-ms-navigationProperty" not in one}
    return found - _RARE


def _media_type(headers: Mapping[str, str], what: str) -> None:
    if not _PLAIN.fullmatch(headers.get("content-type", "")):
        raise Broken(f"{what}: not JSON but {headers.get('content-type')}")


def _json(body: bytes, what: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise Broken(f"{what}: not JSON") from None


def _headers(pairs: Any) -> dict[str, str]:
    return {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in pairs}
