"""The names of Exchange Web Services as far as contacts need them.

Source: the schema of Exchange 2013 SP1 (types.xsd, messages.xsd), which servers have at ``/EWS/types.xsd``.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from polydex.connectors.exchange.xml import Element
from polydex.connectors.outlook import mapi

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES: Final = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES: Final = "http://schemas.microsoft.com/exchange/services/2006/messages"
S: Final = f"{{{SOAP}}}"
T: Final = f"{{{TYPES}}}"
M: Final = f"{{{MESSAGES}}}"
"""Prefixes of names in lxml's notation: ``T + "Contact"``."""
NSMAP: Final = {"s": SOAP, "m": MESSAGES, "t": TYPES}
"""Of every element that is made, for one look in all requests."""
VERSION: Final = "Exchange2013_SP1"
"""``RequestServerVersion``: which fields there are. Later servers answer as this one would."""

SETS: Final = {
    "Address": mapi.ADDRESS_SET,
    "Appointment": "00062002-0000-0000-c000-000000000046",
    "CalendarAssistant": "11000e07-b51b-40d6-af21-caa85edab1d0",
    "Common": "00062008-0000-0000-c000-000000000046",
    "InternetHeaders": "00020386-0000-0000-c000-000000000046",
    "Meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
    "PublicStrings": "00020329-0000-0000-c000-000000000046",
    "Sharing": "00062040-0000-0000-c000-000000000046",
    "Task": "00062003-0000-0000-c000-000000000046",
    "UnifiedMessaging": "4442858e-a9e3-4e80-b900-317a210cc15b",
}
"""``DistinguishedPropertySetId`` -> the GUID of the set (MS-OXPROPS 1.3.2)."""


def document(item: Element) -> bytes:
    """What is stored of an item (``Record.raw``): its element, as ``t:Contact``, as GetItem gave it."""
    return etree.tostring(item, encoding="utf-8", with_tail=False)
