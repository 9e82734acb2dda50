"""Who an account is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from polydex.connectors.base import Identity
from polydex.connectors.google.api import Api, decoded
from polydex.core.errors import ProviderMalformed

_STEP = "Google account"


class _Source(msgspec.Struct):
    type: str | None = None
    id: str | None = None


class _Metadata(msgspec.Struct):
    sources: list[_Source] | None = None
    primary: bool | None = None


class _Email(msgspec.Struct):
    value: str | None = None
    metadata: _Metadata | None = None


class _Name(msgspec.Struct, rename="camel"):
    display_name: str | None = None
    metadata: _Metadata | None = None


class _Me(msgspec.Struct, rename="camel"):
    resource_name: str | None = None
    metadata: _Metadata | None = None
    email_addresses: list[_Email] | None = None
    names: list[_Name] | None = None


async def identify(api: Api) -> Identity:
    """The account behind the tokens. Its subject is the id of the profile, which never changes.

    The e-mail address and the name are there only where the tokens were granted for them.
    """
    query = [("personFields", "emailAddresses,metadata,names"), ("sources", "READ_SOURCE_TYPE_PROFILE")]
    me = decoded(await api.get("people/me", query, step=_STEP), _Me, _STEP)
    sources = (me.metadata.sources if me.metadata else None) or ()
    subject = next((source.id for source in sources if source.type == "PROFILE" and source.id), None)
    if subject is None:
        raise ProviderMalformed(f"{_STEP}: Google names no profile")
    return Identity(subject, _first(me.email_addresses or (), "value"), _first(me.names or (), "display_name"))


def _first(entries: Sequence[_Email] | Sequence[_Name], attribute: str) -> str | None:
    """The primary value, or else the first."""
    ordered = sorted(entries, key=lambda entry: not (entry.metadata is not None and entry.metadata.primary))
    return next((value for entry in ordered if (value := getattr(entry, attribute))), None)
