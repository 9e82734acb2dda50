"""Several writes in one call: what each comes to when some of them fail."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from polydex.connectors.base import New, Record
from polydex.core.contact import Contact, Name
from polydex.core.errors import (
    PolydexError,
    ProviderError,
    ProviderForbidden,
    ProviderMalformed,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    RecordNotFound,
    Stale,
)
from polydex.core.ids import RemoteKey, Rev
from polydex.core.patch import Patch
from tests.microsoft.scripted import Reply
from tests.unit.exchange.answers import answered, failed, fault, success
from tests.unit.exchange.contacts import ours
from tests.unit.exchange.server import found, items, refused, said, served
from tests.unit.exchange.test_write import BROKEN, base

ADA, BOB = (Contact(name=Name(given_name=name)) for name in ("Ada", "Bob"))
A, B, C = RemoteKey("a"), RemoteKey("b"), RemoteKey("c")
BUSY = Reply(fault("ErrorServerBusy"), 500)


def kinds(outcomes: Sequence[Record | PolydexError | None]) -> list[type]:
    return [type(outcome) for outcome in outcomes]


def mixed(operation: str, good: str, code: str) -> Reply:
    """One that went well, and one that did not."""
    return Reply(answered(operation, success(operation, good), failed(operation, code, extra="<m:Items/>")))


def stored(key: str, version: str = "1") -> Record:
    return base(items(key, version=version)[0], rev=version)


def with_marks(marks: dict[str, str]) -> list[str]:
    """Contents with a contact for each key, which carries the mark."""
    return [
        item.replace("<t:GivenName>", f"{ours('PolydexMark', marks[key])}<t:GivenName>")
        for key, item in zip(marks, items(*marks), strict=True)
    ]


# --- create -----------------------------------------------------------------------------------------------------------


async def test_many_are_created_by_two_requests() -> None:
    async with served(CreateItem=said("CreateItem", *items("a", "b")), GetItem=said("GetItem", *items("a", "b"))) as (
        server,
        connector,
    ):
        made = await connector.create_many([New(ADA, "m1", fresh=True), New(BOB, "m2", fresh=True)])
    assert [one.key for one in made if isinstance(one, Record)] == ["a", "b"]
    assert server.names == ["CreateItem", "GetItem"]


async def test_one_that_is_refused_is_refused_alone() -> None:
    async with served(
        CreateItem=mixed("CreateItem", items("a")[0], "ErrorItemNotFound"), GetItem=said("GetItem", *items("a"))
    ) as (_, connector):
        made = await connector.create_many([New(ADA, None), New(BOB, None)])
    assert kinds(made) == [Record, ProviderRejected]


async def test_one_that_cannot_be_written_is_not_sent() -> None:
    async with served(CreateItem=said("CreateItem", *items("b")), GetItem=said("GetItem", *items("b"))) as (
        _,
        connector,
    ):
        first, second = await connector.create_many([New(ADA, None, {"no such": "x"}), New(BOB, None)])
    assert isinstance(first, PolydexError)
    assert isinstance(second, Record)


async def test_those_that_were_created_and_cannot_be_read_are_open() -> None:
    for read in (BROKEN, refused("GetItem", "ErrorItemNotFound", "ErrorItemCorrupt")):
        async with served(CreateItem=said("CreateItem", *items("a", "b")), GetItem=read) as (_, connector):
            assert kinds(await connector.create_many([New(ADA, None), New(BOB, None)])) == [ProviderTimeout] * 2


@pytest.mark.parametrize(
    ("reply", "sent"), [(BROKEN, True), (BUSY, False), (Reply(fault("ErrorItemNotFound"), 500), False)]
)
async def test_what_concerns_all_is_raised(reply: Reply, *, sent: bool) -> None:
    async with served(CreateItem=reply) as (server, connector):
        with pytest.raises(ProviderError) as caught:
            await connector.create_many([New(ADA, None), New(BOB, None)])
    assert caught.value.sent is sent
    assert not isinstance(caught.value, RecordNotFound), "nobody is missing who is not there yet"
    assert server.names == ["CreateItem"]


async def test_when_the_marks_cannot_be_read_nothing_is_sent() -> None:
    new = [New(ADA, "m1"), New(BOB, "m2")]
    for read in (BROKEN, refused("GetItem", "ErrorItemNotFound"), refused("GetItem", "ErrorItemCorrupt")):
        async with served(FindItem=said("FindItem", found("a")), GetItem=read) as (server, connector):
            with pytest.raises(ProviderUnavailable) as caught:
                await connector.create_many(new)
        assert not caught.value.sent
        assert server.names == ["FindItem", "GetItem"]


async def test_copies_of_one_do_not_hide_another_that_is_there() -> None:
    """Else that one would be created a second time."""
    entries = with_marks({"a1": "m1", "a2": "m1", "b": "m2"})
    async with served(
        FindItem=[
            said("FindItem", found("a1", "a2", last=False)),
            said("FindItem", found("a1", "a2")),
            said("FindItem", found("b")),
        ],
        GetItem=said("GetItem", *entries),
    ) as (server, connector):
        there = await connector.create_many([New(ADA, "m1"), New(BOB, "m2")])
    assert [one.key for one in there if isinstance(one, Record)] == ["a1", "b"]
    assert "CreateItem" not in server.names


async def test_when_marks_cannot_be_looked_for_all_are_created() -> None:
    async with served(
        FindItem=refused("FindItem", "ErrorRestrictionTooComplex"),
        CreateItem=said("CreateItem", *items("a", "b")),
        GetItem=said("GetItem", *items("a", "b")),
    ) as (_, connector):
        assert kinds(await connector.create_many([New(ADA, "m1"), New(BOB, "m2")])) == [Record, Record]


async def test_creates_that_are_answered_in_another_order_are_open() -> None:
    """Nobody gets the id of somebody else, and of nobody it is said that nothing was sent."""
    read = said("GetItem", *with_marks({"b": "m2", "a": "m1"}))
    async with served(CreateItem=said("CreateItem", *items("b", "a")), GetItem=read) as (_, connector):
        with pytest.raises(ProviderMalformed) as caught:
            await connector.create_many([New(ADA, "m1", fresh=True), New(BOB, "m2", fresh=True)])
    assert caught.value.sent


# --- update -----------------------------------------------------------------------------------------------------------


async def test_many_are_changed_by_two_requests_each_guarded_by_its_own_version() -> None:
    async with served(
        UpdateItem=said("UpdateItem", *items("a", "b", version="9")),
        GetItem=said("GetItem", *items("a", "b", version="9")),
    ) as (server, connector):
        changed = await connector.update_many(
            [(stored("a", "1"), Patch(notes="x")), (stored("b", "2"), Patch(notes="y"))]
        )
    assert [one.rev for one in changed if isinstance(one, Record)] == ["9", "9"]
    assert server.versions("UpdateItem") == ["1", "2"]
    assert server.names == ["UpdateItem", "GetItem"]


async def test_one_that_is_superseded_is_refused_alone() -> None:
    async with served(
        UpdateItem=mixed("UpdateItem", items("a")[0], "ErrorIrresolvableConflict"), GetItem=said("GetItem", *items("a"))
    ) as (_, connector):
        changed = await connector.update_many([(stored("a"), Patch(notes="x")), (stored("b"), Patch(notes="y"))])
    assert kinds(changed) == [Record, Stale]


async def test_changes_that_are_answered_in_another_order_are_open() -> None:
    """The one that was refused would pass for the one that was carried out."""
    async with served(UpdateItem=mixed("UpdateItem", items("b")[0], "ErrorIrresolvableConflict")) as (_, connector):
        with pytest.raises(ProviderMalformed) as caught:
            await connector.update_many([(stored("a"), Patch(notes="x")), (stored("b"), Patch(notes="y"))])
    assert caught.value.sent


async def test_those_without_a_version_and_those_that_do_not_change_are_not_sent() -> None:
    unknown = base(items("c")[0], rev=None)
    async with served(GetItem=said("GetItem", *items("a"), *items("b", version="2"))) as (server, connector):
        changed = await connector.update_many([(stored("a"), Patch()), (stored("b"), Patch()), (unknown, Patch())])
    assert kinds(changed) == [Record, Stale, Stale]
    assert server.names == ["GetItem"]


async def test_those_that_were_changed_and_cannot_be_read_are_open_and_others_are_not() -> None:
    async with served(UpdateItem=said("UpdateItem", *items("a")), GetItem=BROKEN) as (_, connector):
        first, second = await connector.update_many([(stored("a"), Patch(notes="x")), (stored("b"), Patch())])
    assert isinstance(first, ProviderTimeout)
    assert isinstance(second, ProviderUnavailable)
    assert not second.sent


async def test_the_same_contact_twice_is_changed_twice() -> None:
    async with served(
        UpdateItem=[said("UpdateItem", *items("a", version="2")), refused("UpdateItem", "ErrorIrresolvableConflict")],
        GetItem=said("GetItem", *items("a", version="2")),
    ) as (server, connector):
        changed = await connector.update_many([(stored("a"), Patch(notes="x")), (stored("a"), Patch(notes="y"))])
    assert kinds(changed) == [Record, Stale]
    assert server.names == ["UpdateItem", "GetItem", "UpdateItem"]


# --- delete -----------------------------------------------------------------------------------------------------------


async def test_many_are_deleted_by_two_requests() -> None:
    async with served(GetItem=said("GetItem", *items("a", "b")), DeleteItem=said("DeleteItem", "", "", "")) as (
        server,
        connector,
    ):
        assert await connector.delete_many([(A, Rev("1")), (B, Rev("1")), (C, None)]) == [None] * 3
    assert server.names == ["GetItem", "DeleteItem"]


async def test_each_of_many_is_compared() -> None:
    read = Reply(
        answered(
            "GetItem",
            *(success("GetItem", one) for one in items("a", version="2")),
            failed("GetItem", "ErrorItemNotFound"),
            failed("GetItem", "ErrorItemCorrupt"),
        )
    )
    async with served(GetItem=read) as (server, connector):
        outcomes = await connector.delete_many([(A, Rev("1")), (B, Rev("1")), (C, Rev("1"))])
    assert kinds(outcomes) == [Stale, type(None), ProviderUnavailable]
    assert server.names == ["GetItem"], "none of them was deleted"


async def test_nobody_is_deleted_in_the_place_of_another() -> None:
    """Whatever an answer names: ids that were not asked for, or that of another one who was."""
    for names, outcomes in ((("x", "y"), [type(None)] * 2), (("b", "a"), [ProviderUnavailable] * 2)):
        async with served(GetItem=said("GetItem", *items(*names)), DeleteItem=said("DeleteItem", "", "")) as (
            server,
            connector,
        ):
            assert kinds(await connector.delete_many([(A, Rev("1")), (B, Rev("1"))])) == outcomes
        doomed = [one.get("Id") for asked in server.asked for one in asked.iterfind("{*}ItemIds/{*}ItemId")]
        assert set(doomed) <= {"a", "b"}


async def test_a_removal_that_is_refused_is_refused_alone() -> None:
    gone = Reply(
        answered(
            "DeleteItem",
            success("DeleteItem"),
            failed("DeleteItem", "ErrorItemNotFound"),
            failed("DeleteItem", "ErrorAccessDenied"),
        )
    )
    async with served(DeleteItem=gone) as (_, connector):
        outcomes = await connector.delete_many([(A, None), (B, None), (C, None)])
    assert kinds(outcomes) == [type(None), type(None), ProviderForbidden]


async def test_when_nothing_can_be_compared_nothing_is_deleted() -> None:
    async with served(GetItem=BROKEN) as (server, connector):
        with pytest.raises(ProviderUnavailable) as caught:
            await connector.delete_many([(A, Rev("1")), (B, None)])
    assert not caught.value.sent
    assert server.names == ["GetItem"]
