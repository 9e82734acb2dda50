"""The network takes the answer of a write, after the provider has acted or before: exactly one effect, and the truth."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
import pytest

from tests.crash.book import Book, DavBook, Shown
from tests.crash.checks import agreed
from tests.crash.clients import photo
from tests.crash.conftest import Places
from tests.crash.consumer import LATER, Consumer, until_ready
from tests.crash.home import Answer, Home
from tests.servers import radicale
from tests.servers.proxy import BlackHole, DropAnswer, Fault, Held, Proxy, Reset, proxy_to
from tests.soak import SOAK

Homes = Callable[[Book], Home]
RANDOM = Random(1)


@dataclass(frozen=True)
class Write:
    """One kind of write.

    Attributes:
        before, after: how the contact looks; None: there is none.
        body: what is sent.
        guarded: with If-Match.
    """

    verb: str
    before: Shown | None
    after: Shown | None
    body: Any = None
    guarded: bool = False

    @property
    def method(self) -> bytes:
        """How the request to a CardDAV server begins that changes something."""
        return b"DELETE " if self.verb == "DELETE" else b"PUT "

    @property
    def at_google(self) -> tuple[bytes, ...]:
        """The same of each request to Google: a photo takes one of its own."""
        if self.verb == "DELETE" or (self.body.get("photo", ...) is None):
            return (b"DELETE /v1/people/",)
        if self.verb == "PATCH":
            return (b"PATCH /v1/people/",)
        return (b"POST /v1/people:createContact", *([b"PATCH /v1/people/"] if "photo" in self.body else []))

    @property
    def at_microsoft(self) -> tuple[bytes, ...]:
        """The same of each request to Microsoft, where photos have no DELETE."""
        photo = (b"PUT /v1.0/me/contactFolders/",) if self.verb != "DELETE" and "photo" in self.body else ()
        if self.verb == "POST":
            return (b"POST /v1.0/me/contactFolders/contacts/contacts", *photo)
        return photo or (self.verb.encode() + b" /v1.0/me/contactFolders/",)

    @property
    def at_exchange(self) -> tuple[bytes, ...]:
        """The operation of each request to Exchange."""
        photo = () if self.verb == "DELETE" else (self.body.get("photo", ...),)
        if photo == (None,):
            return (b"<m:DeleteAttachment",)
        adding = (b"<m:CreateAttachment",) if photo and photo != (...,) else ()
        if self.verb == "POST":
            return (b"<m:CreateItem", *adding)
        return adding or (b"<m:UpdateItem" if self.verb == "PATCH" else b"<m:DeleteItem",)

    def requests(self, kind: str) -> tuple[bytes, ...]:
        """How each request to a provider of this kind begins that changes something, or what it has in it."""
        own = {"google": self.at_google, "microsoft": self.at_microsoft, "exchange": self.at_exchange}
        return own.get(kind, (self.method,))


PLAIN, PICTURED = Shown("Ada", "first"), Shown("Ada", "first", photo=True)
NAME = {"displayName": "Ada", "familyName": "Ada"}
CREATES = ("create", "create with a photo")
WRITES = {
    "create": Write("POST", None, PLAIN, {"name": NAME, "notes": "first"}),
    "create with a photo": Write("POST", None, PICTURED, {"name": NAME, "notes": "first", "photo": photo(RANDOM)}),
    "update": Write("PATCH", PLAIN, Shown("Ada", "second"), {"notes": "second"}),
    "update, guarded": Write("PATCH", PLAIN, Shown("Ada", "second"), {"notes": "second"}, guarded=True),
    "photo put": Write("PATCH", PLAIN, PICTURED, {"photo": photo(RANDOM)}),
    "photo removed": Write("PATCH", PICTURED, PLAIN, {"photo": None}, guarded=True),
    "delete": Write("DELETE", PLAIN, None),
    "delete, guarded": Write("DELETE", PICTURED, None, guarded=True),
}
# What is over at once; what ends by a limit of time is further below.
FAULTS: dict[str, Fault] = {
    "the answer is dropped": DropAnswer(),
    "half an answer": Reset(after=20),
    "a reset in place of the answer": Reset(),
    "a reset in the middle of the request": Reset(after=60, of="request"),
}
BRIEFLY = ("the answer is dropped", "a reset in the middle of the request")


async def prepared(home: Home, write: Write) -> tuple[str, dict[str, str] | None]:
    """Make the contact that a write is about; its path, and the guard."""
    if write.before is None:
        return "/v1/contacts", None
    made = await home.ask(
        "POST", "/v1/contacts", WRITES["create with a photo" if write.before.photo else "create"].body
    )
    assert made.status == 201, made
    return f"/v1/contacts/{made.json['id']}", {"If-Match": made.json["etag"]} if write.guarded else None


async def until_answered(home: Home, write: Write, path: str, guard: dict[str, str] | None) -> Answer:
    """Send a write as official clients do: again, the same, as long as it is not answered for good."""
    for _ in range(150):
        with contextlib.suppress(httpx.TransportError):
            answer = await home.ask(write.verb, path, write.body, guard)
            if answer.status not in LATER:
                return answer
            # The minutes are over in which Google and Microsoft may not know yet what is new: "not there" is believed.
            home.change("UPDATE intent SET created_at = created_at - 600000")
            home.change("UPDATE contact SET wrote_at = 0, created_ms = created_ms - 600000")
            assert int(answer.headers.get("retry-after", "1")) > 0
            await asyncio.sleep(0.2)  # real clients wait for as long as they are told to: nothing comes of it sooner
    raise AssertionError("no answer")


async def cleared(home: Home, contacts: dict[str, dict[str, Any]]) -> None:
    for contact in contacts:
        assert (await home.ask("DELETE", f"/v1/contacts/{contact}")).status == 200


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["radicale", "xandikos", "cyrus", "sabre", "google", "microsoft", "exchange"])
async def test_every_kind_of_write_has_one_effect(kind: str, place: Places, homes: Homes) -> None:
    book = place(kind)
    briefly = not SOAK and kind in ("google", "microsoft", "exchange")
    faults = {name: FAULTS[name] for name in BRIEFLY} if briefly else FAULTS
    async with proxy_to(book.server) as proxy:
        home = homes(book)
        home.url = proxy.url(book.server)
        await home.connect()
        if isinstance(book, DavBook):
            book.url = home.default_book
        assert await home.start()
        consumer = Consumer(home)
        await until_ready(consumer)
        for name, write in WRITES.items():
            for request, (misfortune, fault) in itertools.product(write.requests(kind), faults.items()):
                path, guard = await prepared(home, write)
                played = proxy.played
                proxy.play(fault, times=1, request=request)
                answer = await until_answered(home, write, path, guard)
                assert proxy.played == played + 1
                assert answer.status == (201 if write.verb == "POST" else 200), (name, misfortune, answer)
                assert await book.shown() == ([write.after] if write.after else []), (name, misfortune)
                contacts = await agreed(home, book, consumer)
                if write.verb == "POST":
                    assert list(contacts) == [answer.json["id"]]
                elif write.after:
                    assert f"/v1/contacts/{next(iter(contacts))}" == path
                await cleared(home, contacts)


# The answer never comes, comes when nobody waits any more, or the request goes nowhere: known after 25 seconds only.
SLOW: dict[str, Fault] = {
    "the answer never comes": DropAnswer(close=False),
    "the answer comes too late": Held(),
    "the request goes nowhere": BlackHole(),
}


async def test_every_kind_of_write_survives_silence(homes: Homes) -> None:
    """All at once, each on an account of its own: every one of them waits for the limit of time."""
    with radicale.serve(memory=True) as dav:
        first = DavBook(dav, dav.account, dav.create_book())
        home = homes(first)
        app = await home.command("apps", "create", "tests")
        assert await home.start()

        async def one(name: str, misfortune: str) -> None:
            write = WRITES[name]
            account = await asyncio.to_thread(dav.new_account)
            book = DavBook(dav, account, await asyncio.to_thread(dav.create_book, account))
            async with proxy_to(dav.url) as proxy:
                mine = await home.another_account(app, account, proxy.url(dav.url))
                try:
                    await _silence(mine, book, proxy, write, SLOW[misfortune])
                except AssertionError as error:
                    error.add_note(f"{name}, {misfortune}")
                    raise
                finally:
                    await mine.hang_up()

        async with asyncio.TaskGroup() as group:
            for name in WRITES:
                for misfortune in SLOW:
                    group.create_task(one(name, misfortune))


async def _silence(home: Home, book: Book, proxy: Proxy, write: Write, fault: Fault) -> None:
    consumer = Consumer(home)
    await until_ready(consumer)
    path, guard = await prepared(home, write)
    proxy.play(fault, times=1, request=write.method)
    first = await home.ask(write.verb, path, write.body, guard)
    # In the last second a create looks by itself whether it has happened.
    if first.status != 201 or write.verb != "POST":
        assert (first.status, first.code) == (504, "provider.timeout"), first
    assert proxy.played == 1
    proxy.release()
    if first.status == 201:
        return
    answer = await until_answered(home, write, path, guard)
    assert answer.status == (201 if write.verb == "POST" else 200), answer
    assert await book.shown() == ([write.after] if write.after else [])
    contacts = await agreed(home, book, consumer)
    assert len(contacts) == (write.after is not None)


SEAMS = [
    *(("radicale", name, WRITES[name].method) for name in WRITES),
    *(("google", name, request) for name in (WRITES if SOAK else CREATES) for request in WRITES[name].at_google),
    *(("microsoft", name, request) for name in (WRITES if SOAK else CREATES) for request in WRITES[name].at_microsoft),
    *(("exchange", name, request) for name in (WRITES if SOAK else CREATES) for request in WRITES[name].at_exchange),
]


@pytest.mark.soak
@pytest.mark.parametrize("acted", [True, False], ids=["acted", "not arrived"])
@pytest.mark.parametrize(("kind", "name", "request_line"), SEAMS)
async def test_killed_before_the_answer_with_a_change_of_another_client_in_between(
    kind: str, name: str, request_line: bytes, acted: bool, place: Places, homes: Homes
) -> None:
    """The truth is 412 for a guarded write; the other client's change survives in any case."""
    write = WRITES[name]
    book = place(kind)
    async with proxy_to(book.server) as proxy:
        home = homes(book)
        home.url = proxy.url(book.server)
        await home.connect()
        assert await home.start()
        consumer = Consumer(home)
        await until_ready(consumer)
        path, guard = await prepared(home, write)
        consumer_before = await _followed(consumer)
        before = await book.shown()
        proxy.play(Held() if acted else BlackHole(), times=1, request=request_line)
        writing = asyncio.create_task(home.ask(write.verb, path, write.body, guard))
        async with asyncio.timeout(30):
            while proxy.played == 0:  # noqa: ASYNC110 - the proxy tells by a number
                await asyncio.sleep(0.01)
            while acted and await book.shown() == before:  # noqa: ASYNC110 - a server
                await asyncio.sleep(0.01)
        await home.kill()
        with pytest.raises(httpx.TransportError):
            await writing
        proxy.heal()
        cards = await book.cards()
        for stored in cards:
            await book.rename(stored, "Countess")
        assert await home.start()
        home.change("UPDATE write_lease SET until_ms = 0")  # ten seconds later
        home.change("UPDATE intent SET created_at = created_at - 600000")  # minutes later: "not there" is believed
        answer = await until_answered(home, write, path, guard)
        changed = bool(cards)
        if guard and changed:
            assert (answer.status, answer.code) == (412, "precondition.failed"), answer
            assert await book.shown() == [Shown("Countess", cards[0].shown.notes, cards[0].shown.photo)]
        else:
            assert answer.status == (201 if write.verb == "POST" else 200), answer
            expected = [] if write.after is None else [write.after]
            if changed and write.after is not None:
                expected = [Shown("Countess", write.after.notes, write.after.photo)]
            assert await book.shown() == expected
        contacts = await agreed(home, book, consumer)
        assert set(contacts) <= set(consumer_before) or write.verb == "POST"


async def _followed(consumer: Consumer) -> dict[str, Any]:
    await consumer.follow(fresh=True)
    return dict(consumer.copy)
