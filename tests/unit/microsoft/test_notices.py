"""What Microsoft sends to the notification address, as its documentation shows it, and what others may send there."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from polydex.connectors.microsoft.notices import MOST, notified
from polydex.connectors.provider import Handshake, Notice
from polydex.core.errors import BadRequest

CHANGE = {
    "id": "lsgTZMr9KwAAA",
    "subscriptionId": "76222963-cc7b-42d2-882d-8aaa69cb2ba3",
    "subscriptionExpirationDateTime": "2026-01-20T11:00:00.0000000Z",
    "clientState": "secret",
    "changeType": "created",
    "resource": "Users/ddfcd489/Contacts/AAMkAGUwNjQ4ZjIx=",
    "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
    "resourceData": {
        "@odata.type": "#Microsoft.Graph.Contact",
        "@odata.id": "Users/ddfcd489/Contacts/AAMkAGUwNjQ4ZjIx=",
        "@odata.etag": 'W/"CQAAABYAAADkrWGo7bouTKlsgTZMr9KwAAAUWRHf"',
        "id": "AAMkAGUwNjQ4ZjIx=",
    },
}


def lifecycle(event: Any, secret: str = "secret") -> dict[str, Any]:
    return {
        "subscriptionId": "76222963",
        "subscriptionExpirationDateTime": "2026-01-20T11:00:00.0000000Z",
        "tenantId": "84bd8158",
        "clientState": secret,
        "lifecycleEvent": event,
    }


def body(*entries: Any) -> bytes:
    return json.dumps({"value": entries, "validationTokens": ["x"]}).encode()


def test_a_handshake_is_answered_with_its_text() -> None:
    assert notified({"validationToken": "Validation: Testing & <b>+%20"}, b"") == Handshake(
        "Validation: Testing & <b>+%20"
    )


def test_a_change() -> None:
    assert notified({}, body(CHANGE)) == (Notice("secret", "changed"),)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("reauthorizationRequired", "renew"),
        ("subscriptionRemoved", "ended"),
        ("missed", "changed"),
        ("somethingNew", "changed"),
        (None, "changed"),
    ],
)
def test_what_becomes_of_the_channel(event: str | None, kind: str) -> None:
    assert [(notice.secret, notice.kind) for notice in _notices(body(lifecycle(event)))] == [("secret", kind)]


def test_many_in_one_request_each_once() -> None:
    other = {**CHANGE, "clientState": "other"}
    found = _notices(body(CHANGE, other, CHANGE, lifecycle("missed"), lifecycle("subscriptionRemoved", "other")))
    assert found == (Notice("secret", "changed"), Notice("other", "changed"), Notice("other", "ended"))


def test_what_cannot_be_read_does_not_stop_the_others() -> None:
    assert _notices(body(7, None, [], {}, {"clientState": 7}, {"clientState": "x" * 129}, CHANGE)) == (
        Notice("secret", "changed"),
    )
    assert len(_notices(body(*({"clientState": str(number)} for number in range(MOST + 9))))) == MOST


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b'{"value":7}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_notification(content: bytes) -> None:
    with pytest.raises(BadRequest):
        notified({}, content)


def test_a_list_of_nothings_is_not_read() -> None:
    """A megabyte of them is a body that is taken: reading it would hold up everybody else."""
    with pytest.raises(BadRequest, match="more than"):
        notified({}, b'{"value":[' + b"1," * 500_000 + b"1]}")
    full = [{**CHANGE, "clientState": str(number)} for number in range(MOST)]
    assert len(_notices(body(*full))) == MOST


@given(
    content=st.binary()
    | st.recursive(st.none() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)).map(
        lambda v: json.dumps({"value": v}).encode()
    )
)
def test_whatever_is_sent_is_understood_or_refused(content: bytes) -> None:
    try:
        found = notified({}, content)
    except BadRequest:
        return
    assert isinstance(found, tuple)


def _notices(content: bytes) -> tuple[Notice, ...]:
    found = notified({}, content)
    assert isinstance(found, tuple)
    return found
