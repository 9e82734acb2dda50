"""N, FN, the phonetic names, NICKNAME and the file-as name."""

from __future__ import annotations

from polydex.core.contact import Company, Contact, Name, text
from polydex.core.vcard.card import Card
from polydex.core.vcard.escape import components, escape, items, unescape
from polydex.core.vcard.lines import Line

_PARTS = ("family_name", "given_name", "middle_name", "prefix", "suffix")
"""In the order of N."""
_PHONETIC = {"yomi_given_name": ("X-PHONETIC-FIRST-NAME", 1), "yomi_family_name": ("X-PHONETIC-LAST-NAME", 0)}
"""The property, and the place in an N with PHONETIC (RFC 9554 section 4.5)."""
_FILE_AS = "X-EVOLUTION-FILE-AS"
UNNAMED = "Unnamed"
"""FN must not be empty: the name of a contact that has nothing to be called by."""


# --- reading -----------------------------------------------------------------------------------------------------


def read(card: Card) -> Name | None:
    """The name as the card has it; without a formatted name ``display_name`` is None."""
    n = _n(card)
    family = given = middle = prefix = suffix = None
    if n is not None:
        old = card.old
        several = "," in n.value
        parts = [_part(part, old) for part in components(n.value)] if several else card.texts(n)
        parts += [None] * (5 - len(parts))
        family, given, middle, prefix, suffix = parts[:5]
    fn = _fn(card)
    display = text(card.text(fn)) if fn is not None else None
    yomi_given, yomi_family = _phonetic(card, "yomi_given_name"), _phonetic(card, "yomi_family_name")
    if not (display or family or given or middle or prefix or suffix or yomi_given or yomi_family):
        return None
    return Name(
        display_name=display,
        prefix=prefix,
        given_name=given,
        middle_name=middle,
        family_name=family,
        suffix=suffix,
        yomi_given_name=yomi_given,
        yomi_family_name=yomi_family,
    )


def read_nick_name(card: Card) -> str | None:
    """The first value of NICKNAME; the others are other clients' business."""
    line = card.first("NICKNAME")
    return None if line is None else text(unescape(items(line.value)[0], old=card.old))


def read_file_as(card: Card) -> str | None:
    """X-EVOLUTION-FILE-AS, else the sort key of version 3.0 or 4.0."""
    line = card.first(_FILE_AS) or card.first("SORT-STRING")
    if line is not None:
        return text(card.text(line))
    n = _n(card)
    sort_as = n.params.get("SORT-AS") if n is not None and n.params.all else None
    return text(sort_as)


def invented(contact: Contact) -> str | None:
    """What a contact without a display name can be called by, or None."""
    name = contact.name or Name()
    parts = (name.prefix, name.given_name, name.middle_name, name.family_name, name.suffix)
    yomi = (name.yomi_given_name, name.yomi_family_name)
    return (
        _joined(parts)
        or contact.nick_name
        or (contact.company or Company()).name
        or next((email.address or email.name for email in contact.email_addresses), None)
        or next((phone.number for phone in contact.phone_numbers), None)
        or contact.file_as
        or _joined(yomi)
    )


def _joined(parts: tuple[str | None, ...]) -> str | None:
    return " ".join(part for part in parts if part) or None


def _n(card: Card) -> Line | None:
    """The N that is not a phonetic or alphabetic variant of another one."""
    lines = card.all("N")
    if len(lines) > 1:
        return next((line for line in lines if line.params.get("PHONETIC") is None), lines[0])
    return lines[0] if lines else None


def _fn(card: Card) -> Line | None:
    """The preferred FN, an empty one only when there is no other."""
    lines = card.all("FN")
    if len(lines) < 2:
        return lines[0] if lines else None
    return min(lines, key=lambda line: (not line.value.strip(), line.pref))


def _part(part: str, old: bool) -> str | None:
    """One component of N; several values in it are joined by a space."""
    if "," in part:
        part = " ".join(item.strip() for item in items(part))
    return text(unescape(part, old=old))


def _phonetic(card: Card, part: str) -> str | None:
    name, place = _PHONETIC[part]
    line = card.first(name)
    if line is not None:
        return text(card.text(line))
    variant = _phonetic_n(card)
    if variant is None:
        return None
    parts = components(variant.value)
    return _part(parts[place], card.old) if place < len(parts) else None


def _phonetic_n(card: Card) -> Line | None:
    lines = card.all("N")
    return next((line for line in lines if line.params.get("PHONETIC") is not None), None) if len(lines) > 1 else None


# --- writing -----------------------------------------------------------------------------------------------------


def edit(card: Card, before: Name, wanted: Name) -> None:
    """Change the parts that differ from what the card says (``before``); ``wanted`` has a display name."""
    _edit_n(card, before, wanted)
    display = wanted.display_name
    if display is not None and display != before.display_name:
        fn = _fn(card)
        if fn is None:
            card.insert(Line.make("FN", card.escape(display), card.version), after=_head(card))
        else:
            card.replace(fn, fn.revised(card.version, value=card.escape(display)))
    for part, (name, place) in _PHONETIC.items():
        value = getattr(wanted, part)
        if value == getattr(before, part):
            continue
        variant = _phonetic_n(card)
        if variant is not None and (card.first(name) is None or value is None):
            parts = components(variant.value)
            parts += [""] * (place + 1 - len(parts))
            parts[place] = escape(value or "", old=card.old)
            if any(parts):
                card.replace(variant, variant.revised(card.version, value=";".join(parts)))
            else:
                card.remove(variant)
        if variant is None or card.first(name) is not None:
            card.set_text(name, value)


def _edit_n(card: Card, before: Name, wanted: Name) -> None:
    changes = {
        place: value for place, part in enumerate(_PARTS) if (value := getattr(wanted, part)) != getattr(before, part)
    }
    if not changes:
        return
    n = _n(card)
    parts = components(n.value) if n is not None else []
    parts += [""] * (5 - len(parts))
    for place, value in changes.items():
        parts[place] = escape(value or "", old=card.old)
    joined = ";".join(parts)
    if n is None:
        card.insert(Line.make("N", joined, card.version), after=_head(card))
    else:
        card.replace(n, n.revised(card.version, value=joined))


def edit_nick_name(card: Card, value: str | None) -> None:
    """Change the first value of NICKNAME and keep the rest; an empty first value keeps the rest from moving up."""
    line = card.first("NICKNAME")
    if line is None:
        if value is not None:
            card.insert(Line.make("NICKNAME", escape(value, old=card.old), card.version))
        return
    values = items(line.value)
    if value is None and len(values) == 1 and len(card.all("NICKNAME")) == 1:
        card.remove(line)
        return
    values[0] = escape(value or "", old=card.old)
    card.replace(line, line.revised(card.version, value=",".join(values)))


def edit_file_as(card: Card, value: str | None) -> None:
    """Set X-EVOLUTION-FILE-AS; clearing takes the sort keys away as well, which would be read instead of it."""
    card.set_text(_FILE_AS, value)
    if value is None:
        card.set_text("SORT-STRING", None)
        n = _n(card)
        if n is not None and n.params.get("SORT-AS") is not None:
            card.replace(n, n.revised(card.version, params=n.params.without("SORT-AS")))


def ensure(card: Card, display: str | None) -> None:
    """Give the card what its version demands: a formatted name that is not empty, and N before version 4.0."""
    fn = _fn(card)
    if fn is None or text(card.text(fn)) is None:
        value = card.escape(display or UNNAMED)
        if fn is None:
            card.insert(Line.make("FN", value, card.version), after=_head(card))
        else:
            card.replace(fn, fn.revised(card.version, value=value))
    if card.version != "4.0" and _n(card) is None:
        card.insert(Line.make("N", ";;;;", card.version), after=_head(card))


def _head(card: Card) -> Line | None:
    """The line after which the names go."""
    for name in ("N", "UID", "PRODID", "VERSION"):
        lines = card.all(name)
        if lines:
            return lines[-1]
    return None
