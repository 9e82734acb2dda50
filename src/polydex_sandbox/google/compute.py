"""What Google adds to the entries of a person: display names, formatted types, telephone numbers in E.164."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import phonenumbers

from polydex_sandbox.google.accept import split_name
from polydex_sandbox.google.schema import MESSAGES

_WORDS = {
    "aim": "AIM",
    "appInstallPage": "App Install Page",
    "freeBusy": "Free/Busy",
    "ftp": "FTP",
    "googleTalk": "Google Talk",
    "icq": "ICQ",
    "msn": "MSN",
    "netMeeting": "NetMeeting",
    "qq": "QQ",
}
_PREDEFINED = frozenset(
    {
        "account", "aim", "anniversary", "appInstallPage", "assistant", "blog", "brother", "child", "customer",
        "domesticPartner", "father", "freeBusy", "friend", "ftp", "googleTalk", "googleVoice", "home", "homeFax",
        "homePage", "icq", "jabber", "loginId", "main", "manager", "mobile", "mother", "msn", "netMeeting", "network",
        "organization", "other", "otherFax", "pager", "parent", "partner", "profile", "qq", "referredBy", "relative",
        "reservations", "school", "sister", "skype", "spouse", "work", "workFax", "workMobile", "workPager", "yahoo",
        "female", "male", "unspecified",
    }
)  # fmt: skip
"""Predefined types, protocols and values of the discovery document; anything else is the user's own word."""


def entry(kind: str, stored: Mapping[str, Any], region: str | None) -> dict[str, Any]:
    """An entry as it is read, without its metadata.

    Args:
        kind: its message.
        stored: what is kept.
        region: of the account, for telephone numbers.
    """
    found = {name: value for name, value in stored.items() if name != "metadata"}
    if kind == "Name":
        return _name(found)
    if kind == "PhoneNumber" and (canonical := _e164(found.get("value", ""), region)):
        found["canonicalForm"] = canonical
    if kind == "Address" and "formattedValue" not in found:
        found["formattedValue"] = _address(found)
    if kind == "Gender" and "value" in found:
        found["formattedValue"] = formatted(found["value"])
    if "protocol" in found:
        found["formattedProtocol"] = formatted(found["protocol"])
    if "type" in found and "formattedType" in MESSAGES[kind]:
        found["formattedType"] = formatted(found["type"])
    return found


def formatted(word: str) -> str:
    """``workFax`` as "Work Fax"; the user's own words as they are. English is the account's language."""
    if word in _WORDS:
        return _WORDS[word]
    if "_" in word or word.isupper():
        return word.replace("_", " ").capitalize()
    if word not in _PREDEFINED:
        return word
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word).title()


def display_name(stored: Mapping[str, Any]) -> str:
    """Of an entry of `names` that is kept."""
    return str(_name(dict(stored))["displayName"])


def _name(found: dict[str, Any]) -> dict[str, Any]:
    if "unstructuredName" in found:
        found |= split_name(found["unstructuredName"])
    order = ("honorificPrefix", "givenName", "middleName", "familyName", "honorificSuffix")
    name = found.get("unstructuredName") or " ".join(found[part] for part in order if part in found)
    first = " ".join(found[part] for part in ("honorificPrefix", "givenName", "middleName") if part in found)
    last = ", ".join(part for part in (found.get("familyName", ""), first, found.get("honorificSuffix", "")) if part)
    # Only phonetic parts make no display name.
    if name:
        found |= {"displayName": name, "displayNameLastFirst": last, "unstructuredName": name}
    return {"displayName": "", **found} if not name else found


def _address(found: Mapping[str, str]) -> str:
    """Parts in lines, as in the United States; each country's own form is beyond this simulation."""
    place = " ".join(found[part] for part in ("region", "postalCode") if part in found)
    lines = [
        found.get("streetAddress", ""),
        found.get("extendedAddress", ""),
        found.get("poBox", ""),
        ", ".join(part for part in (found.get("city", ""), place) if part),
        found.get("country", "") or found.get("countryCode", ""),
    ]
    return "\n".join(line for line in lines if line)


@lru_cache(maxsize=100_000)
def _e164(value: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
