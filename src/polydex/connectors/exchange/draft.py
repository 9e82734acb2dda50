"""A new contact."""

from __future__ import annotations

from collections.abc import Mapping

from polydex.connectors.exchange import native, paths
from polydex.connectors.exchange.edit import MADE, new, settings
from polydex.connectors.exchange.fields import TEXTS
from polydex.connectors.exchange.paths import Path
from polydex.connectors.exchange.xml import Element
from polydex.connectors.outlook import mapi
from polydex.core.contact import Contact
from polydex.core.fields import Loss


def create(draft: Contact, mark: str | None, properties: Mapping[str, str]) -> tuple[Element, tuple[Loss, ...]]:
    """A contact that says what the draft says. The photo is not in it: that takes a call of its own.

    Args:
        draft: the contact.
        mark: the idempotency mark, found again by ``read``.
        properties: native properties by name.

    Returns:
        The ``t:Contact`` for CreateItem, and what is not kept as it was sent, or is kept where other clients do not show it.

    Raises:
        BadRequest, FieldUnsupported: what goes to the bag is too large; a native property that cannot be written.
    """
    change = new(draft)
    done = settings(change, None) | native.edit(None, properties)
    for name, made in MADE.items():
        done.setdefault(Path(f"contacts:{TEXTS[name]}"), made(change.wanted))
    if mark is not None:
        done[Path(mapi.MARK)] = mark
    return paths.whole({path: value for path, value in done.items() if value is not None}), tuple(change.losses)
