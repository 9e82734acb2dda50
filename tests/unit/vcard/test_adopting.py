"""A card from elsewhere becomes one of an address book, and keeps what no contact has a place for."""

from __future__ import annotations

import msgspec
import pytest

from polydex.core import vcard
from polydex.core.contact import Contact, Photo, content
from polydex.core.fields import Loss
from polydex.core.vcard.card import Card
from tests.unit.vcard.corpus import CARDS
from tests.unit.vcard.helpers import card, contact_of


def adopted(raw: bytes, draft: Contact | None = None) -> tuple[list[str], tuple[Loss, ...]]:
    """The lines of the new card, unfolded, and the losses."""
    made = vcard.adopt(raw, draft or contact_of(raw), uid="new", mark="mark")
    assert made.raw.endswith(b"END:VCARD\r\n")
    assert all(len(line) <= 75 for line in made.raw.split(b"\r\n"))
    return made.raw.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n"), made.losses


def test_everything_on_a_card_of_version_3_stays() -> None:
    raw = card(
        "item1.EMAIL;TYPE=pref:ann@example.com",
        "item1.X-ABLabel:Club",
        "item2.X-ABDATE:2001-02-03",
        "item2.X-ABLabel:_$!<Anniversary>!$_",
        "IMPP;X-SERVICE-TYPE=Skype:skype:ann",
        "X-SOCIALPROFILE;type=twitter:http://example.com/ann",
        "NICKNAME:Annie,Nan",
        "item3.X-ABRELATEDNAMES:Mia",
        "item3.X-ABLabel:_$!<Child>!$_",
        "X-POLYDEX-MARK:of another book",
    )
    lines, losses = adopted(raw)
    assert losses == ()
    assert [line for line in lines if line.startswith(("UID", "X-POLYDEX"))] == ["UID:new", "X-POLYDEX-MARK:mark"]
    kept = raw.decode().split("\r\n")[3:-3]
    assert [line for line in lines if line in kept] == kept


def test_lines_are_mended_on_the_way() -> None:
    raw = (
        b"BEGIN:VCARD\nVERSION:3.0\nFN:J\xf6rg \n folded\nTEL;CELL:1\nNOTE;CHARSET=ISO-8859-1;ENCODING="
        b"QUOTED-PRINTABLE:M=FCn=\nchen=0A2\nURL:http\\://example.com/\\n\\\\x\nX-A:a\x07b\njunk\nEND:VCARD"
    )
    lines, _ = adopted(raw)
    assert "FN:Jörg folded" in lines
    assert "TEL;TYPE=CELL:1" in lines
    assert "NOTE:München\\n2" in lines
    assert "URL:http://example.com/\\n\\\\x" in lines
    assert "X-A:ab" in lines
    assert "junk" not in lines
    assert "N:;;;;" in lines


@pytest.mark.parametrize("version", ["2.1", "4.0"])
def test_other_versions_become_version_3(version: str) -> None:
    raw = card(
        "TEL;TYPE=cell:1",
        "item1.X-ABDATE:2001-02-03",
        "item1.X-ABLabel:Day",
        "X-SKYPE:ann",
        "IMPP:xmpp:ann@example.com",
        version=version,
    )
    lines, losses = adopted(raw)
    assert losses == ()
    assert lines[:2] == ["BEGIN:VCARD", "VERSION:3.0"]
    assert lines.count("UID:new") == 1
    at = next(at for at, line in enumerate(lines) if line.endswith(".X-ABDATE:2001-02-03"))
    group = lines[at].partition(".")[0]
    assert lines[at + 1] == f"{group}.X-ABLabel:Day"
    assert {"X-SKYPE:ann", "IMPP:xmpp:ann@example.com"} <= set(lines)
    assert content(contact_of("\r\n".join(lines).encode())) == content(contact_of(raw))


def test_what_version_4_says_otherwise_is_told() -> None:
    raw = card(
        "RELATED;TYPE=child;VALUE=text:Mia",
        "NICKNAME:A",
        "NICKNAME:B",
        "PHOTO:https://example.com/p.jpg",
        version="4.0",
    )
    lines, losses = adopted(raw)
    assert "PHOTO;VALUE=uri:https://example.com/p.jpg" in lines
    assert [loss.path for loss in losses] == ["RELATED", "ORG, TITLE, NICKNAME"]


def test_a_card_within_the_card_is_told() -> None:
    raw = (
        b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:Outer\r\nAGENT:\r\nBEGIN:VCARD\r\nN:Inner\r\nX-IN:1\r\nEND:VCARD\r\n"
        b"X-OUT:1\r\nEND:VCARD\r\n"
    )
    lines, losses = adopted(raw)
    assert "X-OUT:1" in lines
    assert "X-IN:1" not in lines
    assert losses == (Loss("AGENT", "a card within the card"),)


def test_the_draft_decides_about_the_photo() -> None:
    raw = card("PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=", "X-KEPT:1")
    smaller = msgspec.structs.replace(contact_of(raw), photo=Photo.of(b"\xff\xd8\xffsmall"))
    lines, losses = adopted(raw, smaller)
    assert losses == ()
    assert [line for line in lines if line.startswith("PHOTO")] == ["PHOTO;ENCODING=b;TYPE=JPEG:/9j/c21hbGw="]
    assert "X-KEPT:1" in lines


@pytest.mark.parametrize("name", sorted(CARDS.keys() - {"empty", "group-v4", "icloud-group"}))
def test_every_card_of_the_corpus_says_the_same_afterwards(name: str) -> None:
    before = contact_of(CARDS[name])
    made = vcard.adopt(CARDS[name], before, uid="new", mark=None)
    after = vcard.read(made.raw)
    assert after.version == "3.0"
    assert after.uid == "new"
    assert after.contact is not None
    lost = {loss.path for loss in made.losses}
    for member in Contact.__struct_fields__:
        if member != "birthday" or "$.birthday" not in lost:
            assert getattr(content(after.contact), member) == getattr(content(before), member), member
    kept = {line.name for line in Card.parse(made.raw).lines}
    beyond = {loss.path for loss in vcard.without_document(CARDS[name], "why")} - {"AGENT", "RELATED", "PHOTO"}
    assert {each for each in beyond if "," not in each} <= kept


def test_what_an_account_without_vcards_loses_is_told() -> None:
    raw = card("X-SKYPE:ann", "IMPP:x:y", "IMPP:x:z", "TEL:1")
    assert vcard.without_document(raw, "why") == (Loss("IMPP", "why"), Loss("X-SKYPE", "why"))
