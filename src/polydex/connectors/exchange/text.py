"""Text that XML 1.0 can carry."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from polydex.core.contact import Contact, normal
from polydex.core.fields import Loss

_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What is no ``Char`` of XML 1.0, 2.2."""


def legal(text: str) -> str:
    """The text without characters that XML does not have."""
    return _ILLEGAL.sub("", text)


def encodable(contact: Contact) -> tuple[Contact, tuple[Loss, ...]]:
    """A contact without characters that XML does not have, and what is told of it.

    Args:
        contact: in normal form, which has of these characters only U+FFFE and U+FFFF.
    """
    losses = []
    changes: dict[str, Any] = {}
    for name, member in zip(contact.__struct_fields__, contact.__struct_encode_fields__, strict=True):
        value = getattr(contact, name)
        clean = _clean(value)
        if clean is not value:
            losses.append(Loss(f"$.{member}", "characters that XML does not have", kept="without them"))
            changes[name] = clean
    return (normal(msgspec.structs.replace(contact, **changes)), tuple(losses)) if changes else (contact, ())


def _clean(value: Any) -> Any:
    """The value itself where there is nothing to take out of it."""
    if isinstance(value, str):
        return legal(value) if _ILLEGAL.search(value) else value
    if isinstance(value, tuple):
        clean = tuple(map(_clean, value))
        return clean if any(new is not old for new, old in zip(clean, value, strict=True)) else value
    if isinstance(value, msgspec.Struct):
        parts = {name: getattr(value, name) for name in value.__struct_fields__}
        changes = {name: new for name, old in parts.items() if (new := _clean(old)) is not old}
        return msgspec.structs.replace(value, **changes) if changes else value
    return value
