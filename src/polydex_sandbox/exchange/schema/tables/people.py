"""Mailboxes, and who a name may be."""

TYPES = r"""
BaseEmailAddressType:
EmailAddressType < BaseEmailAddressType: Name?, EmailAddress NonEmptyStringType?, RoutingType NonEmptyStringType?,
    MailboxType MailboxTypeType?, ItemId ItemIdType?, OriginalDisplayName?
MailboxTypeType = enum Unknown OneOff Mailbox PublicDL PrivateDL Contact PublicFolder GroupMailbox
ArrayOfResolutionType: Resolution ResolutionType*, @IndexedPagingOffset int, @NumeratorOffset int,
    @AbsoluteDenominator int, @IncludesLastItemInRange boolean, @TotalItemsInView int
ResolutionType: Mailbox EmailAddressType, Contact ContactItemType?
ResolveNamesSearchScopeType = enum ActiveDirectory ActiveDirectoryContacts Contacts ContactsActiveDirectory
UserPhotoSizeType = enum HR48x48 HR64x64 HR96x96 HR120x120 HR240x240 HR360x360 HR432x432 HR504x504 HR648x648
"""
