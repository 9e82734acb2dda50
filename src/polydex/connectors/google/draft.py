"""A new person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from polydex.connectors.google import memberships
from polydex.connectors.google.clientdata import MARK, put
from polydex.connectors.google.edit import created
from polydex.connectors.google.fields import sendable
from polydex.connectors.google.labels import Labels
from polydex.core.contact import Contact
from polydex.core.fields import Loss


@dataclass(frozen=True, slots=True)
class Made:
    """What is sent to create a contact.

    Attributes:
        body: the person.
        losses: what is not kept as it was sent, or is kept where other clients do not show it.
    """

    body: bytes
    losses: tuple[Loss, ...]


def create(draft: Contact, mark: str | None, native: Mapping[str, str], labels: Labels) -> Made:
    """A person that says what the draft says. The photo is not in it: that takes a call of its own.

    Args:
        draft: the contact.
        mark: the idempotency mark, found again by ``read``.
        native: native properties by name.
        labels: the user's groups; keywords that are none of them are kept in the bag (see ``Labels.missing``).

    Raises:
        BadRequest, FieldUnsupported: what goes to the bag is too large; a native property that cannot be written.
    """
    change = created(draft, labels)
    change.native(dict(native))
    fields = change.fields
    fields.setdefault("memberships", memberships.edit([], [], labels))
    if mark is not None:
        fields["clientData"] = put(fields.get("clientData", []), MARK, mark)
    body = {name: sendable(name, items) for name, items in sorted(fields.items()) if items}
    return Made(msgspec.json.encode(body), tuple(change.losses))
