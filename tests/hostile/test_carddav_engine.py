"""The whole of it over a misbehaving server: ids that last, writes that are refused, by the engine and the connector."""

import json

import pytest

from polydex.core import vcard
from polydex.core.errors import PreconditionFailed, ProviderUnavailable
from tests.contract.engine.home import Consumer
from tests.hostile.dav_home import DavHome, dav_home
from tests.hostile.dav_world import card, person
from tests.servers.hostile import Vices

GROUP = b"X-ADDRESSBOOKSERVER-KIND:group\r\nEND:VCARD"


async def full_pull(home: DavHome) -> None:
    """A pull that lists everything."""
    home.server.later(5)
    home.server.prune()
    await home.pull()


def names(consumer: Consumer) -> dict[str, str]:
    """The ids of its contacts, by their names."""
    return {record["name"]["displayName"]: key for key, record in consumer.copy.items()}


def named(home: DavHome, name: str) -> bytes:
    """The text of a card at the server."""
    return home.server.cards[name].raw


# --- ids (J7): every pull here is a snapshot ------------------------------------------------------------------------


async def test_all_cards_move_at_once_and_keep_their_ids() -> None:
    """A server that was migrated: as removals they would wait for approval (J13), and then come back as new contacts."""
    async with dav_home() as home:
        for number in range(30):
            home.server.put(f"{number}.vcf", card(person(f"Person {number}"), f"uid-{number}"))
        consumer = await (await home.consumer()).follow()
        before = {record["name"]["displayName"]: key for key, record in consumer.copy.items()}
        for number in range(30):
            raw = named(home, f"{number}.vcf")
            home.server.remove(f"{number}.vcf")
            home.server.put(f"moved-{number}.vcf", raw)
        await full_pull(home)
        await consumer.follow()
        assert {record["name"]["displayName"]: key for key, record in consumer.copy.items()} == before
        assert consumer.gone == []
        assert (await home.source()).halted_walk is None


async def test_a_group_card_moves_and_its_members_are_left_alone() -> None:
    async with dav_home() as home:
        home.server.put("a.vcf", card(person("Ada"), "uid-a"))
        home.server.put("group.vcf", card(person("Club"), "uid-g").replace(b"END:VCARD", GROUP))
        consumer = await (await home.consumer()).follow()
        [ada] = consumer.copy
        raw = named(home, "group.vcf")
        home.server.remove("group.vcf")
        home.server.put("club.vcf", raw)
        await full_pull(home)
        await consumer.follow()
        assert list(consumer.copy) == [ada]
        assert consumer.gone == []


async def test_of_two_cards_with_one_uid_each_is_a_contact_of_its_own() -> None:
    async with dav_home() as home:
        home.server.put("a.vcf", card(person("Ada"), "same"))
        home.server.put("b.vcf", card(person("Bo"), "same"))
        consumer = await (await home.consumer()).follow()
        before = {record["name"]["displayName"]: key for key, record in consumer.copy.items()}
        assert before.keys() == {"Ada", "Bo"}
        raw = named(home, "b.vcf")
        home.server.remove("b.vcf")
        home.server.put("c.vcf", raw)  # one of the two moves: only one is gone, so it is this one
        await full_pull(home)
        await consumer.follow()
        assert {record["name"]["displayName"]: key for key, record in consumer.copy.items()} == before
        for name in ("a.vcf", "c.vcf"):  # both at once: nobody can tell which is which
            raw = named(home, name)
            home.server.remove(name)
            home.server.put(f"new-{name}", raw)
        await full_pull(home)
        await consumer.follow()
        assert {record["name"]["displayName"] for record in consumer.copy.values()} == {"Ada", "Bo"}
        assert len(consumer.copy) == 2


async def test_a_card_that_moves_back_and_one_that_takes_its_old_place() -> None:
    async with dav_home() as home:
        home.server.put("a.vcf", card(person("Ada"), "uid-a"))
        consumer = await (await home.consumer()).follow()
        [ada] = consumer.copy
        for old, new in (("a.vcf", "b.vcf"), ("b.vcf", "a.vcf"), ("a.vcf", "b.vcf")):
            raw = named(home, old)
            home.server.remove(old)
            home.server.put(new, raw)
            await full_pull(home)
            await consumer.follow()
            assert list(consumer.copy) == [ada]
        home.server.put("a.vcf", card(person("Bo"), "uid-b"))
        await full_pull(home)
        await consumer.follow()
        assert consumer.copy[ada]["name"]["displayName"] == "Ada"
        assert len(consumer.copy) == 2
        assert consumer.gone == []


async def test_a_walk_that_is_cut_off_after_its_listing_loses_no_id() -> None:
    async with dav_home(Vices(multiget_limit=1)) as home:
        for number in range(6):
            home.server.put(f"{number}.vcf", card(person(f"Person {number}"), f"uid-{number}"))
        consumer = await (await home.consumer()).follow()
        before = {record["name"]["displayName"]: key for key, record in consumer.copy.items()}
        for number in range(6):
            raw = named(home, f"{number}.vcf")
            home.server.remove(f"{number}.vcf")
            home.server.put(f"moved-{number}.vcf", raw)
        home.server.vices.out_of_order = True
        with pytest.raises(ProviderUnavailable):
            await full_pull(home)
        home.server.vices.out_of_order = False
        await full_pull(home)
        await consumer.follow()
        assert {record["name"]["displayName"]: key for key, record in consumer.copy.items()} == before
        assert consumer.gone == []


@pytest.mark.parametrize("whole", [True, False])
async def test_a_card_that_moves_on_between_its_listing_and_its_reading_keeps_its_id(whole: bool) -> None:
    async with dav_home() as home:
        for name in ("ada", "bo", "cy", "di"):
            home.server.put(f"{name}.vcf", card(person(name.title()), f"uid-{name}"))
        consumer = await (await home.consumer()).follow()
        before = names(consumer)
        home.server.later(5)
        await home.pull()  # the token has stood still: from here on it is trusted
        moves = [
            ("ada.vcf", "ada-1.vcf"),
            ("ada-1.vcf", "ada-2.vcf"),
            ("ada-2.vcf", "ada.vcf"),
            ("ada.vcf", "ada-3.vcf"),
        ]

        def move() -> None:
            old, new = moves.pop(0)
            raw = named(home, old)
            home.server.remove(old)
            home.server.put(new, raw)

        def busy(method: str, _: str) -> None:
            reports = len(home.server.requests("REPORT"))
            listings = sum(headers.get("Depth") == "1" for _, headers in home.server.requests("PROPFIND"))
            # Each time after what has moved was listed, before it is read.
            if method == "REPORT" and moves and reports > (0 if whole else 1) and (listings or not whole):
                move()
                home.server.log.clear()

        move()
        home.server.later(5)
        if whole:
            home.server.prune()
        home.server.log.clear()
        home.server.before = busy
        await home.pull()
        assert moves == []
        await consumer.follow()
        assert names(consumer) == before
        assert consumer.gone == []


async def test_a_card_that_moves_after_it_was_listed_as_known_keeps_its_id() -> None:
    """Another one that moves makes the walk list again, and then it is there under its new name."""
    async with dav_home(Vices(no_sync=True)) as home:
        for name in ("ada", "bo", "cy", "di"):
            home.server.put(f"{name}.vcf", card(person(name.title()), f"uid-{name}"))
        consumer = await (await home.consumer()).follow()
        before = names(consumer)
        home.server.later(5)
        await home.pull()

        def move(old: str, new: str) -> None:
            raw = named(home, old)
            home.server.remove(old)
            home.server.put(new, raw)

        moves = [("ada-1.vcf", "ada-2.vcf"), ("bo.vcf", "bo-1.vcf")]

        def busy(method: str, _: str) -> None:
            listed = any(headers.get("Depth") == "1" for _, headers in home.server.requests("PROPFIND"))
            if method == "REPORT" and listed:
                while moves:
                    move(*moves.pop(0))

        move("ada.vcf", "ada-1.vcf")
        home.server.later(5)
        home.server.log.clear()
        home.server.before = busy
        await home.pull()
        assert moves == []
        home.server.later(5)
        await home.pull()
        await consumer.follow()
        assert names(consumer) == before
        assert consumer.gone == []


async def test_a_card_that_is_listed_and_never_there_is_asked_for_once_more_only() -> None:
    async with dav_home(Vices(no_sync=True, no_ctag=True, phantoms=frozenset({"bo.vcf"}))) as home:
        for name in ("ada", "bo", "cy"):
            home.server.put(f"{name}.vcf", card(person(name.title()), f"uid-{name}"))
        consumer = await (await home.consumer()).follow()
        assert names(consumer).keys() == {"Ada", "Cy"}
        home.server.log.clear()
        await home.pull()
        asked = [headers["Depth"] for _, headers in home.server.requests("PROPFIND")]
        assert asked.count("1") == 2
        home.server.vices.phantoms = frozenset()
        await home.pull()
        await consumer.follow()
        assert names(consumer).keys() == {"Ada", "Bo", "Cy"}
        assert consumer.gone == []


# --- deletes whose revision tells nothing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "vices",
    [Vices(no_etags=True), Vices(no_etags=True, ignores_if_match_on_delete=True), Vices(coarse_etags=True)],
    ids=["no ETags", "no ETags, ignores If-Match", "ETags by the second"],
)
async def test_a_delete_whose_revision_tells_nothing_does_not_hit_what_nobody_has_seen(vices: Vices) -> None:
    async with dav_home(vices) as home:
        home.server.put("a.vcf", card(person("Ada"), "uid-a"))
        consumer = await (await home.consumer()).follow()
        [record] = consumer.copy.values()
        home.server.put("a.vcf", card(person("Ada, edited elsewhere"), "uid-a"))
        with pytest.raises(PreconditionFailed):
            await home.writer.delete(home.account, record["id"], record["etag"])
        assert b"edited elsewhere" in named(home, "a.vcf")
        written = vcard.read(named(home, "a.vcf")).contact
        assert written is not None
        await home.writer.delete(home.account, record["id"], None)
        assert home.server.cards == {}


# --- revisions that repeat ------------------------------------------------------------------------------------------


async def test_a_card_that_moves_and_changes_under_a_revision_that_its_old_key_had() -> None:
    """ETags that count the versions of a card begin anew under a new name."""
    async with dav_home(Vices(counting_etags=True)) as home:
        home.server.put("a.vcf", card(person("Ada"), "uid-a"))
        consumer = await (await home.consumer()).follow()
        [ada] = consumer.copy
        home.server.remove("a.vcf")
        home.server.put("b.vcf", card(person("Ada, edited"), "uid-a"))
        await full_pull(home)
        await consumer.follow()
        assert [(key, record["name"]["displayName"]) for key, record in consumer.copy.items()] == [(ada, "Ada, edited")]


async def test_a_write_of_ours_shows_although_the_revision_is_the_same() -> None:
    """ETags made of the time in seconds: two writes in one second."""
    async with dav_home(Vices(coarse_etags=True)) as home:
        home.server.put("a.vcf", card(person("Ada"), "uid-a"))
        consumer = await (await home.consumer()).follow()
        [ada] = consumer.copy.values()
        written = await home.update(ada["id"], ada["etag"], nickName="Countess")
        assert written.etag != ada["etag"]
        assert json.loads(written.record)["nickName"] == "Countess"
        await home.rest()
        await consumer.follow()
        assert consumer.names == ["Countess"]
