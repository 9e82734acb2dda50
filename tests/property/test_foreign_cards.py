"""Laws of editing cards that other programs wrote, however awkward: nothing is lost, and nothing is touched without need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from polydex.core import vcard
from polydex.core.contact import (
    Address,
    AddressType,
    Contact,
    Email,
    Name,
    Phone,
    PhoneType,
    Relation,
    RelationType,
    Url,
    UrlType,
    content,
    normal,
)
from polydex.core.etag import etag_of
from polydex.core.patch import Patch, diff
from polydex.core.vcard.lines import Line, parse, render
from tests.foreign_cards import foreign_cards
from tests.unit.vcard.test_corpus import UPDATES, others

REV = "2030-01-02T03:04:05Z"
replace = msgspec.structs.replace


def read(raw: bytes) -> Contact:
    contact = vcard.read(raw).contact
    assert contact is not None
    return contact


def unnamed(contact: Contact) -> Contact:
    """Without the name: a card that lacks FN or N gets it with any change."""
    return content(replace(contact, name=None))


def parts(contact: Contact) -> Name:
    return replace(contact.name or Name(), display_name=None)


def finished(lines: list[str]) -> list[str]:
    """Without the soft break that a line may lose when another comes behind it."""
    return [line.removesuffix("=") for line in lines]


@given(foreign_cards())
def test_any_card_is_read_in_normal_form_and_always_the_same(raw: bytes) -> None:
    contact = read(raw)
    assert normal(contact) == contact
    assert etag_of(contact) == etag_of(read(bytes(bytearray(raw))))
    assert render(parse(raw)) == raw


@given(foreign_cards())
def test_what_is_sent_back_as_it_was_read_changes_no_byte(raw: bytes) -> None:
    contact = read(raw)
    names = ("X-SOCIALPROFILE", "IMPP", "X-MS-OL-DESIGN", "KEY", "SOUND", "ROLE", "X-ANDROID-CUSTOM", "X-NONE")
    natives = vcard.native(raw, names)
    everything: dict[str, Any] = {member: getattr(contact, member) for member in Contact.__struct_fields__}
    everything |= {member: getattr(diff(Contact(), contact), member) for member in ("name", "company")}
    patch = Patch(**everything, native_properties=dict(natives)).normal()
    assert vcard.edit(raw, patch, base=contact, rev=REV).raw is raw


@given(foreign_cards(), st.sampled_from(sorted(UPDATES)))
@settings(max_examples=200)
def test_an_update_of_one_field_gives_it_and_leaves_all_other_lines(raw: bytes, update: str) -> None:
    base = read(raw)
    make, names = UPDATES[update]
    patch = make(base)
    wanted = patch.apply(base)
    edited = vcard.edit(raw, patch, base=base, rev=REV).raw
    if edited == raw:
        assert content(wanted) == content(base)
        assert update != "native property"
        return
    completed = (*names, "N", "FN", "REV")
    assert finished(others(edited, completed)) == finished(others(raw, completed))
    after = read(edited)
    assert unnamed(after) == unnamed(wanted)
    assert parts(after) == parts(wanted)
    assert (wanted.name or Name()).display_name in (None, (after.name or Name()).display_name)
    assert vcard.read(edited).version == vcard.read(raw).version
    if update == "native property":
        assert vcard.native(edited, ("X-NEW",)) == {"X-NEW": "a\nb"}


# --- lists -------------------------------------------------------------------------------------------------------

Change = Callable[[Any], Any]
LISTS: dict[str, tuple[tuple[str, ...], Change, Change, Any]] = {
    "email_addresses": (
        ("EMAIL",),
        lambda value: replace(value, address="changed@example.com"),
        lambda value: replace(value, type="Lab" if value.type == "Dock" else "Dock"),
        Email(address="fresh@example.com", type="work"),
    ),
    "phone_numbers": (
        ("TEL",),
        lambda value: replace(value, number="999"),
        lambda value: replace(value, type=PhoneType.HOME if value.type is PhoneType.PAGER else PhoneType.PAGER),
        Phone(number="998", type=PhoneType.TELEX),
    ),
    "addresses": (
        ("ADR", "LABEL"),
        lambda value: replace(value, city="Changed"),
        lambda value: replace(value, type=AddressType.HOME if value.type is AddressType.WORK else AddressType.WORK),
        Address(street="Fresh", type=AddressType.OTHER),
    ),
    "urls": (
        ("URL", "X-EVOLUTION-BLOG-URL"),
        lambda value: replace(value, href="https://changed.example.com"),
        lambda value: replace(value, type=UrlType.WORK if value.type is UrlType.FTP else UrlType.FTP),
        Url(href="https://fresh.example.com", type=UrlType.BLOG),
    ),
    "relations": (
        ("X-ABRELATEDNAMES", "RELATED", "X-EVOLUTION-MANAGER", "X-EVOLUTION-SPOUSE", "X-EVOLUTION-ASSISTANT"),
        lambda value: replace(value, name="Changed"),
        lambda value: replace(
            value, type=RelationType.MANAGER if value.type is RelationType.ASSISTANT else RelationType.ASSISTANT
        ),
        Relation(name="Fresh", type=RelationType.SPOUSE),
    ),
}
MOST_GONE = {"value": 1, "type": 1, "remove": 1, "append": 0, "insert": 0, "shuffle": 0}
"""How many lines of the list a change may touch that has nothing to do with preferences."""


def text(line: Line) -> str:
    return line.source.rstrip("\r\n").removesuffix("=")


def gone(raw: bytes, edited: bytes) -> list[Line]:
    """The lines that are no longer there as they were, each as often as it went."""
    left = Counter(text(line) for line in parse(edited))
    result = []
    for line in parse(raw):
        left[text(line)] -= 1
        if left[text(line)] < 0:
            result.append(line)
    return result


@pytest.mark.parametrize("member", sorted(LISTS))
@given(foreign_cards(most=5), st.data())
def test_a_change_of_one_entry_leaves_the_others(member: str, raw: bytes, data: st.DataObject) -> None:
    names, value, kind, fresh = LISTS[member]
    base = read(raw)
    have = getattr(base, member)
    how = data.draw(st.sampled_from(sorted(MOST_GONE) if have else ["append"]))
    at = data.draw(st.integers(0, len(have) - 1)) if have else 0
    changed = {"value": value, "type": kind}.get(how)
    wanted = {
        "remove": (*have[:at], *have[at + 1 :]),
        "append": (*have, fresh),
        "insert": (*have[:at], fresh, *have[at:]),
        "shuffle": tuple(data.draw(st.permutations(have))),
    }.get(how) or ((*have[:at], changed(have[at]), *have[at + 1 :]) if changed else ())
    changes: dict[str, Any] = {member: wanted}
    patch = Patch(**changes)
    edited = vcard.edit(raw, patch, base=base, rev=None).raw
    assert unnamed(read(edited)) == unnamed(patch.apply(base))

    lost = gone(raw, edited)
    assert {line.name for line in lost} <= {*names, "X-ABLABEL", "X-ABADR", "N", "FN"}
    mine = [line for line in lost if line.name in names]
    preferred = any(line.pref < 101 for line in parse(raw) if line.name in names)
    formatted = any(line.name == "LABEL" for line in mine)
    twins = member == "relations"
    if not preferred and not formatted and not twins:
        assert len(mine) <= MOST_GONE[how]
    if how in ("append", "insert", "shuffle") and not twins:
        labels = [line for line in lost if line.name == "X-ABLABEL"]
        assert labels == []
