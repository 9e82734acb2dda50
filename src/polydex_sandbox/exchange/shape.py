"""What a call wants to see of items: base shape, additional properties, kind of body."""

from __future__ import annotations

from dataclasses import dataclass, field

from polydex_sandbox.exchange import errors, paths
from polydex_sandbox.exchange.item import CONTACT, LIST
from polydex_sandbox.exchange.paths import DICTIONARIES, Path
from polydex_sandbox.exchange.xml import Element, child, content

ID_ONLY, DEFAULT, ALL = "IdOnly", "Default", "AllProperties"

ORDER = (
    "item:MimeContent", "item:ItemId", "item:ParentFolderId", "item:ItemClass", "item:Subject", "item:Sensitivity",
    "item:Body", "item:Attachments", "item:DateTimeReceived", "item:Size", "item:Categories", "item:Importance",
    "item:InReplyTo", "item:IsSubmitted", "item:IsDraft", "item:IsFromMe", "item:IsResend", "item:IsUnmodified",
    "item:DateTimeSent", "item:DateTimeCreated", "item:ReminderDueBy", "item:ReminderIsSet",
    "item:ReminderMinutesBeforeStart", "item:DisplayCc", "item:DisplayTo", "item:HasAttachments", "extended",
    "item:Culture", "item:EffectiveRights", "item:LastModifiedName", "item:LastModifiedTime", "item:IsAssociated",
    "item:ConversationId", "item:Flag", "item:InstanceKey", "item:TextBody",
    "contacts:FileAs", "contacts:FileAsMapping", "contacts:DisplayName", "contacts:GivenName", "contacts:Initials",
    "contacts:MiddleName", "contacts:Nickname", "contacts:CompleteName", "contacts:CompanyName",
    "contacts:EmailAddresses", "contacts:PhysicalAddresses", "contacts:PhoneNumbers", "contacts:AssistantName",
    "contacts:Birthday", "contacts:BusinessHomePage", "contacts:Children", "contacts:Companies",
    "contacts:ContactSource", "contacts:Department", "contacts:Generation", "contacts:ImAddresses",
    "contacts:JobTitle", "contacts:Manager", "contacts:Mileage", "contacts:OfficeLocation",
    "contacts:PostalAddressIndex", "contacts:Profession", "contacts:SpouseName", "contacts:Surname",
    "contacts:WeddingAnniversary", "contacts:HasPicture", "distributionlist:Members",
)  # fmt: skip
"""Fields in the order of the schema; `extended` is the place of extended properties."""

_LIST_ORDER = ("contacts:DisplayName", "contacts:FileAs", "contacts:ContactSource", "distributionlist:Members")

_DEFAULTS = {
    CONTACT: (
        "item:ItemId", "item:Subject", "item:Attachments", "item:HasAttachments", "contacts:FileAs",
        "contacts:CompleteName", "contacts:CompanyName", "contacts:EmailAddresses", "contacts:PhysicalAddresses",
        "contacts:PhoneNumbers", "contacts:ImAddresses", "contacts:JobTitle",
    ),
    LIST: ("item:ItemId", "item:Subject", "item:HasAttachments", "contacts:DisplayName", "contacts:FileAs"),
}  # fmt: skip
_DEFAULT = ("item:ItemId", "item:Subject", "item:Sensitivity", "item:HasAttachments")

_NOT_IN_ALL = frozenset({"item:MimeContent", "item:InstanceKey", "item:TextBody", "extended"})
"""Left out of AllProperties: https://learn.microsoft.com/exchange/client-developer/web-service-reference/baseshape."""

BODIES = frozenset({"item:Body", "item:UniqueBody", "item:NormalizedBody", "item:TextBody", "item:MimeContent"})
NOT_IN_TABLES = BODIES | {"item:Attachments"}
"""What lists do not have: rows of a table, and changes that are told."""

OTHER = ("calendar:", "message:", "task:", "postitem:", "meeting:", "meetingRequest:", "conversation:", "persona:", "bulkunsubscribe:", "rolemember:", "network:")  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """What to show.

    Attributes:
        base: `ID_ONLY`, `DEFAULT`, `ALL`.
        fields: further ones.
        entries: those of a dictionary, by its field: key, and part of an address ("" for all of the entry).
        extended: extended properties.
        body: `Best`, `HTML`, `Text`.
        mime: the content as a file is asked for.
        unique: ``item:UniqueBody`` is asked for.
    """

    base: str = ID_ONLY
    fields: frozenset[str] = frozenset()
    entries: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    extended: tuple[Path, ...] = ()
    body: str = "Best"
    unique: bool = False

    def uris(self, kind: str) -> list[str]:
        """The fields to show of such an item, in the order of the schema."""
        if self.base == ALL:
            base = frozenset(ORDER) - _NOT_IN_ALL
        elif self.base == DEFAULT:
            base = frozenset(_DEFAULTS.get(kind, _DEFAULT))
        else:
            base = frozenset({"item:ItemId"})
        wanted = base | self.fields | self.entries.keys() | ({"extended"} if self.extended else set())
        found = [uri for uri in ORDER if uri in wanted]
        if kind == CONTACT:
            return [uri for uri in found if not uri.startswith("distributionlist:")]
        common = [uri for uri in found if uri.startswith("item:") or uri == "extended"]
        return common + ([uri for uri in _LIST_ORDER if uri in wanted] if kind == LIST else [])


def shape(element: Element, *, table: bool = False) -> Shape:
    """Out of ItemShape.

    Args:
        element: the element.
        table: it is for rows of a table, as FindItem has them.

    Raises:
        EwsError: it asks for what there cannot be.
    """
    fields: set[str] = set()
    entries: dict[str, set[tuple[str, str]]] = {}
    further: list[Path] = []
    more = child(element, "AdditionalProperties")
    for one in more if more is not None else ():
        path = paths.path(one)
        if path.extended is not None:
            further.append(path)
        elif path.index is not None:
            if path.uri in DICTIONARIES:
                field_uri, part = DICTIONARIES[path.uri][0], path.uri.partition("PhysicalAddress:")[2]
                entries.setdefault(field_uri, set()).add((path.index, part))
        elif path.uri.startswith("folder:") or (table and path.uri in NOT_IN_TABLES):
            raise errors.property_request(path.uri)
        else:
            fields.add(path.uri)
    if content(element, "IncludeMimeContent") in ("true", "1"):
        if table:
            raise errors.property_request("item:MimeContent")
        fields.add("item:MimeContent")
    return Shape(
        base=content(element, "BaseShape", ID_ONLY),
        fields=frozenset(fields),
        entries={uri: frozenset(keys) for uri, keys in entries.items()},
        extended=tuple(further),
        body=content(element, "BodyType", "Best"),
        unique="item:UniqueBody" in fields,
    )
