"""The tables, read. Notation: `polydex_sandbox.exchange.schema.notation`.

What they say is compared with Microsoft's own schemas in the tests. Since when the oldest names exist: the pages of each
element at https://learn.microsoft.com/exchange/client-developer/web-service-reference.
"""

from __future__ import annotations

from polydex_sandbox.exchange.schema import notation
from polydex_sandbox.exchange.schema.tables import (
    attachments,
    changes,
    codes,
    configuration,
    contacts,
    fields,
    fielduris,
    folders,
    headers,
    ids,
    items,
    notifications,
    people,
    requests,
    responses,
    search,
    timezones,
)

_OPERATIONS = """
ConvertId ConvertIdType ^2007_SP1
CopyItem CopyItemType
CreateAttachment CreateAttachmentType
CreateFolder CreateFolderType
CreateItem CreateItemType
DeleteAttachment DeleteAttachmentType
DeleteFolder DeleteFolderType
DeleteItem DeleteItemType
FindFolder FindFolderType
FindItem FindItemType
GetAttachment GetAttachmentType
GetEvents GetEventsType
GetFolder GetFolderType
GetItem GetItemType
GetServerTimeZones GetServerTimeZonesType ^2010
GetStreamingEvents GetStreamingEventsType ^2010_SP1
GetUserConfiguration GetUserConfigurationType ^2010
GetUserPhoto GetUserPhotoType ^2013
MoveFolder MoveFolderType
MoveItem MoveItemType
ResolveNames ResolveNamesType
Subscribe SubscribeType
SyncFolderHierarchy SyncFolderHierarchyType
SyncFolderItems SyncFolderItemsType
Unsubscribe UnsubscribeType
UpdateFolder UpdateFolderType
UpdateItem UpdateItemType
"""
_ANSWERS = """
ConvertIdResponse ConvertIdResponseType ^2007_SP1
CopyItemResponse CopyItemResponseType
CreateAttachmentResponse CreateAttachmentResponseType
CreateFolderResponse CreateFolderResponseType
CreateItemResponse CreateItemResponseType
DeleteAttachmentResponse DeleteAttachmentResponseType
DeleteFolderResponse DeleteFolderResponseType
DeleteItemResponse DeleteItemResponseType
FindFolderResponse FindFolderResponseType
FindItemResponse FindItemResponseType
GetAttachmentResponse GetAttachmentResponseType
GetEventsResponse GetEventsResponseType
GetFolderResponse GetFolderResponseType
GetItemResponse GetItemResponseType
GetServerTimeZonesResponse GetServerTimeZonesResponseType ^2010
GetStreamingEventsResponse GetStreamingEventsResponseType ^2010_SP1
GetUserConfigurationResponse GetUserConfigurationResponseType ^2010
GetUserPhotoResponse GetUserPhotoResponseMessageType ^2013
MoveFolderResponse MoveFolderResponseType
MoveItemResponse MoveItemResponseType
ResolveNamesResponse ResolveNamesResponseType
SubscribeResponse SubscribeResponseType
SyncFolderHierarchyResponse SyncFolderHierarchyResponseType
SyncFolderItemsResponse SyncFolderItemsResponseType
UnsubscribeResponse UnsubscribeResponseType
UpdateFolderResponse UpdateFolderResponseType
UpdateItemResponse UpdateItemResponseType
"""
_HEADERS = """
DateTimePrecision DateTimePrecisionType ^2010_SP2
ExchangeImpersonation ExchangeImpersonationType
MailboxCulture MailboxCultureType
RequestServerVersion RequestServerVersion
ServerVersionInfo ServerVersionInfo
TimeZoneContext TimeZoneContextType ^2010
"""

TABLES = notation.Tables()
for _table in (
    attachments, changes, configuration, contacts, fields, fielduris, folders, headers, ids, items, notifications, people,
    search, timezones,
):  # fmt: skip
    TABLES.read(_table.TYPES, notation.TYPES)
for _table in (codes, requests, responses):
    TABLES.read(_table.TYPES, notation.MESSAGES)
TABLES.roots(_OPERATIONS, notation.MESSAGES)
TABLES.roots(_ANSWERS, notation.MESSAGES)
TABLES.roots(_HEADERS, notation.TYPES)
