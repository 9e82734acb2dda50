"""Who an account is: what is sent of a login, and which mailboxes are none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polydex.connectors.exchange.provider import EXCHANGE
from polydex.connectors.provider import Credentials
from polydex.core.errors import BadRequest, ProviderError, ProviderRejected, ProviderUnavailable, RecordNotFound
from polydex.core.ids import Rev
from tests.unit.exchange.server import items, refused, said, served
from tests.unit.exchange.test_write import ADA, BROKEN, FOLDER, KEY

CONTACTS = FOLDER.replace("f0", "f1")
HOME = said("GetFolder", FOLDER, CONTACTS)
HEIR = said("GetFolder", FOLDER.replace("f0", "h0"), CONTACTS.replace("f1", "h1"))
UNKNOWN = refused("ResolveNames", "ErrorNameResolutionNoResults")


async def test_a_login_with_characters_that_xml_does_not_have() -> None:
    async with served(GetFolder=said("GetFolder", FOLDER), ResolveNames=UNKNOWN) as (server, connector):
        identity = await replace(connector, api=replace(connector.api, login="EXAMPLE\\a\ufffeda")).identify()
    assert (identity.subject, identity.name) == ("f0", None)
    assert [one.text for one in server.asked[-1].iter("{*}UnresolvedEntry")] == ["ada"]


@pytest.mark.parametrize("code", ["ErrorNameResolutionNoResults", "ErrorAccessDenied", "ErrorItemNotFound"])
async def test_a_directory_that_says_nothing_keeps_nobody_out(code: str) -> None:
    """Who it is is for show."""
    async with served(GetFolder=said("GetFolder", FOLDER), ResolveNames=refused("ResolveNames", code)) as (
        _,
        connector,
    ):
        identity = await connector.identify()
    assert (identity.subject, identity.name) == ("f0", None)


@pytest.mark.parametrize("mailbox", ["ada", "a\x00da@example.com", "a\ufffeda@example.com", "ada@example.com\x1f"])
def test_a_mailbox_that_is_no_address(mailbox: str) -> None:
    credentials = Credentials(
        login="EXAMPLE\\ada",
        password="secret",
        server_url="https://mail.example.com",
        mailbox=mailbox,
    )
    with pytest.raises(BadRequest):
        EXCHANGE.prepare("EWS", credentials)


async def test_the_default_folder_is_named_by_its_id_which_is_asked_for_once() -> None:
    async with served(
        GetFolder=HOME, CreateItem=said("CreateItem", *items("k")), GetItem=said("GetItem", *items("k"))
    ) as (server, connector):
        ours = replace(connector, subject="f0")
        for _ in range(2):
            await ours.create(ADA, None)
    assert server.names == ["GetFolder", "CreateItem", "GetItem", "CreateItem", "GetItem"]
    named = [one.get("Id") for asked in server.asked for one in asked.iterfind("{*}SavedItemFolderId/{*}FolderId")]
    assert named == ["f1", "f1"]


@pytest.mark.parametrize("code", ["ErrorAccessDenied", "ErrorFolderNotFound", "ErrorNonExistentMailbox"])
async def test_an_id_that_leads_nowhere_is_asked_for_again(code: str) -> None:
    """The folder may be another one by now, or the mailbox."""
    async with served(GetFolder=[HOME, HEIR], CreateItem=refused("CreateItem", code)) as (server, connector):
        ours = replace(connector, subject="f0")
        for message in (code, "another mailbox"):
            with pytest.raises(ProviderError, match=message) as caught:
                await ours.create(ADA, None)
            assert not caught.value.sent
    assert server.names == ["GetFolder", "CreateItem", "GetFolder"]


async def test_when_nobody_can_say_whose_mailbox_it_is_nothing_is_sent() -> None:
    async with served(GetFolder=BROKEN) as (server, connector):
        with pytest.raises(ProviderUnavailable) as caught:
            await replace(connector, subject="f0").create(ADA, None)
    assert not caught.value.sent
    assert server.names == ["GetFolder"]


async def test_who_is_not_found_is_gone_only_by_the_word_of_the_mailbox_that_it_was_in() -> None:
    gone = refused("GetItem", "ErrorItemNotFound")
    for folder, error in (
        (said("GetFolder", FOLDER), RecordNotFound),
        (said("GetFolder", FOLDER.replace("f0", "h0")), ProviderRejected),
        (BROKEN, ProviderUnavailable),
    ):
        async with served(GetItem=gone, GetFolder=folder) as (_, connector):
            with pytest.raises(error):
                await replace(connector, subject="f0").fetch(KEY)


async def test_who_is_not_found_is_deleted_only_by_the_word_of_the_mailbox_that_it_was_in() -> None:
    gone = {
        "GetItem": refused("GetItem", "ErrorItemNotFound"),
        "DeleteItem": refused("DeleteItem", "ErrorItemNotFound"),
    }
    heir = said("GetFolder", FOLDER.replace("f0", "h0"))
    for rev in (None, Rev("1")):
        async with served(**gone, GetFolder=said("GetFolder", FOLDER)) as (_, connector):
            await replace(connector, subject="f0").delete(KEY, rev)
            assert await replace(connector, subject="f0").delete_many([(KEY, rev)]) == [None]
        async with served(**gone, GetFolder=heir) as (_, connector):
            with pytest.raises(ProviderRejected):
                await replace(connector, subject="f0").delete(KEY, rev)
    async with served(DeleteItem=gone["DeleteItem"], GetFolder=heir) as (_, connector):
        [outcome] = await replace(connector, subject="f0").delete_many([(KEY, None)])
        assert isinstance(outcome, ProviderRejected)
    async with served(GetItem=gone["GetItem"], GetFolder=heir) as (_, connector):
        with pytest.raises(ProviderRejected):
            await replace(connector, subject="f0").delete_many([(KEY, Rev("1"))])
