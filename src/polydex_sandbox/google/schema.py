"""What messages of the People API look like: which members they have and of what type.

A test holds these tables against Google's discovery document (revision 20251117), whole.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """One member of a message.

    Attributes:
        type: ``text``, ``bool``, ``int32``, ``time``, ``mask``, ``bytes``, or the name of an enum or a message.
        form: ``one``, ``list`` or ``map`` (of texts to the type).
        output_only: Google sets it, and ignores what a request has there.
    """

    type: str
    form: str
    output_only: bool


# Members without a type are texts. "!" is output only, "[...]" a list, "{...}" a map.
_MESSAGES = {
    "Address": (
        "city country countryCode extendedAddress !formattedType formattedValue metadata:FieldMetadata poBox "
        "postalCode region streetAddress type"
    ),
    "AgeRangeType": "ageRange:AgeRange metadata:FieldMetadata",
    "BatchCreateContactsRequest": "contacts:[ContactToCreate] readMask:mask sources:[ReadSourceType]",
    "BatchDeleteContactsRequest": "resourceNames:[text]",
    "BatchUpdateContactsRequest": "contacts:{Person} readMask:mask sources:[ReadSourceType] updateMask:mask",
    "Biography": "contentType:ContentType metadata:FieldMetadata value",
    "Birthday": "date:Date metadata:FieldMetadata text",
    "BraggingRights": "metadata:FieldMetadata value",
    "CalendarUrl": "!formattedType metadata:FieldMetadata type url",
    "ClientData": "key metadata:FieldMetadata value",
    "ContactGroup": (
        "clientData:[GroupClientData] etag !formattedName !groupType:GroupType !memberCount:int32 "
        "!memberResourceNames:[text] !metadata:ContactGroupMetadata name resourceName"
    ),
    "ContactGroupMembership": "!contactGroupId contactGroupResourceName",
    "ContactGroupMetadata": "!deleted:bool !updateTime:time",
    "ContactToCreate": "contactPerson:Person",
    "CopyOtherContactToMyContactsGroupRequest": "copyMask:mask readMask:mask sources:[ReadSourceType]",
    "CoverPhoto": "default:bool metadata:FieldMetadata url",
    "CreateContactGroupRequest": "contactGroup:ContactGroup readGroupFields:mask",
    "Date": "day:int32 month:int32 year:int32",
    "DomainMembership": "inViewerDomain:bool",
    "EmailAddress": "displayName !formattedType metadata:FieldMetadata type value",
    "Event": "date:Date !formattedType metadata:FieldMetadata type",
    "ExternalId": "!formattedType metadata:FieldMetadata type value",
    "FieldMetadata": "!primary:bool source:Source sourcePrimary:bool !verified:bool",
    "FileAs": "metadata:FieldMetadata value",
    "Gender": "addressMeAs !formattedValue metadata:FieldMetadata value",
    "GroupClientData": "key value",
    "ImClient": "!formattedProtocol !formattedType metadata:FieldMetadata protocol type username",
    "Interest": "metadata:FieldMetadata value",
    "Locale": "metadata:FieldMetadata value",
    "Location": "buildingId current:bool deskCode floor floorSection metadata:FieldMetadata type value",
    "Membership": (
        "contactGroupMembership:ContactGroupMembership !domainMembership:DomainMembership metadata:FieldMetadata"
    ),
    "MiscKeyword": "!formattedType metadata:FieldMetadata type:KeywordType value",
    "ModifyContactGroupMembersRequest": "resourceNamesToAdd:[text] resourceNamesToRemove:[text]",
    "Name": (
        "!displayName !displayNameLastFirst familyName givenName honorificPrefix honorificSuffix "
        "metadata:FieldMetadata middleName phoneticFamilyName phoneticFullName phoneticGivenName "
        "phoneticHonorificPrefix phoneticHonorificSuffix phoneticMiddleName unstructuredName"
    ),
    "Nickname": "metadata:FieldMetadata type:NicknameType value",
    "Occupation": "metadata:FieldMetadata value",
    "Organization": (
        "costCenter current:bool department domain endDate:Date !formattedType fullTimeEquivalentMillipercent:int32 "
        "jobDescription location metadata:FieldMetadata name phoneticName startDate:Date symbol title type"
    ),
    "Person": (
        "addresses:[Address] !ageRange:AgeRange !ageRanges:[AgeRangeType] biographies:[Biography] "
        "birthdays:[Birthday] braggingRights:[BraggingRights] calendarUrls:[CalendarUrl] clientData:[ClientData] "
        "!coverPhotos:[CoverPhoto] emailAddresses:[EmailAddress] etag events:[Event] externalIds:[ExternalId] "
        "fileAses:[FileAs] genders:[Gender] imClients:[ImClient] interests:[Interest] locales:[Locale] "
        "locations:[Location] memberships:[Membership] !metadata:PersonMetadata miscKeywords:[MiscKeyword] "
        "names:[Name] nicknames:[Nickname] occupations:[Occupation] organizations:[Organization] "
        "phoneNumbers:[PhoneNumber] !photos:[Photo] relations:[Relation] "
        "!relationshipInterests:[RelationshipInterest] !relationshipStatuses:[RelationshipStatus] "
        "residences:[Residence] resourceName sipAddresses:[SipAddress] skills:[Skill] !taglines:[Tagline] urls:[Url] "
        "userDefined:[UserDefined]"
    ),
    "PersonMetadata": (
        "!deleted:bool !linkedPeopleResourceNames:[text] !objectType:ObjectType !previousResourceNames:[text] "
        "sources:[Source]"
    ),
    "PhoneNumber": "!canonicalForm !formattedType metadata:FieldMetadata type value",
    "Photo": "default:bool metadata:FieldMetadata url",
    "ProfileMetadata": "!objectType:ObjectType !userTypes:[UserType]",
    "Relation": "!formattedType metadata:FieldMetadata person type",
    "RelationshipInterest": "!formattedValue metadata:FieldMetadata value",
    "RelationshipStatus": "!formattedValue metadata:FieldMetadata value",
    "Residence": "current:bool metadata:FieldMetadata value",
    "SipAddress": "!formattedType metadata:FieldMetadata type value",
    "Skill": "metadata:FieldMetadata value",
    "Source": "etag id !profileMetadata:ProfileMetadata type:SourceType !updateTime:time",
    "Tagline": "metadata:FieldMetadata value",
    "UpdateContactGroupRequest": "contactGroup:ContactGroup readGroupFields:mask updateGroupFields:mask",
    "UpdateContactPhotoRequest": "personFields:mask photoBytes:bytes sources:[ReadSourceType]",
    "Url": "!formattedType metadata:FieldMetadata type value",
    "UserDefined": "key metadata:FieldMetadata value",
}

_ENUMS = {
    "DirectoryMergeSourceType": "DIRECTORY_MERGE_SOURCE_TYPE_UNSPECIFIED DIRECTORY_MERGE_SOURCE_TYPE_CONTACT",
    "DirectorySourceType": (
        "DIRECTORY_SOURCE_TYPE_UNSPECIFIED DIRECTORY_SOURCE_TYPE_DOMAIN_CONTACT DIRECTORY_SOURCE_TYPE_DOMAIN_PROFILE"
    ),
    "SortOrder": "LAST_MODIFIED_ASCENDING LAST_MODIFIED_DESCENDING FIRST_NAME_ASCENDING LAST_NAME_ASCENDING",
    "AgeRange": "AGE_RANGE_UNSPECIFIED LESS_THAN_EIGHTEEN EIGHTEEN_TO_TWENTY TWENTY_ONE_OR_OLDER",
    "ReadSourceType": (
        "READ_SOURCE_TYPE_UNSPECIFIED READ_SOURCE_TYPE_PROFILE READ_SOURCE_TYPE_CONTACT "
        "READ_SOURCE_TYPE_DOMAIN_CONTACT READ_SOURCE_TYPE_OTHER_CONTACT"
    ),
    "ContentType": "CONTENT_TYPE_UNSPECIFIED TEXT_PLAIN TEXT_HTML",
    "GroupType": "GROUP_TYPE_UNSPECIFIED USER_CONTACT_GROUP SYSTEM_CONTACT_GROUP",
    "KeywordType": (
        "TYPE_UNSPECIFIED OUTLOOK_BILLING_INFORMATION OUTLOOK_DIRECTORY_SERVER OUTLOOK_KEYWORD OUTLOOK_MILEAGE "
        "OUTLOOK_PRIORITY OUTLOOK_SENSITIVITY OUTLOOK_SUBJECT OUTLOOK_USER HOME WORK OTHER"
    ),
    "NicknameType": "DEFAULT MAIDEN_NAME INITIALS GPLUS OTHER_NAME ALTERNATE_NAME SHORT_NAME",
    "ObjectType": "OBJECT_TYPE_UNSPECIFIED PERSON PAGE",
    "UserType": "USER_TYPE_UNKNOWN GOOGLE_USER GPLUS_USER GOOGLE_APPS_USER",
    "SourceType": "SOURCE_TYPE_UNSPECIFIED ACCOUNT PROFILE DOMAIN_PROFILE CONTACT OTHER_CONTACT DOMAIN_CONTACT",
}


def _member(word: str) -> tuple[str, Member]:
    name, _, kind = word.partition(":")
    form = {"[": "list", "{": "map"}.get(kind[:1], "one")
    return name.lstrip("!"), Member(kind.strip("[]{}") or "text", form, name.startswith("!"))


MESSAGES: dict[str, dict[str, Member]] = {
    name: dict(_member(word) for word in words.split()) for name, words in _MESSAGES.items()
}
ENUMS: dict[str, tuple[str, ...]] = {name: tuple(words.split()) for name, words in _ENUMS.items()}

READABLE = (
    "addresses", "ageRanges", "biographies", "birthdays", "calendarUrls", "clientData", "coverPhotos",
    "emailAddresses", "events", "externalIds", "genders", "imClients", "interests", "locales", "locations",
    "memberships", "metadata", "miscKeywords", "names", "nicknames", "occupations", "organizations", "phoneNumbers",
    "photos", "relations", "sipAddresses", "skills", "urls", "userDefined",
)  # fmt: skip
"""Fields that `personFields` and `readMask` may name."""

UPDATABLE = (
    "addresses", "biographies", "birthdays", "calendarUrls", "clientData", "emailAddresses", "events",
    "externalIds", "genders", "imClients", "interests", "locales", "locations", "memberships", "miscKeywords",
    "names", "nicknames", "occupations", "organizations", "phoneNumbers", "relations", "sipAddresses", "urls",
    "userDefined",
)  # fmt: skip
"""Fields that `updatePersonFields` and `updateMask` may name."""

SINGLETONS = ("biographies", "birthdays", "genders", "names")
"""Fields of which a contact has at most one."""

OTHER_READABLE = ("emailAddresses", "metadata", "names", "phoneNumbers", "photos")
"""Fields of "Other contacts" that `otherContacts.list` may be asked for; `search` not for photos."""

COPYABLE = ("emailAddresses", "names", "phoneNumbers")
GROUP_READABLE = ("clientData", "groupType", "memberCount", "metadata", "name")
GROUP_UPDATABLE = ("clientData", "name")
