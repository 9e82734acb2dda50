"""What the connector takes for true of Microsoft, asked of Microsoft with a user's own access."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import ClassVar

import pytest
from PIL import Image

from polydex.connectors.tokens import Grant
from polydex.core.contact import Phone, PhoneType, Photo
from polydex.core.errors import ProviderUnauthorized, RecordNotFound, Stale, TokenDead, TokenRefreshFailed
from polydex.core.patch import NamePatch, Patch
from tests.live.account import Made
from tests.live.microsoft_account import LiveAccount, open_account, setting
from tests.live.suite import OAuthSuite

ALIEN = "String {3f2504e0-4f89-11d3-9a0c-0305e82c3301} Name PolydexLiveTest"


@pytest.fixture
async def made() -> Made:
    return Made()


@pytest.fixture
async def live(made: Made) -> AsyncIterator[LiveAccount]:
    async with open_account(Grant("", setting("REFRESH_TOKEN"))) as account:
        try:
            yield account
        finally:
            await account.clean(made.keys)


class TestMicrosoft(OAuthSuite):
    steps: ClassVar = {*OAuthSuite.steps, "scopes"}


async def test_tokens_that_are_none_are_refused(live: LiveAccount) -> None:
    with pytest.raises((TokenDead, TokenRefreshFailed)):  # some made-up tokens pass for those of another tenant
        await live.provider.refresh(live.net, Grant("", "made-up"), live.net.now())
    wrong = replace(live.provider, client=replace(live.provider.client, secret="made-up"))
    with pytest.raises(TokenRefreshFailed, match="secret"):
        await wrong.refresh(live.net, Grant("", setting("REFRESH_TOKEN")), live.net.now())
    live.grant = replace(live.grant, access_token="made-up")
    with pytest.raises(ProviderUnauthorized):
        await live.connector.identify()


async def test_a_refresh_gives_another_refresh_token_and_says_what_was_granted(live: LiveAccount) -> None:
    first = await live.provider.refresh(live.net, Grant("", setting("REFRESH_TOKEN")), live.net.now())
    assert first.scopes is not None
    assert {"Contacts.ReadWrite", "User.Read"} <= first.scopes
    second = await live.provider.refresh(
        live.net, Grant("", setting("REFRESH_TOKEN")).followed_by(first), live.net.now()
    )
    assert second.access_token


async def test_one_user_is_one_subject(live: LiveAccount) -> None:
    identity, books = await live.provider.discover(live.net, live.credentials)
    assert (await live.connector.identify()).subject == identity.subject
    assert [book.default for book in books].count(True) == 1
    assert books[0].default


async def test_a_contact_is_created_changed_and_deleted(live: LiveAccount, made: Made) -> None:
    connector = live.connector
    record = made(await connector.create(live.contact("Ada"), "mark-" + live.family))
    shown = await live.shown(record.key)
    assert live.is_ours(shown)
    assert shown["emailAddresses"][0]["address"] == "ada@example.com"
    again = await connector.fetch(record.key)
    assert again.contact == record.contact
    changed = await connector.update(again, Patch(nick_name="Countess", name=NamePatch(given_name="Augusta")))
    shown = await live.shown(record.key)
    assert (shown["nickName"], shown["displayName"]) == ("Countess", f"Ada {live.family}")
    with pytest.raises(Stale):
        await connector.update(again, Patch(nick_name="Late"))
    assert (await live.shown(record.key))["nickName"] == "Countess"
    await connector.delete(record.key, changed.rev)
    with pytest.raises(RecordNotFound):
        await connector.fetch(record.key)
    await connector.delete(record.key, None)  # already gone is success


async def test_a_stale_etag_is_refused_by_the_service_itself(live: LiveAccount, made: Made) -> None:
    """Which nobody has documented for contacts."""
    record = made(await live.connector.create(live.contact("Eve"), None))
    etag = (await live.shown(record.key))["@odata.etag"]
    await live.change(record.key, nickName="E.")
    answer = await live.api.patch(f"contacts/{record.key}", json={"nickName": "x"}, headers={"If-Match": etag})
    assert answer.status_code == 412


async def test_what_is_not_modelled_survives_a_change(live: LiveAccount, made: Made) -> None:
    record = made(await live.connector.create(live.contact("Bo"), None))
    alien = [{"id": ALIEN, "value": "38"}]
    await live.change(record.key, profession="Cellist", children=["Byron"], singleValueExtendedProperties=alien)
    await live.connector.update(await live.connector.fetch(record.key), Patch(nick_name="B."))
    shown = await live.shown(record.key, {"$expand": f"singleValueExtendedProperties($filter=id eq '{ALIEN}')"})
    assert (shown["profession"], shown["children"]) == ("Cellist", ["Byron"])
    assert [each["value"] for each in shown["singleValueExtendedProperties"]] == ["38"]


async def test_phones_that_graph_has_no_member_for_are_kept(live: LiveAccount, made: Made) -> None:
    phones = (
        Phone(number="+41 44 555 01 01", type=PhoneType.PAGER),
        Phone(number="+41 44 555 01 02", type=PhoneType.HOME_FAX),
        Phone(number="+41 44 555 01 03", type=PhoneType.OTHER),
    )
    record = made(await live.connector.create(live.contact("Flo", phone_numbers=phones), None))
    again = await live.connector.fetch(record.key)
    assert again.contact == record.contact
    assert again.contact is not None
    assert {phone.type for phone in again.contact.phone_numbers} == {phone.type for phone in phones}


async def test_a_photo_is_written_and_read(live: LiveAccount, made: Made) -> None:
    content = io.BytesIO()
    Image.new("RGB", (48, 48), (200, 30, 0)).save(content, "PNG")  # one of a single pixel stands for none at Microsoft
    photo = Photo.of(content.getvalue(), "image/png")
    record = made(await live.connector.create(live.contact("Cy", photo=photo), None))
    found = await live.connector.photo(await live.connector.fetch(record.key))
    assert found is not None
    assert found.content
