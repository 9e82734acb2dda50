"""The fields of ``t:Contact`` in the order of the schema, and which property of a contact item each is.

Source: types.xsd of Exchange 2013 SP1 (ItemType, ContactItemType, DictionaryURIType); the property behind each field:
MS-OXWSCONT and MS-OXPROPS.
"""

from __future__ import annotations

from typing import Final

from polydex.connectors.outlook import mapi

ITEM: Final = (
    "MimeContent", "ItemId", "ParentFolderId", "ItemClass", "Subject", "Sensitivity", "Body", "Attachments",
    "DateTimeReceived", "Size", "Categories", "Importance", "InReplyTo", "IsSubmitted", "IsDraft", "IsFromMe", "IsResend",
    "IsUnmodified", "InternetMessageHeaders", "DateTimeSent", "DateTimeCreated", "ResponseObjects", "ReminderDueBy",
    "ReminderIsSet", "ReminderNextTime", "ReminderMinutesBeforeStart", "DisplayCc", "DisplayTo", "HasAttachments",
    "ExtendedProperty", "Culture", "EffectiveRights", "LastModifiedName", "LastModifiedTime", "IsAssociated",
    "WebClientReadFormQueryString", "WebClientEditFormQueryString", "ConversationId", "UniqueBody", "Flag", "StoreEntryId",
    "InstanceKey", "NormalizedBody", "EntityExtractionResult", "PolicyTag", "ArchiveTag", "RetentionDate", "Preview",
    "RightsManagementLicenseData", "PredictedActionReasons", "IsClutter", "BlockStatus", "HasBlockedImages", "TextBody",
    "IconIndex",
)  # fmt: skip
"""Of every item."""
CONTACT: Final = (
    "FileAs", "FileAsMapping", "DisplayName", "GivenName", "Initials", "MiddleName", "Nickname", "CompleteName",
    "CompanyName", "EmailAddresses", "PhysicalAddresses", "PhoneNumbers", "AssistantName", "Birthday", "BusinessHomePage",
    "Children", "Companies", "ContactSource", "Department", "Generation", "ImAddresses", "JobTitle", "Manager", "Mileage",
    "OfficeLocation", "PostalAddressIndex", "Profession", "SpouseName", "Surname", "WeddingAnniversary", "HasPicture",
    "PhoneticFullName", "PhoneticFirstName", "PhoneticLastName", "Alias", "Notes", "Photo", "UserSMIMECertificate",
    "MSExchangeCertificate", "DirectoryId", "ManagerMailbox", "DirectReports",
)  # fmt: skip
"""Of a contact, behind those of every item."""

TEXTS: Final = {
    "file_as": "FileAs",
    "display_name": "DisplayName",
    "given_name": "GivenName",
    "middle_name": "MiddleName",
    "nick_name": "Nickname",
    "company_name": "CompanyName",
    "assistant_name": "AssistantName",
    "birthday": "Birthday",
    "business_home_page": "BusinessHomePage",
    "department": "Department",
    "generation": "Generation",
    "job_title": "JobTitle",
    "manager": "Manager",
    "office_location": "OfficeLocation",
    "spouse_name": "SpouseName",
    "surname": "Surname",
}
"""Property of an ``Item`` -> the field with its text."""
EXTENDED_TEXTS: Final = {
    "title": "String 0x3A45",
    "yomi_given_name": f"String {{{mapi.ADDRESS_SET}}} Id 0x802C",
    "yomi_surname": f"String {{{mapi.ADDRESS_SET}}} Id 0x802D",
    "yomi_company_name": f"String {{{mapi.ADDRESS_SET}}} Id 0x802E",
}
"""Property of an ``Item`` that is no field of its own -> its id."""
COMPLETE_NAME: Final = {"Title": "title", "YomiFirstName": "yomi_given_name", "YomiLastName": "yomi_surname"}
"""What ``CompleteName``, which cannot be written, says of them."""
BUSINESS_HOME_PAGE: Final = "String 0x3A51"
"""The property behind ``BusinessHomePage``, for what is no ``xs:anyURI``."""

EMAILS: Final = ("EmailAddress1", "EmailAddress2", "EmailAddress3")
ORIGINALS: Final = tuple(f"String {{{mapi.ADDRESS_SET}}} Id {tag}" for tag in ("0x8084", "0x8094", "0x80A4"))
"""PidLidEmail1OriginalDisplayName and so on: of an entry with a legacy DN its SMTP address."""

PHONES: Final = {
    "business_phones": ("BusinessPhone", "BusinessPhone2"),
    "home_phones": ("HomePhone", "HomePhone2"),
    "mobile_phone": ("MobilePhone",),
    mapi.OTHER_PHONE: ("OtherTelephone",),
    mapi.MAIN_PHONE: ("PrimaryPhone",),
    mapi.COMPANY_MAIN_PHONE: ("CompanyMainPhone",),
    mapi.ASSISTANT_PHONE: ("AssistantPhone",),
    mapi.WORK_FAX: ("BusinessFax",),
    mapi.HOME_FAX: ("HomeFax",),
    mapi.OTHER_FAX: ("OtherFax",),
    mapi.CALLBACK_PHONE: ("Callback",),
    mapi.PAGER: ("Pager",),
    mapi.RADIO_PHONE: ("RadioPhone",),
    mapi.TELEX: ("Telex",),
    mapi.TTY_PHONE: ("TtyTddPhone",),
    mapi.CAR_PHONE: ("CarPhone",),
    mapi.ISDN: ("Isdn",),
    **{place: (place.removeprefix("Phone "),) for place in mapi.UNWRITTEN_PHONES},
}
"""Place of a number -> its keys in ``PhoneNumbers``."""

ADDRESSES: Final = {"business_address": "Business", "home_address": "Home", "other_address": "Other"}
"""Property of an ``Item`` -> its key in ``PhysicalAddresses``."""
PARTS: Final = {
    "street": "Street",
    "city": "City",
    "state": "State",
    "country_or_region": "CountryOrRegion",
    "postal_code": "PostalCode",
}
"""Part of a ``PhysicalAddress`` -> its element, in the order of the schema."""

IM_ADDRESSES: Final = ("ImAddress1", "ImAddress2", "ImAddress3")

EXTENDED: Final = (
    mapi.OVERFLOW,
    mapi.MARK,
    *EXTENDED_TEXTS.values(),
    *ORIGINALS,
    mapi.WORK_PO_BOX,
    mapi.HOME_PO_BOX,
    mapi.OTHER_PO_BOX,
    mapi.PERSONAL_HOME_PAGE,
    mapi.FTP_SITE,
)
"""Every extended property that is read."""
