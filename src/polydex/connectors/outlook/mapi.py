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
UNWRITTEN_PHONES: Final = ("Phone IPPhone", "Phone Mms", "Phone Msn", "Phone BusinessMobile")
"""No ids but keys of numbers that only newer schemas of Exchange Web Services have: what is there stays or goes."""
WORK_PO_BOX: Final = f"String {{{ADDRESS_SET}}} Id 0x804A"
HOME_PO_BOX: Final = "String 0x3A5E"
OTHER_PO_BOX: Final = "String 0x3A64"
PERSONAL_HOME_PAGE: Final = "String 0x3A50"
FTP_SITE: Final = "String 0x3A4C"

MODELLED_TAGS: Final = frozenset(
    [
        0x3A02, 0x3A05, 0x3A06, 0x3A08, 0x3A09, 0x3A11, 0x3A16, 0x3A17, 0x3A18, 0x3A19, 0x3A1A, 0x3A1B, 0x3A1C, 0x3A1D,
        0x3A1E, 0x3A1F, 0x3A21, 0x3A23, 0x3A24, 0x3A25, 0x3A26, 0x3A27, 0x3A28, 0x3A29, 0x3A2A, 0x3A2B, 0x3A2C, 0x3A2D,
        0x3A2E, 0x3A2F, 0x3A30, 0x3A44, 0x3A45, 0x3A48, 0x3A4B, 0x3A4C, 0x3A4E, 0x3A4F, 0x3A50, 0x3A51, 0x3A57, 0x3A59,
        0x3A5A, 0x3A5B, 0x3A5C, 0x3A5D, 0x3A5E, 0x3A5F, 0x3A60, 0x3A61, 0x3A62, 0x3A63, 0x3A64,
    ]
)  # fmt: skip
"""Tags behind what a contact's members are in (MS-OXPROPS): they are written as those."""
