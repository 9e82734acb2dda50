"""Short ways to make and read cards in tests."""

from __future__ import annotations

from collections.abc import Sequence

from polydex.core import vcard
from polydex.core.contact import Contact
from polydex.core.patch import Patch

NAMES = {"2.1": "FN:Ann\r\nN:;Ann;;;\r\n", "3.0": "FN:Ann\r\nN:;Ann;;;\r\n", "4.0": "FN:Ann\r\n"}


def card(*lines: str, version: str = "3.0") -> bytes:
    """A small card with these lines."""
    body = "".join(line + "\r\n" for line in lines)
    return f"BEGIN:VCARD\r\nVERSION:{version}\r\nUID:u-1\r\n{NAMES[version]}{body}END:VCARD\r\n".encode()


def contact(*lines: str, version: str = "3.0") -> Contact:
    """The contact of such a card."""
    return contact_of(card(*lines, version=version))


def contact_of(raw: bytes) -> Contact:
    result = vcard.read(raw).contact
    assert result is not None
    return result


def edited(lines: Sequence[str], patch: Patch, *, version: str = "3.0", rev: str | None = None) -> list[str]:
    """The lines of such a card after the patch (without the frame and the name)."""
    raw = card(*lines, version=version)
    return tail(vcard.edit(raw, patch, base=contact_of(raw), rev=rev).raw, version)


def created(draft: Contact, version: str = "3.0") -> list[str]:
    """The lines of a new card, unfolded, without those that every card has."""
    raw = vcard.create(draft, uid="u-1", mark=None, version=version).raw
    lines = raw.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")
    return [
        line for line in lines if line.partition(":")[0] not in ("BEGIN", "VERSION", "PRODID", "UID", "N", "FN", "END")
    ]


def tail(raw: bytes, version: str = "3.0") -> list[str]:
    """The lines between the name and END."""
    text = raw.decode().replace("\r\n ", "")
    assert text.startswith(f"BEGIN:VCARD\r\nVERSION:{version}\r\nUID:u-1\r\n{NAMES[version]}")
    assert text.endswith("END:VCARD\r\n")
    return text.partition(NAMES[version])[2].removesuffix("END:VCARD\r\n").split("\r\n")[:-1]
