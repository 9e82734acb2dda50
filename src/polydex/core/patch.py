"""What it means to change a contact: absent against null, merge against replace.

A member of a :class:`Patch` that is ``UNSET`` stays as it is; None (or an empty list) clears it. A list replaces the
whole list; ``name`` and ``company`` merge part by part; ``photo`` replaces (API.md, Contacts). Nobody else decides any
of this: the HTTP layer decodes into a Patch, connectors carry one out.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from polydex.core.contact import (
    Address,
    Company,
    Contact,
    Email,
    Name,
    Part,
    Phone,
    Photo,
    Relation,
    Url,
    content,
    normal,
    text,
)
from polydex.core.fields import Field, FieldSet

P = TypeVar("P", bound=Part)


class NamePatch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Parts of the name: unset stays, None clears."""

    display_name: str | None | UnsetType = UNSET
    prefix: str | None | UnsetType = UNSET
    given_name: str | None | UnsetType = UNSET
    middle_name: str | None | UnsetType = UNSET
    family_name: str | None | UnsetType = UNSET
    suffix: str | None | UnsetType = UNSET
    yomi_given_name: str | None | UnsetType = UNSET
    yomi_family_name: str | None | UnsetType = UNSET


class CompanyPatch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Parts of the company: unset stays, None clears."""

    name: str | None | UnsetType = UNSET
    office_location: str | None | UnsetType = UNSET
    department: str | None | UnsetType = UNSET
    job_title: str | None | UnsetType = UNSET
    yomi_company_name: str | None | UnsetType = UNSET


class Patch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An intent to change a contact: unset stays, None (or an empty list) clears.

    ``native_properties`` names single properties, each set to a text or, with None, removed; it is no part of the
    Contact value, so :meth:`apply` and :func:`diff` leave it alone and the connector carries it out.
    """

    name: NamePatch | None | UnsetType = UNSET
    nick_name: str | None | UnsetType = UNSET
    file_as: str | None | UnsetType = UNSET
    company: CompanyPatch | None | UnsetType = UNSET
    relations: tuple[Relation, ...] | UnsetType = UNSET
    birthday: str | None | UnsetType = UNSET
    keywords: tuple[str, ...] | UnsetType = UNSET
    notes: str | None | UnsetType = UNSET
    email_addresses: tuple[Email, ...] | UnsetType = UNSET
    phone_numbers: tuple[Phone, ...] | UnsetType = UNSET
    addresses: tuple[Address, ...] | UnsetType = UNSET
    urls: tuple[Url, ...] | UnsetType = UNSET
    photo: Photo | None | UnsetType = UNSET
    native_properties: dict[str, str | None] | UnsetType = UNSET

    def apply(self, base: Contact) -> Contact:
        """The contact that this patch makes of ``base``, in normal form.

        Phone numbers that the patch brings have no ``canonical_form``: it is derived anew by whoever maps the result.
        """
        changes: dict[str, Any] = {attribute: getattr(self, attribute) for attribute in self._set_replaced()}
        if self.name is not UNSET:
            changes["name"] = None if self.name is None else _merged(base.name or Name(), self.name)
        if self.company is not UNSET:
            changes["company"] = None if self.company is None else _merged(base.company or Company(), self.company)
        return normal(msgspec.structs.replace(base, **changes))

    def fields(self) -> FieldSet:
        """The fields that this patch sets or clears; a ``name`` or ``company`` without any part says nothing."""
        return frozenset(field for field, attribute in _ATTRIBUTES.items() if _says(getattr(self, attribute)))

    def is_empty(self) -> bool:
        """Whether nothing is set: applying changes nothing. (A patch may also set what is there already.)"""
        return not any(_says(getattr(self, attribute)) for attribute in _ATTRIBUTES.values())

    def normal(self) -> Patch:
        """The patch with its values in the normal form of ``contact.normal``. Applying either gives the same."""
        attributes = self._set_replaced()
        clean = normal(Contact(**{attribute: getattr(self, attribute) for attribute in attributes}))
        changes: dict[str, Any] = {attribute: getattr(clean, attribute) for attribute in attributes}
        if self.name:
            changes["name"] = _normal_parts(self.name)
        if self.company:
            changes["company"] = _normal_parts(self.company)
        if self.native_properties:
            changes["native_properties"] = {
                key: text(value, multiline=True) for key, value in self.native_properties.items()
            }
        return msgspec.structs.replace(self, **changes)

    def _set_replaced(self) -> list[str]:
        """The attributes of the set members of a Contact that are replaced as a whole."""
        return [attribute for attribute in _REPLACED if getattr(self, attribute) is not UNSET]


def diff(a: Contact, b: Contact) -> Patch:
    """The smallest patch that makes ``b`` of ``a``: ``diff(a, b).apply(a)`` has the content of ``b``.

    Both are in normal form. Derived members are not compared (J16), so ``diff(a, b)`` is empty exactly when the
    contents are equal. A photo that differs is the one of ``b``, with its bytes when ``b`` has them.
    """
    old, new = content(a), content(b)
    changes: dict[str, Any] = {
        attribute: getattr(b, attribute)
        for attribute in _REPLACED
        if getattr(old, attribute) != getattr(new, attribute)
    }
    if "phone_numbers" in changes:
        changes["phone_numbers"] = new.phone_numbers
    if old.name != new.name:
        changes["name"] = None if new.name is None else NamePatch(**_changed_parts(old.name or Name(), new.name))
    if old.company != new.company:
        changes["company"] = (
            None if new.company is None else CompanyPatch(**_changed_parts(old.company or Company(), new.company))
        )
    return Patch(**changes)


def without_echo(wanted: P, base: P, stored: P) -> P:
    """``wanted``, but what only repeats ``base``, what the client knows, stays as it is ``stored``."""
    changes: dict[str, object] = {}
    for member in wanted.__struct_fields__:
        value, known, now = getattr(wanted, member), getattr(base, member), getattr(stored, member)
        if value == now:
            continue
        if value == known:
            changes[member] = now
        elif isinstance(value, (Name, Company)):
            empty = type(value)()
            changes[member] = without_echo(value, known or empty, now or empty)
    return msgspec.structs.replace(wanted, **changes)


_ATTRIBUTES: Final = {field: field.attribute for field in Field}
_REPLACED: Final = tuple(name for name in Contact.__struct_fields__ if name not in ("name", "company"))


def _says(value: object) -> bool:
    if value is UNSET:
        return False
    if isinstance(value, (NamePatch, CompanyPatch)):
        return any(getattr(value, part) is not UNSET for part in value.__struct_fields__)
    return value != {}  # native properties: none named


def _merged(base: Name | Company, patch: NamePatch | CompanyPatch) -> Name | Company:
    values = ((part, getattr(patch, part)) for part in patch.__struct_fields__)
    return msgspec.structs.replace(base, **{part: value for part, value in values if value is not UNSET})


def _normal_parts(patch: NamePatch | CompanyPatch) -> NamePatch | CompanyPatch:
    values = ((part, getattr(patch, part)) for part in patch.__struct_fields__)
    return type(patch)(**{part: text(value) for part, value in values if value is not UNSET})


def _changed_parts(old: Name | Company, new: Name | Company) -> dict[str, str | None]:
    pairs = ((part, getattr(old, part), getattr(new, part)) for part in new.__struct_fields__)
    return {part: after for part, before, after in pairs if before != after}
