"""EMAIL: addresses with a free-text type; the display name goes into the X-UC-NAME parameter."""

from __future__ import annotations

import re

import msgspec

from polydex.core.contact import Email, text
from polydex.core.vcard.card import Card
from polydex.core.vcard.entries import Entry
from polydex.core.vcard.lines import Line, preferred
from polydex.core.vcard.params import Params

NAME_PARAMETER = "X-UC-NAME"
_TYPES = {"home": "HOME", "work": "WORK"}
"""The types that have a TYPE value; every other one is a label."""
_TECHNICAL = frozenset(
    {
        *("INTERNET", "X400", "TLX", "VOICE"),
        # The mail systems of version 2.1.
        *("AOL", "APPLELINK", "ATTMAIL", "CIS", "EWORLD", "IBMMAIL", "MCIMAIL", "POWERSHARE", "PRODIGY"),
    }
)
_SYSTEM_LABEL = re.compile(r"_\$!<(home|work|other|school|mobile|icloud)>!\$_", re.IGNORECASE)


def read(card: Card) -> tuple[Email, ...]:
    """The addresses in order of preference."""
    lines = card.all("EMAIL")
    if not lines:
        return ()
    return tuple([email for line in preferred(lines) if (email := _email(card, line)) is not None])


def _email(card: Card, line: Line) -> Email | None:
    address = text(card.text(line))
    params = line.params
    name = text(params.get(NAME_PARAMETER)) if params.all else None
    if address is None and name is None:
        return None
    return Email(address=address, name=name, type=_type(card, line))


def _type(card: Card, line: Line) -> str | None:
    types = line.params.types
    if types:
        if "HOME" in types:
            return "home"
        if "WORK" in types:
            return "work"
    label = card.label(line) if line.group else None
    if label is not None:
        return plain_type(text(label[0] if not label[1] else f"_$!<{label[0]}>!$_"))
    for token in sorted(types - _TECHNICAL):
        return text(token.lower())
    return None


def plain_type(kind: str | None) -> str | None:
    """The type that a label stands for: Apple's own ones without their brackets."""
    match = _SYSTEM_LABEL.fullmatch(kind) if kind is not None else None
    return match[1].lower() if match is not None else kind


class Emails:
    """How e-mail addresses stand on a card (see :class:`polydex.core.vcard.entries.Kind`)."""

    def entries(self, card: Card) -> list[Entry[Email]]:
        return [
            Entry(line, email) for line in preferred(card.all("EMAIL")) if (email := _email(card, line)) is not None
        ]

    def plain(self, value: Email) -> Email:
        return msgspec.structs.replace(value, type=plain_type(value.type))

    def key(self, value: Email) -> str:
        return (value.address or "").casefold() or f"name:{value.name}"

    def type(self, value: Email) -> object:
        return value.type

    def build(self, card: Card, value: Email) -> tuple[Line, str | None]:
        params = Params(())
        if value.name is not None:
            params = params.having(NAME_PARAMETER, value.name)
        params, label = _with_type(card, params, value.type)
        return Line.make("EMAIL", card.escape(value.address or ""), card.version, params=params), label

    def revise(self, card: Card, line: Line, before: Email, after: Email) -> Line:
        if after.type != before.type:
            params, label = _with_type(card, line.params.without_types(_TECHNICAL | {"PREF"}), after.type)
            line = card.replace(line, line.revised(card.version, params=params))
            line = card.set_label(line, label) if label is not None or line.group else line
        params, value = line.params, line.value
        if after.name != before.name:
            named = after.name is not None
            params = params.having(NAME_PARAMETER, after.name or "") if named else params.without(NAME_PARAMETER)
        if after.address != before.address:
            value = card.escape(after.address or "")
        if (after.name, after.address) != (before.name, before.address):
            line = card.replace(line, line.revised(card.version, value=value, params=params))
        return line


def _with_type(card: Card, params: Params, kind: str | None) -> tuple[Params, str | None]:
    """Parameters and label for a type."""
    if kind is None:
        return params, None
    if kind in _TYPES:
        return params.with_types((_TYPES[kind],), card.version), None
    return params, "_$!<Other>!$_" if kind == "other" else kind
