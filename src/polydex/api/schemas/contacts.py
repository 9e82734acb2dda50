"""Contacts: as they are given and as they are taken, and what stands around them."""

from __future__ import annotations

from polydex.api.schemas.parts import (
    COUNT,
    FLAG,
    PROPERTY_NAME,
    TEXT,
    TIME,
    Json,
    about,
    array,
    enum,
    enum_in,
    nullable,
    read_only,
    ref,
    some,
    texts,
    texts_in,
)
from polydex.core.contact import AddressType, PhoneType, RelationType, UrlType
from polydex.core.decode import MAX_ENTRIES

_NAME = (
    "displayName", "prefix", "givenName", "middleName", "familyName", "suffix", "yomiGivenName", "yomiFamilyName",
)  # fmt: skip
_COMPANY = ("name", "officeLocation", "department", "jobTitle", "yomiCompanyName")
_ADDRESS = ("street", "streetLine2", "poBox", "city", "state", "postalCode", "country")

ID = "k3x5v7q2m4n6p2r4t6w2y4a6c2"
ETAG = "Zm9vYmFyYmF6cXV4MTIzNA"
TOKEN = "ZGVsdGE.c2lnbmF0dXJl"  # noqa: S105 - made up

CONTACT: Json = {
    "id": ID,
    "etag": ETAG,
    "createdTime": "2026-03-09T12:30:00.250Z",
    "lastModifiedTime": "2026-04-01T08:00:00.000Z",
    "name": {"displayName": "Ada Example", "givenName": "Ada", "familyName": "Example"},
    "company": {"name": "Example Ltd", "companyName": "Example Ltd", "jobTitle": "Engineer"},
    "birthday": "1990-12-10",
    "keywords": ["fair"],
    "notes": "Met at the fair.",
    "emailAddresses": [{"address": "ada@example.com", "type": "work"}],
    "phoneNumbers": [{"number": "+44 20 7946 0000", "type": "mobile", "canonicalForm": "+442079460000"}],
    "addresses": [{"street": "1 Example Street", "city": "London", "country": "United Kingdom", "type": "work"}],
    "urls": [{"href": "https://example.com/ada", "value": "https://example.com/ada", "type": "homePage"}],
    "hasPhoto": False,
}
LOSS: Json = {
    "path": "$.emailAddresses[0].name",
    "reason": "a vCard has no place for it",
    "kept": "parameter X-UC-NAME",
}
_DRAFT: Json = {
    "name": {"givenName": "Ada", "familyName": "Example"},
    "company": {"name": "Example Ltd", "jobTitle": "Engineer"},
    "emailAddresses": [{"address": "ada@example.com", "type": "work"}],
    "phoneNumbers": [{"number": "+44 20 7946 0000", "type": "mobile"}],
    "birthday": "1990-12-10",
    "notes": "Met at the fair.",
}


def given() -> dict[str, Json]:
    """What is answered."""
    return {
        "Contact": some(
            {
                "id": read_only(about(TEXT, "Stable for as long as the contact exists.")),
                "etag": read_only(
                    about(TEXT, "The version: changes with every change of the content, and with nothing else.")
                ),
                "createdTime": read_only(TIME),
                "lastModifiedTime": read_only(TIME),
                "name": ref("ContactName"),
                "nickName": TEXT,
                "fileAs": TEXT,
                "company": ref("ContactCompany"),
                "relations": array(ref("ContactRelation")),
                "birthday": about(TEXT, "YYYY-MM-DD, or --MM-DD without a year; free text stays as it is."),
                "keywords": array(TEXT),
                "notes": TEXT,
                "emailAddresses": array(ref("ContactEmailAddress")),
                "phoneNumbers": array(ref("ContactPhoneNumber")),
                "addresses": array(ref("ContactPostalAddress")),
                "urls": array(ref("ContactUrl")),
                "nativeProperties": about(
                    {"type": "object", "additionalProperties": TEXT}, "Those that were asked for and are there."
                ),
                "hasPhoto": read_only(FLAG),
                "photo": ref("ContactPhoto"),
            },
            ("id", "etag", "createdTime", "lastModifiedTime", "hasPhoto"),
            "A contact. What is not set is absent, never null.",
            CONTACT,
        ),
        "ContactName": some(texts(*_NAME), about="The parts of a person's name."),
        "ContactCompany": some(
            {**texts(*_COMPANY), "companyName": about(TEXT, "The same as name, for programs written after the guide.")},
            about="The organisation, and the person's place in it.",
        ),
        "ContactRelation": some({"name": TEXT, "type": enum(RelationType)}, about="A related person, by name."),
        "ContactEmailAddress": some(
            texts("address", "name", "type"), about="An e-mail address; the type is free text."
        ),
        "ContactPhoneNumber": some(
            {
                "number": about(TEXT, "As it was written."),
                "type": enum(PhoneType),
                "canonicalForm": read_only(about(TEXT, "E.164, when the number can be understood.")),
            },
            about="A phone number.",
        ),
        "ContactPostalAddress": some({**texts(*_ADDRESS), "type": enum(AddressType)}, about="A postal address."),
        "ContactUrl": some(
            {
                "href": TEXT,
                "value": about(TEXT, "The same as href, for programs written after the guide."),
                "type": enum(UrlType),
            },
            about="A web address.",
        ),
        "ContactPhoto": some(
            {
                "id": about(TEXT, "Changes with the picture."),
                **texts("name", "mimeType"),
                "content": {**TEXT, "contentEncoding": "base64"},
            },
            about="The photo; given with withPhoto=true.",
        ),
        "Loss": some(
            {
                "path": about(TEXT, "JSON path in the request."),
                "reason": TEXT,
                "kept": about(nullable(TEXT), "Where it is kept instead; null when it is not kept."),
            },
            ("path", "reason"),
            "A value that the provider does not keep as it was sent.",
            LOSS,
        ),
        "ContactOrId": some(
            {
                "id": TEXT,
                "etag": about(TEXT, "For the If-Match of the next change."),
                "record": ref("Contact"),
                "losses": about(array(ref("Loss")), "Absent when everything is kept as it was sent."),
            },
            ("id", "etag", "record"),
            "A contact that was written, as it is now.",
            {"id": ID, "etag": ETAG, "record": CONTACT},
        ),
        "ContactList": some(
            {
                "length": COUNT,
                "records": array(ref("Contact")),
                "nextPageToken": about(TEXT, "Absent on the last page."),
            },
            ("length", "records"),
            "A page of contacts.",
            {"length": 1, "records": [CONTACT], "nextPageToken": TOKEN},
        ),
        "ContactsPage": _feed(
            ref("Contact"),
            "Contacts that were created or changed.",
            {"length": 1, "records": [CONTACT], "nextDeltaToken": TOKEN},
        ),
        "DeletedRecord": some(
            {"id": TEXT, "timestamp": about(TIME, "When the deletion was noticed.")},
            ("id", "timestamp"),
            "A contact that is gone. A deletion is final for its id.",
        ),
        "DeletedPage": _feed(
            ref("DeletedRecord"),
            "Contacts that were deleted.",
            {
                "length": 1,
                "records": [{"id": ID, "timestamp": "2026-04-01T08:00:00.000Z"}],
                "nextDeltaToken": TOKEN,
            },
        ),
        "SyncStatus": some(
            {
                "syncUpdatedToken": about(TEXT, "The first deltaToken of the feed of updates."),
                "syncDeletedToken": about(TEXT, "The first deltaToken of the feed of deletions."),
                "ready": about(FLAG, "Whether the first pull is complete; while it is not, repeat the call."),
            },
            ("ready",),
            "The tokens are absent until ready.",
            {"syncUpdatedToken": TOKEN, "syncDeletedToken": TOKEN, "ready": True},
        ),
    }


def taken() -> dict[str, Json]:
    """What is accepted: null, other spellings and any letter case besides. Unknown members are ignored."""
    return {
        "ContactDraft": _contact_in(
            "A contact to be created. Null, an empty string and an empty list mean absent; something has to be set.",
            _DRAFT,
        ),
        "ContactPatch": _contact_in(
            "Only what is to change: an absent member stays, null and an empty string clear, a list replaces the list; "
            "name and company merge part by part.",
            {"nickName": "Ada", "company": {"department": None}},
        ),
        "ContactNameIn": some(texts_in(*_NAME), about="In a change an absent part stays, a null part clears."),
        "ContactCompanyIn": some(
            {
                **texts_in(*_COMPANY),
                "companyName": about(nullable(TEXT), "Another spelling of name."),
                "yomiName": about(nullable(TEXT), "Another spelling of yomiCompanyName."),
            },
            about="In a change an absent part stays, a null part clears. When two spellings are sent and differ, the "
            "one that equals the stored value is the echo and the other the edit.",
        ),
        "ContactRelationIn": some({**texts_in("name"), "type": enum_in(RelationType)}),
        "ContactEmailAddressIn": some(texts_in("address", "name", "type")),
        "ContactPhoneNumberIn": some(
            {
                "number": nullable(TEXT),
                "value": about(nullable(TEXT), "Another spelling of number."),
                "type": enum_in(PhoneType),
            }
        ),
        "ContactPostalAddressIn": some({**texts_in(*_ADDRESS), "type": enum_in(AddressType)}),
        "ContactUrlIn": some(
            {
                "href": nullable(TEXT),
                "value": about(nullable(TEXT), "Another spelling of href."),
                "type": enum_in(UrlType),
            }
        ),
        "ContactPhotoIn": some(
            {
                "id": about(nullable(TEXT), "Of the stored photo, when it is sent back as it was read."),
                **texts_in("name", "mimeType"),
                "content": {
                    "type": ["string", "null"],
                    "contentEncoding": "base64",
                    "description": "JPEG or PNG of 4 MB at most; other pictures are converted.",
                },
            },
            about="With an id alone it is the stored photo, which stays; with nothing in it the photo is removed.",
        ),
    }


def _contact_in(meaning: str, example: Json) -> Json:
    def bounded(items: Json) -> Json:
        return nullable({**array(nullable(items)), "maxItems": MAX_ENTRIES})  # null entries are left out

    def several(name: str) -> Json:
        return bounded(ref(name))

    words = nullable(TEXT)
    return some(
        {
            "name": nullable(ref("ContactNameIn")),
            "nickName": words,
            "fileAs": words,
            "company": nullable(ref("ContactCompanyIn")),
            "relations": several("ContactRelationIn"),
            "birthday": about(
                words, "YYYY-MM-DD, YYYYMMDD, --MM-DD without a year, or a date-time, of which the date counts."
            ),
            "keywords": bounded(TEXT),
            "notes": words,
            "emailAddresses": several("ContactEmailAddressIn"),
            "phoneNumbers": several("ContactPhoneNumberIn"),
            "addresses": several("ContactPostalAddressIn"),
            "urls": several("ContactUrlIn"),
            "nativeProperties": about(
                nullable(
                    {
                        "type": "object",
                        "propertyNames": {"pattern": PROPERTY_NAME},
                        "additionalProperties": nullable(TEXT),
                    }
                ),
                "Properties of the provider's own to set, by name; null removes one.",
            ),
            "photo": nullable(ref("ContactPhotoIn")),
        },
        about=meaning,
        example=example,
    )


def _feed(item: Json, meaning: str, example: Json) -> Json:
    page = some(
        {
            "length": COUNT,
            "records": array(item),
            "nextPageToken": about(TEXT, "More pages follow: ask with this alone."),
            "nextDeltaToken": about(TEXT, "This is the last page: keep it, the next run begins with it."),
        },
        ("length", "records"),
        f"{meaning} A page has exactly one of the two tokens.",
        example,
    )
    # Not oneOf: generators of clients make of that a type without members.
    page["if"] = {"required": ["nextPageToken"]}
    page["then"] = {"not": {"required": ["nextDeltaToken"]}}
    page["else"] = {"required": ["nextDeltaToken"]}
    return page
