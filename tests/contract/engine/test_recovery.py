"""Writes whose answer was lost are found out, and never stand in the way of others (J10)."""

from __future__ import annotations

import asyncio
import json

import pytest

from polydex.core.errors import ProviderTimeout
from polydex.store import intents
from polydex.testing.world import Fault
from tests.contract.engine.home import Home


@pytest.mark.parametrize("fault", [Fault.FAILED, Fault.LOST])
async def test_native_properties_alone_are_sent_again(home: Home, fault: Fault) -> None:
    """The ETag does not cover them, so equal ETags say nothing about whether they have arrived."""
    await home.pull()
    created = await home.create(nickName="ada")
    home.world.faults.append(("update", fault))
    body = {"nativeProperties": {"X-COLOUR": "green"}}
    with pytest.raises(ProviderTimeout):
        await home.update(created.id, created.etag, **body)
    await home.update(created.id, created.etag, **body)
    [key] = home.world.contacts()
    document = home.world.find(key)
    assert document is not None
    assert document["native"] == {"X-COLOUR": "green"}


async def test_a_write_found_out_whose_contact_is_gone_does_not_fail_the_next_write(home: Home) -> None:
    await home.pull()
    home.world.faults.append(("create", Fault.LOST))
    with pytest.raises(ProviderTimeout):
        await home.writer.create(home.account, b'{"nickName": "ada"}')
    [key] = home.world.contacts()
    # A pull sees the contact come and go, so that what the mark finds is older than what is known.
    await home.pull()
    home.world.gates.hold("find_mark", "answer")
    other = asyncio.create_task(home.writer.create(home.account, b'{"nickName": "bo"}'))
    await home.world.gates.reached("find_mark", "answer")
    home.world.remove(key)
    await home.pull()
    home.world.gates.open()
    written = await other
    assert json.loads(written.record)["nickName"] == "bo"
    assert [contact.nick_name for contact in home.world.contacts().values()] == ["bo"]
    assert await home.db.read(intents.open_of_account, home.account.id) == []
