"""A card that came from elsewhere, made one of an address book: what no contact has a place for is kept on it."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from polydex.core.contact import Contact, Name, normal
from polydex.core.fields import Loss
from polydex.core.vcard.card import Card
from polydex.core.vcard.creator import create
from polydex.core.vcard.editor import Edited, write
from polydex.core.vcard.escape import escape, unescape
from polydex.core.vcard.lines import Line
from polydex.core.vcard.names import UNNAMED, ensure, invented
from polydex.core.vcard.native import MARK, OURS, SPOKEN_FOR
from polydex.core.vcard.params import NONE, Param, Params
from polydex.core.vcard.reader import contact_of

VERSION = "3.0"
"""Every server takes it; many take nothing else."""
_NEW = frozenset({"BEGIN", "END", "VERSION", "PRODID", "UID"})
_NESTED = frozenset({"AGENT", "XML"})
_RELATED = frozenset({"RELATED", "X-ABRELATEDNAMES"})
_LABEL = "X-ABLABEL"
_ESCAPED = re.compile(r"\\.")
_BREAK = re.compile(r"\r\n|\r|\n")


def adopt(raw: bytes, draft: Contact, *, uid: str, mark: str | None) -> Edited:
    """A card of version 3.0 that says what ``draft`` says, with everything else that ``raw`` says.

    A card of version 3.0 keeps every property, each written anew, so that broken lines become whole ones. Of the other
    versions the properties that no contact has are taken over; what cannot be is a loss.

    Args:
        raw: one card of any version.
        draft: the contact that was read from it, perhaps with another photo; with its bytes.
        uid: the new card's UID. The old one would be taken twice when the card is imported into two address books.
        mark: the idempotency mark.

    Raises:
        ProviderMalformed: there is no card in ``raw``.
    """
    source = Card.parse(raw)
    if source.version != VERSION:
        return _converted(source, draft, uid, mark)
    card = Card.parse(b"BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n")
    card.insert(Line.make("UID", card.escape(uid), VERSION))
    if mark is not None:
        card.insert(Line.make(MARK, card.escape(mark), VERSION))
    end = card.lines[-1]
    for line in _own_lines(source):
        if line.name not in _NEW | _NESTED and not line.name.startswith(OURS):
            card.insert(_again(line, old=False), before=end)
    before, _ = contact_of(card)
    wanted = _named(draft)
    losses = write(card, before, wanted)
    ensure(card, (wanted.name or Name()).display_name)
    return Edited(card.render(), (*losses, *_nested(source)))


def beyond(raw: bytes) -> tuple[str, ...]:
    """The names of a card's properties that no contact has a place for, each once."""
    card = Card.parse(raw)
    return tuple(sorted({line.name for line in _own_lines(card) if _is_beyond(line)}))


def _converted(source: Card, draft: Contact, uid: str, mark: str | None) -> Edited:
    referred, address = draft.photo, None
    if referred is not None and referred.content is None:
        address = contact_of(source)[1]
    wanted = _named(draft) if address is None else msgspec.structs.replace(_named(draft), photo=None)
    made = create(wanted, uid=uid, mark=mark, version=VERSION)
    card = Card.parse(made.raw)
    if address is not None:
        card.insert(Line.make("PHOTO", address, VERSION, params=NONE.having("VALUE", "uri")))
    groups: dict[str, str] = {}
    lines = [line for line in _own_lines(source) if _is_beyond(line)]
    end = next(line for line in reversed(card.lines) if line.name == "END")
    for line in lines:
        fresh = _again(line, old=source.old)
        if line.group:
            label = source.label_line(line)
            group = groups.setdefault(line.group.lower(), card.fresh_group())
            fresh = Line.make(fresh.name, fresh.value, VERSION, params=fresh.params, group=group)
            card.insert(fresh, before=end)
            if label is not None and card.label_line(fresh) is None:
                card.insert(Line.make("X-ABLabel", escape(source.text(label)), VERSION, group=group), after=fresh)
        else:
            card.insert(fresh, before=end)
    return Edited(card.render(), (*made.losses, *_nested(source), *_unconverted(source, draft)))


def _own_lines(card: Card) -> list[Line]:
    """The properties of the card itself, in document order; not those of a card nested in it."""
    mine = {line for name in card.names() for line in card.all(name)}
    return [line for line in card.lines if line in mine and line.name]


def _is_beyond(line: Line) -> bool:
    return line.name not in SPOKEN_FOR and not line.name.startswith(OURS) and line.name not in _NEW


def _again(line: Line, *, old: bool) -> Line:
    """The line written anew: whole, in UTF-8, without control characters. ``old``: from version 2.1."""
    value = line.value
    params = Params(map(_named_parameter, line.params.all))
    if line.params.encoding == "base64":
        params = params.having("ENCODING", "b")
        return line.revised(VERSION, value="".join(value.split()), params=params)
    if old:
        value = ";".join(escape(unescape(part, old=True)) for part in value.split(";"))
    # ``\:`` is Apple's and Google's; servers that write cards anew make another text of it.
    value = _ESCAPED.sub(lambda match: ":" if match[0] == "\\:" else match[0], _BREAK.sub(r"\\n", value))
    value = "".join(c for c in value if c == "\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return line.revised(VERSION, value=value, params=params)


def _named_parameter(param: Param) -> Param:
    """The parameter with its name, which version 2.1 may leave out."""
    if "=" in param.source:
        return param
    return Param(param.name, param.values, f"{param.name}={','.join(param.values)}")


def _named(draft: Contact) -> Contact:
    wanted = normal(draft)
    name = wanted.name or Name()
    name = msgspec.structs.replace(name, display_name=name.display_name or invented(wanted) or UNNAMED)
    return msgspec.structs.replace(wanted, name=name)


def _nested(source: Card) -> list[Loss]:
    return [Loss(name, "a card within the card") for name in sorted(_NESTED) if source.all(name)]


def _unconverted(source: Card, draft: Contact) -> list[Loss]:
    """Properties of another version that a contact takes only a part of."""
    found = []
    related = sum(len(source.all(name)) for name in _RELATED)
    if related > len(draft.relations):
        found.append(Loss("RELATED", f"relations that a contact has no type for, in version {source.version}"))
    if len(source.all("NICKNAME")) > 1 or len(source.all("ORG")) > 1 or len(source.all("TITLE")) > 1:
        found.append(Loss("ORG, TITLE, NICKNAME", "a contact has one of them"))
    if len(source.all("PHOTO")) > 1:
        found.append(Loss("PHOTO", "a contact has one photo"))
    return found


def without_document(raw: bytes, reason: str) -> tuple[Loss, ...]:
    """What is lost of a card where only the contact that was read from it is stored; ``reason``: why that is so."""
    card = Card.parse(raw)
    contact, _ = contact_of(card)
    names = beyond(raw)
    losses = [Loss(name, reason) for name in names]
    return (*losses, *_nested(card), *_unconverted(card, contact))
