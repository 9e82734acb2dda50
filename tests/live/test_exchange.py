"""What the connector takes for true of Exchange, asked of a mailbox: writes. With a mailbox that the login impersonates in
the settings, all this is asked of that one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import ClassVar

import pytest

from polydex.connectors.base import Record
from polydex.core.contact import Address, AddressType, Company, Email, Phone, PhoneType, Photo, Relation, RelationType
from polydex.core.errors import ProviderUnauthorized, RecordNotFound, Stale
from polydex.core.patch import CompanyPatch, NamePatch, Patch
from tests.live.account import Made
from tests.live.exchange_account import LiveAccount, cleaned, ews
from tests.live.suite import LiveSuite, batching
from tests.pictures import jpeg


@pytest.fixture
async def made() -> Made:
    return Made()


@pytest.fixture
async def live(made: Made) -> AsyncIterator[LiveAccount]:
    async with cleaned(made) as account:
        yield account


class TestExchange(LiveSuite):
    steps: ClassVar = {*LiveSuite.steps, "http", "mailbox"}


async def test_a_login_that_is_none_is_refused(live: LiveAccount) -> None:
    """Of nobody: a wrong password of somebody's counts towards a lockout."""
    live.login = replace(live.login, login=f"nobody-{live.family.lower()}@example.com")
    with pytest.raises(ProviderUnauthorized):
        await live.connector.identify()


async def test_one_mailbox_is_one_subject(live: LiveAccount) -> None:
    identity, books = await live.provider.discover(live.net, live.credentials)
    assert (await live.connector.identify()).subject == identity.subject
    assert identity.subject == (await live.do(lambda: live.outlook.msg_folder_root.id))
    assert [book.default for book in books].count(True) == 1
    assert books[0].default


async def test_a_contact_is_created_changed_and_deleted(live: LiveAccount, made: Made) -> None:
    connector = live.connector
    record = made(await connector.create(live.contact("Ada"), "mark-" + live.family))
    shown = await live.shown(record.key)
    assert (shown.display_name, shown.file_as) == (f"Ada {live.family}", f"{live.family}, Ada")
    assert [each.email for each in shown.email_addresses] == ["ada@example.com"]
    again = await connector.fetch(record.key)
    assert (again.contact, again.rev) == (record.contact, record.rev)
    changed = await connector.update(again, Patch(nick_name="Countess", name=NamePatch(given_name="Augusta")))
    shown = await live.shown(record.key)
    assert (shown.nickname, shown.given_name) == ("Countess", "Augusta")
    assert (shown.display_name, shown.file_as) == (f"Ada {live.family}", f"{live.family}, Ada"), "as they were"
    with pytest.raises(Stale):
        await connector.update(again, Patch(nick_name="Late"))
    assert (await live.shown(record.key)).nickname == "Countess"
    await connector.delete(record.key, changed.rev)
    with pytest.raises(RecordNotFound):
        await connector.fetch(record.key)
    assert len(await live.thrown_away()) == 1
    await connector.delete(record.key, None)  # already gone is success


async def test_everything_that_has_a_place_comes_back(live: LiveAccount, made: Made) -> None:
    draft = live.contact(
        "Bea",
        nick_name="B.",
        notes="Two lines\nof a note: <&> \N{SNOWMAN} \N{VIOLIN}",
        birthday="1990-01-02",
        keywords=("Polydex",),
        company=Company(name="Engines & Sons", department="Analysis", job_title="Analyst", office_location="2.1"),
        relations=(Relation(name="Max", type=RelationType.SPOUSE),),
        phone_numbers=tuple(
            Phone(number=f"+41 44 555 01 {at:02}", type=type_)
            for at, type_ in enumerate(PhoneType)
            if type_ not in (PhoneType.WORK_MOBILE, PhoneType.WORK_PAGER)
        ),
        addresses=tuple(
            Address(street="Street 1", po_box="7", city="Berne", postal_code="3000", country="Switzerland", type=type_)
            for type_ in AddressType
        ),
    )
    record = made(await live.connector.create(draft, None))
    assert record.contact is not None
    for name in ("nick_name", "notes", "birthday", "keywords", "company", "relations", "email_addresses"):
        assert getattr(record.contact, name) == getattr(draft, name), name
    assert {(each.number, each.type) for each in record.contact.phone_numbers} == {
        (each.number, each.type) for each in draft.phone_numbers
    }
    assert set(record.contact.addresses) == set(draft.addresses)
    cleared = Patch(
        nick_name=None, notes=None, birthday=None, company=None, phone_numbers=(), addresses=(), keywords=()
    )
    empty = (await live.connector.update(record, cleared)).contact
    assert empty is not None
    assert (empty.nick_name, empty.notes, empty.birthday, empty.company) == (None, None, None, None)
    assert (empty.phone_numbers, empty.addresses, empty.keywords) == ((), (), ())
    assert empty.relations == draft.relations
    shown = await live.shown(record.key)
    assert (shown.nickname or "", shown.birthday, shown.company_name or "") == ("", None, "")


async def test_an_update_is_refused_by_the_service_itself_whatever_it_changes(live: LiveAccount, made: Made) -> None:
    """NeverOverwrite merges nothing, not even changes of different properties."""
    record = made(await live.connector.create(live.contact("Eve"), None))
    stale = await live.shown(record.key)
    await live.nickname(record.key, "E.")
    stale.job_title = "Late"
    with pytest.raises(ews.errors.ErrorIrresolvableConflict):
        await live.do(
            lambda: stale.save(update_fields=["job_title"], conflict_resolution=ews.items.NEVER_OVERWRITE),
        )
    with pytest.raises(Stale):
        await live.connector.update(record, Patch(company=CompanyPatch(job_title="Late")))
    shown = await live.shown(record.key)
    assert (shown.nickname, shown.job_title or "") == ("E.", "")


async def test_of_many_updates_one_that_is_stale_stops_no_other(live: LiveAccount, made: Made) -> None:
    records = [made(await live.connector.create(live.contact(name), None)) for name in ("Di", "Ed", "Gus")]
    await live.nickname(records[1].key, "Eddie")
    answers = await batching(live.connector).update_many([(each, Patch(notes="n")) for each in records])
    assert [type(each) for each in answers] == [Record, Stale, Record]
    assert [(await live.shown(each.key)).nickname or "" for each in records] == ["", "Eddie", ""]


async def test_a_deletion_compares_no_version(live: LiveAccount, made: Made) -> None:
    """So the connector has to: ``delete_guard`` is CHECKED."""
    record = made(await live.connector.create(live.contact("Flo"), None))
    older = await live.shown(record.key)
    await live.nickname(record.key, "F.")
    with pytest.raises(Stale):
        await live.connector.delete(record.key, record.rev)
    await live.do(older.move_to_trash)
    with pytest.raises(RecordNotFound):
        await live.connector.fetch(record.key)


async def test_what_is_not_modelled_survives_a_change(live: LiveAccount, made: Made) -> None:
    record = made(await live.connector.create(live.contact("Bo"), None))
    await live.change(record.key, profession="Cellist", children=["Byron"], sensitivity="Private")
    await live.connector.update(await live.connector.fetch(record.key), Patch(nick_name="B."))
    shown = await live.shown(record.key)
    assert (shown.nickname, shown.profession, shown.children, shown.sensitivity) == (
        "B.",
        "Cellist",
        ["Byron"],
        "Private",
    )


async def test_what_has_no_place_is_kept(live: LiveAccount, made: Made) -> None:
    """In a named property of the contact, as the mark is."""
    emails = tuple(Email(address=f"cay{number}@example.com") for number in range(5))
    draft = live.contact("Cay", phone_numbers=(Phone(number="+41 44 555 01 01", type=PhoneType.WORK_PAGER),))
    record = made(await live.connector.create(draft, mark := f"mark-{live.family}"))
    record = await live.connector.update(record, Patch(email_addresses=emails))
    again = await live.connector.fetch(record.key)
    assert again.contact is not None
    assert [each.address for each in again.contact.email_addresses] == [each.address for each in emails]
    assert [each.type for each in again.contact.phone_numbers] == [PhoneType.WORK_PAGER]
    assert again.mark == mark


async def test_a_photo_is_written_and_read(live: LiveAccount, made: Made) -> None:
    draft = live.contact("Cy", photo=Photo.of(jpeg("red"), "image/jpeg"))
    record = made(await live.connector.create(draft, None))
    assert [loss for loss in record.losses if loss.path == "$.photo"] == []
    found = await live.connector.photo(await live.connector.fetch(record.key))
    assert found is not None
    assert found.content == jpeg("red")
    assert (await live.shown(record.key)).has_picture
    new = Photo.of(jpeg("blue"), "image/jpeg")
    record = await live.connector.update(await live.connector.fetch(record.key), Patch(photo=new, nick_name="C."))
    assert await live.pictures(record.key) == [jpeg("blue")]
    record = await live.connector.update(record, Patch(photo=None))
    assert record.contact is not None
    assert record.contact.photo is None
    shown = await live.shown(record.key)
    assert (shown.has_picture, shown.nickname) == (False, "C.")
