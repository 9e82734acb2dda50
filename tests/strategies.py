"""Hypothesis strategies for contacts and patches, with the text that breaks address books.

``contacts()`` and ``patches()`` give values in normal form, as they reach connectors; ``messy_contacts()`` gives what
comes from outside before ``contact.normal``. Photos carry their bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from hypothesis import strategies as st
from msgspec import UNSET

from polydex.core.contact import (
    Address,
    AddressType,
    Company,
    Contact,
    Email,
    Name,
    Phone,
    PhoneType,
    Photo,
    Relation,
    RelationType,
    Url,
    UrlType,
    normal,
    text,
)
from polydex.core.patch import CompanyPatch, NamePatch, Patch

T = TypeVar("T")

AWKWARD = (
    "Ann",
    'O\'Brien, Dr; \\ "quoted" <b>&amp;',
    "back\\slash\\n not a newline",
    "semi;colon,comma:colon",
    "=41=0D=0A",
    "%0A%2F",
    "Zoe\u0308 decomposed",  # NFC makes one character of the last two
    "Zo\u00eb composed",
    "\u212b\u2126",  # Angstrom and ohm signs: NFC replaces both
    "stra\u00dfe STRASSE \u1e9e",
    "\u0130stanbul d\u0131\u015f",
    "\u5c71\u7530 \u592a\u90ce",
    "\u30e4\u30de\u30c0 \uff94\uff8f\uff80\uff9e",
    "\ud55c\uad6d \uc11c\uc6b8",
    "\u0639\u0645\u0631 \u202egnol\u202c",  # right to left, with an override
    "\u0930\u093e\u092e",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",  # joined family, flag: outside of the BMP
    "e" + "\u0301" * 9,
    "x\u200by\ufeffz\u00adw",  # invisible, but no control characters
    "\U0010fffd\ufffd",
    "null",
    "BEGIN:VCARD",
    "a" * 80 + "\u00e9" * 80,  # longer than a folded line, cut inside a character by careless folding
)
_LINES = ("two\nlines", "a\n\n\nb", "tab\there", " lead\n trail", "\u2028separator\u2029", "END:VCARD\nitem1.X:1")
_MESSY = (
    "",
    " ",
    "\t",
    "\r\n",
    "\x00",
    "\x07bell",
    "  spaced  ",
    "a\r\nb\rc",
    "\ud800lone",
    "\x85",
    "\u2003wide\u2003",
    "\x7f",
)

words = st.one_of(st.sampled_from(AWKWARD), st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
"""Text as people's programs produce it; not in normal form."""
clean_words = words.map(lambda raw: text(raw) or "Ann")
"""The same in normal form, never empty."""
blocks = st.one_of(words, st.sampled_from(_LINES), st.lists(words, min_size=1, max_size=3).map("\n".join))
"""The same for notes and streets, of several lines."""
_messy = st.one_of(st.sampled_from(_MESSY), st.text(max_size=8), st.tuples(words, st.sampled_from(_MESSY)).map("".join))

addresses = st.one_of(
    st.sampled_from(
        ("ann@example.com", "Ann.O'Brien+tag@EXAMPLE.org", "j\u00f6rg@b\u00fccher.example", "not an address")
    ),
    st.from_regex(r"[a-z]{1,8}@example\.(com|org)", fullmatch=True),
)
numbers = st.one_of(
    st.sampled_from(
        ("+49 30 1234567", "(555) 010-0199 ext. 12", "1-800-EXAMPLE", "*31#", "+1;ext=5", "112", "\u0661\u0662\u0663")
    ),
    st.from_regex(r"\+?[0-9][0-9 ()-]{2,14}", fullmatch=True),
)
hrefs = st.sampled_from(
    (
        "https://example.com/a?b=c;d,e#f",
        "example.org",
        "http://b\u00fccher.example/\u00fc",
        "mailto:a@example.com",
        "https://example.com/%2C",
    )
)
birthdays = st.one_of(
    st.dates(min_value=date(1, 1, 1)).map(lambda d: d.isoformat()),
    st.dates(min_value=date(2000, 1, 1), max_value=date(2000, 12, 31)).map(lambda d: f"--{d.month:02}-{d.day:02}"),
    st.sampled_from(("--02-29", "1604-02-29", "2000-02-29", "0001-01-01", "9999-12-31")),
)
photos = st.builds(
    Photo.of,
    st.sampled_from((b"\xff\xd8\xff\xe0 jpeg", b"\x89PNG\r\n\x1a\n png", b"\x00")) | st.binary(min_size=1, max_size=40),
    st.sampled_from((None, "image/jpeg", "image/png")),
    st.sampled_from((None, "ann.jpg")),
)
native_names = st.sampled_from(("X-SKYPE", "ROLE", "X-CUSTOM"))


def _maybe(values: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | values


def _parts(make: Callable[..., T], **values: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """A part with each member set or not; about half of them are."""
    return st.builds(make, **{name: _maybe(value) for name, value in values.items()})


def _tuples(values: st.SearchStrategy[T], most: int) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(values, max_size=most).map(tuple)


def _contact_members(
    text: st.SearchStrategy[str], lines: st.SearchStrategy[str], most: int
) -> dict[str, st.SearchStrategy[Any]]:
    relation = _parts(Relation, name=text, type=st.sampled_from(RelationType))
    email = _parts(Email, address=addresses | text, name=text, type=st.sampled_from(("home", "work")) | text)
    phone = st.builds(Phone, number=numbers | text, type=st.sampled_from(PhoneType))
    address = _parts(
        Address,
        street=lines,
        street_line2=text,
        po_box=text,
        city=text,
        state=text,
        postal_code=text,
        country=text,
        type=st.sampled_from(AddressType),
    )
    url = _parts(Url, href=hrefs | text, type=st.sampled_from(UrlType))
    return {
        "name": _maybe(_parts(Name, **dict.fromkeys(Name.__struct_fields__, text))),
        "nick_name": _maybe(text),
        "file_as": _maybe(text),
        "company": _maybe(_parts(Company, **dict.fromkeys(Company.__struct_fields__, text))),
        "relations": _tuples(relation, most),
        "birthday": _maybe(birthdays),
        "keywords": _tuples(text, most),
        "notes": _maybe(lines),
        "email_addresses": _tuples(email, most),
        "phone_numbers": _tuples(phone, most),
        "addresses": _tuples(address, most),
        "urls": _tuples(url, most),
        "photo": _maybe(photos),
    }


def contacts(*, most: int = 3, photo: bool = True) -> st.SearchStrategy[Contact]:
    """Contacts in normal form; ``most`` entries in a list, photos (with their bytes) unless ``photo`` is False."""
    members = _contact_members(words, blocks, most)
    if not photo:
        members["photo"] = st.none()
    return st.builds(Contact, **members).map(normal)


def messy_contacts() -> st.SearchStrategy[Contact]:
    """Contacts as they come from outside: control characters, lone surrogates, blanks, empty parts."""
    return st.builds(Contact, **_contact_members(words | _messy, blocks | _messy, 3))


def patches(*, most: int = 3, photo: bool = True, native: bool = False) -> st.SearchStrategy[Patch]:
    """Patches in normal form that set, clear and leave alone; with ``native``, of native properties, too."""

    def unset_or(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.just(UNSET) | values

    def parts_of(make: Callable[..., T], names: tuple[str, ...]) -> st.SearchStrategy[T]:
        return st.builds(make, **{name: unset_or(_maybe(words)) for name in names})

    members = _contact_members(words, blocks, most)
    if not photo:
        members.pop("photo")
    members["name"] = _maybe(parts_of(NamePatch, NamePatch.__struct_fields__))
    members["company"] = _maybe(parts_of(CompanyPatch, CompanyPatch.__struct_fields__))
    if native:
        members["native_properties"] = st.dictionaries(native_names, _maybe(words), max_size=3)
    return st.builds(Patch, **{name: unset_or(value) for name, value in members.items()}).map(Patch.normal)
