"""Contacts: create, read, update, delete, and lists with search."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Iterator
from typing import Any

import msgspec

from polydex.api import errors, parameters as p, reply
from polydex.api.operation import READ, WRITE, Answer, Call, Link, Operation
from polydex.api.reply import Reply
from polydex.api.schemas import contacts as examples
from polydex.core.errors import FieldUnsupported
from polydex.engine.errand import Written

TAG = "Contacts"
PAGE = 50
"""Contacts on a page of the list, when the caller does not say."""

CONTACT = p.path_text(
    "contId", "The contact's id.", schema={"type": "string", "pattern": "^[a-z2-7]{26}$"}, example=examples.ID
)
IF_MATCH = p.header(
    "If-Match",
    "The etag of the version that the change is meant for, quoted or not, or several; `*` is any version. When the "
    "contact has changed since, the answer is 412.",
    example=f'"{examples.ETAG}"',
)
BODY_TYPE = p.choice(
    "bodyType", "How notes are given: as they are, or escaped as HTML.", ("text", "html"), default="text"
)
NATIVE = p.words(
    "nativeProperties",
    "Names of the provider's own properties to give besides (vCard property names).",
    example=["X-SKYPE", "ROLE"],
)
WITH_PHOTO = p.boolean("withPhoto", "Give the photo's bytes, in base64.", default=False)
UPDATE_TOKEN = p.boolean(
    "includeUpdateToken", "Accepted; every answer has what an update needs: the etag.", default=False
)
LIMIT = p.integer("limit", "Contacts per page.", low=1, high=1000, default=PAGE)
PAGE_TOKEN = p.token(
    "pageToken", "The nextPageToken of the page before; the filters must be the same.", example=examples.TOKEN
)
Q = p.text(
    "q", "Words, all of which must occur, by their beginnings: in names, addresses, companies, notes.", example="ada"
)
EMAIL = p.text("emailAddress", "An e-mail address, in any letter case.", example="ada@example.com")
PHONE = p.text("phoneNumber", "A phone number in E.164, or at least its last seven digits.", example="+442079460000")
SINCE = p.moment("modifiedSince", "Only contacts changed at or after this time.")

STRICT = p.preference(
    "handling",
    "strict",
    "`handling=strict` (RFC 7240): write nothing that the provider would not keep as it is sent, but answer 400 "
    "`field.unsupported` naming every such place.",
)

# Additions of Polydex that are announced but not built: to ignore them would do what the caller asked not to be done.
DRY_RUN = p.absent("dryRun", schema={"type": "boolean"}, unless=("false", "0", "no", "off"), documented=False)
IDEMPOTENCY_KEY = p.absent("Idempotency-Key", where="header", documented=False)

_WRITE_ERRORS = (409, 412, 422, 428, 429, 502, 504)
_READ_ERRORS = (429, 502, 504)
_READ_HEADERS = ("Age",)
_BY_ID = ("contact", "updateContact", "deleteContact")


def written(outcome: Written) -> bytes:
    """The answer of a write: the id, the new etag, the record; and what the provider did not keep, if anything."""
    return reply.members(
        ("id", reply.text(outcome.id)),
        ("etag", reply.text(outcome.etag)),
        ("record", outcome.record),
        ("losses", msgspec.json.encode(outcome.losses) if outcome.losses else None),
    )


def _written_headers(call: Call, outcome: Written) -> dict[str, str]:
    return {**reply.etag(outcome.etag), **(errors.STRICT if call[STRICT] else {})}


@contextlib.contextmanager
def _strictly(call: Call) -> Iterator[None]:
    try:
        yield
    except FieldUnsupported as error:
        if not call[STRICT]:
            raise
        raise errors.StrictlyRefused(error.message, detail=error.detail, original=error.original) from error


async def create(call: Call) -> Reply:
    writer = call.services.writer
    with _strictly(call):
        outcome = await writer.create(call.caller.account, call.body, strict=call[STRICT])

    async def delivered() -> None:
        await writer.delivered(outcome.intent)

    headers = {**_written_headers(call, outcome), "Location": f"/v1/contacts/{outcome.id}"}
    return Reply(written(outcome), 201, headers, after=delivered)


async def read(call: Call) -> Reply:
    served = await call.services.reader.get(
        call.caller.account,
        call[CONTACT],
        no_cache=call[p.NO_CACHE],
        with_photo=call[WITH_PHOTO],
        native=call[NATIVE],
    )
    body = _with_html(served.body) if call[BODY_TYPE] == "html" else served.body
    return Reply(body, headers={**reply.etag(served.etag), **reply.age(served.age)})


def _with_html(body: bytes) -> bytes:
    contact: dict[str, Any] = msgspec.json.decode(body)
    if "notes" in contact:
        contact["notes"] = html.escape(contact["notes"]).replace("\n", "<br>\n")
    return msgspec.json.encode(contact)


async def update(call: Call) -> Reply:
    writer = call.services.writer
    with _strictly(call):
        outcome = await writer.update(
            call.caller.account, call[CONTACT], call.body, call[IF_MATCH], strict=call[STRICT]
        )

    async def delivered() -> None:
        await writer.delivered(outcome.intent)

    return Reply(written(outcome), headers=_written_headers(call, outcome), after=delivered)


async def delete(call: Call) -> Reply:
    writer = call.services.writer
    intent = await writer.delete(call.caller.account, call[CONTACT], call[IF_MATCH])

    async def delivered() -> None:
        await writer.delivered(intent)

    return Reply(b"{}", after=delivered)


async def listing(call: Call) -> Reply:
    found = await call.services.reader.page(
        call.caller.account,
        limit=call[LIMIT],
        page_token=call[PAGE_TOKEN],
        q=call[Q],
        email=call[EMAIL],
        phone=call[PHONE],
        modified_since=call[SINCE],
        no_cache=call[p.NO_CACHE],
    )
    return Reply(reply.page(found.bodies, found.next_page), headers=reply.age(found.age))


OPERATIONS = (
    Operation(
        "GET",
        "/v1/contacts",
        "listContacts",
        TAG,
        "List and search contacts",
        listing,
        scope=READ,
        parameters=(LIMIT, PAGE_TOKEN, Q, EMAIL, PHONE, SINCE, p.NO_CACHE),
        answers={
            200: Answer(
                "ContactList",
                "A page.",
                maybe=_READ_HEADERS,
                links=(
                    Link("listContacts", "pageToken", "/nextPageToken"),
                    *(Link(operation, "contId", "/records/0/id") for operation in _BY_ID[:2]),
                ),
            )
        },
        errors=_READ_ERRORS,
        text="All filters that are given must match. The order is that of arrival and does not change.",
    ),
    Operation(
        "POST",
        "/v1/contacts",
        "createContact",
        TAG,
        "Create a contact",
        create,
        scope=WRITE,
        parameters=(STRICT, DRY_RUN, IDEMPOTENCY_KEY),
        body="ContactDraft",
        answers={
            201: Answer(
                "ContactOrId",
                "Created at the provider.",
                ("ETag", "Location"),
                ("Preference-Applied",),
                links=tuple(Link(operation, "contId", "/id") for operation in _BY_ID),
            )
        },
        errors=_WRITE_ERRORS,
        writes=True,
        text="An identical request within two minutes of one whose answer was lost gets that answer: nothing is doubled.",
    ),
    Operation(
        "GET",
        "/v1/contacts/{contId}",
        "contact",
        TAG,
        "Get a contact",
        read,
        scope=READ,
        parameters=(CONTACT, BODY_TYPE, NATIVE, WITH_PHOTO, UPDATE_TOKEN, p.NO_CACHE),
        answers={200: Answer("Contact", "The contact.", ("ETag",), _READ_HEADERS)},
        errors=_READ_ERRORS,
        text="From the mirror, with `Age` in seconds; with `Cache-Control: no-cache` from the provider.",
    ),
    Operation(
        "PATCH",
        "/v1/contacts/{contId}",
        "updateContact",
        TAG,
        "Update a contact",
        update,
        scope=WRITE,
        parameters=(CONTACT, IF_MATCH, STRICT, DRY_RUN, IDEMPOTENCY_KEY),
        body="ContactPatch",
        answers={200: Answer("ContactOrId", "Updated at the provider.", ("ETag",), ("Preference-Applied",))},
        errors=_WRITE_ERRORS,
        writes=True,
        text="Send only what is to change, with the etag of what was read in `If-Match`: then nobody's change is "
        "overwritten. Everything else that the provider stores of the contact stays as it is there.",
    ),
    Operation(
        "DELETE",
        "/v1/contacts/{contId}",
        "deleteContact",
        TAG,
        "Delete a contact",
        delete,
        scope=WRITE,
        parameters=(CONTACT, IF_MATCH, IDEMPOTENCY_KEY),
        answers={200: Answer("Nothing", "Deleted at the provider.")},
        errors=_WRITE_ERRORS,
        writes=True,
        text="Final for this id. With `If-Match` only when nobody has changed the contact since.",
    ),
)
