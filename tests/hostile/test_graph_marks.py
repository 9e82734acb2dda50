"""Creates whose answers are lost, and whose marks do not tell what has become of them: nobody is created twice."""

import asyncio
from typing import Any

import pytest

from polydex.core.errors import ProviderTimeout, ProviderUnavailable
from polydex.engine.errand import Written
from tests.hostile.sides import patiently
from tests.microsoft.home import GraphHome, graph_home

CREATE, UPDATE = "contacts.create", "contacts.update"
ADA: dict[str, Any] = {
    "nickName": "ada",
    "name": {"givenName": "Ada", "familyName": "Example"},
    "notes": "new",
    "emailAddresses": [{"address": f"ada{number}@example.org"} for number in range(3)],
    "urls": [{"href": "https://example.org/1", "type": "work"}, {"href": "https://example.org/2", "type": "home"}],
}
"""What is in the bag is lost with the mark."""


async def stripping(home: GraphHome) -> None:
    await home.world.quirk("graph-create-drops-properties")


async def told(home: GraphHome) -> dict[str, Any]:
    """What our clients are told of the only contact."""
    consumer = await (await home.consumer()).follow()
    [record] = consumer.copy.values()
    return record


@pytest.mark.parametrize("fault", ["graph-drop-before", "graph-drop-after"])
async def test_the_first_create_of_a_process_loses_its_answer_and_its_mark(fault: str) -> None:
    async with graph_home(personal=True) as home:
        consumer = await (await home.consumer()).follow()
        await stripping(home)
        await home.world.quirk(fault, methods=[CREATE], count=1)
        written = await patiently(home, **ADA)
        assert len(await home.world.contacts()) == 1
        await home.rest()
        await home.assert_same(consumer)
        assert list(consumer.copy) == [written.id]
        found = consumer.copy[written.id]
        assert {url["href"] for url in found["urls"]} == {url["href"] for url in ADA["urls"]}, (
            "and nothing of it is lost"
        )
        assert found["notes"] == "new"


async def test_the_process_that_repeats_it_is_another_one() -> None:
    async with graph_home(personal=True) as home:
        await home.pull()
        await stripping(home)
        await home.world.quirk("graph-drop-after", methods=[CREATE], count=1)
        with pytest.raises(ProviderTimeout):
            await home.create(**ADA)
        other = home.sibling()
        await other.later(200)
        await other.create(**ADA)
        assert len(await home.world.contacts()) == 1
        assert len((await told(home))["urls"]) == 2


async def test_what_else_was_lost_and_cannot_be_written_yet_is_written_later() -> None:
    async with graph_home(personal=True) as home:
        await home.pull()
        await stripping(home)
        await home.world.quirk("graph-drop-after", methods=[CREATE], count=1)
        await home.world.quirk("graph-unavailable", methods=[UPDATE], count=2)
        await patiently(home, **ADA)
        assert await home.world.struck("graph-unavailable") == 2
        assert len(await home.world.contacts()) == 1
        await home.rest()
        assert len((await told(home))["urls"]) == 2


async def test_who_has_come_and_cannot_be_read_yet_is_waited_for() -> None:
    async with graph_home(personal=True) as home:
        await home.seed("bo")
        await home.pull()
        await stripping(home)
        await home.world.quirk("graph-fresh-id-unknown", seconds=300)
        await home.world.quirk("graph-drop-after", methods=[CREATE], count=1)
        await patiently(home, nickName="ada")
        await home.rest()
        assert await home.nicknames() == ["ada", "bo"]


async def test_somebody_else_who_has_come_meanwhile_is_not_taken_for_it() -> None:
    """Nor is who was created by us and looks the same."""
    async with graph_home(personal=True) as home:
        await home.pull()
        await stripping(home)
        first = await home.create(nickName="ada")
        await home.world.quirk("graph-forbidden", methods=[UPDATE], count=1)
        second = await home.create(nickName="ada", notes="2", urls=ADA["urls"])  # its mark is gone for good
        home.clock.advance(1)
        await home.world.quirk("graph-drop-before", methods=[CREATE], count=1)
        with pytest.raises(ProviderTimeout):
            await home.create(nickName="ada", notes="2")
        await home.seed("ada")
        third = await patiently(home, nickName="ada", notes="2")
        assert len({first.id, second.id, third.id}) == 3
        await home.rest()
        assert await home.nicknames() == ["ada"] * 4


async def test_many_that_lose_their_answers_and_their_marks() -> None:
    async with graph_home(personal=True) as home:
        consumer = await (await home.consumer()).follow()
        await stripping(home)
        await home.world.quirk("graph-drop-after", methods=["batch"], count=1)
        names = waiting = [f"n{number:02}" for number in range(5)]
        for _ in range(8):
            answers = await asyncio.gather(*(home.create(nickName=name) for name in waiting), return_exceptions=True)
            assert all(isinstance(one, Written | ProviderTimeout | ProviderUnavailable) for one in answers)
            waiting = [name for name, one in zip(waiting, answers, strict=True) if not isinstance(one, Written)]
            if not waiting:
                break
            await home.later(100)
        assert not waiting
        assert await home.nicknames() == names
        await home.rest()
        await home.assert_same(consumer)


async def test_who_was_moved_to_another_folder_meanwhile_is_not_created_again() -> None:
    async with graph_home() as home:
        consumer = await (await home.consumer()).follow()
        await home.world.quirk("graph-drop-after", methods=[CREATE], count=1)
        with pytest.raises(ProviderTimeout):
            await home.create(nickName="ada")
        [key] = await home.world.keys()
        folder = (await home.world.ask("POST", "folders", {"name": "Elsewhere"}))["id"]
        await home.world.ask("POST", f"contacts/{key}/move", {"folder": folder})
        written = await patiently(home, nickName="ada")
        assert await home.world.contacts() == []
        assert len((await home.world.ask("GET", f"contacts?folder={folder}"))["contacts"]) == 1
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.copy == {}
        assert written.id in consumer.gone, "that it has left is told"
