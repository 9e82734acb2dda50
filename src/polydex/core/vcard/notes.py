"""NOTE and CATEGORIES: notes and keywords."""

from __future__ import annotations

from polydex.core.contact import text
from polydex.core.vcard.card import Card
from polydex.core.vcard.escape import escape, items, unescape
from polydex.core.vcard.lines import Line


def read_notes(card: Card) -> str | None:
    """The text of all NOTE lines."""
    lines = card.all("NOTE")
    if not lines:
        return None
    if len(lines) == 1:
        return text(card.text(lines[0]), multiline=True)
    return text("\n".join(note for line in lines if (note := card.text(line).strip())), multiline=True)


def edit_notes(card: Card, value: str | None) -> None:
    """Make this the only NOTE: the first line is changed, the others were joined into what the client saw."""
    lines = list(card.all("NOTE"))
    for line in lines[1:] if value is not None else lines:
        card.remove(line)
    if value is not None:
        card.set_text("NOTE", value)


def read_keywords(card: Card) -> tuple[str, ...]:
    """Every keyword once, in document order."""
    lines = card.all("CATEGORIES")
    if not lines:
        return ()
    return tuple(dict.fromkeys(word for line in lines for item in items(line.value) if (word := _word(card, item))))


def edit_keywords(card: Card, wanted: tuple[str, ...]) -> None:
    """Take out what is no longer wanted and add the rest to the last line; only another order rewrites the lines."""
    target = tuple(dict.fromkeys(wanted))
    lines = list(card.all("CATEGORIES"))
    missing = [word for word in target if word not in read_keywords(card)]
    kept = [
        [item for item in items(line.value) if (word := _word(card, item)) is None or word in target] for line in lines
    ]
    if kept:
        kept[-1] += [escape(word, old=card.old) for word in missing]
    reads = tuple(dict.fromkeys(word for line in kept for item in line if (word := _word(card, item))))
    if reads != target:
        kept = [[escape(word, old=card.old) for word in target], *([] for _ in lines[1:])]
    if not lines:
        if target:
            card.insert(Line.make("CATEGORIES", ",".join(kept[0]), card.version))
        return
    for line, values in zip(lines, kept, strict=True):
        joined = ",".join(values)
        if not any(_word(card, item) for item in values):
            card.remove(line)
        elif joined != line.value:
            card.replace(line, line.revised(card.version, value=joined))


def _word(card: Card, item: str) -> str | None:
    return text(unescape(item, old=card.old))
