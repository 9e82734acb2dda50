"""The names of Exchange Web Services as far as contacts need them.

Source: the schema of Exchange 2013 SP1 (types.xsd, messages.xsd), which servers have at ``/EWS/types.xsd``.
"""

from __future__ import annotations

from typing import Final

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
