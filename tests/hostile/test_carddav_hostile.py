"""One misbehaviour of a server at a time: nothing is lost, doubled or overwritten."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
import pytest

from polydex.connectors.base import Absent, Found, Record, Unknown
from polydex.connectors.carddav.provider import CARDDAV
from polydex.connectors.carddav.write import uid_of
from polydex.connectors.provider import Credentials
from polydex.core.contact import Company, Contact, Name
from polydex.core.errors import (
    CursorExpired,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RecordNotFound,
    Stale,
)
from polydex.core.ids import RemoteKey, Rev
from polydex.core.patch import CompanyPatch, Patch
from polydex.net.client import Net
from polydex.testing.contract import ALICE, BOB, Mirror
from tests.hostile.dav_world import HostileWorld, card, hostile_world, person
from tests.servers import hostile
from tests.servers.hostile import Vices


def names(mirror: Mirror) -> set[str | None]:
    """The display names that the mirror holds."""
    return {
        record.contact.name.display_name for record in mirror.records.values() if record.contact and record.contact.name
    }


async def filled(world: HostileWorld, *people: str) -> Mirror:
    """A mirror that has pulled these people, long after they were stored."""
    for name in people:
        await world.put(person(name))
    world.server.later(10)
    mirror = Mirror(world.connector)
    await mirror.pull()
    return mirror


def key_named(mirror: Mirror, name: str) -> RemoteKey:
    return next(
        key
        for key, record in mirror.records.items()
        if record.contact and record.contact.name and record.contact.name.display_name == name
    )


# --- what is stored is what is returned ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "vices",
    [Vices(no_etag_on_put=True), Vices(rewrites_cards=True), Vices(wrong_etag_on_put=True), Vices(etag_style="W/{}")],
    ids=["no ETag", "rewritten", "wrong ETag", "weak ETag"],
)
async def test_a_write_returns_what_the_server_stores(vices: Vices) -> None:
    async with hostile_world(vices) as world:
        created = await world.connector.create(ALICE, "mark")
        updated = await world.connector.update(created, Patch(notes="changed"))
        assert updated.raw == world.raw(updated.key)
        assert updated == await world.connector.fetch(updated.key)
        # The revision is the one of the listing, so the next pull has nothing to fetch.
        mirror = Mirror(world.connector, {updated.key: updated})
        assert not (await mirror.pull()).changed


async def test_what_the_server_alters_is_told() -> None:
    contact = Contact(name=Name(display_name="A; B"), company=Company(name="Example; Co., KG"), keywords=("a, b",))
    async with hostile_world(Vices(drops_escapes=True)) as world:
        created = await world.connector.create(contact, None)
        assert created == msgspec.structs.replace(await world.connector.fetch(created.key), losses=created.losses)
        assert {loss.path for loss in created.losses} == {"$.company", "$.keywords"}
        updated = await world.connector.update(created, Patch(company=CompanyPatch(name="Plain"), notes="a; b, c"))
        assert updated.losses == ()
        assert updated.contact is not None
        assert updated.contact.notes == "a; b, c"


@pytest.mark.parametrize("style", ["W/{}", "-", "{}"])
@pytest.mark.parametrize("literal", [True, False])
async def test_writes_match_etags_in_whatever_spelling(style: str, literal: bool) -> None:
    async with hostile_world(Vices(etag_style=style, compares_verbatim=literal)) as world:

        def tick(_method: str, _path: str) -> None:
            world.server.seconds += 1

        world.server.before = tick
        created = await world.connector.create(ALICE, None)
        assert created.rev is not None
        assert '"' not in created.rev
        updated = await world.connector.update(created, Patch(notes="changed"))
        assert b"changed" in world.raw(updated.key)
        with pytest.raises(Stale):
            await world.connector.update(created, Patch(notes="from an old base"))
        with pytest.raises(Stale):
            await world.connector.delete(updated.key, created.rev)
        await world.connector.delete(updated.key, updated.rev)
        assert world.server.cards == {}


async def test_every_write_carries_a_precondition() -> None:
    async with hostile_world() as world:
        created = await world.connector.create(ALICE, "mark")
        await world.connector.update(created, Patch(notes="changed"))
        await world.connector.delete(created.key, None)
        sent = [headers for method in ("PUT", "DELETE") for _, headers in world.server.requests(method)]
        assert [headers.get("If-None-Match") for headers in sent] == ["*", None, None]
        assert sent[1]["If-Match"] == f'"{created.rev}"'
        assert sent[2]["If-Match"].startswith('"v')


# --- servers that do not heed preconditions -----------------------------------------------------------------------


async def test_a_stale_write_is_refused_although_the_server_would_take_it() -> None:
    heedless = Vices(ignores_if_none_match=True, ignores_if_match=True, ignores_if_match_on_delete=True)
    async with hostile_world(heedless) as world:
        created = await world.connector.create(ALICE, None)
        await world.put(BOB, created.key)
        theirs = world.raw(created.key)
        with pytest.raises(Stale):
            await world.connector.update(created, Patch(notes="ours"))
        with pytest.raises(Stale):
            await world.connector.delete(created.key, created.rev)
        assert world.raw(created.key) == theirs


async def test_a_repeated_create_does_not_overwrite_what_was_edited_since() -> None:
    async with hostile_world(Vices(ignores_if_none_match=True)) as world:
        created = await world.connector.create(ALICE, "mark")
        edited = world.raw(created.key).replace(b"END:VCARD", b"NOTE:edited elsewhere\r\nEND:VCARD")
        world.server.put(created.key.rpartition("/")[2], edited)
        again = await world.connector.create(ALICE, "mark")
        assert again.key == created.key
        assert world.raw(created.key) == again.raw == edited


async def test_etags_by_the_second_do_not_let_an_old_base_pass() -> None:
    async with hostile_world(Vices(coarse_etags=True, ignores_if_match=True)) as world:
        created = await world.connector.create(ALICE, None)
        await world.put(BOB, created.key)
        assert (await world.connector.fetch(created.key)).rev == created.rev
        with pytest.raises(Stale):
            await world.connector.update(created, Patch(notes="ours"))


async def test_an_update_of_what_is_deleted_does_not_bring_it_back() -> None:
    async with hostile_world(Vices(ignores_if_match=True)) as world:
        created = await world.connector.create(ALICE, None)
        await world.remove(created.key)
        with pytest.raises(RecordNotFound):
            await world.connector.update(created, Patch(notes="ours"))
        assert world.server.cards == {}


async def test_a_refused_delete_deletes_nothing_and_a_repeated_one_is_no_error() -> None:
    async with hostile_world() as world:
        created = await world.connector.create(ALICE, None)
        with pytest.raises(Stale):
            await world.connector.delete(created.key, Rev("another"))
        assert world.server.paths() == {created.key}
        await world.connector.delete(created.key, created.rev)
        await world.connector.delete(created.key, created.rev)
        assert world.server.cards == {}


# --- lost answers, other names ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["mark", None])
async def test_a_create_whose_answer_is_lost_is_one_card(mark: str | None) -> None:
    async with hostile_world(Vices(drops_after_put=1)) as world:
        created = await world.connector.create(ALICE, mark)
        assert world.server.paths() == {created.key}
        assert len(world.server.requests("PUT")) == 1


@pytest.mark.parametrize("no_query", [False, True])
async def test_a_create_whose_answer_is_lost_is_one_card_under_another_name_too(no_query: bool) -> None:
    async with hostile_world(Vices(drops_after_put=1, renames_on_put=True, no_query=no_query)) as world:
        created = await world.connector.create(ALICE, "mark")
        assert world.server.paths() == {created.key}
        assert len(world.server.requests("PUT")) == 1


async def test_an_update_whose_answer_is_lost_is_one_update() -> None:
    async with hostile_world() as world:
        created = await world.connector.create(ALICE, "mark")
        world.server.vices.drops_after_put = 1
        version = world.server.version
        updated = await world.connector.update(created, Patch(notes="changed"))
        assert updated.raw == world.raw(created.key)
        assert world.server.version == version + 1


@pytest.mark.parametrize("vices", [Vices(renames_on_put=True, tells_location=True), Vices(renames_on_put=True)])
async def test_a_server_that_stores_under_another_name(vices: Vices) -> None:
    async with hostile_world(vices) as world:
        created = await world.connector.create(ALICE, "mark")
        assert world.server.paths() == {created.key}
        found = await world.connector.find_mark("mark")
        assert isinstance(found, Found)
        assert found.record.key == created.key
        assert await world.connector.find_mark("another") == Absent()


@pytest.mark.parametrize("href", [True, False])
async def test_a_uid_conflict_with_our_own_card_is_our_card(href: bool) -> None:
    async with hostile_world(Vices(uid_conflicts=True, conflict_href=href)) as world:
        world.server.put("elsewhere.vcf", card(ALICE, uid_of("mark")))
        created = await world.connector.create(ALICE, "mark")
        assert {created.key} == world.server.paths()
        assert created.uid == uid_of("mark")


async def test_a_foreign_card_under_our_name_is_not_overwritten() -> None:
    async with hostile_world() as world:
        world.server.put(f"{uid_of('mark')}.vcf", card(BOB, "another-uid"))
        before = dict(world.server.cards)
        with pytest.raises(ProviderRejected):
            await world.connector.create(ALICE, "mark")
        assert world.server.cards == before
        assert await world.connector.find_mark("mark") == Unknown()


# --- multiget -----------------------------------------------------------------------------------------------------


async def test_what_a_multiget_leaves_out_is_read_by_itself() -> None:
    async with hostile_world() as world:
        for name in ("a", "b", "c"):
            world.server.put(f"{name}.vcf", card(person(name), name))
        world.server.vices.multiget_omits = frozenset({"b.vcf"})
        mirror = Mirror(world.connector)
        await mirror.pull()
        assert names(mirror) == {"a", "b", "c"}


@pytest.mark.parametrize("vices", [Vices(multiget_404=True), Vices()], ids=["whole 404", "left out"])
async def test_a_card_deleted_between_listing_and_multiget(vices: Vices) -> None:
    async with hostile_world(vices) as world:
        for number in range(6):
            world.server.put(f"{number}.vcf", card(person(str(number)), str(number)))

        def delete_one(method: str, path: str) -> None:
            if method == "REPORT" and "3.vcf" in world.server.cards:
                world.server.remove("3.vcf")

        world.server.before = delete_one
        mirror = Mirror(world.connector)
        pulled = await mirror.pull()
        assert names(mirror) == {"0", "1", "2", "4", "5"}
        assert not pulled.deferred


async def test_the_batch_shrinks_to_what_the_server_takes() -> None:
    async with hostile_world(Vices(multiget_limit=10)) as world:
        for number in range(60):
            world.server.put(f"{number}.vcf", card(person(str(number)), str(number)))
        mirror = Mirror(world.connector)
        await mirror.pull()
        assert len(mirror.records) == 60
        assert world.server.requests("GET") == []


async def test_one_card_that_fails_is_deferred_and_the_others_come() -> None:
    async with hostile_world() as world:
        for number in range(20):
            world.server.put(f"{number}.vcf", card(person(str(number)), str(number)))
        world.server.put("garbage.vcf", b"this is no card\r\n")
        world.server.vices.unreadable = frozenset({"7.vcf"})
        mirror = Mirror(world.connector)
        pulled = await mirror.pull()
        assert pulled.deferred == {world.key("7.vcf"), world.key("garbage.vcf")}
        assert len(mirror.records) == 19


async def test_a_server_that_fails_altogether_is_an_error_and_not_a_thousand_deferred_cards() -> None:
    async with hostile_world() as world:
        for number in range(70):
            world.server.put(f"{number}.vcf", card(person(str(number)), str(number)))
        world.server.vices.unreadable = frozenset(world.server.cards)
        with pytest.raises(ProviderUnavailable):
            await Mirror(world.connector).pull()


async def test_a_card_that_moved_comes_with_the_removal_of_its_old_key() -> None:
    async with hostile_world() as world:
        mirror = await filled(world, *(str(number) for number in range(6)))
        old = key_named(mirror, "3")
        new = await world.move(old)
        pulled = await mirror.pull()
        assert [(page.removed, [record.key for record in page.changed]) for page in pulled.pages] == [((old,), [new])]
        assert mirror.records[new].uid == old.rpartition("/")[2].removesuffix(".vcf")


async def test_a_page_with_removals_is_stamped_before_the_list_that_told_them() -> None:
    async with hostile_world() as world:
        mirror = await filled(world, *(str(number) for number in range(6)))
        stamps: list[tuple[int, str]] = []
        world.server.before = lambda method, _path: stamps.append((mirror.counter, method))
        await world.remove(key_named(mirror, "1"))
        await world.put(person("changed"), key_named(mirror, "2"))
        pulled = await mirror.pull()
        reports = [counter for counter, method in stamps if method == "REPORT"]
        assert len(reports) == 2
        assert [page.asked for page in pulled.pages] == [reports[0]]


async def test_every_request_of_a_walk_is_stamped_before() -> None:
    async with hostile_world(Vices(drops_connections=False)) as world:
        for number in range(250):
            world.server.put(f"{number}.vcf", card(person(str(number)), str(number)))
        mirror = Mirror(world.connector)
        seen: list[int] = []
        world.server.before = lambda _method, _path: seen.append(mirror.counter)
        pulled = await mirror.pull()
        assert len(mirror.records) == 250
        assert [page.asked for page in pulled.pages] == [2, 3, 4, 5]
        assert seen[:2] == [1, 2]
        assert all(counter >= 3 for counter in seen[2:])


async def test_an_abandoned_walk_leaves_nothing_running() -> None:
    async with hostile_world() as world:
        for number in range(450):
            world.server.put(f"{number}.vcf", card(person(str(number)), str(number)))
        before = asyncio.all_tasks()
        pages = world.connector.pull(None, Mirror(world.connector))
        assert isinstance(pages, AsyncGenerator)
        await anext(pages)
        await pages.aclose()
        assert {task for task in asyncio.all_tasks() - before if "load" in repr(task.get_coro())} == set()
        asked = len(world.server.requests("REPORT"))
        assert asked <= 3


async def test_a_token_that_only_the_report_tells() -> None:
    async with hostile_world(Vices(hides_token=True)) as world:
        mirror = await filled(world, *(str(number) for number in range(6)))
        world.server.later(5)
        await mirror.pull()
        world.server.log.clear()
        assert (await mirror.pull()).pages[-1].mode == "delta"
        assert [method for method, _, _ in world.server.log] == ["PROPFIND", "REPORT"]
        await world.put(person("changed"), key_named(mirror, "2"))
        await mirror.pull()
        assert "changed" in names(mirror)


# --- tokens -------------------------------------------------------------------------------------------------------


async def test_a_full_list_in_place_of_an_invalid_token_is_compared() -> None:
    async with hostile_world(Vices(silent_full_list=True)) as world:
        mirror = await filled(world, "a", "b", "c", "d")
        world.server.prune()
        await world.remove(key_named(mirror, "b"))
        await world.put(person("e"))
        await mirror.pull()
        assert names(mirror) == {"a", "c", "d", "e"}


async def test_a_small_full_list_is_compared_once_the_token_stands_still() -> None:
    """Most of the book is deleted, so that the full list looks like a few changes."""
    async with hostile_world(Vices(silent_full_list=True)) as world:
        mirror = await filled(world, *(str(number) for number in range(10)))
        world.server.prune()
        for number in range(8):
            await world.remove(key_named(mirror, str(number)))
        await mirror.pull()
        await mirror.pull()
        assert names(mirror) == {"8", "9"}


async def test_a_change_within_the_second_of_the_token_is_not_lost() -> None:
    async with hostile_world(Vices(coarse_tokens=True)) as world:
        mirror = await filled(world, "a", "b", "c", "d", "e")
        await world.put(person("f"))
        await mirror.pull()
        token = mirror.cursor
        await world.put(person("g"))
        await world.remove(key_named(mirror, "a"))
        await mirror.pull()
        assert names(mirror) == {"b", "c", "d", "e", "f", "g"}
        await world.put(person("h"))
        world.server.later(5)
        await mirror.pull()
        assert names(mirror) == {"b", "c", "d", "e", "f", "g", "h"}
        assert mirror.cursor != token


async def test_a_book_that_stands_still_costs_one_request() -> None:
    async with hostile_world(Vices(coarse_tokens=True)) as world:
        mirror = await filled(world, "a", "b")
        world.server.later(5)
        await mirror.pull()
        world.server.log.clear()
        pulled = await mirror.pull()
        assert [method for method, _, _ in world.server.log] == ["PROPFIND"]
        assert pulled.pages[-1].mode == "delta"


@pytest.mark.parametrize("vices", [Vices(no_sync=True), Vices(no_sync=True, no_ctag=True)], ids=["ctag", "nothing"])
async def test_a_server_without_sync_collection(vices: Vices) -> None:
    async with hostile_world(vices) as world:
        mirror = await filled(world, "a", "b", "c")
        await world.put(person("changed"), key_named(mirror, "a"))
        await world.remove(key_named(mirror, "b"))
        await world.put(person("d"))
        pulled = await mirror.pull()
        assert names(mirror) == {"changed", "c", "d"}
        assert len(pulled.changed) == 2
        assert len(pulled.unchanged) == 1


async def test_only_404_in_a_delta_is_a_removal() -> None:
    async with hostile_world() as world:
        mirror = await filled(world, *(str(number) for number in range(8)))
        for name, status in (("1", 403), ("2", 500), ("3", 404)):
            key = key_named(mirror, name)
            await world.put(person(f"changed {name}"), key)
            world.server.vices.sync_status[key.rpartition("/")[2]] = status
        removed = key_named(mirror, "3")
        await world.remove(removed)
        pulled = await mirror.pull()
        assert pulled.removed == {removed}
        assert names(mirror) == {"0", "changed 1", "changed 2", "4", "5", "6", "7"}


async def test_a_truncated_delta_goes_on_from_its_own_token() -> None:
    async with hostile_world(Vices(truncates=3)) as world:
        mirror = await filled(world, *(str(number) for number in range(30)))
        for number in range(8):
            await world.put(person(f"changed {number}"), key_named(mirror, str(number)))
        walk = Mirror(world.connector, dict(mirror.records))
        assert mirror.cursor is not None
        first = await anext(aiter(world.connector.pull(mirror.cursor, walk)))
        assert (first.mode, first.last, len(first.changed)) == ("delta", False, 3)
        assert first.cursor is not None
        rest = [page async for page in world.connector.pull(first.cursor, walk, resume=True)]
        assert sum(len(page.changed) for page in rest) == 5
        assert [page.last for page in rest] == [False, True]
        world.server.prune()
        with pytest.raises(CursorExpired) as caught:
            await anext(aiter(world.connector.pull(first.cursor, walk, resume=True)))
        assert caught.value.resume


async def test_a_truncated_listing_is_never_taken_for_all() -> None:
    async with hostile_world(Vices(truncates_listing=True, truncates=2)) as world:
        mirror = await filled(world, *(str(number) for number in range(7)))
        assert len(mirror.records) == 7
        world.server.vices.no_sync = True
        with pytest.raises(ProviderError):
            await mirror.pull()
        assert len(mirror.records) == 7


# --- addresses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["path", "absolute", "foreign", "escaped", "relative"])
async def test_one_card_has_one_key_however_it_is_written(style: str) -> None:
    async with hostile_world(Vices(lists_itself=True)) as world:
        odd = ("blank and ü.vcf", "at@example.com.vcf", "per%cent.vcf", "plus+(1),x;y=z.vcf", "a:b.vcf")
        for number, name in enumerate(odd):
            world.server.put(name, card(person(str(number)), str(number)))
        mirror = Mirror(world.connector)
        await mirror.pull()
        before = set(mirror.records)
        assert len(before) == len(odd)
        world.server.vices.href_style = style
        for key in before:
            await world.connector.update(await world.connector.fetch(key), Patch(notes="changed"))
        await mirror.pull()
        world.server.later(5)
        await mirror.pull()
        assert set(mirror.records) == before
        assert {record.contact.notes for record in mirror.records.values() if record.contact} == {"changed"}
        for key in before:
            await world.connector.delete(key, None)
        assert world.server.cards == {}


async def test_a_book_that_has_moved() -> None:
    async with hostile_world() as world:
        mirror = await filled(world, "a", "b")
        world.server.vices.redirects = True
        created = await world.connector.create(ALICE, "mark")
        await mirror.pull()
        assert set(mirror.records) == world.server.paths()
        assert created.key in mirror.records
        await world.connector.delete(created.key, mirror.records[created.key].rev)
        assert len(world.server.cards) == 2


async def test_cards_that_the_server_shows_in_another_version_keep_the_rest() -> None:
    async with hostile_world(Vices(converts_to_3=True)) as world:
        raw = vcard4("UID:four", "FN:Four", "X-OWN;X-P=1:kept", "item1.URL:https://example.com", "item1.X-ABLabel:Blog")
        world.server.put("four.vcf", raw)
        record = await world.connector.fetch(world.key("four.vcf"))
        updated = await world.connector.update(record, Patch(nick_name="Quattro"))
        stored = world.raw(updated.key)
        for line in (
            b"X-OWN;X-P=1:kept",
            b"item1.URL:https://example.com",
            b"item1.X-ABLabel:Blog",
            b"NICKNAME:Quattro",
        ):
            assert stored.count(line) == 1


def vcard4(*lines: str) -> bytes:
    return "\r\n".join(("BEGIN:VCARD", "VERSION:4.0", *lines, "END:VCARD", "")).encode()


# --- discovery ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "vices",
    [
        Vices(),
        Vices(well_known_200=True),
        Vices(well_known_get_only=True),
        Vices(redirects=True),
        Vices(href_style="absolute"),
        Vices(href_style="foreign"),
        Vices(href_style="escaped"),
    ],
    ids=["good", "200 at well-known", "GET only at well-known", "moved", "absolute", "foreign host", "escaped"],
)
async def test_discovery_and_then_a_card(vices: Vices) -> None:
    async with hostile_world(vices) as world, Net(allow_private="127.0.0.0/8") as net:
        credentials = CARDDAV.prepare("CardDAV", Credentials(hostile.USER, hostile.PASSWORD, world.server.url))
        identity, sources = await CARDDAV.discover(net, credentials)
        assert identity.subject.endswith(hostile.PRINCIPAL)
        assert [(source.key, source.name, source.default) for source in sources] == [
            (world.server.book, "Contacts", True)
        ]
        connector = CARDDAV.connect(net, credentials, sources[0].key, {})
        created: Record = await connector.create(Contact(notes="only a note"), None)
        assert created.key in world.server.paths()


async def test_without_a_principal_the_given_address_is_the_home() -> None:
    async with hostile_world(Vices(no_principal=True)) as world, Net(allow_private="127.0.0.0/8") as net:
        home = world.server.url.rstrip("/") + hostile.HOME
        credentials = Credentials(hostile.USER, hostile.PASSWORD, home)
        _, sources = await CARDDAV.discover(net, credentials)
        assert [source.key for source in sources] == [hostile.BOOK]
