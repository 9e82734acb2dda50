"""Ids of items, folders and attachments."""

TYPES = r"""
BaseItemIdType:
ItemIdType < BaseItemIdType: @Id!, @ChangeKey
OccurrenceItemIdType < BaseItemIdType: @RecurringMasterId DerivedItemIdType!, @ChangeKey, @InstanceIndex int!
RecurringMasterItemIdType < BaseItemIdType: @OccurrenceId DerivedItemIdType!, @ChangeKey
RecurringMasterItemIdRangesType < ItemIdType: Ranges ArrayOfOccurrenceRangesType?
OccurrencesRangeType: @Start dateTime, @End dateTime, @Count int, @CompareOriginalStartTime boolean
ArrayOfOccurrenceRangesType: Range OccurrencesRangeType+
DerivedItemIdType = string
ArrayOfBaseItemIdsType: (ItemId ItemIdType)*
NonEmptyArrayOfBaseItemIdsType: (ItemId ItemIdType | OccurrenceItemId OccurrenceItemIdType |
    RecurringMasterItemId RecurringMasterItemIdType | RecurringMasterItemIdRanges RecurringMasterItemIdRangesType)+
RootItemIdType < BaseItemIdType: @RootItemId!, @RootItemChangeKey!
RequestAttachmentIdType < BaseItemIdType: @Id!
AttachmentIdType < RequestAttachmentIdType: @RootItemId, @RootItemChangeKey
NonEmptyArrayOfRequestAttachmentIdsType: (AttachmentId RequestAttachmentIdType)+
BaseFolderIdType:
FolderIdType < BaseFolderIdType: @Id!, @ChangeKey
DistinguishedFolderIdType < BaseFolderIdType: Mailbox EmailAddressType?, @Id DistinguishedFolderIdNameType!,
    @ChangeKey
DistinguishedFolderIdNameType = enum calendar contacts deleteditems drafts inbox journal notes outbox sentitems
    tasks msgfolderroot publicfoldersroot root junkemail searchfolders voicemail recoverableitemsroot
    recoverableitemsdeletions recoverableitemsversions recoverableitemspurges archiveroot archivemsgfolderroot
    archivedeleteditems archiveinbox archiverecoverableitemsroot archiverecoverableitemsdeletions
    archiverecoverableitemsversions archiverecoverableitemspurges syncissues conflicts localfailures serverfailures
    recipientcache quickcontacts conversationhistory adminauditlogs todosearch mycontacts directory imcontactlist
    peopleconnect favorites ^2016 recoverableitemsdiscoveryholds archiverecoverableitemsdiscoveryholds mecontact
    personmetadata
AddressListIdType < BaseFolderIdType: @Id!
TargetFolderIdType: FolderId FolderIdType | DistinguishedFolderId DistinguishedFolderIdType |
    AddressListId AddressListIdType | ConsumerCalendarId any ^2016
NonEmptyArrayOfBaseFolderIdsType: (FolderId FolderIdType | DistinguishedFolderId DistinguishedFolderIdType)+
IdFormatType = enum EwsLegacyId EwsId EntryId HexEntryId StoreId OwaId
abstract AlternateIdBaseType: @Format IdFormatType!
AlternateIdType < AlternateIdBaseType: @Id!, @Mailbox NonEmptyStringType!, @IsArchive boolean
AlternatePublicFolderIdType < AlternateIdBaseType: @FolderId!
AlternatePublicFolderItemIdType < AlternatePublicFolderIdType: @ItemId!
NonEmptyArrayOfAlternateIdsType: (AlternateId AlternateIdType | AlternatePublicFolderId AlternatePublicFolderIdType
    | AlternatePublicFolderItemId AlternatePublicFolderItemIdType)+
GuidType = string /[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}/
NonEmptyStringType = string 1..
ArrayOfStringsType: String*
ArrayOfBinaryType: Base64Binary base64Binary*
"""
