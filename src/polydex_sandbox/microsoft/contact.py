"""A contact, a folder and a photo at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from polydex_sandbox.properties import Property

Fields = Mapping[str, Any]
"""Property of microsoft.graph.contact -> text or None, a list, or the parts of an address; only what may be written."""


@dataclass(frozen=True)
class Contact:
    """One version of a contact.

    Attributes:
        key: number in its mailbox.
        seq: number of the change that made this version.
        at: Unix milliseconds of that change.
        created: Unix milliseconds.
        folder: key of the folder that it is in.
        home: how often it has moved.
        fields: its properties.
        extended: single-value extended properties that are not one of the properties.
        extensions: open extensions, by name.
        tag: number of the change that made its changeKey.
        deleted: it is nowhere any more, not even in Deleted Items.
    """

    key: int
    seq: int
    at: int
    created: int
    folder: int
    home: int
    fields: Fields
    extended: Mapping[Property, Any] = field(default_factory=dict)
    extensions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tag: int = 0
    deleted: bool = False

    def changed(self, seq: int, at: int, **changes: Any) -> Contact:
        """The next version."""
        moved = changes.get("folder", self.folder) != self.folder
        return replace(self, seq=seq, at=at, tag=seq, home=self.home + moved, **changes)


@dataclass(frozen=True)
class Folder:
    """One version of a folder; its id never changes.

    Attributes:
        key: number in its mailbox.
        name: as shown.
        parent: key of the folder above.
        seq: number of the change that made this version.
        deleted: it is nowhere any more.
    """

    key: int
    name: str
    parent: int
    seq: int
    deleted: bool = False

    def changed(self, seq: int, **changes: Any) -> Folder:
        """The next version."""
        return replace(self, seq=seq, **changes)


@dataclass(frozen=True)
class Photo:
    """The picture of a contact.

    Attributes:
        data: the file.
        media_type: of it.
        width: pixels.
        height: pixels.
        tag: changes with every picture.
    """

    data: bytes
    media_type: str
    width: int
    height: int
    tag: str
