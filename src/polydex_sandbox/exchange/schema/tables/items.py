"""What all items have, and messages."""

TYPES = r"""
ItemType: MimeContent MimeContentType?, ItemId ItemIdType?, ParentFolderId FolderIdType?, ItemClass ItemClassType?,
    Subject?, Sensitivity SensitivityChoicesType?, Body BodyType?, Attachments NonEmptyArrayOfAttachmentsType?,
    DateTimeReceived dateTime?, Size int?, Categories ArrayOfStringsType?, Importance ImportanceChoicesType?,
    InReplyTo?, IsSubmitted boolean?, IsDraft boolean?, IsFromMe boolean?, IsResend boolean?, IsUnmodified boolean?,
    InternetMessageHeaders NonEmptyArrayOfInternetHeadersType?, DateTimeSent dateTime?, DateTimeCreated dateTime?,
    ResponseObjects any?, ReminderDueBy dateTime?, ReminderIsSet boolean?, ReminderNextTime dateTime?,
    ReminderMinutesBeforeStart ReminderMinutesBeforeStartType?, DisplayCc?, DisplayTo?, HasAttachments boolean?,
    ExtendedProperty ExtendedPropertyType*, Culture language?, EffectiveRights EffectiveRightsType?,
    LastModifiedName?, LastModifiedTime dateTime?, IsAssociated boolean? ^2010, WebClientReadFormQueryString? ^2010,
    WebClientEditFormQueryString? ^2010, ConversationId ItemIdType? ^2010, UniqueBody BodyType? ^2010,
    Flag FlagType? ^2013, StoreEntryId base64Binary? ^2013, InstanceKey base64Binary? ^2013,
    NormalizedBody BodyType? ^2013, EntityExtractionResult any? ^2013, PolicyTag RetentionTagType? ^2013,
    ArchiveTag RetentionTagType? ^2013, RetentionDate dateTime? ^2013, Preview? ^2013,
    RightsManagementLicenseData any? ^2013, PredictedActionReasons any? ^2013, IsClutter boolean? ^2013,
    NextPredictedAction PredictedMessageActionType? ^2016, GroupingAction PredictedMessageActionType? ^2016,
    BlockStatus boolean? ^2013, HasBlockedImages boolean? ^2013, TextBody BodyType? ^2013, IconIndex any? ^2013,
    MimeContentUTF8 MimeContentUTF8Type? ^2016, SearchKey base64Binary? ^2016, SortKey long? ^2016,
    Hashtags ArrayOfStringsType? ^2016, Mentions ArrayOfRecipientsType? ^2016, MentionedMe boolean? ^2016,
    PendingSocialActivityTagIds ArrayOfStringsType? ^2016
ItemClassType = string
MimeContentType < string: @CharacterSet
MimeContentUTF8Type < string: @CharacterSet
SensitivityChoicesType = enum Normal Personal Private Confidential
ImportanceChoicesType = enum Low Normal High
BodyType < string: @BodyType BodyTypeType!, @IsTruncated boolean
BodyTypeType = enum HTML Text
NonEmptyArrayOfInternetHeadersType: InternetMessageHeader InternetHeaderType+
InternetHeaderType < string: @HeaderName!
ReminderMinutesBeforeStartType = ReminderMinutesType | ReminderNeverType ~2013_SP1 | ReminderAnyType ^2016
ReminderMinutesType = int 0..2629800
ReminderNeverType = int 1525252321..1525252321
ReminderAnyType = int 0..1525252321
EffectiveRightsType: CreateAssociated boolean, CreateContents boolean, CreateHierarchy boolean, Delete boolean,
    Modify boolean, Read boolean, ViewPrivateItems boolean?
FlagType: FlagStatus FlagStatusType, StartDate dateTime?, DueDate dateTime?, CompleteDate dateTime?
FlagStatusType = enum NotFlagged Flagged Complete
RetentionTagType < GuidType: @IsExplicit boolean!
MessageType < ItemType: Sender SingleRecipientType?, ToRecipients ArrayOfRecipientsType?,
    CcRecipients ArrayOfRecipientsType?, BccRecipients ArrayOfRecipientsType?, IsReadReceiptRequested boolean?,
    IsDeliveryReceiptRequested boolean?, ConversationIndex base64Binary?, ConversationTopic?,
    From SingleRecipientType?, InternetMessageId?, IsRead boolean?, IsResponseRequested boolean?, References?,
    ReplyTo ArrayOfRecipientsType?, ReceivedBy SingleRecipientType? ^2007_SP1,
    ReceivedRepresenting SingleRecipientType? ^2007_SP1, ApprovalRequestData any? ^2013,
    VotingInformation any? ^2013, ReminderMessageData any? ^2013_SP1
$RealItem = Item ItemType | Message MessageType | CalendarItem any | Contact ContactItemType |
    DistributionList DistributionListType | MeetingMessage any | MeetingRequest any | MeetingResponse any |
    MeetingCancellation any | Task any | PostItem any | RoleMember any ^2016 | Network any ^2016 | Person any ^2016
ArrayOfRealItemsType: $RealItem*
NonEmptyArrayOfAllItemsType: ($RealItem | ReplyToItem any | ForwardItem any | ReplyAllToItem any | AcceptItem any |
    TentativelyAcceptItem any | DeclineItem any | CancelCalendarItem any | RemoveItem any | SuppressReadReceipt any
    | PostReplyItem any | AcceptSharingInvitation any)+
PredictedMessageActionType = enum None Respond FollowUp MoveToFolder Delete Read Ignore
ArrayOfRecipientsType: (Mailbox EmailAddressType)*
SingleRecipientType: Mailbox EmailAddressType
"""
