"""What answers hold."""

TYPES = r"""
ArrayOfResponseMessagesType: (CreateItemResponseMessage ItemInfoResponseMessageType |
    DeleteItemResponseMessage DeleteItemResponseMessageType | GetItemResponseMessage ItemInfoResponseMessageType |
    UpdateItemResponseMessage UpdateItemResponseMessageType | DeleteFolderResponseMessage ResponseMessageType |
    CreateFolderResponseMessage FolderInfoResponseMessageType |
    GetFolderResponseMessage FolderInfoResponseMessageType | FindFolderResponseMessage FindFolderResponseMessageType
    | UpdateFolderResponseMessage FolderInfoResponseMessageType |
    MoveFolderResponseMessage FolderInfoResponseMessageType |
    CreateAttachmentResponseMessage AttachmentInfoResponseMessageType |
    DeleteAttachmentResponseMessage DeleteAttachmentResponseMessageType |
    GetAttachmentResponseMessage AttachmentInfoResponseMessageType |
    FindItemResponseMessage FindItemResponseMessageType | MoveItemResponseMessage ItemInfoResponseMessageType |
    CopyItemResponseMessage ItemInfoResponseMessageType |
    ResolveNamesResponseMessage ResolveNamesResponseMessageType |
    GetServerTimeZonesResponseMessage GetServerTimeZonesResponseMessageType |
    GetEventsResponseMessage GetEventsResponseMessageType |
    GetStreamingEventsResponseMessage GetStreamingEventsResponseMessageType |
    SubscribeResponseMessage SubscribeResponseMessageType | UnsubscribeResponseMessage ResponseMessageType |
    SyncFolderHierarchyResponseMessage SyncFolderHierarchyResponseMessageType |
    SyncFolderItemsResponseMessage SyncFolderItemsResponseMessageType |
    ConvertIdResponseMessage ConvertIdResponseMessageType |
    GetUserConfigurationResponseMessage GetUserConfigurationResponseMessageType |
    GetUserPhotoResponseMessage GetUserPhotoResponseMessageType)+
AttachmentInfoResponseMessageType < ResponseMessageType: Attachments t:ArrayOfAttachmentsType
BaseResponseMessageType: ResponseMessages ArrayOfResponseMessagesType
ConvertIdResponseMessageType < ResponseMessageType: AlternateId t:AlternateIdBaseType?
ConvertIdResponseType < BaseResponseMessageType:
CopyItemResponseType < BaseResponseMessageType:
CreateAttachmentResponseType < BaseResponseMessageType:
CreateFolderResponseType < BaseResponseMessageType:
CreateItemResponseType < BaseResponseMessageType:
DeleteAttachmentResponseMessageType < ResponseMessageType: RootItemId t:RootItemIdType?
DeleteAttachmentResponseType < BaseResponseMessageType:
DeleteFolderResponseType < BaseResponseMessageType:
DeleteItemResponseMessageType < ResponseMessageType:
DeleteItemResponseType < BaseResponseMessageType:
FindFolderResponseMessageType < ResponseMessageType: RootFolder t:FindFolderParentType?
FindFolderResponseType < BaseResponseMessageType:
FindItemResponseMessageType < ResponseMessageType: RootFolder t:FindItemParentType?, HighlightTerms any?
FindItemResponseType < BaseResponseMessageType:
FolderInfoResponseMessageType < ResponseMessageType: Folders t:ArrayOfFoldersType?
GetAttachmentResponseType < BaseResponseMessageType:
GetEventsResponseMessageType < ResponseMessageType: Notification t:NotificationType?
GetEventsResponseType < BaseResponseMessageType:
GetFolderResponseType < BaseResponseMessageType:
GetItemResponseType < BaseResponseMessageType:
GetServerTimeZonesResponseMessageType < ResponseMessageType: TimeZoneDefinitions t:ArrayOfTimeZoneDefinitionType
GetServerTimeZonesResponseType < BaseResponseMessageType:
GetStreamingEventsResponseMessageType < ResponseMessageType: Notifications t:NonEmptyArrayOfNotificationsType?,
    ErrorSubscriptionIds t:NonEmptyArrayOfSubscriptionIdsType?, ConnectionStatus t:ConnectionStatusType?
GetStreamingEventsResponseType < BaseResponseMessageType:
GetUserConfigurationResponseMessageType < ResponseMessageType: UserConfiguration t:UserConfigurationType?
GetUserConfigurationResponseType < BaseResponseMessageType:
GetUserPhotoResponseMessageType < ResponseMessageType: HasChanged boolean, PictureData base64Binary?,
    ContentType? ^2016
ItemInfoResponseMessageType < ResponseMessageType: Items t:ArrayOfRealItemsType
MoveFolderResponseType < BaseResponseMessageType:
MoveItemResponseType < BaseResponseMessageType:
ResolveNamesResponseMessageType < ResponseMessageType: ResolutionSet t:ArrayOfResolutionType?
ResolveNamesResponseType < BaseResponseMessageType:
ResponseMessageType: (MessageText?, ResponseCode ResponseCodeType?, DescriptiveLinkKey int?, MessageXml any?)?,
    @ResponseClass ResponseClassType!
ResponseClassType = enum Success Warning Error
SubscribeResponseMessageType < ResponseMessageType: SubscriptionId t:SubscriptionIdType?, Watermark t:WatermarkType?
SubscribeResponseType < BaseResponseMessageType:
SyncFolderHierarchyResponseMessageType < ResponseMessageType: SyncState?, IncludesLastFolderInRange boolean?,
    Changes t:SyncFolderHierarchyChangesType?
SyncFolderHierarchyResponseType < BaseResponseMessageType:
SyncFolderItemsResponseMessageType < ResponseMessageType: SyncState?, IncludesLastItemInRange boolean?,
    Changes t:SyncFolderItemsChangesType?
SyncFolderItemsResponseType < BaseResponseMessageType:
UnsubscribeResponseType < BaseResponseMessageType:
UpdateFolderResponseType < BaseResponseMessageType:
UpdateItemResponseMessageType < ItemInfoResponseMessageType: ConflictResults t:ConflictResultsType?
UpdateItemResponseType < BaseResponseMessageType:
"""
