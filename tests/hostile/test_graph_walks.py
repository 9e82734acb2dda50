"""Walks that cannot come to their end: what has not been read is not told as complete, and who can be read is."""

from typing import Any

import pytest

from polydex.core.errors import PolydexError, ProviderForbidden, ProviderMalformed, ProviderUnavailable
from tests.microsoft.home import graph_home

GET = "contacts.get"
FAILURES: tuple[tuple[str, dict[str, int], type[PolydexError]], ...] = (
    ("graph-unavailable", {"status": 500}, ProviderUnavailable),
    ("graph-unavailable", {"status": 503}, ProviderUnavailable),
    ("graph-forbidden", {}, ProviderForbidden),
)


@pytest.mark.parametrize("first", [0, 25])
@pytest.mark.parametrize(("quirk", "given", "error"), FAILURES)
async def test_a_first_walk_of_which_nobody_can_be_read_is_not_complete(
    quirk: str, given: dict[str, int], error: type[PolydexError], first: int
) -> None:
    """``first``: so many are read before Microsoft fails."""
    async with graph_home() as home:
        await home.seed(*(f"n{number:02}" for number in range(60)))
        await home.world.quirk(quirk, methods=[GET], skip=first, **given)
        with pytest.raises(error):
            await home.pull()
        for _ in range(3):
            await home.later(4000)
        with pytest.raises(error):
            await home.reader.start(home.account)
        await home.world.calm()
        await home.later(4000)
        consumer = await (await home.consumer()).follow()
        await home.assert_same(consumer)
        assert len(consumer.copy) == 60


async def test_one_who_cannot_be_read_keeps_nobody_from_being_read() -> None:
    """Also where the walk has to read nobody else, as of a change, or when everybody is listed again."""
    async with graph_home() as home:
        ada, _ = await home.seed("ada", "bo")
        home.world.spoiler.failing.add(ada)
        consumer = await (await home.consumer()).follow()
        assert consumer.names == ["bo"]
        await home.nickname(ada, "ada, edited")
        await home.pull()
        await home.seed("cy")
        home.clock.advance(8 * 86_400)  # everybody is listed: all but one are known
        await home.later(1)
        await consumer.follow()
        assert consumer.names == ["bo", "cy"]
        home.world.spoiler.failing.clear()
        home.clock.advance(86_400)
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["ada, edited", "bo", "cy"]


async def test_the_only_one_there_is_who_cannot_be_read_is_no_empty_address_book() -> None:
    async with graph_home() as home:
        [ada] = await home.seed("ada")
        home.world.spoiler.failing.add(ada)
        with pytest.raises(ProviderUnavailable):
            await home.pull()
        await home.seed("bo")
        await home.later(4000)
        consumer = await (await home.consumer()).follow()
        assert consumer.names == ["bo"]
        home.world.spoiler.failing.clear()
        await home.rest()
        await home.assert_same(consumer)


@pytest.mark.parametrize("length", [2, 5])
async def test_links_that_lead_in_a_circle_end_somewhere(length: int) -> None:
    """First of everybody, then of changes; who stands on its pages is read nevertheless."""
    async with graph_home() as home:
        keys = await home.seed(*(f"n{number}" for number in range(length)))
        delta = f"{home.world.url}/v1.0/me/contactFolders/contacts/contacts/delta?$skiptoken=circle"
        answers = home.world.spoiler.answers

        def circle(round_: int) -> list[tuple[str, str, int, Any]]:
            links = [f"{delta}{round_}{number}" for number in range(length)]
            ring = zip(keys, [*links[1:], links[0]], strict=True)
            pages = [{"value": [{"id": key}], "@odata.nextLink": link} for key, link in ring]
            return [("GET", "/delta", 200, page) for page in pages] * 100

        answers += circle(0)
        with pytest.raises(ProviderMalformed):
            await home.pull()
        assert len(answers) > 60 * length, "not for ever"
        assert sorted(await home.records()) == [f"n{number}" for number in range(length)]
        answers.clear()
        await home.later(4000)
        consumer = await (await home.consumer()).follow()
        await home.assert_same(consumer)
        await home.nickname(keys[-1], "edited")
        answers += circle(1)
        with pytest.raises(ProviderMalformed):
            await home.pull()
        assert len(answers) > 60 * length, "not for ever"
        answers.clear()
        await home.world.remove(keys[0])
        await home.rest()
        await home.assert_same(consumer)
        assert len(consumer.copy) == length - 1
