"""TEL: phone numbers, classified by the whole set of their types."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote

import msgspec

from polydex.core.contact import Phone, PhoneType, text
from polydex.core.vcard.card import Card
from polydex.core.vcard.entries import Entry
from polydex.core.vcard.lines import Line, preferred
from polydex.core.vcard.params import Params

_SPECIAL = {
    "TEXTPHONE": PhoneType.TTY,
    "X-TTY": PhoneType.TTY,
    "X-EVOLUTION-TTYTDD": PhoneType.TTY,
    "X-COMPANY_MAIN": PhoneType.COMPANY_MAIN,
    "X-COMPANY-MAIN": PhoneType.COMPANY_MAIN,
    "X-EVOLUTION-COMPANY": PhoneType.COMPANY_MAIN,
    "MAIN-NUMBER": PhoneType.COMPANY_MAIN,
    "X-ASSISTANT": PhoneType.ASSISTANT,
    "X-EVOLUTION-ASSISTANT": PhoneType.ASSISTANT,
    "X-CALLBACK": PhoneType.CALLBACK,
    "X-EVOLUTION-CALLBACK": PhoneType.CALLBACK,
    "X-RADIO": PhoneType.RADIO,
    "X-EVOLUTION-RADIO": PhoneType.RADIO,
    "X-TELEX": PhoneType.TELEX,
    "X-EVOLUTION-TELEX": PhoneType.TELEX,
}
_MAIN = frozenset({"MAIN", "X-MAIN"})
_CELL = frozenset({"CELL", "IPHONE"})
_WRITTEN = {
    PhoneType.WORK: ("WORK", "VOICE"),
    PhoneType.HOME: ("HOME", "VOICE"),
    PhoneType.MOBILE: ("CELL",),
    PhoneType.WORK_MOBILE: ("WORK", "CELL"),
    PhoneType.OTHER: ("VOICE",),
    PhoneType.MAIN: ("MAIN",),
    PhoneType.COMPANY_MAIN: ("WORK", "X-COMPANY_MAIN"),
    PhoneType.ASSISTANT: ("X-ASSISTANT",),
    PhoneType.WORK_FAX: ("WORK", "FAX"),
    PhoneType.HOME_FAX: ("HOME", "FAX"),
    PhoneType.OTHER_FAX: ("FAX",),
    PhoneType.CALLBACK: ("X-CALLBACK",),
    PhoneType.PAGER: ("PAGER",),
    PhoneType.WORK_PAGER: ("WORK", "PAGER"),
    PhoneType.RADIO: ("X-RADIO",),
    PhoneType.TELEX: ("X-TELEX",),
    PhoneType.TTY: ("X-TTY",),
}
_WRITTEN_4 = _WRITTEN | {
    PhoneType.MAIN: ("x-main",),
    PhoneType.COMPANY_MAIN: ("work", "main-number"),
    PhoneType.TTY: ("textphone",),
}
_ABILITIES = frozenset({"PREF", "MSG", "TEXT", "VIDEO"})
"""Types that say what a line can do, not what it is: they stay when the type changes."""
_SYSTEM_LABELS = {
    "work": PhoneType.WORK,
    "home": PhoneType.HOME,
    "mobile": PhoneType.MOBILE,
    "iphone": PhoneType.MOBILE,
    "main": PhoneType.MAIN,
    "workfax": PhoneType.WORK_FAX,
    "homefax": PhoneType.HOME_FAX,
    "otherfax": PhoneType.OTHER_FAX,
    "pager": PhoneType.PAGER,
    "assistant": PhoneType.ASSISTANT,
    "radio": PhoneType.RADIO,
}
"""Apple's own labels, for a number whose types say nothing."""


@lru_cache(maxsize=512)
def classify(types: frozenset[str]) -> PhoneType:
    """The type for a set of upper-case TYPE values: fax, pager and cell before work and home."""
    work = "WORK" in types
    if "FAX" in types:
        return PhoneType.WORK_FAX if work else PhoneType.HOME_FAX if "HOME" in types else PhoneType.OTHER_FAX
    if "PAGER" in types:
        return PhoneType.WORK_PAGER if work else PhoneType.PAGER
    if not _CELL.isdisjoint(types):
        return PhoneType.WORK_MOBILE if work else PhoneType.MOBILE
    for token in sorted(types & _SPECIAL.keys()):
        return _SPECIAL[token]
    if not _MAIN.isdisjoint(types):
        return PhoneType.MAIN
    if work:
        return PhoneType.WORK
    return PhoneType.HOME if "HOME" in types else PhoneType.OTHER


def read(card: Card) -> tuple[Phone, ...]:
    """The numbers in order of preference."""
    lines = card.all("TEL")
    if not lines:
        return ()
    return tuple([phone for line in preferred(lines) if (phone := _phone(card, line)) is not None])


def _phone(card: Card, line: Line) -> Phone | None:
    number = card.text(line)
    params = line.params
    if params.value == "uri" and number[:4].lower() == "tel:":
        number = unquote(number[4:])
    number = text(number) or ""
    if not number:
        return None
    kind = classify(params.types)
    if kind is PhoneType.OTHER and line.group:
        label = card.label(line)
        if label is not None and label[1]:
            kind = _SYSTEM_LABELS.get(label[0].lower(), kind)
    return Phone(number=number, type=kind)


class Phones:
    """How phone numbers stand on a card (see :class:`polydex.core.vcard.entries.Kind`)."""

    def entries(self, card: Card) -> list[Entry[Phone]]:
        return [Entry(line, phone) for line in preferred(card.all("TEL")) if (phone := _phone(card, line)) is not None]

    def plain(self, value: Phone) -> Phone:
        return msgspec.structs.replace(value, type=value.type or PhoneType.OTHER, canonical_form=None)

    def key(self, value: Phone) -> str:
        number = value.number or ""
        return "".join(c for c in number if c.isdigit()) or number

    def type(self, value: Phone) -> object:
        return value.type

    def build(self, card: Card, value: Phone) -> tuple[Line, str | None]:
        params = Params(()).with_types(_types(card, value), card.version)
        return Line.make("TEL", card.escape(value.number or ""), card.version, params=params), None

    def revise(self, card: Card, line: Line, before: Phone, after: Phone) -> Line:
        if after.type != before.type:
            if line.group:
                line = card.set_label(line, None)
            params = line.params.without_types(_ABILITIES).with_types(_types(card, after), card.version)
            line = card.replace(line, line.revised(card.version, params=params))
        if after.number != before.number:
            params = line.params.without("VALUE")
            value = card.escape(after.number or "")
            line = card.replace(line, line.revised(card.version, value=value, params=params))
        return line


def _types(card: Card, value: Phone) -> tuple[str, ...]:
    kind = value.type or PhoneType.OTHER
    return (_WRITTEN_4 if card.version == "4.0" else _WRITTEN)[kind]
