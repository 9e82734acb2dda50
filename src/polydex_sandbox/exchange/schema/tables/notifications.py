"""Subscriptions and what they tell."""

TYPES = r"""
SubscriptionIdType = NonEmptyStringType
WatermarkType = NonEmptyStringType
BaseSubscriptionRequestType: FolderIds NonEmptyArrayOfBaseFolderIdsType?,
    EventTypes NonEmptyArrayOfNotificationEventTypesType, Watermark WatermarkType?, @SubscribeToAllFolders boolean
PullSubscriptionRequestType < BaseSubscriptionRequestType: Timeout SubscriptionTimeoutType
StreamingSubscriptionRequestType: FolderIds NonEmptyArrayOfBaseFolderIdsType?,
    EventTypes NonEmptyArrayOfNotificationEventTypesType, @SubscribeToAllFolders boolean
SubscriptionTimeoutType = int 1..1440
StreamingSubscriptionConnectionTimeoutType = int 1..30
NonEmptyArrayOfNotificationEventTypesType: (EventType NotificationEventTypeType)+
NotificationEventTypeType = enum CopiedEvent CreatedEvent DeletedEvent ModifiedEvent MovedEvent NewMailEvent
    FreeBusyChangedEvent
NonEmptyArrayOfSubscriptionIdsType: SubscriptionId SubscriptionIdType+
NotificationType: (SubscriptionId SubscriptionIdType, PreviousWatermark WatermarkType?, MoreEvents boolean?,
    (CopiedEvent MovedCopiedEventType | CreatedEvent BaseObjectChangedEventType |
    DeletedEvent BaseObjectChangedEventType | ModifiedEvent ModifiedEventType | MovedEvent MovedCopiedEventType |
    NewMailEvent BaseObjectChangedEventType | StatusEvent BaseNotificationEventType |
    FreeBusyChangedEvent BaseObjectChangedEventType)+)
NonEmptyArrayOfNotificationsType: Notification NotificationType*
BaseNotificationEventType: Watermark WatermarkType?
BaseObjectChangedEventType < BaseNotificationEventType: (TimeStamp dateTime, (FolderId FolderIdType |
    ItemId ItemIdType), ParentFolderId FolderIdType)
ModifiedEventType < BaseObjectChangedEventType: UnreadCount int?
MovedCopiedEventType < BaseObjectChangedEventType: ((OldFolderId FolderIdType | OldItemId ItemIdType),
    OldParentFolderId FolderIdType)
ConnectionStatusType = enum OK Closed
"""
