"""Import through the real connector into a server that misbehaves: one card each, whatever happens."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from polydex.core.csv import Options
from polydex.engine.export import Exporter
from polydex.engine.imports import Importer, Result, Source, of_csv, of_vcards
from tests.hostile.dav_home import DavHome, dav_home
from tests.servers.hostile import Vices

NICKS = [f"n{at}" for at in range(4)]
ROWS = of_csv(("Nickname,Notes\n" + "".join(f"{nick},note\n" for nick in NICKS)).encode(), Options())
CARDS = of_vcards(
    "".join(
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{nick}\r\nFN:{nick}\r\nNICKNAME:{nick}\r\nX-ALIEN:{nick}\r\nEND:VCARD\r\n"
        for nick in NICKS
    ).encode()
)


async def outcomes(home: DavHome, source: Source, patience: float = 0.0) -> dict[str, int]:
    importer = Importer(home.ctx, home.reader, home.writer, patience)
    results: list[Result] = []
    plan = await importer.plan(home.account, source, update=False)
    await importer.carry_out(home.account, source, plan, asyncio.Event(), results.append)
    assert len(results) == len(source.entries)
    return dict(Counter(result.outcome.value for result in results))


def stored(home: DavHome) -> list[str]:
    raw = [card.raw.decode() for card in home.server.cards.values()]
    return sorted(line.partition(":")[2] for text in raw for line in text.split("\r\n") if line.startswith("NICKNAME"))


@pytest.mark.parametrize("source", [ROWS, CARDS], ids=["rows", "cards"])
@pytest.mark.parametrize(
    "vices",
    [
        {},
        {"drops_after_put": 2},
        {"ignores_if_none_match": True, "drops_after_put": 1},
        {"renames_on_put": True, "drops_after_put": 1},
        {"renames_on_put": True, "no_query": True},
        {"no_etag_on_put": True},
        {"rewrites_cards": True},
        {"uid_conflicts": True, "drops_after_put": 1},
        {"drops_connections": True},
    ],
    ids=lambda vices: "+".join(vices) or "none",
)
async def test_the_same_file_again_and_again_is_one_card_each(source: Source, vices: dict[str, object]) -> None:
    async with dav_home(Vices(**vices)) as home:  # type: ignore[arg-type]  # by name
        await home.pull()
        await outcomes(home, source)
        home.clock.advance(31)  # what became of a lost answer is known by now
        await outcomes(home, source)
        assert await outcomes(home, source) == {"unchanged": 4}
        assert stored(home) == NICKS
        await home.rest()
        assert await outcomes(home, source) == {"unchanged": 4}
        assert stored(home) == NICKS


async def test_a_card_keeps_what_no_contact_has_a_place_for() -> None:
    async with dav_home() as home:
        await home.pull()
        await outcomes(home, CARDS)
        raw = sorted(card.raw for card in home.server.cards.values())
        assert sorted(b"X-ALIEN:n%d\r\n" % at in text for at in range(4) for text in raw).count(True) == 4
        # A new installation, which knows nothing of the first import, finds the cards by their marks.
    async with dav_home() as other:
        for name, card in home.server.cards.items():
            other.server.put(name, card.raw)
        await other.pull()
        assert await outcomes(other, CARDS) == {"unchanged": 4}
        assert stored(other) == NICKS


async def test_a_group_is_exported_and_recognised_but_not_made() -> None:
    async with dav_home() as home:
        home.server.put("g.vcf", b"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:g\r\nKIND:group\r\nFN:G\r\nEND:VCARD\r\n")
        await home.pull()
        assert await outcomes(home, CARDS) == {"created": 4}
        parts: list[bytes] = []
        done = await Exporter(home.ctx, home.reader).vcards(home.account, parts.append, lambda _at, _total: None)
        assert (done.contacts, done.groups) == (4, 1)
        assert sorted(parts) == sorted(card.raw for card in home.server.cards.values())
        exported = of_vcards(b"".join(parts))
        assert await outcomes(home, exported) == {"unchanged": 5}
    async with dav_home() as other:
        await other.pull()
        assert await outcomes(other, exported) == {"created": 4, "rejected": 1}


async def test_a_server_that_fails_for_one_card_alone_does_not_stop_the_others() -> None:
    async with dav_home(Vices(uid_conflicts=True)) as home:
        await home.pull()
        source = of_csv(b"Nickname,Birthday\nn0,\nn1,1990-01-02\n", Options())
        assert await outcomes(home, source) == {"created": 2}
        assert stored(home) == ["n0", "n1"]
