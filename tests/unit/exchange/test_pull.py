"""Pulls from a folder that answers as it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import pytest

from polydex.connectors.base import Page, Walk
from polydex.connectors.exchange.cursor import Position
from polydex.connectors.exchange.pull import AT_ONCE, PATIENCE, pull
from polydex.core.errors import (
    CursorExpired,
    ProviderError,
    ProviderMalformed,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnavailable,
    RecordNotFound,
)
from polydex.core.ids import Cursor, RemoteKey, Rev
from tests.microsoft.scripted import Reply, scripted
from tests.unit.exchange.answers import fault
from tests.unit.exchange.folder import START, ContactFolder, Engine, created, deleted
from tests.unit.exchange.test_api import api_of

SINCE = Position("s1").encode()
MANY = [f"k{number}" for number in range(300)]


async def walk(
    folder: ContactFolder,
    cursor: Cursor | None = None,
    *,
    engine: Walk | None = None,
    resume: bool = False,
    raises: type[ProviderError] | None = None,
) -> tuple[list[Page], ProviderError | None]:
    """The pages of a pull, and what it ended with."""
    pages: list[Page] = []
    ended: ProviderError | None = None
    async with scripted(Reply()) as server, api_of(server) as api:
        server.handler = folder
        try:
            async for page in pull(api, "contacts", cursor, engine or Engine(), region=None, resume=resume):
                pages.append(page)  # noqa: PERF401 - those before an error count
        except ProviderError as error:
            ended = error
    assert type(ended) is (raises or type(None)), ended
    return pages, ended


def changed(pages: Sequence[Page]) -> list[str]:
    return [record.key for page in pages for record in page.changed]


def deferred(pages: Sequence[Page]) -> dict[str, type[Exception]]:
    return {entry.key: type(entry.error) for page in pages for entry in page.deferred}


async def test_everything_page_by_page() -> None:
    folder = ContactFolder({START: (created("a", "b"), "s1", False), "s1": (created("c"), "s2", True)})
    pages, _ = await walk(folder)
    assert [(page.mode, page.last, page.asked) for page in pages] == [("snapshot", False, 1), ("snapshot", True, 2)]
    assert [[record.key for record in page.changed] for page in pages] == [["a", "b"], ["c"]]
    assert [page.cursor for page in pages] == [
        Position("s1", walking=True, full=True).encode(),
        Position("s2").encode(),
    ]
    assert folder.reads == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    ("cursor", "first", "ahead"),
    [
        (None, created("a"), True),
        (None, created("a") + deleted("b"), False),
        (SINCE, created("a"), False),
    ],
    ids=["a snapshot", "a snapshot that tells who is gone", "a delta"],
)
async def test_the_next_page_is_asked_for_ahead_where_it_may_be(
    cursor: Cursor | None, first: str, *, ahead: bool
) -> None:
    """Others are believed about what a page has said only when they are asked for after that was written (J1)."""
    state, engine = START if cursor is None else "s1", Engine()
    async with scripted(Reply()) as server, api_of(server) as api:
        server.handler = ContactFolder({state: (first, "s2", False), "s2": (created("c"), "s3", True)})
        async with contextlib.aclosing(pull(api, "contacts", cursor, engine, region=None)) as pages:
            await anext(pages)
            await asyncio.sleep(0)  # whoever asks notes the counter before anything else
            assert engine.stamps == 1 + ahead
            assert changed([await anext(pages)]) == ["c"]
            assert engine.stamps == 2


async def test_what_has_changed_since() -> None:
    folder = ContactFolder({"s1": (created("a", version="2") + deleted("b"), "s2", True)}, versions={"a": "2"})
    [page], _ = await walk(folder, SINCE)
    assert (page.mode, changed([page]), page.removed, page.cursor) == ("delta", ["a"], ("b",), Position("s2").encode())
    assert page.changed[0].rev == "2"


async def test_nothing_has_changed() -> None:
    folder = ContactFolder({"s1": ("", "s1", True)})
    [page], _ = await walk(folder, SINCE)
    assert page.last
    assert folder.names == ["SyncFolderItems"]


async def test_who_is_known_is_not_read_again_in_a_full_walk() -> None:
    engine = Engine({RemoteKey("a"): Rev("1"), RemoteKey("b"): Rev("0")})
    folder = ContactFolder({START: (created("a", "b"), "s1", True)})
    [page], _ = await walk(folder, engine=engine)
    assert (page.unchanged, changed([page])) == (((RemoteKey("a"), Rev("1")),), ["b"])


async def test_who_is_told_of_in_a_delta_is_read_also_when_known() -> None:
    engine = Engine({RemoteKey("a"): Rev("1")})
    [page], _ = await walk(ContactFolder({"s1": (created("a"), "s2", True)}), SINCE, engine=engine)
    assert changed([page]) == ["a"]


async def test_what_is_told_twice_counts_as_it_was_told_last() -> None:
    folder = ContactFolder({"s1": (created("a", "b") + deleted("a") + deleted("c") + created("c"), "s2", True)})
    [page], _ = await walk(folder, SINCE)
    assert (changed([page]), page.removed) == (["b", "c"], ("a",))


async def test_what_is_no_contact_is_there_and_never_shown() -> None:
    entries = created("list", kind="DistributionList") + created("note", kind="Message") + created("a")
    folder = ContactFolder({START: (entries, "s1", True)})
    [page], _ = await walk(folder)
    found = {record.key: record for record in page.changed}
    assert {key: record.contact is not None for key, record in found.items()} == {
        "list": False,
        "note": False,
        "a": True,
    }
    assert (found[RemoteKey("list")].rev, b"DistributionList" in found[RemoteKey("list")].raw) == ("1", True)
    assert folder.reads == [["a"]]


# --- contacts that cannot be read -------------------------------------------------------------------------------------


async def test_who_cannot_be_read_comes_later_and_stops_nobody() -> None:
    folder = ContactFolder({START: (created("a", "b", "c"), "s1", True)}, codes={"b": "ErrorItemCorrupt"})
    [page], _ = await walk(folder)
    assert (changed([page]), deferred([page]), page.last) == (["a", "c"], {"b": ProviderMalformed}, True)


async def test_who_is_listed_and_not_found_is_looked_for_later() -> None:
    folder = ContactFolder({START: (created("a", "b"), "s1", True)}, codes={"b": "ErrorItemNotFound"})
    [page], _ = await walk(folder)
    assert (changed([page]), deferred([page]), page.removed) == (["a"], {"b": RecordNotFound}, ())


@pytest.mark.parametrize(
    "broken",
    [
        Reply(fault("ErrorInternalServerError"), 500),
        Reply(fault("ErrorTimeoutExpired"), 500),
        Reply(b"<s:Envelope><cut off"),
        Reply(b"", 500),
    ],
)
async def test_one_contact_that_breaks_every_answer_is_found_by_halves(broken: Reply) -> None:
    folder = ContactFolder({START: (created(*MANY), "s1", True)}, poison={"k77"}, broken=broken)
    [page], _ = await walk(folder)
    assert sorted(changed([page])) == sorted(set(MANY) - {"k77"})
    assert set(deferred([page])) == {"k77"}
    assert page.last
    assert len(folder.reads) < 25


async def test_a_server_that_has_no_time_for_many_is_asked_for_fewer() -> None:
    slow = dict.fromkeys(MANY, "ErrorTimeoutExpired")
    folder = ContactFolder({START: (created(*MANY), "s1", True)}, codes=slow, everybody=("somebody",))
    [page], _ = await walk(folder, raises=ProviderTimeout)
    assert [len(keys) for keys in folder.reads][:4] == [100, 50, 25, 12]
    assert (deferred([page]), page.last) == ({}, False)


async def test_a_server_that_has_no_time_for_a_long_list_is_asked_for_a_short_one() -> None:
    folder = ContactFolder({START: (created("a"), "s1", False), "s1": (created("b"), "s2", True)}, most=40)
    pages, _ = await walk(folder)
    assert changed(pages) == ["a", "b"]
    assert folder.names.count("SyncFolderItems") == 4, "512, 128, 32, and 32 for the next page"


async def test_a_server_that_has_no_time_at_all() -> None:
    folder = ContactFolder({START: (created("a"), "s1", True)}, most=0)
    await walk(folder, raises=ProviderTimeout)
    assert folder.names == ["SyncFolderItems"] * 4


async def test_nobody_gets_the_contents_of_another_contact() -> None:
    folder = ContactFolder({START: (created("a", "b", "c"), "s1", True)}, swapped=True)
    [page], _ = await walk(folder)
    assert changed([page]) == ["c"]
    assert deferred([page]) == {"a": ProviderMalformed, "b": ProviderMalformed}


async def test_those_that_were_not_looked_at_are_asked_for_again() -> None:
    folder = ContactFolder({START: (created("a", "b", "c"), "s1", True)}, stops=True, codes={"b": "ErrorItemCorrupt"})
    [page], _ = await walk(folder)
    assert (changed([page]), deferred([page])) == (["a", "c"], {"b": ProviderMalformed})
    assert folder.reads == [["a", "b", "c"], ["b", "c"], ["c"]]


async def test_requests_grow_again_after_trouble() -> None:
    folder = ContactFolder({START: (created(*MANY), "s1", True)}, poison={"k0"})
    await walk(folder)
    sizes = [len(keys) for keys in folder.reads]
    assert sizes[0] == AT_ONCE
    assert sizes[-2] > 2 * min(sizes[len(sizes) // 2 :])


async def test_several_that_break_answers() -> None:
    poison = {"k3", "k4", "k90", "k299"}
    folder = ContactFolder({START: (created(*MANY), "s1", True)}, poison=poison)
    [page], _ = await walk(folder)
    assert set(deferred([page])) == poison
    assert len(changed([page])) == len(MANY) - len(poison)


async def test_a_server_that_fails_altogether_makes_nobody_unreadable() -> None:
    folder = ContactFolder({START: (created(*MANY), "s1", True)}, poison=set(MANY))
    pages, _ = await walk(folder, raises=ProviderUnavailable)
    assert (changed(pages), deferred(pages), [page.last for page in pages]) == ([], {}, [False])
    assert len(folder.reads) == PATIENCE


async def test_the_only_one_that_has_changed_may_be_the_one_that_cannot_be_read() -> None:
    folder = ContactFolder({"s1": (created("a"), "s2", True)}, poison={"a"}, everybody=("a", "b"))
    [page], _ = await walk(folder, SINCE)
    assert (set(deferred([page])), page.last) == ({"a"}, True)


async def test_when_nobody_else_can_be_read_it_is_not_the_contact() -> None:
    folder = ContactFolder({"s1": (created("a"), "s2", True)}, poison={"a", "b"}, everybody=("a", "b"))
    [page], _ = await walk(folder, SINCE, raises=ProviderUnavailable)
    assert (deferred([page]), page.last) == ({}, False)
    folder = ContactFolder({"s1": (created("a"), "s2", True)}, poison={"a"}, everybody=("a",))
    [page], _ = await walk(folder, SINCE, raises=ProviderUnavailable)
    assert (deferred([page]), page.last) == ({}, False)


async def test_who_is_damaged_by_exchanges_own_word_stops_nobody_also_when_there_is_nobody_else() -> None:
    codes = {"a": "ErrorItemCorrupt"}
    [page], _ = await walk(ContactFolder({START: (created("a"), "s1", True)}, codes=codes, everybody=("a",)))
    assert (deferred([page]), page.last) == ({"a": ProviderMalformed}, True)
    codes["b"] = "ErrorItemCorrupt"
    folder = ContactFolder({"s1": (created("a"), "s2", True)}, codes=codes, everybody=("a", "b"))
    [page], _ = await walk(folder, SINCE, raises=ProviderMalformed)
    assert (deferred([page]), page.last) == ({}, False)


async def test_a_database_that_cannot_be_reached_makes_nobody_unreadable() -> None:
    codes = dict.fromkeys("ab", "ErrorMailboxStoreUnavailable")
    folder = ContactFolder({START: (created("a", "b"), "s1", True)}, codes=codes, everybody=("a", "b"))
    [page], _ = await walk(folder, raises=ProviderUnavailable)
    assert (changed([page]), deferred([page]), page.last) == ([], {}, False)


# --- walks that are interrupted ---------------------------------------------------------------------------------------


async def test_a_busy_server_keeps_what_was_read_and_the_page_comes_again() -> None:
    folder = ContactFolder({"s1": (created(*MANY), "s2", False), "s2": ("", "s3", True)}, busy=2)
    [page], error = await walk(folder, SINCE, raises=ProviderThrottled)
    assert error is not None
    assert error.retry_after
    assert 0 < len(changed([page])) < len(MANY)
    assert (page.last, page.cursor) == (False, Position("s1", walking=True).encode())
    assert set(page.unlisted) == set(MANY), "nobody has been told of as long as nobody asks with the next state"
    engine = Engine({record.key: record.rev or Rev("") for record in page.changed})
    folder.busy = None
    pages, _ = await walk(folder, page.cursor, engine=engine, resume=True)
    assert len(changed(pages)) == len(MANY) - len(page.changed)
    assert len(pages[0].unchanged) == len(page.changed)
    assert [one.unlisted for one in pages] == [(), ()]
    assert pages[-1].cursor == Position("s3").encode()


async def test_a_first_page_that_is_interrupted_begins_a_new_walk() -> None:
    """Else nobody would tell of who goes before everything is listed again."""
    folder = ContactFolder({START: (created(*MANY), "s1", True)}, busy=1)
    [page], _ = await walk(folder, raises=ProviderThrottled)
    assert (page.cursor, page.last) == (None, False)
    assert len(changed([page])) == AT_ONCE


async def test_a_walk_that_was_interrupted_goes_on() -> None:
    folder = ContactFolder({"s1": (created("c"), "s2", True)})
    cursor = Position("s1", walking=True, full=True).encode()
    [page], _ = await walk(folder, cursor, resume=True)
    assert (page.mode, changed([page]), page.cursor) == ("snapshot", ["c"], Position("s2").encode())
    assert folder.states == ["s1"]


async def test_a_state_that_is_forgotten() -> None:
    _, error = await walk(ContactFolder({}), SINCE, raises=CursorExpired)
    assert isinstance(error, CursorExpired)
    assert not error.resume
    cursor = Position("s1", walking=True).encode()
    _, error = await walk(ContactFolder({}), cursor, resume=True, raises=CursorExpired)
    assert isinstance(error, CursorExpired)
    assert error.resume


async def test_a_state_that_is_forgotten_in_the_middle_of_a_walk() -> None:
    folder = ContactFolder({"s1": (created("a"), "s2", False)})
    pages, error = await walk(folder, SINCE, raises=CursorExpired)
    assert changed(pages) == ["a"]
    assert isinstance(error, CursorExpired)
    assert error.resume


@pytest.mark.parametrize("entries", ["", created("a")])
async def test_a_list_that_does_not_end(entries: str) -> None:
    folder = ContactFolder({"s1": (entries, "s1", False)})
    _, error = await walk(folder, SINCE, raises=CursorExpired)
    assert isinstance(error, CursorExpired)
    assert error.resume
    assert len(folder.states) == PATIENCE


async def test_a_list_that_cannot_be_understood() -> None:
    await walk(ContactFolder({"s1": ("<t:Create/>", "s2", True)}), SINCE, raises=ProviderMalformed)


@pytest.mark.parametrize(
    ("cursor", "resume"),
    [
        (Cursor("no JSON"), False),
        (Cursor('{"page": "of another provider"}'), False),
        (Position("s1", walking=True).encode(), False),
        (Position("s1").encode(), True),
    ],
)
async def test_a_cursor_that_is_none_of_ours(cursor: Cursor, *, resume: bool) -> None:
    folder = ContactFolder({"s1": ("", "s2", True)})
    _, error = await walk(folder, cursor, resume=resume, raises=CursorExpired)
    assert isinstance(error, CursorExpired)
    assert error.resume is resume
    assert folder.names == []
