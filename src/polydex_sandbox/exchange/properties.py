"""The MAPI properties that a contact's fields are: a field and its property are one datum with two names.

Tags: [MS-OXPROPS] and [MS-OXOCNTC]; which field is which: [MS-OXWSCONT] and [MS-OXWSCORE], and
https://github.com/mguessan/davmail (``Field.java``).
"""

from __future__ import annotations

from polydex_sandbox.properties import ADDRESS, PUBLIC_STRINGS, Property

COMMON = "00062008-0000-0000-c000-000000000046"
AIR_SYNC = "71035549-0739-4dcb-9163-00f0580dbbdf"

SETS = {
    "Meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
    "Appointment": "00062002-0000-0000-c000-000000000046",
    "Common": COMMON,
    "PublicStrings": PUBLIC_STRINGS,
    "Address": ADDRESS,
    "InternetHeaders": "00020386-0000-0000-c000-000000000046",
    "CalendarAssistant": "11000e07-b51b-40d6-af21-caa85edab1d0",
    "UnifiedMessaging": "4442858e-a9e3-4e80-b900-317a210cc15b",
    "Task": "00062003-0000-0000-c000-000000000046",
    "Sharing": "00062040-0000-0000-c000-000000000046",
}
"""GUIDs of the sets that have a word of their own (``DistinguishedPropertySetType``)."""


def tag(number: int, kind: str = "String") -> Property:
    return Property(kind, "", number)


def address(number: int, kind: str = "String") -> Property:
    return Property(kind, ADDRESS, number)


def common(number: int, kind: str = "String") -> Property:
    return Property(kind, COMMON, number)


SUBJECT, DISPLAY_NAME, GIVEN_NAME, MIDDLE_NAME = tag(0x37), tag(0x3001), tag(0x3A06), tag(0x3A44)
SURNAME, TITLE, GENERATION, INITIALS = tag(0x3A11), tag(0x3A45), tag(0x3A05), tag(0x3A0A)
NICKNAME, COMPANY, BODY, HTML = tag(0x3A4F), tag(0x3A16), tag(0x1000), tag(0x1013, "Binary")
CLASS = tag(0x1A)
FILE_AS, FILE_AS_MAPPING = address(0x8005), address(0x8006, "Integer")
CATEGORIES = Property("StringArray", PUBLIC_STRINGS, "Keywords")
HAS_PICTURE = address(0x8015, "Boolean")
YOMI_FIRST, YOMI_LAST, YOMI_COMPANY = address(0x802C), address(0x802D), address(0x802E)

EMAILS = {
    f"EmailAddress{number + 1}": {
        "name": address(0x8080 + 16 * number),
        "type": address(0x8082 + 16 * number),
        "address": address(0x8083 + 16 * number),
        "original": address(0x8084 + 16 * number),
    }
    for number in range(3)
}
"""Of each slot: display name, routing type, address, and the SMTP address behind a legacy one."""

PHONES = {
    "AssistantPhone": tag(0x3A2E),
    "BusinessFax": tag(0x3A24),
    "BusinessPhone": tag(0x3A08),
    "BusinessPhone2": tag(0x3A1B),
    "Callback": tag(0x3A02),
    "CarPhone": tag(0x3A1E),
    "CompanyMainPhone": tag(0x3A57),
    "HomeFax": tag(0x3A25),
    "HomePhone": tag(0x3A09),
    "HomePhone2": tag(0x3A2F),
    "Isdn": tag(0x3A2D),
    "MobilePhone": tag(0x3A1C),
    "OtherFax": tag(0x3A23),
    "OtherTelephone": tag(0x3A1F),
    "Pager": tag(0x3A21),
    "PrimaryPhone": tag(0x3A1A),
    "RadioPhone": tag(0x3A1D),
    "Telex": tag(0x3A2C),
    "TtyTddPhone": tag(0x3A4B),
}
IMS = {
    "ImAddress1": address(0x8062),
    "ImAddress2": Property("String", AIR_SYNC, "AirSync:IMAddress2"),
    "ImAddress3": Property("String", AIR_SYNC, "AirSync:IMAddress3"),
}
ADDRESSES = {
    "Business": {
        "Street": address(0x8045),
        "City": address(0x8046),
        "State": address(0x8047),
        "CountryOrRegion": address(0x8049),
        "PostalCode": address(0x8048),
    },
    "Home": {
        "Street": tag(0x3A5D),
        "City": tag(0x3A59),
        "State": tag(0x3A5C),
        "CountryOrRegion": tag(0x3A5A),
        "PostalCode": tag(0x3A5B),
    },
    "Other": {
        "Street": tag(0x3A63),
        "City": tag(0x3A5F),
        "State": tag(0x3A62),
        "CountryOrRegion": tag(0x3A60),
        "PostalCode": tag(0x3A61),
    },
}

TEXTS = {
    "item:Subject": SUBJECT,
    "item:ItemClass": CLASS,
    "item:InReplyTo": tag(0x1042),
    "contacts:FileAs": FILE_AS,
    "contacts:DisplayName": DISPLAY_NAME,
    "contacts:GivenName": GIVEN_NAME,
    "contacts:Initials": INITIALS,
    "contacts:MiddleName": MIDDLE_NAME,
    "contacts:Nickname": NICKNAME,
    "contacts:CompanyName": COMPANY,
    "contacts:AssistantName": tag(0x3A30),
    "contacts:BusinessHomePage": tag(0x3A51),
    "contacts:Department": tag(0x3A18),
    "contacts:Generation": GENERATION,
    "contacts:JobTitle": tag(0x3A17),
    "contacts:Manager": tag(0x3A4E),
    "contacts:Mileage": common(0x8534),
    "contacts:OfficeLocation": tag(0x3A19),
    "contacts:Profession": tag(0x3A46),
    "contacts:SpouseName": tag(0x3A48),
    "contacts:Surname": SURNAME,
}
TIMES = {
    "item:ReminderDueBy": common(0x8502, "SystemTime"),
    "contacts:Birthday": tag(0x3A42, "SystemTime"),
    "contacts:WeddingAnniversary": tag(0x3A41, "SystemTime"),
}
LISTS = {
    "item:Categories": CATEGORIES,
    "contacts:Children": tag(0x3A58, "StringArray"),
    "contacts:Companies": common(0x8539, "StringArray"),
}
FLAGS = {"item:ReminderIsSet": common(0x8503, "Boolean")}
NUMBERS = {"item:ReminderMinutesBeforeStart": common(0x8501, "Integer")}
CULTURES = {
    "1030": "da-DK", "1031": "de-DE", "1033": "en-US", "1036": "fr-FR", "1040": "it-IT", "1041": "ja-JP",
    "1043": "nl-NL", "1044": "nb-NO", "1045": "pl-PL", "1046": "pt-BR", "1049": "ru-RU", "1053": "sv-SE",
    "2052": "zh-CN", "2055": "de-CH", "2057": "en-GB", "3079": "de-AT", "3082": "es-ES", "3084": "fr-CA",
}  # fmt: skip
"""By LCID ([MS-LCID]), as PidTagMessageLocaleId has them; some of them."""
CHOICES = {
    "item:Culture": (tag(0x3FF1, "Integer"), CULTURES),
    "item:Sensitivity": (tag(0x36, "Integer"), {"0": "Normal", "1": "Personal", "2": "Private", "3": "Confidential"}),
    "item:Importance": (tag(0x17, "Integer"), {"0": "Low", "1": "Normal", "2": "High"}),
    "contacts:PostalAddressIndex": (
        address(0x8022, "Integer"),
        {"0": "None", "1": "Home", "2": "Business", "3": "Other"},
    ),
    "contacts:FileAsMapping": (
        FILE_AS_MAPPING,
        {
            "0": "None",
            "32791": "LastCommaFirst",
            "32792": "FirstSpaceLast",
            "14870": "Company",
            "32793": "LastCommaFirstCompany",
            "32794": "CompanyLastFirst",
            "32795": "LastFirst",
            "32796": "LastFirstCompany",
            "32797": "CompanyLastCommaFirst",
            "32798": "LastFirstSuffix",
            "32799": "LastSpaceFirstCompany",
            "32800": "CompanyLastSpaceFirst",
            "32801": "LastSpaceFirst",
            "12289": "DisplayName",
            "14854": "FirstName",
            "32823": "LastFirstMiddleSuffix",
            "14865": "LastName",
            "65535": "Empty",
        },
    ),
}
"""Word by number; the numbers of a file-as mapping are those of PidLidFileUnderId ([MS-OXOCNTC] 2.2.1.1.12)."""
