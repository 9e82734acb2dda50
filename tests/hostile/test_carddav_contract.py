"""The whole connector contract on servers that misbehave in several ways at once."""

import copy
from collections.abc import AsyncIterator

import pytest

from polydex.testing.contract import ALICE, ConnectorContract, Mirror, UnreadableContract, World
from tests.hostile.dav_world import HostileWorld, hostile_world
from tests.servers.hostile import Vices

CHARACTERS = {
    "good": Vices(),
    "without_reports": Vices(no_sync=True, no_multiget=True, no_query=True, no_etag_on_put=True),
    "without_any_signal": Vices(no_sync=True, no_ctag=True, etag_style="W/{}", wrong_etag_on_put=True),
    "heedless": Vices(
        ignores_if_none_match=True,
        ignores_if_match=True,
        ignores_if_match_on_delete=True,
        rewrites_cards=True,
        multiget_404=True,
    ),
    "unquoted_and_literal": Vices(etag_style="-", compares_verbatim=True, drops_connections=True),
    "strange_addresses": Vices(href_style="escaped", lists_itself=True, redirects=True, multiget_limit=7),
    "behind_a_proxy": Vices(href_style="foreign", hides_token=True, silent_full_list=True),
    "by_token": Vices(bearer=True),
    "in_pieces": Vices(truncates=2, href_style="absolute", truncates_listing=True),
    "by_the_second": Vices(coarse_tokens=True, href_style="relative"),
    "counting": Vices(counting_etags=True, coarse_tokens=True, drops_connections=True),
}


class TestHostile(ConnectorContract, UnreadableContract):
    @pytest.fixture(params=CHARACTERS)
    async def world(self, request: pytest.FixtureRequest) -> AsyncIterator[HostileWorld]:
        async with hostile_world(copy.copy(CHARACTERS[request.param])) as world:
            yield world


class TestWithoutEtags(ConnectorContract):
    """Not allowed by RFC 6352 section 6.3.2.3, and yet nothing may be lost: everything is read again in every listing."""

    @pytest.fixture
    async def world(self) -> AsyncIterator[HostileWorld]:
        async with hostile_world(Vices(no_etags=True)) as world:
            yield world

    async def test_a_pull_without_changes_brings_nothing_new(self, world: World) -> None:
        key = await world.put(ALICE)
        await world.settle()
        mirror = Mirror(world.connector)
        before = (await mirror.pull()).changed[key]
        again = await mirror.pull()
        assert again.removed == set()
        assert [record.raw for record in again.changed.values()] in ([], [before.raw])
        await world.settle()
        await mirror.pull()
        quiet = await mirror.pull()
        assert not quiet.changed
        assert not quiet.removed
