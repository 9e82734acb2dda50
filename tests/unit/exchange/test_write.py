"""Single writes: what is sent in which order, and what a failure at each step comes to."""

from __future__ import annotations

import pytest

from polydex.connectors.base import Absent, Found, Record, Unknown
from polydex.connectors.exchange.read import record
from polydex.connectors.exchange.wire import document
from polydex.core.contact import Contact, Name
from polydex.core.errors import (
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
from tests.unit.exchange.answers import fault, message
from tests.unit.exchange.server import found, items, refused, said, served

ADA = Contact(name=Name(given_name="Ada"))
KEY = RemoteKey("k")
BROKEN = Reply(fault("ErrorInternalServerError"), 500)
FOLDER = '<m:Folders><t:ContactsFolder><t:FolderId Id="f0"/><t:DisplayName>Contacts</t:DisplayName></t:ContactsFolder></m:Folders>'
FRIENDS = (
    '<m:RootFolder IncludesLastItemInRange="true"><t:Folders><t:ContactsFolder><t:FolderId Id="f1"/>'
    "<t:FolderClass>IPF.Contact</t:FolderClass><t:DisplayName>Friends</t:DisplayName></t:ContactsFolder></t:Folders>"
    "</m:RootFolder>"
)
NO_FOLDERS = '<m:RootFolder IncludesLastItemInRange="true"><t:Folders/></m:RootFolder>'


def base(content: str | None = None, *, rev: str | None = "1") -> Record:
    """What is stored."""
    element = message("GetItem", content or items("k")[0])[1][0]
    made = record(document(element), None)
    return Record(made.key, Rev(rev) if rev else None, made.raw, made.contact)


# --- create -----------------------------------------------------------------------------------------------------------


async def test_a_contact_is_created_and_read() -> None:
    async with served(CreateItem=said("CreateItem", *items("k")), GetItem=said("GetItem", *items("k"))) as (
        server,
        connector,
    ):
        made = await connector.create(ADA, "mark", fresh=True)
    assert (made.key, made.rev) == (KEY, "1")
    assert server.names == ["CreateItem", "GetItem"]


@pytest.mark.parametrize("reply", [BROKEN, Reply(b"", 502), Reply(b"<cut off"), said("CreateItem", "<m:Items/>")])
async def test_a_create_that_fails_may_have_been_carried_out_and_is_sent_once(reply: Reply) -> None:
    async with served(CreateItem=reply) as (server, connector):
        with pytest.raises(ProviderError) as caught:
            await connector.create(ADA, "mark", fresh=True)
    assert caught.value.sent
    assert server.names == ["CreateItem"]


@pytest.mark.parametrize("code", ["ErrorIrresolvableConflict", "ErrorItemNotFound", "ErrorQuotaExceeded"])
async def test_a_create_is_refused_and_never_stale_or_missing(code: str) -> None:
    async with served(CreateItem=refused("CreateItem", code)) as (_, connector):
        with pytest.raises(ProviderRejected) as caught:
            await connector.create(ADA, "mark", fresh=True)
    assert not caught.value.sent


@pytest.mark.parametrize("reply", [BROKEN, refused("GetItem", "ErrorItemNotFound")])
async def test_a_contact_that_is_created_and_cannot_be_read_leaves_the_outcome_open(reply: Reply) -> None:
    async with served(CreateItem=said("CreateItem", *items("k")), GetItem=reply) as (_, connector):
        with pytest.raises(ProviderTimeout) as caught:
            await connector.create(ADA, "mark", fresh=True)
    assert caught.value.sent


async def test_who_carries_the_mark_is_not_created_again() -> None:
    async with served(FindItem=said("FindItem", found("k")), GetItem=said("GetItem", *items("k"))) as (
        server,
        connector,
    ):
        assert (await connector.create(ADA, "mark")).key == KEY
    assert server.names == ["FindItem", "GetItem"]


async def test_when_nobody_can_be_asked_for_a_mark_a_contact_is_created() -> None:
    """The engine looks before it repeats anything."""
    async with served(
        FindItem=refused("FindItem", "ErrorRestrictionTooComplex"),
        CreateItem=said("CreateItem", *items("k")),
        GetItem=said("GetItem", *items("k")),
    ) as (server, connector):
        await connector.create(ADA, "mark")
    assert server.names == ["FindItem", "CreateItem", "GetItem"]


@pytest.mark.parametrize(
    ("search", "read"), [(BROKEN, BROKEN), (said("FindItem", found("k")), refused("GetItem", "ErrorItemNotFound"))]
)
async def test_when_it_is_not_known_whether_somebody_carries_the_mark_nothing_is_sent(
    search: Reply, read: Reply
) -> None:
    async with served(FindItem=search, GetItem=read) as (server, connector):
        with pytest.raises(ProviderUnavailable) as caught:
            await connector.create(ADA, "mark")
    assert not caught.value.sent
    assert "CreateItem" not in server.names


# --- find_mark --------------------------------------------------------------------------------------------------------


async def test_a_mark_is_looked_for_in_the_folder_and_then_in_the_others() -> None:
    folders = {"GetFolder": said("GetFolder", FOLDER), "FindFolder": said("FindFolder", FRIENDS, NO_FOLDERS)}
    async with served(
        **folders,
        FindItem=[said("FindItem", found()), said("FindItem", found("k"))],
        GetItem=said("GetItem", *items("k")),
    ) as (server, connector):
        answer = await connector.find_mark("mark")
    assert isinstance(answer, Found)
    assert answer.record.key == KEY
    assert server.names == ["FindItem", "GetFolder", "FindFolder", "FindItem", "GetItem"]
    async with served(**folders, FindItem=said("FindItem", found())) as (_, connector):
        assert isinstance(await connector.find_mark("mark"), Absent)


async def test_a_mark_that_cannot_be_looked_for_everywhere_is_not_absent() -> None:
    folders = {"GetFolder": said("GetFolder", FOLDER), "FindFolder": said("FindFolder", FRIENDS, NO_FOLDERS)}
    for searches in (
        [refused("FindItem", "ErrorUnsupportedPathForQuery")],
        [said("FindItem", found(last=False))],
        [said("FindItem", found()), refused("FindItem", "ErrorFolderNotFound")],
    ):
        async with served(**folders, FindItem=searches) as (_, connector):
            assert isinstance(await connector.find_mark("mark"), Unknown)
    async with served(**folders, FindItem=[said("FindItem", found()), BROKEN]) as (_, connector):
        with pytest.raises(ProviderUnavailable):
            await connector.find_mark("mark")
    async with served(FindItem=said("FindItem", found("k")), GetItem=refused("GetItem", "ErrorItemNotFound")) as (
        _,
        connector,
    ):
        assert isinstance(await connector.find_mark("mark"), Unknown)


# --- update -----------------------------------------------------------------------------------------------------------


async def test_an_update_is_guarded_by_the_version_of_the_base() -> None:
    async with served(
        UpdateItem=said("UpdateItem", *items("k", version="2")), GetItem=said("GetItem", *items("k", version="2"))
    ) as (server, connector):
        changed = await connector.update(base(), Patch(notes="new"))
    assert changed.rev == "2"
    assert server.names == ["UpdateItem", "GetItem"]
    assert server.versions("UpdateItem") == ["1"]


@pytest.mark.parametrize("code", ["ErrorIrresolvableConflict", "ErrorInvalidChangeKey", "ErrorStaleObject"])
async def test_a_base_that_is_superseded(code: str) -> None:
    async with served(UpdateItem=refused("UpdateItem", code)) as (server, connector):
        with pytest.raises(Stale):
            await connector.update(base(), Patch(notes="new"))
    assert server.names == ["UpdateItem"]


async def test_a_base_without_a_version_is_superseded() -> None:
    async with served() as (server, connector):
        with pytest.raises(Stale) as caught:
            await connector.update(base(rev=None), Patch(notes="new"))
    assert not caught.value.sent
    assert server.names == []


async def test_a_change_that_changes_nothing_is_looked_at() -> None:
    async with served(GetItem=said("GetItem", *items("k"))) as (server, connector):
        assert (await connector.update(base(), Patch())).rev == "1"
    assert server.names == ["GetItem"]
    async with served(GetItem=said("GetItem", *items("k", version="2"))) as (_, connector):
        with pytest.raises(Stale):
            await connector.update(base(), Patch())


async def test_an_update_that_was_carried_out_and_cannot_be_read_leaves_the_outcome_open() -> None:
    async with served(UpdateItem=said("UpdateItem", *items("k")), GetItem=BROKEN) as (_, connector):
        with pytest.raises(ProviderTimeout):
            await connector.update(base(), Patch(notes="new"))


# --- delete -----------------------------------------------------------------------------------------------------------


async def test_a_deletion_compares_before() -> None:
    gone = said("DeleteItem", "")
    async with served(GetItem=said("GetItem", *items("k")), DeleteItem=gone) as (server, connector):
        await connector.delete(KEY, Rev("1"))
    assert server.names == ["GetItem", "DeleteItem"]
    async with served(GetItem=said("GetItem", *items("k", version="2"))) as (server, connector):
        with pytest.raises(Stale) as caught:
            await connector.delete(KEY, Rev("1"))
    assert not caught.value.sent
    assert server.names == ["GetItem"]
    async with served(DeleteItem=gone) as (server, connector):
        await connector.delete(KEY, None)
    assert server.names == ["DeleteItem"]


async def test_who_is_gone_already_is_deleted() -> None:
    missing = refused("DeleteItem", "ErrorItemNotFound")
    async with served(GetItem=refused("GetItem", "ErrorItemNotFound")) as (_, connector):
        await connector.delete(KEY, Rev("1"))
    async with served(GetItem=said("GetItem", *items("k")), DeleteItem=missing) as (_, connector):
        await connector.delete(KEY, Rev("1"))
    async with served(DeleteItem=missing) as (_, connector):
        await connector.delete(KEY, None)


async def test_a_deletion_that_fails() -> None:
    async with served(GetItem=BROKEN) as (_, connector):
        with pytest.raises(ProviderUnavailable) as caught:
            await connector.delete(KEY, Rev("1"))
    assert not caught.value.sent
    async with served(DeleteItem=refused("DeleteItem", "ErrorAccessDenied")) as (_, connector):
        with pytest.raises(ProviderForbidden):
            await connector.delete(KEY, None)


# --- reads ------------------------------------------------------------------------------------------------------------


async def test_a_contact_that_is_not_there() -> None:
    async with served(GetItem=refused("GetItem", "ErrorItemNotFound")) as (_, connector):
        with pytest.raises(RecordNotFound):
            await connector.fetch(KEY)


SOMEBODY = found("k", "other")


@pytest.mark.parametrize(
    "failure",
    [
        BROKEN,
        Reply(b"<html/>", 500),
        refused("GetItem", "ErrorInternalServerError"),
        refused("GetItem", "ErrorTimeoutExpired"),
    ],
)
async def test_of_one_contact_alone_exchange_fails_for_good(failure: Reply) -> None:
    """As the engine puts it: what stops this one stops nobody else (J4)."""
    async with served(GetItem=[failure, said("GetItem", *items("other"))], FindItem=said("FindItem", SOMEBODY)) as (
        server,
        connector,
    ):
        with pytest.raises(ProviderMalformed):
            await connector.fetch(KEY)
    assert server.names == ["GetItem", "FindItem", "GetItem"]


@pytest.mark.parametrize(
    "search",
    [said("FindItem", SOMEBODY), said("FindItem", found("k")), BROKEN, refused("FindItem", "ErrorAccessDenied")],
)
async def test_when_nobody_else_can_be_read_it_is_not_the_contact(search: Reply) -> None:
    async with served(GetItem=BROKEN, FindItem=search) as (_, connector):
        with pytest.raises(ProviderUnavailable):
            await connector.fetch(KEY)


@pytest.mark.parametrize("reply", [Reply(b"", 503), refused("GetItem", "ErrorMailboxStoreUnavailable")])
async def test_a_server_that_cannot_be_reached_is_no_fault_of_a_contact(reply: Reply) -> None:
    async with served(GetItem=reply) as (server, connector):
        with pytest.raises(ProviderUnavailable):
            await connector.fetch(KEY)
    assert set(server.names) == {"GetItem"}
