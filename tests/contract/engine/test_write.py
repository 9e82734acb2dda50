"""Writes, on both engines: exactly one effect, whatever happens on the way."""

from __future__ import annotations

import json

import pytest

from polydex.core.errors import (
    NotFound,
)
from tests.contract.engine.home import Home


async def test_create_update_delete(home: Home) -> None:
    await home.pull()
    consumer = await home.consumer()
    created = await home.create(nickName="ada", emailAddresses=[{"address": "ada@example.com"}])
    updated = await home.update(created.id, created.etag, notes="met in May")
    assert updated.etag != created.etag
    assert json.loads(updated.record)["notes"] == "met in May"
    await consumer.follow()
    assert consumer.names == ["ada"]
    await home.writer.delete(home.account, created.id, updated.etag)
    await consumer.follow()
    assert consumer.names == []
    assert home.world.contacts() == {}
    with pytest.raises(NotFound):
        await home.writer.delete(home.account, created.id, f'"{updated.etag}"')


async def test_our_own_write_is_not_brought_back_by_the_next_pull(home: Home) -> None:
    await home.pull()
    created = await home.create(nickName="ada")
    consumer = await (await home.consumer()).follow()
    assert consumer.brought == [created.id]
    await home.pull()
    await consumer.follow()
    assert consumer.brought == []
