"""Single calls of the connector on Exchange's sandbox: who we are, what there is, and how many requests things take."""

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import quote

import pytest

from polydex.connectors.base import New, Record, SourceInfo
from polydex.connectors.exchange.folders import sources
from polydex.core.contact import Contact, Name, Photo
from polydex.core.errors import (
    ProviderForbidden,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnauthorized,
    ProviderUnavailable,
    RecordNotFound,
)
from polydex.core.ids import RemoteKey
from polydex.core.patch import Patch
from polydex.net.bound import BoundAuth
from polydex.testing.contract import ALICE, BOB, Mirror, content
from tests.exchange.world import PASSWORD, ExchangeWorld, exchange_world
from tests.pictures import jpeg
from tests.providers.world import EMAIL
from tests.unit.exchange.answers import fault


@pytest.fixture
async def world() -> AsyncIterator[ExchangeWorld]:
    async with exchange_world() as world:
        yield world


SERVICE = "service@example.com"


def person(number: int) -> Contact:
    return Contact(name=Name(given_name=f"Person {number}"))


# --- who we are, and what there is ------------------------------------------------------------------------------------


async def test_the_subject_is_the_mailbox_whatever_it_is_called(world: ExchangeWorld) -> None:
    identity = await world.connector.identify()
    assert (identity.email, identity.name) == (EMAIL, "Ada")
    assert identity.subject == world.mailbox.folder_id(world.mailbox.known["msgfolderroot"])
    domain = replace(world.connector, api=replace(world.connector.api, login="EXAMPLE\\ada"))
    assert await domain.identify() == identity


async def test_who_is_not_in_the_directory_is_known_by_the_login(world: ExchangeWorld) -> None:
    nobody = replace(world.connector, api=replace(world.connector.api, login="nobody@example.org"))
    identity = await nobody.identify()
    assert (identity.email, identity.name) == ("nobody@example.org", None)


async def test_a_service_account_acts_on_the_mailbox_of_somebody_else(world: ExchangeWorld) -> None:
    mine = await world.put(ALICE)
    given = {"email": SERVICE, "name": "Service", "exchange": {"password": PASSWORD, "impersonates": [EMAIL]}}
    answer = await world.control.post("http://sandbox/control/accounts", json=given)
    assert answer.status_code == 201, answer.text
    channel = replace(world.connector.api.channel, auth=BoundAuth(SERVICE, PASSWORD, "basic"))
    service = replace(world.connector, api=replace(world.connector.api, channel=channel, login=SERVICE))
    acting = replace(service, api=replace(service.api, mailbox=EMAIL))
    assert (await acting.identify()).subject == (await world.connector.identify()).subject
    assert set((await Mirror(acting).pull()).changed) == {mine}
    denied = replace(service, api=replace(service.api, mailbox="nobody@example.com"))
    with pytest.raises(ProviderForbidden):
        await denied.identify()


async def test_folders_are_address_books(world: ExchangeWorld) -> None:
    friends = (await world.ask("POST", "folders", {"name": "Friends"}))["id"]
    chess = (await world.ask("POST", "folders", {"name": "Chess", "parent": friends}))["id"]
    family = (await world.ask("POST", "folders", {"name": "Family", "parent": "msgfolderroot"}))["id"]
    await world.ask("POST", "folders", {"name": "Mail", "class": "IPF.Note"})
    gone = (await world.ask("POST", "folders", {"name": "Gone"}))["id"]
    await world.ask("DELETE", f"folders/{gone}")
    found = await sources(world.connector.api)
    assert found[0] == SourceInfo("contacts", "Contacts", default=True)
    assert set(found[1:]) == {
        SourceInfo(friends, "Friends"),
        SourceInfo(chess, "Friends / Chess"),
        SourceInfo(family, "Family"),
    }
    assert [book.key for book in found].index(chess) == [book.key for book in found].index(friends) + 1


async def test_each_folder_has_contacts_of_its_own(world: ExchangeWorld) -> None:
    friends = replace(world.connector, source_key=(await world.ask("POST", "folders", {"name": "Friends"}))["id"])
    mine, theirs = await world.connector.create(ALICE, None), await friends.create(BOB, None)
    assert set((await Mirror(world.connector).pull()).changed) == {mine.key}
    assert set((await Mirror(friends).pull()).changed) == {theirs.key}


async def test_who_is_in_another_contact_folder_is_not_here(world: ExchangeWorld) -> None:
    subject = (await world.connector.identify()).subject
    here = replace(world.connector, subject=subject)
    friends = replace(here, source_key=(await world.ask("POST", "folders", {"name": "Friends"}))["id"])
    mine, theirs = await here.create(ALICE, None), await friends.create(BOB, None)
    for folder, record, other in ((here, mine, theirs), (friends, theirs, mine)):
        assert (await folder.fetch(record.key)).key == record.key
        with pytest.raises(RecordNotFound):
            await folder.fetch(other.key)


async def test_who_is_in_a_folder_that_nobody_knows_counts_as_here(world: ExchangeWorld) -> None:
    """It may be this one, by another id; nobody vanishes by that."""
    mail = (await world.ask("POST", "folders", {"name": "Mail", "class": "IPF.Note"}))["id"]
    made = await world.connector.create(ALICE, None)
    moved = (await world.ask("POST", f"contacts/{quote(made.key)}/move", {"folder": mail}))["id"]
    assert (await world.connector.fetch(RemoteKey(moved))).contact == made.contact


async def test_a_folder_that_is_gone(world: ExchangeWorld) -> None:
    made = (await world.ask("POST", "folders", {"name": "Friends"}))["id"]
    friends = replace(world.connector, source_key=made)
    await world.ask("DELETE", f"folders/{made}?forever=true")
    with pytest.raises(ProviderRejected):
        await Mirror(friends).pull()
    with pytest.raises(ProviderRejected):
        await friends.create(ALICE, None)


async def test_a_password_that_is_refused(world: ExchangeWorld) -> None:
    channel = replace(world.connector.api.channel, auth=BoundAuth(EMAIL, "wrong", "basic"))
    wrong = replace(world.connector, api=replace(world.connector.api, channel=channel))
    with pytest.raises(ProviderUnauthorized):
        await wrong.identify()


async def test_a_distribution_list_is_there_and_never_shown(world: ExchangeWorld) -> None:
    friends = await world.ask("POST", "items", {"name": "Friends", "members": [{"name": "A", "address": EMAIL}]})
    ada = await world.put(ALICE)
    pulled = await Mirror(world.connector).pull()
    assert {key: record.contact is not None for key, record in pulled.changed.items()} == {
        friends["id"]: False,
        ada: True,
    }
    fetched = await world.connector.fetch(friends["id"])
    assert (fetched.contact, fetched.rev) == (None, pulled.changed[friends["id"]].rev)


# --- how many requests things take ------------------------------------------------------------------------------------


async def test_a_pull_without_changes_is_one_request(world: ExchangeWorld) -> None:
    mirror = Mirror(world.connector)
    await world.put(ALICE)
    await mirror.pull()
    before = len(world.requests())
    await mirror.pull()
    assert world.requests()[before:] == ["SyncFolderItems"]


async def test_a_photo_takes_no_request_of_a_pull(world: ExchangeWorld) -> None:
    key = await world.put(ALICE)
    mirror = Mirror(world.connector)
    first = (await mirror.pull()).changed[key]
    await world.ask("PUT", f"contacts/{key}/photo", jpeg("red"))
    before = len(world.requests())
    second = (await mirror.pull()).changed[key]
    assert world.requests()[before:] == ["SyncFolderItems", "GetItem"]
    assert first.contact is not None
    assert second.contact is not None
    assert (first.contact.photo, second.contact.photo is None) == (None, False)
    await world.ask("PUT", f"contacts/{key}/photo", jpeg("blue"))
    third = (await mirror.pull()).changed[key]
    assert third.contact is not None
    assert third.contact.photo != second.contact.photo
    photo = await world.connector.photo(third)
    assert photo is not None
    assert photo.content == jpeg("blue")


async def test_writes_take_as_few_requests_as_they_can(world: ExchangeWorld) -> None:
    made = await world.connector.create(ALICE, "mark", fresh=True)
    changed = await world.connector.update(made, Patch(notes="new"))
    await world.connector.delete(changed.key, changed.rev)
    assert world.requests() == ["CreateItem", "GetItem", "UpdateItem", "GetItem", "GetItem", "DeleteItem"]


async def test_forty_writes_are_two_requests(world: ExchangeWorld) -> None:
    many = world.connector.caps.batch
    made = await world.connector.create_many([New(person(number), f"m{number}", fresh=True) for number in range(many)])
    records = [one for one in made if isinstance(one, Record)]
    assert len(records) == many
    assert world.requests() == ["CreateItem", "GetItem"]
    await world.connector.update_many([(record, Patch(notes="new")) for record in records])
    assert world.requests()[2:] == ["UpdateItem", "GetItem"]


# --- what becomes of a contact ----------------------------------------------------------------------------------------


async def test_a_contact_that_is_deleted_is_in_deleted_items_and_comes_back_as_another(world: ExchangeWorld) -> None:
    made = await world.connector.create(ALICE, "mark")
    mirror = Mirror(world.connector)
    await mirror.pull()
    await world.connector.delete(made.key, None)
    [there] = (await world.ask("GET", "deleted"))["contacts"]
    assert there["GivenName"] == "Alice"
    back = await world.ask("POST", f"contacts/{there['id']}/move", {"folder": "contacts"})
    await mirror.pull()
    assert mirror.records.keys() == {back["id"]}
    assert content(mirror.records[back["id"]].contact) == content(made.contact)


async def test_a_photo_is_replaced_and_no_other_file_goes(world: ExchangeWorld) -> None:
    made = await world.connector.create(
        Contact(name=Name(given_name="Ada"), photo=Photo.of(jpeg("red"), "image/jpeg")), None
    )
    await world.connector.update(made, Patch(photo=Photo.of(jpeg("blue"), "image/jpeg"), notes="new"))
    [there] = await world.contacts()
    assert (there["attachments"], there["Body"]) == (["ContactPicture.jpg"], "new")
    assert await world.ask("GET", f"contacts/{there['id']}/photo") == jpeg("blue")


async def test_a_create_whose_answer_is_lost_is_found_by_its_mark(world: ExchangeWorld) -> None:
    await world.quirk("exchange-drop-after", methods=["CreateItem"])
    with pytest.raises(ProviderUnavailable) as caught:
        await world.connector.create(ALICE, "mark", fresh=True)
    assert caught.value.sent
    await world.calm()
    assert world.requests("CreateItem") == ["CreateItem"]
    found = await world.connector.create(ALICE, "mark")
    assert await world.keys() == {found.key}


async def test_a_busy_server_holds_back_everybody_of_the_account(world: ExchangeWorld) -> None:
    world.spoiler.answers.append(("SyncFolderItems", 500, fault("ErrorServerBusy")))
    with pytest.raises(ProviderThrottled):
        await Mirror(world.connector).pull()
    before = len(world.requests())
    with pytest.raises(ProviderThrottled) as caught:
        await world.connector.create(ALICE, None)
    assert not caught.value.sent
    assert len(world.requests()) == before
    await world.settle()
    await world.connector.create(ALICE, None)


async def test_a_pull_over_ntlm_logs_in_once_and_a_write_once(world: ExchangeWorld) -> None:
    await world.seed(*({"GivenName": f"Person {number}"} for number in range(530)))
    channel = replace(world.connector.api.channel, auth=BoundAuth(EMAIL, PASSWORD, "ntlm"))
    bound = replace(world.connector, api=replace(world.connector.api, channel=channel))
    mirror = Mirror(bound)
    await mirror.pull()
    assert len(mirror.records) == 530
    assert world.requests("SyncFolderItems") == ["SyncFolderItems"] * 2
    before = sum(entry.status == 401 for entry in world.sandbox.log)
    assert 1 <= before <= 2
    made = await bound.create(ALICE, "mark")
    assert sum(entry.status == 401 for entry in world.sandbox.log) - before == before
    await bound.update(made, Patch(notes="new"))
