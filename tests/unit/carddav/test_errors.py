"""One recorded answer per row of the table."""

from dataclasses import replace

import pytest

from polydex.connectors.carddav.errors import LOCK_SECONDS, TABLE, THROTTLE_SECONDS, failure, refused
from polydex.core.errors import (
    CursorExpired,
    ProviderError,
    ProviderForbidden,
    ProviderMalformed,
    ProviderRejected,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
    RecordNotFound,
    Stale,
)
from tests.unit.carddav.answers import answer

XANDIKOS = '<ns0:error xmlns:ns0="DAV:" xmlns:ns1="urn:ietf:params:xml:ns:carddav">{}</ns0:error>'
RADICALE = "<?xml version='1.0' encoding='utf-8'?>\n<error xmlns=\"DAV:\" xmlns:CR=\"urn:ietf:params:xml:ns:carddav\">{}</error>"
CYRUS = '<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">{}</D:error>'
SABRE = (
    '<?xml version="1.0" encoding="utf-8"?>\n<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"'
    ' xmlns:card="urn:ietf:params:xml:ns:carddav"><s:exception>X</s:exception><s:message>Y</s:message>{}</d:error>'
)

RECORDED: list[tuple[int, str, type[ProviderError]]] = [
    (403, RADICALE.format("<valid-sync-token />"), CursorExpired),
    (403, SABRE.format("<d:valid-sync-token/>"), CursorExpired),
    (
        412,
        XANDIKOS.format(
            "<ns0:valid-sync-token /><ns0:responsedescription>Requested sync token x is invalid</ns0:responsedescription>"
        ),
        CursorExpired,
    ),
    (409, RADICALE.format("<CR:no-uid-conflict />"), ProviderRejected),
    (
        412,
        XANDIKOS.format(
            "<ns1:valid-address-data /><ns0:responsedescription>Not a valid vCard file</ns0:responsedescription>"
        ),
        ProviderRejected,
    ),
    (
        403,
        CYRUS.format("<C:valid-address-data/><D:responsedescription>Missing UID</D:responsedescription>"),
        ProviderRejected,
    ),
    (415, SABRE.format("<card:supported-address-data/>"), ProviderRejected),
    (403, CYRUS.format("<C:max-resource-size/>"), ProviderRejected),
    (403, CYRUS.format("<C:supported-filter/>"), ProviderRejected),
    (403, CYRUS.format("<C:supported-collation/>"), ProviderRejected),
    (403, SABRE.format("<d:need-privileges><d:resource/></d:need-privileges>"), ProviderForbidden),
    (507, CYRUS.format("<D:quota-not-exceeded/>"), ProviderRejected),
    (507, CYRUS.format("<D:sufficient-disk-space/>"), ProviderUnavailable),
    (423, SABRE.format("<d:lock-token-submitted><d:href>/x</d:href></d:lock-token-submitted>"), ProviderUnavailable),
    (423, SABRE.format("<d:no-conflicting-lock/>"), ProviderUnavailable),
    (507, CYRUS.format("<D:number-of-matches-within-limits/>"), ProviderRejected),
    (403, CYRUS.format("<D:supported-report/>"), ProviderRejected),
    (401, "<html>Unauthorized</html>", ProviderUnauthorized),
    (403, "Access to the requested resource forbidden.", ProviderForbidden),
    (404, "<!DOCTYPE HTML PUBLIC><html><h1>Not Found</h1></html>", RecordNotFound),
    (410, "", RecordNotFound),
    (405, "Method not allowed", ProviderForbidden),
    (408, "", ProviderTimeout),
    (409, "Conflict", ProviderRejected),
    (412, "Precondition failed.", Stale),
    (413, "", ProviderRejected),
    (400, "Bad Request", ProviderRejected),
    (415, "", ProviderRejected),
    (423, "", ProviderUnavailable),
    (425, "", ProviderUnavailable),
    (429, "", ProviderThrottled),
    (501, "", ProviderRejected),
    (504, "", ProviderTimeout),
    (507, "", ProviderRejected),
    (500, "<html>error</html>", ProviderUnavailable),
    (502, "", ProviderUnavailable),
    (503, "", ProviderUnavailable),
    (418, "", ProviderRejected),
    (200, "<html>Welcome</html>", ProviderMalformed),
    (302, "", ProviderMalformed),
]


@pytest.mark.parametrize(("status", "body", "error"), RECORDED)
def test_a_recorded_answer(status: int, body: str, error: type[ProviderError]) -> None:
    found = failure(answer(status, body), "CardDAV write")
    assert type(found) is error
    assert found.message.startswith("CardDAV write: ")
    assert found.original is not None
    assert found.original["status"] == status


def test_every_row_has_a_recorded_answer() -> None:
    bodies = " ".join(body for _, body, _ in RECORDED)
    statuses = {status for status, body, _ in RECORDED if "rror xmlns" not in body}
    for row in TABLE:
        if row.condition is None:
            assert statuses.intersection(row.statuses), row
        else:
            assert row.condition.rpartition("}")[2] in bodies, row


def test_the_error_names_the_condition_and_not_what_the_server_wrote() -> None:
    found = failure(answer(412, RECORDED[4][1]), "CardDAV write")
    assert found.original == {"status": 412, "conditions": ["valid-address-data"]}
    assert "Not a valid" not in found.message


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry_After": "17"}, 17.0),
        (429, {}, THROTTLE_SECONDS),
        (503, {"Retry_After": "120"}, 120.0),
        (503, {}, None),
        (503, {"Retry_After": "Tue, 24 Nov 2026 10:00:30 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, 30.0),
        (503, {"Retry_After": "Tue, 24 Nov 2026 10:00:30 GMT"}, None),
        (503, {"Retry_After": "99999999999"}, 86_400.0),
        (404, {"Retry_After": "17"}, None),
        (423, {"Retry_After": "17"}, 17.0),
        (423, {}, LOCK_SECONDS),
    ],
)
def test_when_to_come_back(status: int, headers: dict[str, str], seconds: float | None) -> None:
    assert failure(answer(status, **headers), "x").retry_after == seconds


@pytest.mark.parametrize(
    ("status", "done"), [(423, False), (425, False), (500, True), (502, True), (503, True), (504, True)]
)
def test_a_lock_is_a_refusal_and_no_lost_answer(status: int, done: bool) -> None:
    assert failure(answer(status), "x").sent is done


def test_a_lock_met_by_a_repetition_says_nothing_about_the_first_sending() -> None:
    assert failure(replace(answer(423), repeated=True), "x").sent


@pytest.mark.parametrize(
    ("error", "another_way"),
    [
        (failure(answer(500), "x"), True),
        (failure(answer(404), "x"), True),
        (failure(answer(413), "x"), True),
        (failure(answer(503), "x"), False),
        (failure(answer(429), "x"), False),
        (failure(answer(401), "x"), False),
        (ProviderUnavailable("no connection", sent=False), False),
        (ProviderTimeout(), True),
        (CursorExpired(), False),
    ],
)
def test_whether_another_way_of_asking_makes_sense(error: ProviderError, another_way: bool) -> None:
    assert refused(error) is another_way
