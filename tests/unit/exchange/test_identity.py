"""Who an account is: what is sent of a login, and which mailboxes are none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polydex.connectors.exchange.provider import EXCHANGE
from polydex.connectors.provider import Credentials
from polydex.core.errors import BadRequest
from tests.unit.exchange.server import refused, said, served
from tests.unit.exchange.test_write import FOLDER

UNKNOWN = refused("ResolveNames", "ErrorNameResolutionNoResults")


async def test_a_login_with_characters_that_xml_does_not_have() -> None:
    async with served(GetFolder=said("GetFolder", FOLDER), ResolveNames=UNKNOWN) as (server, connector):
        identity = await replace(connector, api=replace(connector.api, login="EXAMPLE\\a\ufffeda")).identify()
    assert (identity.subject, identity.name) == ("f0", None)
    assert [one.text for one in server.asked[-1].iter("{*}UnresolvedEntry")] == ["ada"]


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
