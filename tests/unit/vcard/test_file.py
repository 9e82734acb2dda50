"""A file of many vCards is cut into cards; what is broken is told with its lines, and the others go on."""

from __future__ import annotations

import pytest

from polydex.core import vcard
from polydex.core.entry import Entry, Fault
from polydex.core.errors import BadRequest
from polydex.core.fields import Loss
from tests.unit.vcard.corpus import CARDS

GOOD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%d\r\nFN:Card %d\r\nEND:VCARD\r\n"


def entries(data: bytes) -> list[Entry]:
    return list(vcard.entries(vcard.utf8(data)))


def names(found: list[Entry]) -> list[str | None]:
    return [entry.contact.name.display_name if entry.contact and entry.contact.name else None for entry in found]


def test_many_cards_of_all_versions() -> None:
    old = b"BEGIN:VCARD\nVERSION:2.1\nN:Old;Ann\nNOTE;ENCODING=QUOTED-PRINTABLE:soft=\n break\nEND:VCARD\n"
    new = b"begin:vcard\rVERSION:4.0\rFN:New\rEND:VCARD\r"
    data = GOOD % (1, 1) + b"\r\n\r\n" + old + new + GOOD % (2, 2)
    found = entries(data)
    assert names(found) == ["Card 1", "Ann Old", "New", "Card 2"]
    assert [(entry.number, entry.line, entry.last_line) for entry in found] == [
        (1, 1, 5),
        (2, 8, 13),
        (3, 14, 17),
        (4, 18, 22),
    ]
    assert [entry.identity for entry in found] == ["uid:1", None, None, "uid:2"]
    assert data[found[1].start : found[1].end] == old


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Cut\r\n", "the card does not end"),
        (b"FN:No frame\r\nEND:VCARD\r\n", "no card"),
        (b"some text\r\n", "no card"),
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n", "there is no contact in the card"),
        (b"BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nFN:G\r\nEND:VCARD\r\n", "a group of contacts, not a contact"),
    ],
)
def test_a_broken_card_among_good_ones(broken: bytes, reason: str) -> None:
    found = entries(GOOD % (1, 1) + broken + GOOD % (2, 2))
    assert names(found) == ["Card 1", None, "Card 2"]
    assert found[1].faults == (Fault(None, reason),)
    assert (found[1].line, found[1].last_line) == (6, 5 + broken.count(b"\n"))


def test_a_card_that_is_cut_off_at_the_end_of_the_file() -> None:
    found = entries(GOOD % (1, 1) + b"BEGIN:VCARD\r\nFN:Cu")
    assert names(found) == ["Card 1", None]
    assert found[1].faults == (Fault(None, "the card does not end"),)


def test_a_card_within_a_card_is_no_card_of_its_own() -> None:
    inner = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:Inner\r\nEND:VCARD\r\n"
    data = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:Outer\r\nAGENT:\r\n" + inner + b"TEL:1\r\nEND:VCARD\r\n" + GOOD % (1, 1)
    assert names(entries(data)) == ["Outer", "Card 1"]


def test_charsets() -> None:
    latin = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jörg\r\nEND:VCARD\r\n".encode("latin-1")
    [entry] = entries(latin)
    assert names([entry]) == ["Jörg"]
    assert entry.losses == (Loss("text", "not in UTF-8", kept="as Windows-1252"),)
    assert names(entries("\ufeffBEGIN:VCARD\r\nFN:山田\r\nEND:VCARD\r\n".encode("utf-16"))) == ["山田"]
    with pytest.raises(BadRequest, match="UTF-16"):
        entries(b"\xff\xfea")
    assert names(entries(b"\xef\xbb\xbf" + GOOD % (1, 1))) == ["Card 1"]


def test_lines_that_are_no_property_are_told() -> None:
    [entry] = entries(b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n folded\r\njunk\r\nEND:VCARD\r\n")
    assert names([entry]) == ["Afolded"]
    assert entry.losses == (Loss("line 5", "no property of a vCard"),)


def test_the_end_of_a_dos_file_is_nothing() -> None:
    assert names(entries(GOOD % (1, 1) + b"\x1a")) == ["Card 1"]
    assert entries(b"") == []
    assert entries(b"\r\n \r\n") == []


def test_a_card_beyond_all_measure_is_not_read() -> None:
    big = b"BEGIN:VCARD\r\nFN:A\r\nNOTE:" + b"x" * (16 * 1024 * 1024) + b"\r\nEND:VCARD\r\n"
    found = entries(big + GOOD % (1, 1))
    assert names(found) == [None, "Card 1"]
    assert found[0].faults == (Fault(None, "larger than 16 MB"),)


@pytest.mark.parametrize("name", sorted(CARDS))
def test_every_card_of_the_corpus_between_two_others(name: str) -> None:
    """As other programs write them; what follows the broken ones is read all the same."""
    found = entries(GOOD % (1, 1) + CARDS[name] + b"\r\n" + GOOD % (2, 2))
    assert names(found)[0] == "Card 1"
    assert names(found)[-1] == "Card 2"
    assert len(found) >= 3
