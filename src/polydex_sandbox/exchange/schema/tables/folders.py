"""Folders."""

TYPES = r"""
BaseFolderType: FolderId FolderIdType?, ParentFolderId FolderIdType?, FolderClass?, DisplayName?, TotalCount int?,
    ChildFolderCount int?, ExtendedProperty ExtendedPropertyType*, ManagedFolderInformation any?,
    EffectiveRights EffectiveRightsType?, DistinguishedFolderId DistinguishedFolderIdNameType? ^2013,
    PolicyTag RetentionTagType? ^2013, ArchiveTag RetentionTagType? ^2013, ReplicaList ArrayOfStringsType? ^2016
FolderType < BaseFolderType: PermissionSet any?, UnreadCount int?
CalendarFolderType < BaseFolderType: SharingEffectiveRights CalendarPermissionReadAccessType?, PermissionSet any?
ContactsFolderType < BaseFolderType: SharingEffectiveRights PermissionReadAccessType?, PermissionSet any?,
    SourceId? ^2016, AccountName? ^2016
TasksFolderType < FolderType:
CalendarPermissionReadAccessType = enum None TimeOnly TimeAndSubjectAndLocation FullDetails
PermissionReadAccessType = enum None FullDetails
$RealFolder = Folder FolderType | CalendarFolder CalendarFolderType | ContactsFolder ContactsFolderType |
    SearchFolder any | TasksFolder TasksFolderType
ArrayOfFoldersType: $RealFolder*
NonEmptyArrayOfFoldersType: $RealFolder+
FindFolderParentType: Folders ArrayOfFoldersType?, @IndexedPagingOffset int, @NumeratorOffset int,
    @AbsoluteDenominator int, @IncludesLastItemInRange boolean, @TotalItemsInView int
DisposalType = enum HardDelete SoftDelete MoveToDeletedItems
FolderQueryTraversalType = enum Shallow Deep SoftDeleted
FolderChangeType: ((FolderId FolderIdType | DistinguishedFolderId DistinguishedFolderIdType),
    Updates NonEmptyArrayOfFolderChangeDescriptionsType)
FolderChangeDescriptionType < ChangeDescriptionType:
AppendToFolderFieldType < FolderChangeDescriptionType: $RealFolder
SetFolderFieldType < FolderChangeDescriptionType: $RealFolder
DeleteFolderFieldType < FolderChangeDescriptionType:
NonEmptyArrayOfFolderChangesType: FolderChange FolderChangeType+
NonEmptyArrayOfFolderChangeDescriptionsType: (AppendToFolderField AppendToFolderFieldType |
    SetFolderField SetFolderFieldType | DeleteFolderField DeleteFolderFieldType)+
SyncFolderHierarchyChangesType: (Create SyncFolderHierarchyCreateOrUpdateType |
    Update SyncFolderHierarchyCreateOrUpdateType | Delete SyncFolderHierarchyDeleteType)*
SyncFolderHierarchyCreateOrUpdateType: $RealFolder
SyncFolderHierarchyDeleteType: FolderId FolderIdType
"""
