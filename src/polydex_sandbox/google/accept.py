"""What a client wrote about a person, made into what is kept; the rules that Google's documentation names."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from typing import Any

from polydex_sandbox.google.contact import Contact, Fields
from polydex_sandbox.google.errors import ApiError, invalid
from polydex_sandbox.google.schema import MESSAGES, SINGLETONS, UPDATABLE

_NOT_CONTENT = frozenset({"type", "contentType", "current", "protocol"})
"""Members that alone make no entry: an e-mail address needs its address."""

_UNSPECIFIED = {"ContentType": "CONTENT_TYPE_UNSPECIFIED", "KeywordType": "TYPE_UNSPECIFIED"}
_NAME_PARTS = ("honorificPrefix", "givenName", "middleName", "familyName", "honorificSuffix")


def fields_of(person: Mapping[str, Any], wanted: Iterable[str] = UPDATABLE) -> dict[str, list[dict[str, Any]]]:
    """The wanted fields of a person, without memberships; those that are absent or empty are absent.

    Entries of other sources than CONTACT are left out: "any non-contact data in the person to update will be ignored".

    Raises:
        ApiError: a field that is a singleton has several entries, several are primary, or a date is none.
    """
    found = {}
    for name in wanted:
        if name == "memberships" or name not in person:
            continue
        given = person[name]
        if name in SINGLETONS and len(given) > 1:
            raise invalid(f"Cannot have more than one person.{name} per source.")
        kind = MESSAGES["Person"][name].type
        entries = [kept for entry in given if _is_contact(entry) and (kept := _entry(kind, entry))]
        if sum(1 for entry in entries if "metadata" in entry) > 1:
            raise invalid(f"Each source must have at most one person.{name} with metadata.source_primary set to true.")
        if entries:
            found[name] = entries
    return found


def groups_of(person: Mapping[str, Any]) -> list[str] | None:
    """Ids of the contact groups in `memberships`; None when there are no memberships. Raises ApiError."""
    if "memberships" not in person:
        return None
    groups = []
    for entry in person["memberships"]:
        if not _is_contact(entry) or "domainMembership" in entry:
            continue
        name = entry.get("contactGroupMembership", {}).get("contactGroupResourceName", "")
        kind, _, group = name.partition("/")
        if kind != "contactGroups" or not group:
            raise invalid(
                "person.memberships.contact_group_membership.contact_group_resource_name must be set to the resource "
                "name of a contact group."
            )
        groups.append(group)
    return groups


def check_etag(person: Mapping[str, Any], contact: Contact) -> None:
    """Raises ApiError: no etag was sent, or one that is no longer true. That of the CONTACT source goes first."""
    sources = person.get("metadata", {}).get("sources", [])
    own = [one for one in sources if one.get("type") == "CONTACT" and one.get("id", contact.id) == contact.id]
    if sources and not own:
        raise invalid("Request person.metadata.sources must contain the contact source that is being updated.")
    given = next((source["etag"] for source in own if source.get("etag")), None)
    expected = contact.source_etag if given else contact.etag
    given = given or person.get("etag")
    if not given:
        raise invalid(
            "Request must set person.etag or person.metadata.sources.etag for the source that is being updated."
        )
    if given != expected:
        raise stale()


def stale() -> ApiError:
    """Its reason in Google's older error format is failedPrecondition; so says the documentation of updateContact."""
    message = (
        "Request person.etag is different than the current person.etag. Clear local cache and get the latest person."
    )
    older = [{"message": message, "domain": "global", "reason": "failedPrecondition"}]
    return ApiError("FAILED_PRECONDITION", message, older=older)


def _is_contact(entry: Mapping[str, Any]) -> bool:
    return entry.get("metadata", {}).get("source", {}).get("type", "CONTACT") in ("CONTACT", "SOURCE_TYPE_UNSPECIFIED")


def _entry(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """One entry without what is output only or empty; {} when nothing is left that would be content."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        member = MESSAGES[kind][name]
        if name == "metadata" or member.output_only or value == _UNSPECIFIED.get(member.type):
            continue
        kept = _date(value, name) if member.type == "Date" else value
        if kept:
            found[name] = kept
    if kind == "Name" and any(part in found for part in _NAME_PARTS):
        # What a client read there is the display name of before.
        found.pop("unstructuredName", None)
    if not found.keys() - _NOT_CONTENT:
        return {}
    if given.get("metadata", {}).get("sourcePrimary"):
        found["metadata"] = {"sourcePrimary": True}
    return found


def _date(given: Mapping[str, int], name: str) -> dict[str, int]:
    """A google.type.Date: a whole one, month and day, a year, or year and month. Raises ApiError."""
    year, month, day = (given.get(part, 0) for part in ("year", "month", "day"))
    good = year in range(10_000) and month in range(13) and day in range(32)
    if good and month:
        # 2000 stands for the unknown year: 29 February is a good birthday without a year.
        good = day <= calendar.monthrange(year or 2000, month)[1] and (day > 0 or year > 0)
    elif good:
        good = day == 0
    if not good:
        raise invalid(f"Invalid {name}: year {year}, month {month}, day {day} is not a date.")
    return {part: value for part, value in (("year", year), ("month", month), ("day", day)) if value}


def split_name(text: str) -> dict[str, str]:
    """The parts that Google makes out of an unstructured name; simply: the last word is the family name."""
    words = text.split()
    parts = {"givenName": " ".join(words[:-1]) or text.strip()}
    if len(words) > 1:
        parts["familyName"] = words[-1]
    return parts


def kept_only(fields: Fields) -> dict[str, list[dict[str, Any]]]:
    """A copy that may be changed."""
    return {name: [dict(entry) for entry in entries] for name, entries in fields.items()}
