"""Changes of items: those that a request makes, and those that a synchronisation tells."""

TYPES = r"""
ItemChangeType: ((ItemId ItemIdType | OccurrenceItemId OccurrenceItemIdType |
    RecurringMasterItemId RecurringMasterItemIdType), Updates NonEmptyArrayOfItemChangeDescriptionsType)
ChangeDescriptionType: $Path
ItemChangeDescriptionType < ChangeDescriptionType:
AppendToItemFieldType < ItemChangeDescriptionType: $RealItem
SetItemFieldType < ItemChangeDescriptionType: $RealItem
DeleteItemFieldType < ItemChangeDescriptionType:
NonEmptyArrayOfItemChangesType: ItemChange ItemChangeType+
NonEmptyArrayOfItemChangeDescriptionsType: (AppendToItemField AppendToItemFieldType | SetItemField SetItemFieldType
    | DeleteItemField DeleteItemFieldType)+
ConflictResolutionType = enum NeverOverwrite AutoResolve AlwaysOverwrite
ConflictResultsType: Count int
MessageDispositionType = enum SaveOnly SendOnly SendAndSaveCopy
CalendarItemCreateOrDeleteOperationType = enum SendToNone SendOnlyToAll SendToAllAndSaveCopy
CalendarItemUpdateOperationType = enum SendToNone SendOnlyToAll SendOnlyToChanged SendToAllAndSaveCopy
    SendToChangedAndSaveCopy
AffectedTaskOccurrencesType = enum AllOccurrences SpecifiedOccurrenceOnly
MaxSyncChangesReturnedType = int 1..512
SyncFolderItemsScopeType = enum NormalItems NormalAndAssociatedItems
SyncFolderItemsChangesType: (Create SyncFolderItemsCreateOrUpdateType | Update SyncFolderItemsCreateOrUpdateType |
    Delete SyncFolderItemsDeleteType | ReadFlagChange SyncFolderItemsReadFlagType)*
SyncFolderItemsCreateOrUpdateType: $RealItem
SyncFolderItemsDeleteType: ItemId ItemIdType
SyncFolderItemsReadFlagType: ItemId ItemIdType, IsRead boolean
"""
