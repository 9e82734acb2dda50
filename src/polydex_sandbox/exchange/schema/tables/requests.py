"""What requests hold."""

TYPES = r"""
BaseMoveCopyFolderType < BaseRequestType: ToFolderId t:TargetFolderIdType,
    FolderIds t:NonEmptyArrayOfBaseFolderIdsType
BaseMoveCopyItemType < BaseRequestType: ToFolderId t:TargetFolderIdType, ItemIds t:NonEmptyArrayOfBaseItemIdsType,
    ReturnNewItemIds boolean? ^2010_SP1
BaseRequestType:
ConvertIdType < BaseRequestType: SourceIds t:NonEmptyArrayOfAlternateIdsType, @DestinationFormat t:IdFormatType!
CopyItemType < BaseMoveCopyItemType:
CreateAttachmentType < BaseRequestType: ParentItemId t:ItemIdType, Attachments t:NonEmptyArrayOfAttachmentsType
CreateFolderType < BaseRequestType: ParentFolderId t:TargetFolderIdType, Folders t:NonEmptyArrayOfFoldersType
CreateItemType < BaseRequestType: SavedItemFolderId t:TargetFolderIdType?, Items t:NonEmptyArrayOfAllItemsType,
    @MessageDisposition t:MessageDispositionType, @SendMeetingInvitations t:CalendarItemCreateOrDeleteOperationType
DeleteAttachmentType < BaseRequestType: AttachmentIds t:NonEmptyArrayOfRequestAttachmentIdsType
DeleteFolderType < BaseRequestType: FolderIds t:NonEmptyArrayOfBaseFolderIdsType, @DeleteType t:DisposalType!
DeleteItemType < BaseRequestType: ItemIds t:NonEmptyArrayOfBaseItemIdsType, @DeleteType t:DisposalType!,
    @SendMeetingCancellations t:CalendarItemCreateOrDeleteOperationType,
    @AffectedTaskOccurrences t:AffectedTaskOccurrencesType, @SuppressReadReceipts boolean ^2013_SP1
FindFolderType < BaseRequestType: (FolderShape t:FolderResponseShapeType,
    (IndexedPageFolderView t:IndexedPageViewType | FractionalPageFolderView t:FractionalPageViewType)?,
    Restriction t:RestrictionType?, ParentFolderIds t:NonEmptyArrayOfBaseFolderIdsType),
    @Traversal t:FolderQueryTraversalType!
FindItemType < BaseRequestType: (ItemShape t:ItemResponseShapeType, (IndexedPageItemView t:IndexedPageViewType |
    FractionalPageItemView t:FractionalPageViewType | SeekToConditionPageItemView t:SeekToConditionPageViewType |
    CalendarView t:CalendarViewType | ContactsView t:ContactsViewType)?, (GroupBy any | DistinguishedGroupBy any)?,
    Restriction t:RestrictionType?, SortOrder t:NonEmptyArrayOfFieldOrdersType?,
    ParentFolderIds t:NonEmptyArrayOfBaseFolderIdsType, QueryString QueryStringType? ^2010),
    @Traversal t:ItemQueryTraversalType!
GetAttachmentType < BaseRequestType: AttachmentShape t:AttachmentResponseShapeType?,
    AttachmentIds t:NonEmptyArrayOfRequestAttachmentIdsType
GetEventsType < BaseRequestType: SubscriptionId t:SubscriptionIdType, Watermark t:WatermarkType
GetFolderType < BaseRequestType: FolderShape t:FolderResponseShapeType, FolderIds t:NonEmptyArrayOfBaseFolderIdsType
GetItemType < BaseRequestType: ItemShape t:ItemResponseShapeType, ItemIds t:NonEmptyArrayOfBaseItemIdsType
GetServerTimeZonesType < BaseRequestType: Ids t:NonEmptyArrayOfTimeZoneIdType?, @ReturnFullTimeZoneData boolean
GetStreamingEventsType < BaseRequestType: SubscriptionIds t:NonEmptyArrayOfSubscriptionIdsType,
    ConnectionTimeout t:StreamingSubscriptionConnectionTimeoutType
GetUserConfigurationType < BaseRequestType: UserConfigurationName t:UserConfigurationNameType,
    UserConfigurationProperties t:UserConfigurationPropertyType
GetUserPhotoType < BaseRequestType: Email, SizeRequested t:UserPhotoSizeType
MoveFolderType < BaseMoveCopyFolderType:
MoveItemType < BaseMoveCopyItemType:
QueryStringType < string: @ResetCache boolean, @ReturnHighlightTerms boolean, @ReturnDeletedItems boolean
ResolveNamesType < BaseRequestType: ParentFolderIds t:NonEmptyArrayOfBaseFolderIdsType?,
    UnresolvedEntry t:NonEmptyStringType, @ReturnFullContactData boolean!,
    @SearchScope t:ResolveNamesSearchScopeType, @ContactDataShape t:DefaultShapeNamesType
SubscribeType < BaseRequestType: PullSubscriptionRequest t:PullSubscriptionRequestType | PushSubscriptionRequest any
    | StreamingSubscriptionRequest t:StreamingSubscriptionRequestType ^2010_SP1
SyncFolderHierarchyType < BaseRequestType: FolderShape t:FolderResponseShapeType,
    SyncFolderId t:TargetFolderIdType?, SyncState?
SyncFolderItemsType < BaseRequestType: ItemShape t:ItemResponseShapeType, SyncFolderId t:TargetFolderIdType,
    SyncState?, Ignore t:ArrayOfBaseItemIdsType?, MaxChangesReturned t:MaxSyncChangesReturnedType,
    SyncScope t:SyncFolderItemsScopeType?, NumberOfDays int? ^2016, MaximumCount int? ^2016, MinimumCount int? ^2016
UnsubscribeType < BaseRequestType: SubscriptionId t:SubscriptionIdType
UpdateFolderType < BaseRequestType: FolderChanges t:NonEmptyArrayOfFolderChangesType
UpdateItemType < BaseRequestType: SavedItemFolderId t:TargetFolderIdType?,
    ItemChanges t:NonEmptyArrayOfItemChangesType, @ConflictResolution t:ConflictResolutionType!,
    @MessageDisposition t:MessageDispositionType,
    @SendMeetingInvitationsOrCancellations t:CalendarItemUpdateOperationType,
    @SuppressReadReceipts boolean ^2013_SP1
"""
