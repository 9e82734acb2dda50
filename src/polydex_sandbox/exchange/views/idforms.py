"""ConvertId: one id in the forms that different interfaces have for it.

See [MS-OXWSCVTID].
"""

from __future__ import annotations

import base64
from urllib.parse import quote, unquote

from polydex_sandbox.exchange import errors, ids
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.ids import Id
from polydex_sandbox.exchange.xml import Element, m, name_of

_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_LEGACY = b"\x01\x03\x24\x00"
_STORE = b"\x00\x00\x00\x00STORE"


def convert(call: Call) -> Element:
    wanted = call.body.get("DestinationFormat", "")

    def one(element: Element) -> list[Element]:
        if name_of(element) != "AlternateId":
            raise errors.EwsError("ErrorUnsupportedTypeForConversion", "The sandbox has no public folders.")
        known = read(element.get("Id", ""), element.get("Format", ""))
        call.owned(known.mailbox)
        made = m("AlternateId", Format=wanted, Id=write(known, wanted), Mailbox=element.get("Mailbox", ""))
        made.set(_XSI_TYPE, "t:AlternateIdType")
        return [made]

    return call.each(call.part("SourceIds"), one)


def write(known: Id, form: str) -> str:
    """An id in a form (``IdFormatType``)."""
    entry = b"\x00\x00\x00\x00" + ids.raw(known)
    match form:
        case "EwsLegacyId":
            return base64.b64encode(_LEGACY + ids.raw(known)).decode()
        case "EntryId":
            return base64.b64encode(entry).decode()
        case "HexEntryId":
            return entry.hex().upper()
        case "StoreId":
            return base64.b64encode(entry + _STORE).decode()
        case "OwaId":
            return quote(ids.write(known), safe="")
        case _:
            return ids.write(known)


def read(text: str, form: str) -> Id:
    """What an id in a form says. Raises EwsError: it is none."""
    if form == "EwsId":
        return ids.read(text)
    if form == "OwaId":
        return ids.read(unquote(text))
    try:
        content = bytes.fromhex(text) if form == "HexEntryId" else base64.b64decode(text, validate=True)
    except ValueError:
        raise errors.malformed_id() from None
    if form == "StoreId":
        content = content.removesuffix(_STORE)
    if content[:4] != (_LEGACY if form == "EwsLegacyId" else b"\x00\x00\x00\x00"):
        raise errors.malformed_id()
    return ids.unpacked(content[4:])
