"""Contacts and distribution lists."""

TYPES = r"""
ContactItemType < ItemType: FileAs?, FileAsMapping FileAsMappingType?, DisplayName?, GivenName?, Initials?,
    MiddleName?, Nickname?, CompleteName CompleteNameType?, CompanyName?,
    EmailAddresses EmailAddressDictionaryType?, PhysicalAddresses PhysicalAddressDictionaryType?,
    PhoneNumbers PhoneNumberDictionaryType?, AssistantName?, Birthday dateTime?, BusinessHomePage anyURI?,
    Children ArrayOfStringsType?, Companies ArrayOfStringsType?, ContactSource ContactSourceType?, Department?,
    Generation?, ImAddresses ImAddressDictionaryType?, JobTitle?, Manager?, Mileage?, OfficeLocation?,
    PostalAddressIndex PhysicalAddressIndexType?, Profession?, SpouseName?, Surname?, WeddingAnniversary dateTime?,
    BirthdayLocal dateTime? ^2016, WeddingAnniversaryLocal dateTime? ^2016, HasPicture boolean? ^2010,
    PhoneticFullName? ^2010_SP2, PhoneticFirstName? ^2010_SP2, PhoneticLastName? ^2010_SP2, Alias? ^2010_SP2,
    Notes? ^2010_SP2, Photo base64Binary? ^2010_SP2, UserSMIMECertificate ArrayOfBinaryType? ^2010_SP2,
    MSExchangeCertificate ArrayOfBinaryType? ^2010_SP2, DirectoryId? ^2010_SP2,
    ManagerMailbox SingleRecipientType? ^2010_SP2, DirectReports ArrayOfRecipientsType? ^2010_SP2,
    AccountName? ^2016, IsAutoUpdateDisabled boolean? ^2016, IsMessengerEnabled boolean? ^2016, Comment? ^2016,
    ContactShortId int? ^2016, ContactType? ^2016, Gender? ^2016, IsHidden boolean? ^2016, ObjectId? ^2016,
    PassportId long? ^2016, IsPrivate boolean? ^2016, SourceId? ^2016, TrustLevel int? ^2016, CreatedBy? ^2016,
    Urls ContactUrlDictionaryType? ^2016, AbchEmailAddresses any? ^2016, Cid long? ^2016,
    SkypeAuthCertificate? ^2016, SkypeContext? ^2016, SkypeId? ^2016, SkypeRelationship? ^2016, YomiNickname? ^2016,
    XboxLiveTag? ^2016, InviteFree boolean? ^2016, HidePresenceAndProfile boolean? ^2016,
    IsPendingOutbound boolean? ^2016, SupportGroupFeeds boolean? ^2016, UserTileHash? ^2016,
    UnifiedInbox boolean? ^2016, Mris ArrayOfStringsType? ^2016, Wlid? ^2016, AbchContactId GuidType? ^2016,
    NotInBirthdayCalendar boolean? ^2016, ShellContactType? ^2016, ImMri int? ^2016, PresenceTrustLevel? ^2016,
    OtherMri? ^2016, ProfileLastChanged? ^2016, MobileImEnabled boolean? ^2016, DisplayNamePrefix? ^2016,
    YomiGivenName? ^2016, YomiSurname? ^2016, PersonalNotes? ^2016, PersonId ItemIdType? ^2016
FileAsMappingType = enum None LastCommaFirst FirstSpaceLast Company LastCommaFirstCompany CompanyLastFirst LastFirst
    LastFirstCompany CompanyLastCommaFirst LastFirstSuffix LastSpaceFirstCompany CompanyLastSpaceFirst
    LastSpaceFirst DisplayName FirstName LastFirstMiddleSuffix LastName Empty
CompleteNameType: Title?, FirstName?, MiddleName?, LastName?, Suffix?, Initials?, FullName?, Nickname?,
    YomiFirstName?, YomiLastName?
EmailAddressDictionaryType: Entry EmailAddressDictionaryEntryType+
EmailAddressDictionaryEntryType < string: @Key EmailAddressKeyType!, @Name, @RoutingType,
    @MailboxType MailboxTypeType
EmailAddressKeyType = enum EmailAddress1 EmailAddress2 EmailAddress3
PhysicalAddressDictionaryType: Entry PhysicalAddressDictionaryEntryType+
PhysicalAddressDictionaryEntryType: Street?, City?, State?, CountryOrRegion?, PostalCode?,
    @Key PhysicalAddressKeyType!
PhysicalAddressKeyType = enum Business Home Other
PhysicalAddressIndexType = enum None Business Home Other
PhoneNumberDictionaryType: Entry PhoneNumberDictionaryEntryType+
PhoneNumberDictionaryEntryType < string: @Key PhoneNumberKeyType!
PhoneNumberKeyType = enum AssistantPhone BusinessFax BusinessPhone BusinessPhone2 Callback CarPhone CompanyMainPhone
    HomeFax HomePhone HomePhone2 Isdn MobilePhone OtherFax OtherTelephone Pager PrimaryPhone RadioPhone Telex
    TtyTddPhone ^2016 BusinessMobile IPPhone Mms Msn
ImAddressDictionaryType: Entry ImAddressDictionaryEntryType+
ImAddressDictionaryEntryType < string: @Key ImAddressKeyType!
ImAddressKeyType = enum ImAddress1 ImAddress2 ImAddress3
ContactSourceType = enum ActiveDirectory Store
ContactUrlDictionaryType: Url ContactUrlDictionaryEntryType+
ContactUrlDictionaryEntryType: Type ContactUrlKeyType, Address?, Name?
ContactUrlKeyType = enum Personal Business Attachment EbcDisplayDefinition EbcFinalImage EbcLogo Feed Image
    InternalMarker Other
DistributionListType < ItemType: DisplayName?, FileAs?, ContactSource ContactSourceType?,
    Members MembersListType? ^2010
MembersListType: Member MemberType*
MemberType: Mailbox EmailAddressType?, Status MemberStatusType?, @Key
MemberStatusType = enum Unrecognized Normal Demoted
"""
