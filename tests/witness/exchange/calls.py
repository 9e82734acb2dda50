"""exchangelib as it comes works with contacts, in a process of its own.

    python -m tests.witness.exchange.calls URL ADDRESS PASSWORD AUTH VERSION

AUTH: basic, NTLM or guessed; VERSION: fixed or guessed. Writes one JSON object: what was observed, by the names that
test_exchangelib.py has.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import exchangelib as ews  # type: ignore[import-untyped]  # has no types
from exchangelib.indexed_properties import (  # type: ignore[import-untyped]  # has no types
    EmailAddress,
    PhoneNumber,
)

from tests.pictures import picture
from tests.witness.exchange import person

PICTURE = picture(size=(64, 48))
SMALL = picture(size=(8, 8))


def account_of(url: str, login: str, password: str, auth: str, version: str, *, of: str = "", access: str = "") -> Any:
    """An account by the URL of the service, as its users open it.

    Args:
        url: of the service.
        login: address of who logs in.
        password: of the login.
        auth: see above.
        version: see above.
        of: address of the mailbox if it is another's.
        access: the way into that: of exchangelib's.
    """
    configuration = ews.Configuration(
        service_endpoint=url,
        credentials=ews.Credentials(login, password),
        auth_type=None if auth == "guessed" else auth,
        version=ews.Version(build=ews.Build(15, 2, 1544, 4)) if version == "fixed" else None,
        retry_policy=ews.FailFast(),
    )
    return ews.Account(of or login, config=configuration, autodiscover=False, access_type=access or ews.DELEGATE)


def refused(call: Callable[[], Any]) -> str:
    """Name of the error."""
    try:
        call()
    except ews.errors.EWSError as error:
        return type(error).__name__
    raise AssertionError("was not refused")


class Witness:
    """The calls, in order; ``seen``: what was observed."""

    def __init__(self, account: Any) -> None:
        self.account = account
        self.contacts = account.contacts
        self.seen: dict[str, Any] = {}

    def folders(self) -> None:
        root, contacts = self.account.root, self.contacts
        self.seen["root"] = [root.account.primary_smtp_address, type(self.account.msg_folder_root).__name__]
        self.seen["contacts"] = [type(contacts).__name__, contacts.folder_class, contacts.name, contacts.total_count]
        self.seen["rights"] = contacts.effective_rights.read and contacts.effective_rights.modify
        self.seen["path"] = (root / "Top of Information Store" / "Contacts").id == contacts.id
        self.seen["walked"] = contacts.id in {folder.id for folder in root.walk()}
        self.seen["child"] = "Choir" in {folder.name for folder in contacts.children}
        self.seen["same id"] = self.account.trash.id != contacts.id == self.account.contacts.id

    def fields(self) -> None:
        old, new = person.full("old", 1815), person.full("new", 1915)
        made = ews.Contact(account=self.account, folder=self.contacts, **old).save()
        self.seen["created"] = bool(made.id and made.changekey)
        read = self.contacts.get(id=made.id)
        self.seen["fields"] = person.different(read, old)
        self.seen["computed"] = [
            read.item_class, read.parent_folder_id.id == self.contacts.id, read.has_attachments, read.has_picture,
            read.effective_rights.delete, read.datetime_created == read.last_modified_time, read.is_associated,
        ]  # fmt: skip
        complete = read.complete_name
        self.seen["complete name"] = [complete.first_name, complete.middle_name, complete.last_name]
        before = read.changekey
        for name, value in new.items():
            setattr(read, name, value)
        read.save()
        self.seen["change key"] = read.changekey != before and read.id == made.id
        read.refresh()
        self.seen["updated fields"] = person.different(read, new)
        kept = {name for name in new if name in ("sensitivity", "importance", "display_name", "postal_address_index")}
        cleared: dict[str, Any] = dict.fromkeys(set(new) - kept - {"file_as_mapping"})
        for name in cleared:
            setattr(read, name, None)
        read.save(update_fields=sorted(cleared))
        read.refresh()
        self.seen["cleared fields"] = person.different(read, {name: None for name in cleared if name != "subject"})
        read.delete()

    def one_entry(self) -> None:
        """Entries of dictionaries are written one by one, the others stay."""
        made = ews.Contact(
            account=self.account,
            folder=self.contacts,
            display_name="Bob",
            email_addresses=[EmailAddress(label="EmailAddress1", email="bob@example.com")],
            phone_numbers=[
                PhoneNumber(label="MobilePhone", phone_number="1"),
                PhoneNumber(label="Pager", phone_number="2"),
            ],
        ).save()
        made.phone_numbers = [PhoneNumber(label="Pager", phone_number="3"), PhoneNumber(label="Isdn", phone_number="4")]
        made.save(update_fields=["phone_numbers"])
        made.refresh()
        self.seen["entries"] = [
            sorted([one.label, one.phone_number] for one in made.phone_numbers),
            [one.email for one in made.email_addresses],
        ]
        made.delete()

    def extended(self) -> None:
        definitions = person.properties()
        for name, (definition, _, _) in definitions.items():
            ews.Contact.register(name, definition)
        try:
            first = {name: value for name, (_, value, _) in definitions.items()}
            second = {name: other for name, (_, _, other) in definitions.items()}
            made = ews.Contact(account=self.account, folder=self.contacts, display_name="Cay", **first).save()
            read = self.contacts.get(id=made.id)
            self.seen["extended"] = person.different(read, first)
            for name, value in second.items():
                setattr(read, name, value)
            read.save(update_fields=list(second))
            read.refresh()
            self.seen["extended updated"] = person.different(read, second)
            for name in second:
                setattr(read, name, None)
            read.save(update_fields=list(second))
            read.refresh()
            self.seen["extended cleared"] = person.different(read, dict.fromkeys(second))
            made.delete()
        finally:
            for name in definitions:
                ews.Contact.deregister(name)

    def lists(self) -> None:
        people = [
            ews.Contact(display_name=f"{name} Example", given_name=name, surname="Example", company_name=company)
            for name, company in (("Dan", "X"), ("Eve", "Y"), ("Fay", "X"), ("Gus", ""), ("Hal", "X"))
        ]
        made = self.contacts.bulk_create(people)
        self.seen["made together"] = len({one.id for one in made})
        every = self.contacts.all()
        every.page_size = every.chunk_size = 2
        self.seen["all"] = sorted(one.given_name for one in every)
        self.seen["counted"] = self.contacts.all().count()
        self.seen["filtered"] = sorted(one.given_name for one in self.contacts.filter(company_name="X"))
        self.seen["both"] = [
            one.given_name
            for one in self.contacts.filter(company_name="X", given_name__gt="Eve", surname__contains="xamp").order_by(
                "given_name"
            )
        ]
        self.seen["excluded"] = sorted(self.contacts.exclude(company_name="X").values_list("given_name", flat=True))
        self.seen["ordered"] = list(self.contacts.all().order_by("-given_name").values_list("given_name", flat=True))
        self.seen["sliced"] = [one.given_name for one in self.contacts.all().order_by("given_name")[1:3]]
        found = list(self.account.fetch(made, only_fields=["given_name", "surname"]))
        self.seen["fetched"] = sorted(f"{one.given_name} {one.surname}" for one in found)
        for one in found:
            one.surname = "Other"
        self.account.bulk_update([(one, ["surname"]) for one in found])
        self.seen["updated together"] = self.contacts.filter(surname="Other").count()
        moved = self.contacts.get(given_name="Dan")
        before = moved.id
        moved.move(self.contacts / "Choir")
        self.seen["moved"] = [moved.id != before, (self.contacts / "Choir").all().count(), self.contacts.all().count()]
        moved.move(self.contacts)
        self.account.bulk_delete(list(self.contacts.all().only("id", "changekey")))
        self.seen["deleted together"] = self.contacts.all().count()

    def deletion(self) -> None:
        trash = self.account.trash
        for way in ("move_to_trash", "soft_delete", "delete"):
            made = ews.Contact(account=self.account, folder=self.contacts, display_name=f"Ivy {way}").save()
            key = made.id
            getattr(made, way)()
            self.seen[f"after {way}"] = [
                self.contacts.all().count(),
                sorted(one.display_name for one in trash.all().only("display_name") if isinstance(one, ews.Contact)),
                type(next(iter(self.account.fetch([(key, None)])))).__name__,
            ]

    def conflict(self) -> None:
        made = ews.Contact(account=self.account, folder=self.contacts, display_name="Jay").save()
        other = self.contacts.get(id=made.id)
        other.nickname = "first"
        other.save(update_fields=["nickname"])
        made.nickname = "second"
        self.seen["stale"] = refused(
            lambda: made.save(update_fields=["nickname"], conflict_resolution=ews.items.NEVER_OVERWRITE)
        )
        self.seen["kept"] = self.contacts.get(id=made.id).nickname
        other.delete()
        self.seen["gone"] = refused(lambda: self.contacts.get(id=made.id))

    def sync(self) -> None:
        self.seen["nothing yet"] = [kind for kind, _ in self.contacts.sync_items()]
        made = self.contacts.bulk_create(
            [ews.Contact(display_name=f"Kim {number}", nickname="K") for number in range(5)]
        )
        first = sorted([kind, item.display_name, item.nickname] for kind, item in self.contacts.sync_items())
        self.seen["first sync"] = first
        self.seen["no changes"] = list(self.contacts.sync_items())
        changed, gone = self.contacts.get(id=made[0].id), self.contacts.get(id=made[1].id)
        changed.nickname = "L"
        changed.save(update_fields=["nickname"])
        gone.move_to_trash()
        ews.Contact(account=self.account, folder=self.contacts, display_name="Kim 5", nickname="K").save()
        told = list(self.contacts.sync_items(max_changes_returned=1))
        self.seen["changes"] = sorted(
            [kind, "" if kind == "delete" else f"{item.display_name} {item.nickname}"] for kind, item in told
        )
        self.seen["deleted id"] = [item.id == made[1].id for kind, item in told if kind == "delete"]
        self.contacts.item_sync_state = "not a state"
        self.seen["bad state"] = refused(lambda: list(self.contacts.sync_items()))
        self.contacts.item_sync_state = None
        hierarchy = list(self.account.msg_folder_root.sync_hierarchy())
        self.seen["hierarchy"] = [kind for kind, folder in hierarchy if folder.id == self.contacts.id]
        self.seen["same hierarchy"] = list(self.account.msg_folder_root.sync_hierarchy())
        self.account.bulk_delete(list(self.contacts.all().only("id", "changekey")))

    def photo(self) -> None:
        made = ews.Contact(account=self.account, folder=self.contacts, display_name="Lea").save()
        before = made.changekey
        made.attach(ews.FileAttachment(name="ContactPicture.jpg", content=PICTURE, is_contact_photo=True))
        read = self.contacts.get(id=made.id)
        [attached] = read.attachments
        self.seen["photo"] = [
            attached.name, attached.is_contact_photo, attached.size >= len(PICTURE), attached.content == PICTURE,
            read.has_picture, read.has_attachments, read.changekey != before,
        ]  # fmt: skip
        read.detach(attached)
        read.refresh()
        self.seen["no photo"] = [len(read.attachments), read.has_picture]
        read.attach([
            ews.FileAttachment(name="ContactPicture.jpg", content=SMALL, is_contact_photo=True),
            ews.FileAttachment(name="notes.txt", content=b"a note", content_type="text/plain"),
        ])  # fmt: skip
        read.refresh()
        self.seen["attachments"] = sorted([one.name, one.content == SMALL] for one in read.attachments)
        read.delete()
        whole = ews.Contact(account=self.account, folder=self.contacts, display_name="Mia")
        whole.attach(ews.FileAttachment(name="ContactPicture.jpg", content=SMALL, is_contact_photo=True))
        whole.save()
        self.seen["made with a photo"] = [one.content == SMALL for one in self.contacts.get(id=whole.id).attachments]
        whole.delete()

    def notifications(self) -> None:
        with self.contacts.streaming_subscription() as subscription:
            made = ews.Contact(account=self.account, folder=self.contacts, display_name="Nat").save()
            [told] = self.contacts.get_streaming_events(subscription, max_notifications_returned=1)
            self.seen["streamed"] = [
                told.subscription_id == subscription,
                sorted(
                    {
                        type(one).__name__
                        for one in told.events
                        if one.event_type == "item" and one.item_id.id == made.id
                    }
                ),
            ]
        self.seen["unsubscribed"] = refused(
            lambda: list(self.contacts.get_streaming_events(subscription, max_notifications_returned=1))
        )
        with self.contacts.pull_subscription() as (pulled, watermark):
            made.nickname = "N"
            made.save(update_fields=["nickname"])
            key = made.id
            made.delete()
            events = [event for told in self.contacts.get_events(pulled, watermark) for event in told.events]
            self.seen["pulled"] = sorted(
                {type(one).__name__ for one in events if getattr(one, "item_id", None) and one.item_id.id == key}
            )

    def names(self) -> None:
        protocol = self.account.protocol
        [found] = protocol.resolve_names([self.account.primary_smtp_address])
        self.seen["resolved"] = [found.email_address, found.mailbox_type]
        nobody = protocol.resolve_names(["nobody-of-that-name"])
        self.seen["nobody"] = [isinstance(one, ews.errors.ErrorNameResolutionNoResults) for one in nobody]
        made = ews.Contact(account=self.account, folder=self.contacts, display_name="Oda").save()
        given = ews.properties.AlternateId(id=made.id, format="EwsId", mailbox=self.account.primary_smtp_address)
        [converted] = protocol.convert_ids([given], destination_format="HexEntryId")
        back = ews.properties.AlternateId(
            id=converted.id, format="HexEntryId", mailbox=self.account.primary_smtp_address
        )
        [again] = protocol.convert_ids([back], destination_format="EwsId")
        self.seen["converted"] = [converted.format, bool(bytes.fromhex(converted.id)), again.id == made.id]
        made.delete()

    def distribution_list(self) -> None:
        """It is among the contacts, and no contact."""
        kit = ews.properties.Member(mailbox=ews.Mailbox(name="Kit", email_address="kit@example.com"))
        crew = ews.DistributionList(account=self.account, folder=self.contacts, display_name="Crew", members=[kit])
        crew.save()
        ews.Contact(account=self.account, folder=self.contacts, display_name="Lou").save()
        lists = [one for one in self.contacts.all() if isinstance(one, ews.DistributionList)]
        self.seen["list"] = [[one.display_name, *(member.mailbox.name for member in one.members)] for one in lists]
        self.account.bulk_delete(list(self.contacts.all().only("id", "changekey")))

    def run(self) -> dict[str, Any]:
        self.folders()
        self.fields()
        self.one_entry()
        self.extended()
        self.lists()
        self.deletion()
        self.conflict()
        self.sync()
        self.photo()
        self.notifications()
        self.names()
        self.distribution_list()
        self.seen["way in"] = [self.account.version.api_version, self.account.protocol.auth_type]
        return self.seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(Witness(account_of(*sys.argv[1:6])).run()))
