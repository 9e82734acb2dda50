"""The user, and ids of its mailbox made into others."""

from __future__ import annotations

from typing import Any

from polydex_sandbox.microsoft import errors, ids, query
from polydex_sandbox.microsoft.call import Answer, Call
from polydex_sandbox.microsoft.errors import GraphError
from polydex_sandbox.microsoft.ids import Id

MOST_IDS = 1000
"""https://learn.microsoft.com/graph/api/user-translateexchangeids."""


def get(call: Call) -> Answer:
    """What Graph shows of a user unless it is asked for more."""
    account = call.owner
    given, _, family = account.name.rpartition(" ")
    known: dict[str, Any] = {
        "businessPhones": [],
        "displayName": account.name,
        "givenName": given or family,
        "jobTitle": None,
        "mail": account.email,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": family if given else None,
        "userPrincipalName": account.email,
        "id": call.owner_name,
    }
    if "expand" in call.options:
        raise errors.bad_query("The sandbox does not know '$expand' for users.")
    select = query.select(call.options, tuple(known), "microsoft.graph.user")
    shown = {name: value for name, value in known.items() if not select or name in select}
    return Answer(body={"@odata.context": f"{call.asked.base}/$metadata#users/$entity", **shown})


_FORMS = (ids.ENTRY, "ewsId", ids.IMMUTABLE_ENTRY, ids.REST, ids.IMMUTABLE)


def translate(call: Call) -> Answer:
    """Each id on its own: one that is none has errorDetails instead."""
    # Names of an action's parameters in any case: Microsoft's own client for Python begins them with a capital.
    given = {name[:1].lower() + name[1:]: value for name, value in call.message().items()}
    if unknown := set(given) - {"inputIds", "sourceIdType", "targetIdType"}:
        raise errors.bad_request(f"The parameter '{min(unknown)}' in the request payload is not a valid parameter.")
    texts, source, target = given.get("inputIds"), given.get("sourceIdType"), given.get("targetIdType")
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise errors.unreadable()
    if source not in _FORMS or target not in _FORMS:
        raise errors.unreadable()
    if len(texts) > MOST_IDS:
        # Wording unconfirmed.
        raise errors.bad_request(f"The number of ids must not exceed {MOST_IDS}.")
    return Answer(
        body={
            "@odata.context": f"{call.asked.base}/$metadata#Collection(microsoft.graph.convertIdResult)",
            "value": [_translated(call, text, str(source), str(target)) for text in texts],
        }
    )


def _translated(call: Call, text: str, source: str, target: str) -> dict[str, Any]:
    try:
        known = ids.read(text.translate(_FROM_EWS) if source == "ewsId" else text)
        if known.form != (ids.REST if source == "ewsId" else source):
            raise errors.malformed_id()
        contact = call.mailbox.contacts.get(str(known.key))
        old = known.form in (ids.REST, ids.ENTRY) and contact is not None and known.home != contact.home
        if contact is None or old or known.mailbox != call.mailbox.guid:
            raise errors.not_found()
    except GraphError as error:
        return {"sourceId": text, "targetId": None, "errorDetails": {"code": error.code, "message": error.message}}
    form = ids.REST if target == "ewsId" else target
    home = contact.home if form in (ids.REST, ids.ENTRY) else 0
    made = ids.write(Id(form, call.mailbox.guid, contact.key, home), personal=call.owner.personal)
    return {"sourceId": text, "targetId": made.translate(_TO_EWS) if target == "ewsId" else made}


_TO_EWS = str.maketrans("-_", "/+")
_FROM_EWS = str.maketrans("/+", "-_")
