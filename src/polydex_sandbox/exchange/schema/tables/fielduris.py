"""The names of fields that a FieldURI can have."""

TYPES = r"""
UnindexedFieldURIType = enum folder: FolderId ParentFolderId DisplayName UnreadCount TotalCount ChildFolderCount
    FolderClass SearchParameters ManagedFolderInformation PermissionSet EffectiveRights SharingEffectiveRights item:
    ItemId ParentFolderId ItemClass MimeContent Attachments Subject DateTimeReceived Size Categories HasAttachments
    Importance InReplyTo InternetMessageHeaders IsDraft IsFromMe IsResend IsSubmitted IsUnmodified DateTimeSent
    DateTimeCreated Body ResponseObjects Sensitivity ReminderDueBy ReminderIsSet ReminderNextTime
    ReminderMinutesBeforeStart DisplayTo DisplayCc Culture EffectiveRights LastModifiedName LastModifiedTime
    MimeContentUTF8 message: ConversationIndex ConversationTopic InternetMessageId IsRead IsResponseRequested
    IsReadReceiptRequested IsDeliveryReceiptRequested ReceivedBy ReceivedRepresenting References ReplyTo From Sender
    ToRecipients CcRecipients BccRecipients ApprovalRequestData VotingInformation ReminderMessageData meeting:
    AssociatedCalendarItemId IsDelegated IsOutOfDate HasBeenProcessed ResponseType ProposedStart ProposedEnd
    meetingRequest: MeetingRequestType IntendedFreeBusyStatus ChangeHighlights calendar: Start End OriginalStart
    StartWallClock EndWallClock StartTimeZoneId EndTimeZoneId IsAllDayEvent LegacyFreeBusyStatus Location
    EnhancedLocation When IsMeeting IsCancelled IsRecurring MeetingRequestWasSent IsResponseRequested
    CalendarItemType MyResponseType Organizer RequiredAttendees OptionalAttendees Resources ConflictingMeetingCount
    AdjacentMeetingCount ConflictingMeetings AdjacentMeetings Duration TimeZone AppointmentReplyTime
    AppointmentSequenceNumber AppointmentState Recurrence FirstOccurrence LastOccurrence ModifiedOccurrences
    DeletedOccurrences MeetingTimeZone ConferenceType AllowNewTimeProposal IsOnlineMeeting MeetingWorkspaceUrl
    NetShowUrl UID RecurrenceId DateTimeStamp StartTimeZone EndTimeZone JoinOnlineMeetingUrl OnlineMeetingSettings
    IsOrganizer task: ActualWork AssignedTime BillingInformation ChangeCount Companies CompleteDate Contacts
    DelegationState Delegator DueDate IsAssignmentEditable IsComplete IsRecurring IsTeamTask Mileage Owner
    PercentComplete Recurrence StartDate Status StatusDescription TotalWork contacts: AssistantName Birthday
    BusinessHomePage Children Companies CompanyName CompleteName ContactSource Culture Department DisplayName
    EmailAddresses FileAs FileAsMapping Generation GivenName ImAddresses Initials JobTitle Manager MiddleName
    Mileage Nickname OfficeLocation PhoneNumbers PhysicalAddresses PostalAddressIndex Profession SpouseName Surname
    WeddingAnniversary distributionlist: postitem: PostedTime conversation: ConversationId ConversationTopic
    UniqueRecipients GlobalUniqueRecipients UniqueUnreadSenders GlobalUniqueUnreadSenders UniqueSenders
    GlobalUniqueSenders LastDeliveryTime GlobalLastDeliveryTime Categories GlobalCategories FlagStatus
    GlobalFlagStatus HasAttachments GlobalHasAttachments HasIrm GlobalHasIrm MessageCount GlobalMessageCount
    UnreadCount GlobalUnreadCount Size GlobalSize ItemClasses GlobalItemClasses Importance GlobalImportance ItemIds
    GlobalItemIds LastModifiedTime InstanceKey Preview IconIndex GlobalIconIndex DraftItemIds HasClutter ^2010 item:
    IsAssociated WebClientReadFormQueryString WebClientEditFormQueryString ConversationId UniqueBody contacts:
    HasPicture distributionlist: Members ^2010_SP2 contacts: PhoneticFullName PhoneticFirstName PhoneticLastName
    Alias Notes Photo UserSMIMECertificate MSExchangeCertificate DirectoryId ManagerMailbox DirectReports ^2013
    item: Flag StoreEntryId InstanceKey NormalizedBody EntityExtractionResult PolicyTag ArchiveTag RetentionDate
    Preview IsClutter RightsManagementLicenseData BlockStatus HasBlockedImages TextBody IconIndex folder: PolicyTag
    ArchiveTag DistinguishedFolderId persona: PersonaId PersonaType GivenName CompanyName Surname DisplayName
    EmailAddress FileAs HomeCity CreationTime RelevanceScore WorkCity PersonaObjectStatus FileAsId DisplayNamePrefix
    YomiCompanyName YomiFirstName YomiLastName Title EmailAddresses PhoneNumber ImAddress ImAddresses ImAddresses2
    ImAddresses3 FolderIds Attributions DisplayNames Initials FileAses FileAsIds DisplayNamePrefixes GivenNames
    MiddleNames Surnames Generations Nicknames YomiCompanyNames YomiFirstNames YomiLastNames BusinessPhoneNumbers
    BusinessPhoneNumbers2 HomePhones HomePhones2 MobilePhones MobilePhones2 AssistantPhoneNumbers CallbackPhones
    CarPhones HomeFaxes OrganizationMainPhones OtherFaxes OtherTelephones OtherPhones2 Pagers RadioPhones
    TelexNumbers WorkFaxes Emails1 Emails2 Emails3 BusinessHomePages School PersonalHomePages OfficeLocations
    BusinessAddresses HomeAddresses OtherAddresses Titles Departments CompanyNames Managers AssistantNames
    Professions SpouseNames Hobbies WeddingAnniversaries Birthdays Children Locations ExtendedProperties
    PostalAddress Bodies ^2016 folder: ReplicaList item: NextPredictedAction GroupingAction PredictedActionReason
    Hashtags Mentions MentionedMe PendingSocialActivityTagIds calendar: InboxReminders contacts: AbchEmailAddresses
    AccountName IsAutoUpdateDisabled IsMessengerEnabled Comment ContactShortId ContactType CreatedBy Gender IsHidden
    ObjectId PassportId IsPrivate SourceId TrustLevel Urls Cid SkypeAuthCertificate SkypeContext SkypeId XboxLiveTag
    SkypeRelationship YomiNickname InviteFree HidePresenceAndProfile IsPendingOutbound SupportGroupFeeds
    UserTileHash UnifiedInbox Mris Wlid AbchContactId NotInBirthdayCalendar ShellContactType ImMri
    PresenceTrustLevel OtherMri ProfileLastChanged MobileIMEnabled PartnerNetworkProfilePhotoUrl
    PartnerNetworkThumbnailPhotoUrl contacts:ConversationGuid conversation: NextPredictedAction GroupingAction
    MentionedMe GlobalMentionedMe person: FullName GivenName Surname PhoneNumber SMSNumber EmailAddress Alias
    Department LinkedInProfileLink Skills ProfessionalBiography ManagementChain DirectReports Peers TeamSize
    CurrentJob Birthday Hometown CurrentLocation CompanyProfile Office Headline MutualConnections Title
    MutualManager Insights UserProfilePicture persona: RankingWeight rolemember: MemberType MemberId DisplayName
    network: TokenRefreshLastCompleted TokenRefreshLastAttempted SyncEnabled RejectedOffers SessionHandle
    RefreshTokenExpiry2 RefreshToken2 PsaLastChanged Offers LastWelcomeContact LastVersionSaved DomainTag
    FirstAuthErrorDates ErrorOffers ContactSyncSuccess ContactSyncError ClientToken2 ClientToken ClientPublishSecret
    UserEmail AutoLinkSuccess AutoLinkError IsDefault Settings ProfileUrl UserTileUrl DomainId SourceEntryID
    DisplayName AccountName abchperson: FavoriteOrder PersonId AntiLinkInfo RelevanceOrder1 RelevanceOrder2
    ContactHandles Categories booking: ServiceId StaffIds CustomerName CustomerEmail CustomerPhone CustomerId
    insight: InsightId Type StartTimeUtc EndTimeUtc Status Version ~2013_SP1 item: PredictedActionReasons
"""
