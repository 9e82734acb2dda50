"""The MAPI properties of a contact that have no name of their own at Graph, by their ids in Graph's notation.

Source: Microsoft's "canonical property" pages (MicrosoftDocs/office-developer-client-docs, docs/outlook/mapi); the
notation: Microsoft Graph v1.0, resource singleValueLegacyExtendedProperty. Ids are compared in lower case.
"""

from __future__ import annotations

from typing import Final

GUID: Final = "aa59d48a-551f-427a-9156-8aa86e3dbbc7"
"""Ours, for ever: names of properties under it are found again by it, and a mailbox never forgets a name."""
OVERFLOW: Final = f"String {{{GUID}}} Name PolydexOverflow"
"""The bag: what of a contact Exchange has no place for."""
MARK: Final = f"String {{{GUID}}} Name PolydexMark"
"""The idempotency mark."""

ADDRESS_SET: Final = "00062004-0000-0000-c000-000000000046"
"""PSETID_Address."""
HAS_PICTURE: Final = f"Boolean {{{ADDRESS_SET}}} Id 0x8015"
"""PidLidHasPicture."""

OTHER_PHONE: Final = "String 0x3A1F"
MAIN_PHONE: Final = "String 0x3A1A"
COMPANY_MAIN_PHONE: Final = "String 0x3A57"
ASSISTANT_PHONE: Final = "String 0x3A2E"
WORK_FAX: Final = "String 0x3A24"
HOME_FAX: Final = "String 0x3A25"
OTHER_FAX: Final = "String 0x3A23"
CALLBACK_PHONE: Final = "String 0x3A02"
PAGER: Final = "String 0x3A21"
RADIO_PHONE: Final = "String 0x3A1D"
TELEX: Final = "String 0x3A2C"
TTY_PHONE: Final = "String 0x3A4B"
CAR_PHONE: Final = "String 0x3A1E"
ISDN: Final = "String 0x3A2D"
WORK_PO_BOX: Final = f"String {{{ADDRESS_SET}}} Id 0x804A"
HOME_PO_BOX: Final = "String 0x3A5E"
OTHER_PO_BOX: Final = "String 0x3A64"
PERSONAL_HOME_PAGE: Final = "String 0x3A50"
FTP_SITE: Final = "String 0x3A4C"
