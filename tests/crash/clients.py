"""Clients that write through the API, and remember what they were told: each contact belongs to one of them."""

from __future__ import annotations

import base64
import io
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
from PIL import Image

from tests.crash.book import Shown
from tests.crash.consumer import LATER
from tests.crash.home import Answer, Home


def photo(random: Random) -> dict[str, str]:
    """A picture of one colour, as the API takes it."""
    output = io.BytesIO()
    Image.new("RGB", (8, 8), (random.randrange(256), random.randrange(256), 0)).save(output, "PNG")
    return {"content": base64.b64encode(output.getvalue()).decode(), "mimeType": "image/png"}


@dataclass
class Fate:
    """What a client knows of a contact that it has asked for.

    Attributes:
        id: None while the create is not acknowledged.
        etag: the newest that was seen.
        looks: how it may look: what was acknowledged last, and what was asked for since without an answer.
        gone: whether it may be gone: "no", "maybe" or "yes".
    """

    name: str
    looks: list[Shown]
    id: str | None = None
    etag: str = ""
    gone: str = "no"

    @property
    def last(self) -> Shown:
        return self.looks[-1]


@dataclass
class Client:
    """One client, which does one thing at a time.

    Attributes:
        patient: whether it sends a request that got no answer again, byte by byte the same, until it gets one.
        happened: answers by verb and status, "silence" for none.
    """

    home: Home
    name: str
    random: Random
    patient: bool
    fates: list[Fate] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    number: int = 0
    waiting: tuple[str, str, Any, dict[str, str] | None, Fate, Shown | None] | None = None

    async def step(self) -> bool:
        """Send one request, or again the one without an answer; False when there is no answer (now)."""
        if self.waiting is not None and self.patient:
            return await self._send(*self.waiting)
        self.waiting = None
        mine = [fate for fate in self.fates if fate.id is not None and fate.gone == "no"]
        kind = self.random.choice(("create", "create", "update", "update", "update", "delete"))
        if kind == "create" or len(mine) < 3:
            return await self._create()
        fate = self.random.choice(mine)
        guarded = {"If-Match": fate.etag} if fate.etag and self.random.random() < 0.5 else None
        if kind == "delete":
            return await self._send("DELETE", f"/v1/contacts/{fate.id}", None, guarded, fate, None)
        body: dict[str, Any] = {"notes": self._words()}
        pictured = fate.last.photo
        if self.random.random() < 0.3 or len(fate.looks) > 1:  # said when it is not known which look it has
            body["photo"] = None if pictured else photo(self.random)
            pictured = not pictured
        look = Shown(fate.name, body["notes"], pictured)
        return await self._send("PATCH", f"/v1/contacts/{fate.id}", body, guarded, fate, look)

    async def _create(self) -> bool:
        name, notes = f"{self.name} {self.number}", self._words()
        body: dict[str, Any] = {"name": {"displayName": name, "familyName": name}, "notes": notes}
        if self.random.random() < 0.3:
            body["photo"] = photo(self.random)
        look = Shown(name, notes, "photo" in body)
        fate = Fate(name, [look])
        self.fates.append(fate)
        return await self._send("POST", "/v1/contacts", body, None, fate, look)

    def _words(self) -> str:
        self.number += 1
        return f"{self.name} wrote {self.number}"

    async def _send(
        self, method: str, path: str, body: Any, headers: dict[str, str] | None, fate: Fate, look: Shown | None
    ) -> bool:
        again = self.waiting is not None
        if not again:  # from now on it may have happened
            if look is None:
                fate.gone = "maybe"
            elif method == "PATCH":
                fate.looks.append(look)
        self.waiting = (method, path, body, headers, fate, look)
        try:
            answer = await self.home.ask(method, path, body, headers)
        except httpx.TransportError:
            self.happened[f"{method} silence"] += 1
            return False
        self.happened[f"{method} {answer.status}"] += 1
        if answer.status in LATER:
            return False
        self.waiting = None
        self._told(answer, method, fate, look, again=again)
        return True

    def _told(self, answer: Answer, method: str, fate: Fate, look: Shown | None, *, again: bool) -> None:
        # Nobody else touches this contact: a guard can only fail, and a contact be missing, by our own earlier request.
        maybe_changed = len(fate.looks) > 1 or fate.gone == "maybe"
        if method == "POST":
            assert answer.status == 201, answer
            fate.id = answer.json["id"]
        elif answer.status == 412:
            assert maybe_changed, answer
            if look is None:
                fate.gone = "no"
            else:
                fate.looks.remove(look)
            fate.etag = ""
            return
        elif method == "DELETE":
            assert answer.status == 200 or (answer.status == 404 and again), answer
            fate.gone = "yes"
            return
        else:
            assert answer.status == 200, answer
        assert look is not None
        fate.etag = answer.json["etag"]
        record = answer.json["record"]
        assert (record["notes"], record["hasPhoto"]) == (look.notes, look.photo), answer
        fate.looks = [look]

    def check(self, contacts: dict[str, dict[str, Any]], shown: dict[str, list[Shown]]) -> None:
        """What was acknowledged is there exactly once, what was not at most once.

        Args:
            contacts: everything that is there, by id.
            shown: how contacts look, by their names.
        """
        for fate in self.fates:
            looks = shown.get(fate.name, [])
            if fate.gone == "yes":
                assert looks == [], (fate, looks)
                assert fate.id not in contacts
                continue
            assert len(looks) <= 1, (fate, looks)
            if fate.id is not None and fate.gone == "no":
                assert fate.id in contacts, fate
                assert len(looks) == 1, fate
            for look in looks:
                assert look in fate.looks, (fate, look)
