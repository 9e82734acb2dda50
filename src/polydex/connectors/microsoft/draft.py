"""A new contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polydex.connectors.microsoft.edit import whole
from polydex.connectors.outlook.change import created
from polydex.core.contact import Contact
from polydex.core.fields import Loss


@dataclass(frozen=True, slots=True)
class Made:
    """What is sent to create a contact.

    Attributes:
        body: to POST.
        losses: what is not kept as it was sent, or is kept where other clients do not show it.
    """

    body: bytes
    losses: tuple[Loss, ...]


def create(draft: Contact, mark: str | None, properties: Mapping[str, str]) -> Made:
    """A contact that says what the draft says. The photo is not in it: that takes a call of its own.

    Args:
        draft: the contact.
        mark: the idempotency mark, found again by ``read``.
        properties: native properties by name.

    Raises:
        BadRequest, FieldUnsupported: what goes to the bag is too large; a native property that cannot be written.
    """
    change = created(draft)
    return Made(whole(change, mark, properties), tuple(change.losses))
