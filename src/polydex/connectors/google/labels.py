"""Keywords and contact groups: what Google shows as labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

import msgspec

from polydex.connectors.google.wire import ContactGroup
from polydex.core.contact import text
from polydex.core.errors import ProviderMalformed

MY_CONTACTS: Final = "contactGroups/myContacts"
"""The system group that makes a person a contact of the user's own address book."""
_USER_GROUP: Final = "USER_CONTACT_GROUP"
_RESERVED: Final = frozenset(
    (
        "all contacts",
        "blocked",
        "chat contacts",
        "coworkers",
        "family",
        "friends",
        "my contacts",
        "mycontacts",
        "starred",
    )
)
"""Names of the system groups, in small letters. That Google refuses labels of these names is not confirmed: a keyword of
such a name is kept in the bag, unless the user has such a label."""


class Labels(msgspec.Struct, frozen=True, dict=True):
    """The user's own groups, immutable. System groups (myContacts, starred) are no keywords and not in here.

    A keyword is the label of the same name, or else one that differs in upper and lower case alone. Google refuses a
    second group of the same name (409); whether it takes case for a difference is not documented and not confirmed.

    Attributes:
        names: resource name -> name in normal form.
    """

    names: Mapping[str, str] = {}

    @classmethod
    def of(cls, groups: Iterable[ContactGroup]) -> Labels:
        """The user's groups among those of a list; deleted ones are left out."""
        return cls(
            {
                group.resource_name: name
                for group in groups
                if group.resource_name
                and group.group_type == _USER_GROUP
                and not (group.metadata is not None and group.metadata.deleted)
                and (name := text(group.name))
            }
        )

    def encode(self) -> bytes:
        """The same bytes for the same groups."""
        return msgspec.json.encode(dict(self.names), order="sorted")

    @classmethod
    def decode(cls, context: bytes | None) -> Labels:
        """What ``encode`` gave; None (a source that was never walked) is no groups. Raises ProviderMalformed."""
        if not context:
            return cls()
        try:
            return cls(msgspec.json.decode(context, type=dict[str, str]))
        except msgspec.MsgspecError:
            raise ProviderMalformed("Google Contacts: the stored groups cannot be understood") from None

    def group(self, keyword: str) -> str | None:
        """The resource name of the group that this keyword is, or None."""
        return self._exact.get(keyword) or self._folded.get(keyword.casefold())

    def missing(self, keywords: Iterable[str]) -> tuple[str, ...]:
        """The names, each once, of the groups that have to be created before these keywords can be written.

        Those that cannot be created are not among them.
        """
        wanted: dict[str, str] = {}
        for word in keywords:
            if self.group(word) is None and word.casefold() not in _RESERVED:
                wanted.setdefault(word.casefold(), word)
        return tuple(wanted.values())

    def with_group(self, resource_name: str, name: str) -> Labels:
        """With one group more, or under another name."""
        return Labels({**self.names, resource_name: text(name) or name})

    def assuming(self, keywords: Iterable[str]) -> Labels:
        """As if the missing groups had been created, to tell the losses of a write before it."""
        made = {f"contactGroups/new.{at}": word for at, word in enumerate(self.missing(keywords))}
        return Labels({**self.names, **made}) if made else self

    @cached_property
    def _exact(self) -> dict[str, str]:
        return {name: group for group, name in sorted(self.names.items(), reverse=True)}

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {name.casefold(): group for group, name in sorted(self.names.items(), reverse=True)}
