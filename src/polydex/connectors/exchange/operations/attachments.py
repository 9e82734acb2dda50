"""What answers about attachments say of the item that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element
from polydex.core.ids import Rev


@dataclass(frozen=True, slots=True)
class Attached:
    """Attributes:
    id: of the attachment; of one that was deleted, of its item.
    rev: the new version of the item, None where it is not told: every new or deleted attachment makes one.
    """

    id: str
    rev: Rev | None


def read_attached(found: Element, attribute: str) -> Attached:
    """From ``t:AttachmentId`` or ``m:RootItemId``. ``attribute``: the one with the id."""
    rev = found.get("RootItemChangeKey")
    return Attached(found.get(attribute) or "", Rev(rev) if rev else None)


def attachment_ids(request: Element, ids: tuple[str, ...]) -> None:
    """Add attachments to a request."""
    within = etree.SubElement(request, M + "AttachmentIds")
    for id_ in ids:
        etree.SubElement(within, T + "AttachmentId", Id=id_)
