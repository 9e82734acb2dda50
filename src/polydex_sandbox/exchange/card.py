"""A contact as the control API writes it: JSON with the names of EWS.

Members are fields (``GivenName``), dictionaries by key (``PhoneNumbers``), and `properties`, which are extended ones by their
ids as Graph writes those (``String {guid} Name X``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polydex_sandbox.exchange import properties, values
from polydex_sandbox.exchange.accept import Changes
from polydex_sandbox.exchange.item import Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.members import BadInput
from polydex_sandbox.properties import Property, canonical, written

Json = dict[str, Any]

_PLAIN: dict[str, Property] = {
    uri.partition(":")[2]: known
    for table in (properties.TEXTS, properties.TIMES, properties.LISTS, properties.FLAGS, properties.NUMBERS)
    for uri, known in table.items()
} | {
    "Body": properties.BODY,
    "Title": properties.TITLE,
    "YomiFirstName": properties.YOMI_FIRST,
    "YomiLastName": properties.YOMI_LAST,
    "YomiCompanyName": properties.YOMI_COMPANY,
}
_CHOSEN = {uri.partition(":")[2]: choice for uri, choice in properties.CHOICES.items()}
_SLOTS = {"PhoneNumbers": properties.PHONES, "ImAddresses": properties.IMS}


def changes(given: Mapping[str, Any]) -> Changes:
    """What a body sets; null takes away. Raises BadInput."""
    found: Changes = {}
    for name, value in given.items():
        if name in _PLAIN:
            found[_PLAIN[name]] = _value(name, _PLAIN[name], value)
        elif name in _CHOSEN:
            known, words = _CHOSEN[name]
            numbers = {word: number for number, word in words.items()}
            if value is not None and (not isinstance(value, str) or value not in numbers):
                raise BadInput(f"{name} has to be one of {', '.join(numbers)}")
            found[known] = None if value is None else numbers[value]
        elif name in _SLOTS:
            for key, text in _entries(name, value, _SLOTS[name]):
                found[_SLOTS[name][key]] = _value(name, _SLOTS[name][key], text)
        elif name == "EmailAddresses":
            for key, entry in _entries(name, value, properties.EMAILS):
                found |= _email(properties.EMAILS[key], entry)
        elif name == "PhysicalAddresses":
            for key, parts in _entries(name, value, properties.ADDRESSES):
                slots = properties.ADDRESSES[key]
                for part, text in _entries(key, dict.fromkeys(slots) if parts is None else parts, slots):
                    found[slots[part]] = _value(part, slots[part], text)
        elif name == "properties":
            found |= _extended(value)
        else:
            raise BadInput(f"Unknown: {name}")
    if properties.BODY in found:
        found.setdefault(properties.HTML, None)
    return found


def _value(name: str, known: Property, value: Any) -> Any:
    if value is None or value == []:
        return None
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int):
        value = str(value)
    found = canonical(known, value)
    if found is None:
        raise BadInput(f"{name} has to be a {known.type}, as a text")
    return found


def _entries(name: str, value: Any, keys: Mapping[str, Any]) -> list[tuple[str, Any]]:
    if not isinstance(value, dict) or not value.keys() <= keys.keys():
        raise BadInput(f"{name} has to be an object with any of {', '.join(keys)}")
    return list(value.items())


def _email(slot: Mapping[str, Property], entry: Any) -> Changes:
    """A text, or `address`, `name`, `routingType`, `original`."""
    if entry is None:
        return dict.fromkeys(slot.values())
    given = {"address": entry} if isinstance(entry, str) else entry
    if not isinstance(given, dict) or not isinstance(given.get("address"), str):
        raise BadInput("An e-mail address has to be a text, or an object with address")
    if not given.keys() <= {"address", "name", "routingType", "original"}:
        raise BadInput("An e-mail address has address, name, routingType, original")
    if not all(isinstance(text, str) for text in given.values()):
        raise BadInput("All of an e-mail address are texts")
    address = given["address"]
    return {
        slot["address"]: address,
        slot["type"]: given.get("routingType", "SMTP"),
        slot["name"]: given.get("name", address),
        slot["original"]: given.get("original", address),
    }


def _extended(value: Any) -> Changes:
    if not isinstance(value, dict):
        raise BadInput("properties has to be an object")
    found: Changes = {}
    for text, content in value.items():
        known = written(text)
        if known is None:
            raise BadInput(f"{text} is no id of a property")
        found[known] = _value(text, known, content)
    return found


def shown(mailbox: Mailbox, item: Item) -> Json:
    """All of a contact, with its raw properties besides."""
    kept = item.properties
    found: Json = {name: kept[known] for name, known in _PLAIN.items() if known in kept}
    found |= {name: words[kept[known]] for name, (known, words) in _CHOSEN.items() if kept.get(known) in words}
    for name, slots in _SLOTS.items():
        if entries := {key: kept[known] for key, known in slots.items() if known in kept}:
            found[name] = entries
    emails = {
        key: {
            member: kept[slot[part]]
            for member, part in (
                ("address", "address"),
                ("name", "name"),
                ("routingType", "type"),
                ("original", "original"),
            )
            if slot[part] in kept
        }
        for key, slot in properties.EMAILS.items()
        if slot["address"] in kept
    }
    addresses = {
        key: parts
        for key, slots in properties.ADDRESSES.items()
        if (parts := {part: kept[known] for part, known in slots.items() if known in kept})
    }
    found |= {"EmailAddresses": emails} if emails else {}
    found |= {"PhysicalAddresses": addresses} if addresses else {}
    return {
        **found,
        "id": mailbox.item_id(item),
        "changeKey": mailbox.change_key(item),
        "kind": item.kind,
        "folder": mailbox.folder_id(item.folder),
        "created": values.time(item.created),
        "modified": values.time(item.at),
        "read": item.read,
        "photo": None if item.photo is None else {"name": item.photo.name, "size": len(item.photo.content)},
        "attachments": [one.name for one in item.attachments],
        "members": [{"name": name, "address": address} for name, address in item.members],
        "unreadable": item.unreadable,
        "properties": {known.text: value for known, value in kept.items()},
    }
