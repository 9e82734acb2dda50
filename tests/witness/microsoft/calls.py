"""Every call that the sandbox serves, by msgraph-sdk as it comes, in a process of its own.

    python -m tests.witness.microsoft.calls URL TOKEN RECEIVER

``js/calls.mjs`` makes the same calls by Microsoft's client for JavaScript. Both write one JSON object: what was observed,
by names that test_clients.py has, and here besides what the client did not know of the answers (``unknown``).
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import sys
import urllib.parse
import urllib.request
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_abstractions.request_information import RequestInformation
from kiota_abstractions.serialization import Parsable
from msgraph.generated.models.contact import Contact
from msgraph.generated.models.contact_folder import ContactFolder
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.exchange_id_format import ExchangeIdFormat
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.open_type_extension import OpenTypeExtension
from msgraph.generated.models.physical_address import PhysicalAddress
from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.users.item.contacts.contacts_request_builder import ContactsRequestBuilder
from msgraph.generated.users.item.contacts.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.item.contacts.item.contact_item_request_builder import ContactItemRequestBuilder
from msgraph.generated.users.item.translate_exchange_ids.translate_exchange_ids_post_request_body import (
    TranslateExchangeIdsPostRequestBody,
)
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core.requests.batch_request_content import BatchRequestContent  # type: ignore[import-untyped]  # has no types
from msgraph_core.requests.batch_request_item import BatchRequestItem  # type: ignore[import-untyped]  # has no types
from msgraph_core.tasks.page_iterator import PageIterator  # type: ignore[import-untyped]  # has no types

PIXEL = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////"
    "////////////2wBDAf//////////////////////////////////////////////////////////////////////////////////////wAARCAAB"
    "AAEDASIAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/xAAUAQEAAAAAAAAAAAAAAAAAAAAA/8QAFBEB"
    "AAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEQMRAD8AR//Z"
)
NAME = "String {3b0bdc5e-65c6-4b8d-9a8c-6ea54d1b5d1f} Name Witness"
IMMUTABLE = 'IdType="ImmutableId"'
ListQuery = ContactsRequestBuilder.ContactsRequestBuilderGetQueryParameters
ItemQuery = ContactItemRequestBuilder.ContactItemRequestBuilderGetQueryParameters
DeltaQuery = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters


@dataclasses.dataclass
class Token(AccessTokenProvider):
    """A token that is good as it is."""

    token: str

    async def get_authorization_token(self, uri: str, additional_authentication_context: Any = None) -> str:
        assert self.get_allowed_hosts_validator().is_url_host_valid(uri)
        return self.token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator(["127.0.0.1"])


def client_of(url: str, token: str) -> GraphServiceClient:
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(Token(token)))
    adapter.base_url = f"{url}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


def using(query: Any = None, **headers: str) -> RequestConfiguration[Any]:
    found = HeadersCollection()
    for name, value in headers.items():
        found.add(name.replace("_", "-"), value)
    return RequestConfiguration(query_parameters=query, headers=found)


class Witness:
    """The calls, in order.

    Attributes:
        seen: what was observed.
        unknown: what answers had that the models do not name.
    """

    def __init__(self, url: str, token: str, receiver: str) -> None:
        self.url, self.receiver = url, receiver
        self.client = client_of(url, token)
        self.me = self.client.me
        self.seen: dict[str, Any] = {}
        self.unknown: list[str] = []

    async def ask(self, call: Awaitable[Any]) -> Any:
        """The answer, looked through for what its model does not name."""
        found = await call
        self.unknown += unnamed(found)
        return found

    async def refused(self, call: Awaitable[Any]) -> list[Any]:
        """Status and code of an error, which has to be one that the client knows."""
        try:
            await call
        except ODataError as error:
            told = error
        else:
            raise AssertionError("was not refused")
        self.unknown += unnamed(told)
        assert told.error is not None
        assert told.error.message
        assert told.error.inner_error is not None
        assert told.error.inner_error.request_id
        return [told.response_status_code, told.error.code]

    async def run(self) -> None:
        await self.user()
        await self.contacts()
        await self.lists()
        await self.folders()
        await self.delta()
        await self.properties()
        await self.extensions()
        await self.photos()
        await self.batches()
        await self.subscriptions()
        await self.ids()
        await self.errors()

    async def user(self) -> None:
        user = await self.ask(self.me.get())
        self.seen["me"] = [user.mail, user.display_name]
        other = await self.ask(self.client.users.by_user_id(user.mail).get())
        self.seen["users"] = other.id == user.id
        self.mail = user.mail

    async def contacts(self) -> None:
        contacts = self.me.contacts
        body = Contact(
            given_name="Ada",
            surname="Lovelace",
            display_name="Ada Lovelace",
            file_as="Lovelace, Ada",
            birthday=datetime(1815, 12, 10, 11, 59, tzinfo=UTC),
            email_addresses=[EmailAddress(name="Ada", address="ada@example.org")],
            business_phones=["+44 1"],
            home_address=PhysicalAddress(city="London"),
            categories=["Friends"],
        )
        made = await self.ask(contacts.post(body))
        got = await self.ask(contacts.by_contact_id(made.id).get())
        self.seen["create"] = [
            got.given_name, got.surname, got.display_name, got.file_as, got.birthday.isoformat()[:10],
            got.email_addresses[0].address, got.business_phones, got.home_address.city, got.categories,
        ]  # fmt: skip
        etag = got.additional_data["@odata.etag"]
        self.seen["etag"] = etag == f'W/"{got.change_key}"'
        change = Contact(surname="King", display_name="Ada King", file_as="King, Ada", mobile_phone="+44 2")
        item = self.me.contact_folders.by_contact_folder_id("contacts").contacts.by_contact_id(made.id)
        changed = await self.ask(item.patch(change, using(if_match=etag)))
        self.seen["update"] = [
            changed.surname,
            changed.display_name,
            changed.mobile_phone,
            changed.change_key != got.change_key,
        ]
        self.seen["stale"] = await self.refused(item.patch(Contact(surname="No"), using(if_match=etag)))
        user = self.client.users.by_user_id(self.mail)
        same = await self.ask(user.contacts.by_contact_id(made.id).get())
        self.seen["as user"] = same.surname
        await self.ask(item.delete())
        self.seen["deleted"] = await self.refused(item.get())
        gone = await self.ask(contacts.post(Contact(given_name="Gone")))
        self.gone = gone.id
        await self.ask(contacts.by_contact_id(gone.id).permanent_delete.post())
        self.seen["permanently deleted"] = await self.refused(contacts.by_contact_id(gone.id).get())

    async def lists(self) -> None:
        contacts = self.me.contacts
        for name in ("Bob", "Cay", "Dan", "Eve"):
            await self.ask(contacts.post(Contact(given_name=name, surname="Lister", email_addresses=[])))
        query = ListQuery(select=["id", "givenName"], orderby=["givenName desc"], top=3, count=True)
        page = await self.ask(contacts.get(using(query)))
        names: list[str] = []
        count = page.odata_count

        def keep(one: Contact) -> bool:
            names.append(one.given_name or "")
            return True

        await PageIterator(page, self.client.request_adapter).iterate(keep)
        self.seen["list"] = [names, count, page.value[0].surname]
        query = ListQuery(filter="givenName eq 'Cay'")
        self.seen["filter"] = [one.given_name for one in (await self.ask(contacts.get(using(query)))).value]
        query = ListQuery(select=["givenName"], orderby=["givenName"], top=2, skip=2)
        self.seen["skip"] = [one.given_name for one in (await self.ask(contacts.get(using(query)))).value]

    async def folders(self) -> None:
        folders = self.me.contact_folders
        made = await self.ask(folders.post(ContactFolder(display_name="Club")))
        item = folders.by_contact_folder_id(made.id)
        await self.ask(item.patch(ContactFolder(display_name="Choir")))
        child = await self.ask(item.child_folders.post(ContactFolder(display_name="Basses")))
        self.seen["folders"] = [one.display_name for one in (await self.ask(folders.get())).value]
        self.seen["children"] = [one.display_name for one in (await self.ask(item.child_folders.get())).value]
        default = await self.ask(folders.by_contact_folder_id("contacts").get())
        self.seen["default"] = [
            default.display_name,
            default.id != made.id,
            made.parent_folder_id == default.id,
        ]
        within = item.child_folders.by_contact_folder_id1(child.id)
        self.seen["child"] = (await self.ask(within.get())).parent_folder_id == made.id
        made_there = await self.ask(within.contacts.post(Contact(given_name="Kim")))
        there = await self.ask(folders.by_contact_folder_id(child.id).contacts.get())
        self.seen["contact in a folder"] = [one.given_name for one in there.value]
        self.seen["its folder"] = made_there.parent_folder_id == child.id
        page = await self.ask(folders.delta.get())
        self.seen["folder delta"] = sorted(one.display_name for one in page.value)
        await self.ask(within.delete())
        page = await self.ask(folders.delta.with_url(page.odata_delta_link).get())
        self.seen["folder gone"] = [[one.id == child.id, "@removed" in one.additional_data] for one in page.value]
        self.seen["no folder"] = await self.refused(within.get())
        await self.ask(item.permanent_delete.post())
        self.seen["no folders"] = len((await self.ask(folders.get())).value)

    async def delta(self) -> None:
        contacts = self.me.contact_folders.by_contact_folder_id("contacts").contacts
        paged = using(None, prefer="odata.maxpagesize=2")
        page = await self.ask(contacts.delta.get(paged))
        sizes, names = [], []
        while True:
            sizes.append(len(page.value))
            names += [one.given_name for one in page.value]
            if page.odata_next_link is None:
                break
            page = await self.ask(contacts.delta.with_url(page.odata_next_link).get(paged))
        self.seen["delta"] = [max(sizes), len(sizes) > 1, sorted(names)]
        found = (await self.ask(self.me.contacts.get(using(ListQuery(filter="givenName eq 'Bob'"))))).value[0]
        await self.ask(contacts.by_contact_id(found.id).patch(Contact(nick_name="Bobby")))
        gone = (await self.ask(self.me.contacts.get(using(ListQuery(filter="givenName eq 'Eve'"))))).value[0]
        await self.ask(contacts.by_contact_id(gone.id).delete())
        page = await self.ask(contacts.delta.with_url(page.odata_delta_link).get(paged))
        changes: dict[str, Any] = {}
        while True:
            for one in page.value:
                changes[one.id] = "removed" if "@removed" in one.additional_data else one.nick_name
            if page.odata_next_link is None:
                break
            page = await self.ask(contacts.delta.with_url(page.odata_next_link).get(paged))
        self.seen["changes"] = [changes.pop(found.id), changes.pop(gone.id), len(changes)]
        query = DeltaQuery(select=["displayName"])
        page = await self.ask(self.me.contacts.delta.get(using(query)))
        self.seen["selected delta"] = [page.value[0].display_name is not None, page.value[0].surname]

    async def properties(self) -> None:
        contacts = self.me.contacts
        given = [
            SingleValueLegacyExtendedProperty(id=NAME, value="some text"),
            SingleValueLegacyExtendedProperty(id="String 0x3A21", value="+44 3"),
        ]
        made = await self.ask(contacts.post(Contact(given_name="Fay", single_value_extended_properties=given)))
        expand = f"singleValueExtendedProperties($filter=id eq '{NAME}' or id eq 'String 0x3A21')"
        item = contacts.by_contact_id(made.id)
        got = await self.ask(item.get(using(ItemQuery(expand=[expand]))))
        self.seen["properties"] = sorted([one.id.lower(), one.value] for one in got.single_value_extended_properties)
        condition = f"singleValueExtendedProperties/Any(ep: ep/id eq '{NAME}' and ep/value eq 'some text')"
        found = await self.ask(contacts.get(using(ListQuery(filter=condition))))
        self.seen["by property"] = [one.given_name for one in found.value]
        page = await self.ask(contacts.get(using(ListQuery(expand=[expand], top=50))))
        counts = [len(one.single_value_extended_properties or ()) for one in page.value]
        self.seen["expanded list"] = sorted(counts)[-2:]
        changed = [SingleValueLegacyExtendedProperty(id=NAME, value="other")]
        await self.ask(item.patch(Contact(single_value_extended_properties=changed)))
        got = await self.ask(item.get(using(ItemQuery(expand=[expand]))))
        self.seen["changed properties"] = sorted(one.value for one in got.single_value_extended_properties)
        await self.ask(item.delete())

    async def extensions(self) -> None:
        made = await self.ask(self.me.contacts.post(Contact(given_name="Gil")))
        item = self.me.contacts.by_contact_id(made.id)
        name = "com.example.witness"
        body = OpenTypeExtension(extension_name=name, additional_data={"colour": "blue", "size": 5})
        posted = await self.ask(item.extensions.post(body))
        self.seen["extension"] = [posted.extension_name, data(posted)]
        one = item.extensions.by_extension_id(name)
        self.seen["read extension"] = data(await self.ask(one.get()))
        self.seen["all extensions"] = [data(one) for one in (await self.ask(item.extensions.get())).value]
        body = OpenTypeExtension(extension_name=name, additional_data={"colour": "red"})
        await self.ask(one.patch(body))
        expand = f"extensions($filter=id eq '{name}')"
        got = await self.ask(item.get(using(ItemQuery(expand=[expand]))))
        self.seen["expanded extension"] = [data(one)["colour"] for one in got.extensions]
        await self.ask(one.delete())
        self.seen["no extension"] = (await self.refused(one.get()))[0]
        await self.ask(item.delete())

    async def photos(self) -> None:
        made = await self.ask(self.me.contacts.post(Contact(given_name="Hal")))
        item = self.me.contacts.by_contact_id(made.id)
        self.seen["no photo"] = (await self.refused(item.photo.get()))[0]
        await self.ask(item.photo.content.put(PIXEL))
        photo = await self.ask(item.photo.get())
        self.seen["photo"] = [photo.width, photo.height, photo.additional_data["@odata.mediaContentType"]]
        self.seen["picture"] = len(await self.ask(item.photo.content.get())) > 0
        self.seen["delete photo"] = (await self.refused(item.photo.content.delete()))[0]
        await self.ask(item.delete())

    async def batches(self) -> None:
        contacts = self.me.contacts
        made = await self.ask(contacts.post(Contact(given_name="Ida")))
        steps = [
            contacts.by_contact_id(made.id).to_get_request_information(using(ItemQuery(select=["givenName"]))),
            contacts.by_contact_id(self.gone).to_get_request_information(),
            contacts.to_post_request_information(Contact(given_name="Jon")),
            contacts.by_contact_id(made.id).to_delete_request_information(),
        ]
        content = BatchRequestContent()
        for number, information in enumerate(steps[:3]):
            content.add_request(str(number), self.step(str(number), information))
        answer = await self.ask(self.client.batch.post(content))
        # This version of the client knows the bodies of parts only as texts, and Graph's are none.
        statuses = answer.get_response_status_codes()
        self.seen["batch"] = [statuses[one] for one in "012"]
        found = await self.ask(contacts.get(using(ListQuery(filter="givenName eq 'Jon'"))))
        self.seen["made in a batch"] = [one.given_name == "Jon" for one in found.value]
        content = BatchRequestContent()
        content.add_request("d", self.step("d", steps[3]))
        self.seen["delete in a batch"] = (await self.ask(self.client.batch.post(content))).get_response_status_codes()[
            "d"
        ]
        await self.ask(contacts.by_contact_id(found.value[0].id).delete())

    def step(self, name: str, information: RequestInformation) -> BatchRequestItem:
        """Relative, as Graph wants it: the client of this version leaves it absolute (msgraph-sdk-python#1015)."""
        information.path_parameters["baseurl"] = f"{self.url}/v1.0"
        item = BatchRequestItem(information, name)
        item.url = item.url.removeprefix(f"{self.url}/v1.0")
        return item

    async def subscriptions(self) -> None:
        expires = datetime.now(UTC) + timedelta(days=2)
        body = Subscription(
            change_type="created,updated,deleted",
            notification_url=f"{self.receiver}?a=b",
            lifecycle_notification_url=self.receiver,
            resource="/me/contacts",
            expiration_date_time=expires,
            client_state="secret",
        )
        subscriptions = self.client.subscriptions
        made = await self.ask(subscriptions.post(body, using(prefer=IMMUTABLE)))
        self.seen["subscription"] = [made.change_type, made.resource, made.client_state]
        item = subscriptions.by_subscription_id(made.id)
        self.seen["read subscription"] = (await self.ask(item.get())).notification_url == body.notification_url
        self.seen["all subscriptions"] = [one.id == made.id for one in (await self.ask(subscriptions.get())).value]
        later = Subscription(expiration_date_time=expires + timedelta(days=1))
        renewed = await self.ask(item.patch(later))
        self.seen["renewed"] = renewed.expiration_date_time - made.expiration_date_time == timedelta(days=1)
        await self.ask(item.reauthorize.post())
        await self.ask(self.me.contacts.post(Contact(given_name="Lea")))
        self.seen["notified"] = await self.notified()
        await self.ask(item.delete())
        self.seen["no subscription"] = await self.refused(item.get())
        body.resource = "/me/messages"
        self.seen["other resource"] = (await self.refused(subscriptions.post(body)))[0]

    async def notified(self) -> list[str]:
        """The changes that the receiver was told of, as soon as there is one."""
        for _ in range(200):
            with urllib.request.urlopen(self.receiver, timeout=10) as answer:  # noqa: ASYNC210, S310 - of the test
                found: list[str] = json.load(answer)
            if found:
                return found
            await asyncio.sleep(0.05)
        return []

    async def ids(self) -> None:
        contacts = self.me.contacts
        made = await self.ask(contacts.post(Contact(given_name="Moe")))
        item = contacts.by_contact_id(made.id)
        immutable = await self.ask(item.get(using(None, prefer=IMMUTABLE)))
        self.seen["immutable"] = immutable.id != made.id
        body = TranslateExchangeIdsPostRequestBody(
            input_ids=[made.id],
            source_id_type=ExchangeIdFormat.RestId,
            target_id_type=ExchangeIdFormat.RestImmutableEntryId,
        )
        [translated] = (await self.ask(self.me.translate_exchange_ids.post(body))).value
        self.seen["translated"] = [translated.source_id == made.id, translated.target_id == immutable.id]
        await self.ask(item.delete())

    async def errors(self) -> None:
        contacts = self.me.contacts
        self.seen["not found"] = await self.refused(contacts.by_contact_id(self.gone).get())
        many = [EmailAddress(address=f"{number}@example.org") for number in range(4)]
        self.seen["too many"] = (await self.refused(contacts.post(Contact(email_addresses=many))))[0]
        query = ListQuery(filter="nothing eq 'x'")
        self.seen["bad filter"] = (await self.refused(contacts.get(using(query))))[0]
        stranger = client_of(self.url, "nobody")
        self.seen["unauthorized"] = await self.refused(stranger.me.get())
        page = await self.ask(contacts.delta.get())
        while page.odata_next_link is not None:
            page = await self.ask(contacts.delta.with_url(page.odata_next_link).get())
        quirk = f"{self.url}/control/accounts/{urllib.parse.quote(self.mail)}/quirks/graph-sync-state-expired"
        request = urllib.request.Request(quirk, b'{"count": 1}', method="PUT")  # noqa: S310 - of the test
        urllib.request.urlopen(request, timeout=10).close()  # noqa: ASYNC210, S310 - the same
        self.seen["gone"] = await self.refused(contacts.delta.with_url(page.odata_delta_link).get())


def data(extension: OpenTypeExtension) -> dict[str, Any]:
    """What an open extension has of its own, which the client can only call additional."""
    return {name: value for name, value in extension.additional_data.items() if "@odata." not in name}


def unnamed(found: Any, path: str = "") -> list[str]:
    """Where models have additional data that are no OData annotations.

    An open extension has nothing else by its nature, and the items of a delta have ``@removed``.
    """
    if isinstance(found, list | tuple):
        return [name for one in found for name in unnamed(one, path)]
    if not isinstance(found, Parsable):
        return []
    here = f"{path}/{type(found).__name__}"
    members = {name: value for name, value in vars(found).items() if name != "backing_store"}
    store = getattr(found, "backing_store", None)
    if store is not None:
        members |= dict(store.enumerate_())
    extra = members.pop("additional_data", None) or {}
    known = ("@removed",) if "DeltaGetResponse" in path else ()
    names = [name for name in extra if "@odata." not in name and name not in known]
    if isinstance(found, OpenTypeExtension):
        names = []
    return [f"{here}/{name}" for name in names] + [name for value in members.values() for name in unnamed(value, here)]


async def main(url: str, token: str, receiver: str) -> None:
    witness = Witness(url, token, receiver)
    await witness.run()
    sys.stdout.write(json.dumps({"seen": witness.seen, "unknown": witness.unknown}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
