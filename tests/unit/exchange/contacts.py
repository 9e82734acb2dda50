"""Short ways to make contacts in tests, as Exchange shows them."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec
from lxml import etree

from polydex.connectors.exchange import wire
from polydex.connectors.exchange.draft import create
from polydex.connectors.exchange.edit import Edited, edit
from polydex.connectors.exchange.read import read
from polydex.connectors.outlook import mapi
from polydex.core.contact import Contact
from polydex.core.patch import Patch
from tests.exchange.store import Element, Exchange, Stored, address, judged, judged_updates

ID = '<t:ItemId Id="AAMk1=" ChangeKey="EQ1"/>'
ADDRESS_SET = 'DistinguishedPropertySetId="Address"'


def text(name: str, value: str) -> str:
    return f"<t:{name}>{escape(value)}</t:{name}>"


def entries(name: str, **values: str) -> str:
    """A dictionary of texts."""
    inner = "".join(f'<t:Entry Key="{key}">{escape(value)}</t:Entry>' for key, value in values.items())
    return f"<t:{name}>{inner}</t:{name}>"


def phones(**numbers: str) -> str:
    return entries("PhoneNumbers", **numbers)


def emails(*given: str | tuple[str, str] | tuple[str, str, str]) -> str:
    """E-mail addresses in their places; each an address, with its name and routing type perhaps."""
    inner = ""
    for number, one in enumerate(given, 1):
        where, name, routing = (*((one,) if isinstance(one, str) else one), "", "")[:3]
        more = f" Name={quoteattr(name)}" * bool(name) + f' RoutingType="{routing}"' * bool(routing)
        if where:
            inner += f'<t:Entry Key="EmailAddress{number}"{more}>{escape(where)}</t:Entry>'
    return f"<t:EmailAddresses>{inner}</t:EmailAddresses>"


def place(key: str, **parts: str) -> str:
    """The one postal address."""
    inner = "".join(text(name, value) for name, value in parts.items())
    return f'<t:PhysicalAddresses><t:Entry Key="{key}">{inner}</t:Entry></t:PhysicalAddresses>'


def words(name: str, *values: str) -> str:
    return f"<t:{name}>{''.join(text('String', value) for value in values)}</t:{name}>"


def tag(number: str, value: str) -> str:
    """An extended property by its tag."""
    return _extended(f'PropertyTag="{number}"', value)


def numbered(number: int, value: str) -> str:
    """One of PSETID_Address by its number."""
    return _extended(f'{ADDRESS_SET} PropertyId="{number}"', value)


def ours(name: str, value: str) -> str:
    """One of ours by its name."""
    return _extended(f'PropertySetId="{mapi.GUID}" PropertyName="{name}"', value)


def _extended(attributes: str, value: str) -> str:
    uri = f'<t:ExtendedFieldURI {attributes} PropertyType="String"/>'
    return f"<t:ExtendedProperty>{uri}{text('Value', value)}</t:ExtendedProperty>"


def bag(**content: Any) -> str:
    """The property with what has no place."""
    return ours("PolydexOverflow", msgspec.json.encode({"v": 1, **content}).decode())


def body(value: str) -> str:
    return f'<t:Body BodyType="Text">{escape(value)}</t:Body>'


def item(inner: str, name: str = "Contact") -> bytes:
    """The document of an item."""
    return f'<t:{name} xmlns:t="{wire.TYPES}">{ID}{inner}</t:{name}>'.encode()


def contact(inner: str) -> Contact:
    found = read(item(inner)).contact
    assert found is not None
    return found


def edited(inner: str, patch: Patch) -> Edited:
    return edit(item(inner), patch, contact(inner))


def sent(inner: str, patch: Patch) -> dict[str, Any]:
    """What is sent, by property: the text, the list of texts, or the attributes and text of an entry; None clears."""
    updates = edited(inner, patch).updates
    return {address(one[0]): _value(one) for one in judged_updates(updates)} if updates else {}


def _value(update: Element) -> Any:
    if len(update) == 1:
        return None
    field = update[1][0]
    if field.tag == f"{wire.T}ExtendedProperty":
        return field[1].text
    if field.tag == f"{wire.T}EmailAddresses":
        return tuple(filter(None, (field[0].text, field[0].get("Name"), field[0].get("RoutingType"))))
    if len(field) and field[0].tag == f"{wire.T}String":
        return [one.text for one in field]
    leaf = field
    while len(leaf):
        leaf = leaf[0]
    return leaf.text


def made(draft: Contact, mark: str | None = None, **native: str) -> str:
    """What CreateItem is sent."""
    return inner_of(judged(create(draft, mark, native)[0]))


def inner_of(element: Element) -> str:
    """What is in an element, without the declarations of namespaces."""
    found = "".join(etree.tostring(child, encoding="unicode") for child in element)
    return re.sub(r' xmlns:\w+="[^"]+"', "", found).replace("&#13;", "\r")


def stored(draft: Contact) -> Stored:
    return Exchange().create(create(draft, None, {})[0])


def shown(of: Stored) -> bytes:
    return wire.document(Exchange().show(of))


def said(of: Stored) -> Contact:
    found = read(shown(of)).contact
    assert found is not None
    return found


def after(of: Stored, patch: Patch) -> Stored:
    updates = edit(shown(of), patch, said(of)).updates
    return Exchange().update(of, updates) if updates else of
