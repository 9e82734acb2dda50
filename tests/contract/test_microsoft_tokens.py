"""What the Microsoft provider asks of the token endpoint, in which order, and what it makes of the answers."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import pytest

from polydex.connectors.microsoft.provider import MICROSOFT, MicrosoftProvider
from polydex.connectors.microsoft.tenants import tenant_of, tenant_url
from polydex.connectors.provider import Credentials
from polydex.connectors.tokens import Grant, Held
from polydex.core.errors import (
    BadRequest,
    ProviderError,
    ProviderForbidden,
    ProviderMalformed,
    ProviderThrottled,
    ProviderUnavailable,
    TokenDead,
    TokenRefreshFailed,
)
from polydex.net.client import Net
from tests.microsoft.scripted import Asked, Reply, scripted

NOW = 1_790_000_000_000
GRAPH = "https://graph.microsoft.com/"
TENANT = "11111111-2222-3333-4444-555555555555"
GIVEN = {"access_token": "access", "expires_in": 3599, "ext_expires_in": 3599, "token_type": "Bearer"}
UNCONSENTED = Reply({"error": "invalid_grant", "error_codes": [65001], "suberror": "consent_required"}, 400)
EXPIRED = Reply({"error": "invalid_grant", "error_codes": [70000], "suberror": "bad_token"}, 400)


@dataclass
class Endpoint:
    """A token endpoint that answers as it is told, and the provider that asks it."""

    provider: MicrosoftProvider
    net: Net
    asked: list[Asked] = field(repr=False)

    async def refresh(self, held: Grant) -> Grant:
        return await self.provider.refresh(self.net, held, NOW)

    @property
    def forms(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(each.body.decode(), strict_parsing=True)) for each in self.asked]

    @property
    def scopes(self) -> list[str]:
        """As they were asked for, without the resource and what is always asked for."""
        return [each["scope"].replace(GRAPH, "").removesuffix(" offline_access") for each in self.forms]


@contextlib.asynccontextmanager
async def endpoint(*replies: Reply, tenant: str = "common", **options: str) -> AsyncIterator[Endpoint]:
    async with scripted(*replies) as server, Net(allow_private="127.0.0.0/8") as net:
        provider = MICROSOFT.configured(
            {
                "client_id": "me",
                "client_secret": "hush",
                "token_url": f"{server.url}/{tenant}/oauth2/v2.0/token",
                **options,
            }
        )
        yield Endpoint(provider, net, server.asked)


async def test_a_refresh_asks_for_the_permissions_again_and_keeps_what_comes() -> None:
    told = Reply({**GIVEN, "refresh_token": "next", "scope": f"{GRAPH}Contacts.ReadWrite {GRAPH}User.Read openid"})
    async with endpoint(told) as sts:
        grant = await sts.refresh(Grant("", "first"))
    assert grant == Grant(
        "access", "next", NOW + 3_599_000, None, frozenset({"Contacts.ReadWrite", "User.Read", "openid"})
    )
    [asked] = sts.asked
    assert (asked.method, asked.path) == ("POST", "/common/oauth2/v2.0/token")
    assert sts.forms == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "first",
            "client_id": "me",
            "client_secret": "hush",
            "scope": f"{GRAPH}Contacts.ReadWrite {GRAPH}User.Read offline_access",
        }
    ]


async def test_an_answer_without_a_refresh_token_leaves_the_one_that_was_used() -> None:
    held = Grant("", "first", scopes=frozenset({"Contacts.ReadWrite"}))
    async with endpoint(Reply(GIVEN)) as sts:
        assert held.followed_by(await sts.refresh(held)) == Grant(
            "access", "first", NOW + 3_599_000, None, frozenset({"Contacts.ReadWrite"})
        )


async def test_less_is_asked_for_where_less_was_consented_to() -> None:
    async with endpoint(UNCONSENTED, UNCONSENTED, Reply({**GIVEN, "scope": "Contacts.Read User.Read"})) as sts:
        grant = await sts.refresh(Grant("", "first"))
    assert grant.scopes == frozenset({"Contacts.Read", "User.Read"})
    assert sts.scopes == ["Contacts.ReadWrite User.Read", "Contacts.ReadWrite", "Contacts.Read User.Read"]
    async with endpoint(Reply(GIVEN)) as sts:
        await sts.refresh(Grant("", "first", scopes=grant.scopes))
    assert sts.scopes == ["Contacts.Read User.Read"]  # at once


async def test_without_any_consent_the_token_is_dead() -> None:
    async with endpoint(UNCONSENTED, tenant=TENANT) as sts:
        with pytest.raises(TokenDead, match="not granted"):
            await sts.refresh(Grant("", "first"))
    assert len(sts.asked) == 4


async def test_tokens_of_personal_accounts_are_tried_where_they_belong_before_they_are_dead() -> None:
    async with endpoint(EXPIRED, Reply(GIVEN)) as sts:
        assert (await sts.refresh(Grant("", "first"))).access_token == "access"
    assert [each.path.split("/")[1] for each in sts.asked] == ["common", "consumers"]
    refused = Reply({"error": "unauthorized_client", "error_codes": [700016]}, 400)
    async with endpoint(EXPIRED, refused) as sts:
        with pytest.raises(TokenDead, match="AADSTS70000"):  # what is said of it where it was asked first
            await sts.refresh(Grant("", "first"))
    async with endpoint(EXPIRED, tenant=TENANT) as sts:
        with pytest.raises(TokenDead):
            await sts.refresh(Grant("", "first"))
    assert len(sts.asked) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(b"", 503), ProviderUnavailable),
        (Reply(b"", 429), ProviderThrottled),
        (Reply(b"<html>"), ProviderMalformed),
    ],
)
async def test_no_token_is_dead_while_one_of_those_who_may_know_it_does_not_answer(
    reply: Reply, kind: type[ProviderError]
) -> None:
    """Tokens of personal accounts are always refused by the first one: one bad moment of the other would end them all."""
    async with endpoint(EXPIRED, reply) as sts:
        with pytest.raises(kind):
            await sts.refresh(Grant("", "first"))


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply({"error": "invalid_client", "error_codes": [7000215]}, 401), TokenRefreshFailed),
        (Reply(b"", 503), ProviderUnavailable),
        (Reply(b"", 429), ProviderThrottled),
        (Reply(b"", 302), ProviderMalformed),
        (Reply({"token_type": "Bearer"}), ProviderMalformed),
    ],
)
async def test_other_refusals_are_asked_once(reply: Reply, kind: type[Exception]) -> None:
    async with endpoint(reply) as sts:
        with pytest.raises(kind):
            await sts.refresh(Grant("", "first"))
    assert {each.path for each in sts.asked} == {"/common/oauth2/v2.0/token"}
    assert set(sts.scopes) == {"Contacts.ReadWrite User.Read"}


async def test_the_application_itself_asks_at_the_tenant() -> None:
    async with endpoint(Reply(GIVEN)) as sts:
        held = Grant("", application=TENANT)
        assert held.followed_by(await sts.refresh(held)) == Grant("access", None, NOW + 3_599_000, application=TENANT)
    assert sts.asked[0].path == f"/{TENANT}/oauth2/v2.0/token"
    assert sts.forms == [
        {
            "grant_type": "client_credentials",
            "client_id": "me",
            "client_secret": "hush",
            "scope": f"{GRAPH}.default",
        }
    ]


async def test_what_the_application_asked_for_is_not_what_it_was_granted() -> None:
    """An endpoint may repeat the scope that was asked for (RFC 6749 section 5.1); it is no name of a permission."""
    async with endpoint(Reply({**GIVEN, "scope": f"{GRAPH}.default"})) as sts:
        assert (await sts.refresh(Grant("", application=TENANT))).scopes is None


async def test_a_refusal_of_the_application_is_never_for_good() -> None:
    async with endpoint(EXPIRED) as sts:
        with pytest.raises(TokenRefreshFailed, match="into the tenant"):
            await sts.refresh(Grant("", application=TENANT))


async def test_the_permissions_are_those_of_a_national_cloud() -> None:
    async with endpoint(Reply(GIVEN), api_url="https://graph.microsoft.us") as sts:
        await sts.refresh(Grant("", application=TENANT))
    assert sts.forms[0]["scope"] == "https://graph.microsoft.us/.default"


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
async def test_without_a_registration_nothing_is_asked(missing: str) -> None:
    async with endpoint(Reply(GIVEN), **{missing: ""}) as sts:
        for held in (Grant("", "first"), Grant("", application=TENANT)):
            with pytest.raises(TokenRefreshFailed, match=f"has to set POLYDEX_MICROSOFT_{missing.upper()}"):
                await sts.refresh(held)
    assert sts.asked == []


@pytest.mark.parametrize("tenant", ["", "a/b", "..", "a b", "-a", "a\r\nb", "x" * 300])
async def test_what_is_no_tenant_gets_into_no_address(tenant: str) -> None:
    async with endpoint(Reply(GIVEN)) as sts:
        with pytest.raises(TokenRefreshFailed, match="A tenant is"):
            await sts.refresh(Grant("", application=tenant))
    assert sts.asked == []


def test_the_tenant_is_the_first_segment_of_the_path() -> None:
    url = "https://login.example.com/common/oauth2/v2.0/token"
    assert tenant_of(url) == "common"
    assert tenant_url(url, "example.org") == "https://login.example.com/example.org/oauth2/v2.0/token"
    assert tenant_of(tenant_url(url, TENANT)) == TENANT


def test_an_application_has_to_name_a_mailbox() -> None:
    of_application = Held(Grant("", application=TENANT))
    with pytest.raises(BadRequest, match="mailbox"):
        MICROSOFT.prepare("Office365", Credentials(tokens=of_application))
    for credentials in (Credentials("ada@example.com", tokens=of_application), Credentials(tokens=Held(Grant("a")))):
        assert MICROSOFT.prepare("Office365", credentials) == credentials


async def test_tokens_without_access_to_contacts_are_refused_before_anything_is_asked() -> None:
    tokens: Any = Held(Grant("access", scopes=frozenset({"Mail.Read"})))
    async with endpoint(Reply(GIVEN)) as sts:
        with pytest.raises(ProviderForbidden, match=r"Contacts\.ReadWrite"):
            await sts.provider.discover(sts.net, Credentials(tokens=tokens))
    assert sts.asked == []


async def test_no_secret_is_shown() -> None:
    provider = MICROSOFT.configured({"client_id": "me", "client_secret": "hush-hush"})
    assert "hush-hush" not in repr(provider)
