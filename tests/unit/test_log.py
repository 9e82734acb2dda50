"""The log: one JSON object a line, and nothing in it that must not be there."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime

import pytest
import structlog

from polydex import log
from polydex.log import HIDDEN, redact


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    log.setup("info", stream)
    yield stream
    log.setup("warning")
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "Authorization",
        "proxy_authorization",
        "password",
        "passwd",
        "client_secret",
        "access_token",
        "refreshToken",
        "cookie",
        "set-cookie",
        "api_key",
        "apikey",
        "private_key",
        "body",
        "raw",
        "vcard",
        "email",
        "phone_number",
        "headers",
        "query",
    ],
)
@pytest.mark.parametrize("value", ["hunter2", b"hunter2", ["hunter2"], {"x": "hunter2"}])
def test_members_with_secret_names_are_blanked(name: str, value: object) -> None:
    assert redact(None, "info", {name: value}) == {name: HIDDEN}


@pytest.mark.parametrize(
    "text",
    [
        "sent Basic aHVudGVyMg==hunter2",
        "Authorization: Bearer hunter2hunter2",
        "WWW-Authenticate: NTLM hunter2hunter2==",
        'Digest username="hunter2", response="hunter2"',
        "token pdx_acc_12_hunter2 refused",
        "eyJhbGciOiJub25lIn0.hunter2.hunter2",
        "GET https://ann:hunter2@dav.example.com/",
        "GET /v1/contacts?q=hunter2&limit=3",
        "password=hunter2",
        "client_secret: 'hunter2 x'",
        '{"refresh_token": "hunter2"}',
        "no contact hunter2@example.com",
    ],
)
def test_texts_that_look_like_secrets_are_blanked(text: str) -> None:
    event = redact(None, "info", {"event": text, "deep": {"list": [text]}})
    assert "hunter2" not in json.dumps(event)


def test_what_is_not_secret_stays() -> None:
    event = {
        "event": "pull finished",
        "account": 17,
        "host": "dav.example.com",
        "status": 207,
        "seconds": 0.25,
        "last": True,
        "next": None,
        "tokens": 3,
        "counts": {"created": 1},
        "codes": ("a", "b"),
        "bytes": b"12345",
    }
    assert redact(None, "info", dict(event)) == event | {"codes": ["a", "b"], "bytes": "[5 bytes]"}


def test_an_object_shows_no_more_than_its_text(lines: io.StringIO) -> None:
    class Odd:
        def __str__(self) -> str:
            return "password=hunter2"

    log.logger("test").info("odd", thing=Odd())
    assert "hunter2" not in lines.getvalue()
    assert json.loads(lines.getvalue())["thing"] == f"password={HIDDEN}"


def test_our_events_are_json_lines_with_the_request_id(lines: io.StringIO) -> None:
    log.begin_request("00000000-0000-4000-8000-000000000001")
    log.logger("test").info("pull finished", contacts=3)
    log.logger("test").debug("too small to mention")
    [line] = lines.getvalue().splitlines()
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "pull finished",
        "contacts": 3,
        "level": "info",
        "module": "test",
        "request_id": "00000000-0000-4000-8000-000000000001",
    }


def test_a_new_request_forgets_the_old_one(lines: io.StringIO) -> None:
    log.begin_request("one")
    structlog.contextvars.bind_contextvars(account=1)
    log.begin_request("two")
    log.logger("test").info("here")
    event = json.loads(lines.getvalue())
    assert event["request_id"] == "two"
    assert "account" not in event


def test_an_answered_request_is_a_line_like_every_other(lines: io.StringIO) -> None:
    log.begin_request("one")
    log.access("one", "GET", "/v1/contacts/{contId}", 200, 7, 0.01234)
    log.logger("polydex.api").info(
        "http.request", method="GET", route="/v1/contacts/{contId}", status=200, account=7, milliseconds=12.3
    )
    fast, plain = lines.getvalue().splitlines()
    assert list(json.loads(fast)) == list(json.loads(plain))
    events = [json.loads(line) for line in (fast, plain)]
    for event in events:
        assert datetime.fromisoformat(event.pop("timestamp")).tzinfo is not None
    assert events[0] == events[1]


def test_an_answered_request_is_no_line_above_its_level(lines: io.StringIO) -> None:
    log.setup("warning", lines)
    log.access("one", "GET", "/", 200, None, 0.01)
    assert lines.getvalue() == ""


def test_events_of_libraries_are_json_lines_as_well(lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning("refused %s", "Bearer hunter2hunter2")
    event = json.loads(lines.getvalue())
    assert event["logger"] == "some.library"
    assert event["level"] == "warning"
    assert event["event"] == f"refused Bearer {HIDDEN}"


def test_tracebacks_are_redacted(lines: io.StringIO) -> None:
    def refuse() -> None:
        raise ValueError("password=hunter2")

    try:
        refuse()
    except ValueError:
        log.logger("test").exception("failed")
        logging.getLogger("some.library").exception("failed")
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    for event in (first, second):
        assert "ValueError" in event["exception"]
        # The message is blanked; the source line in a traceback is the program's own text.
        assert "password" not in event["exception"], "what an exception says may be a secret or contact data"


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="loud"):
        log.setup("loud")


def test_debugging_tells_the_level(lines: io.StringIO) -> None:
    assert not log.debugging()
    log.setup("debug", lines)
    assert log.debugging()


def test_without_a_setup_warnings_go_to_standard_error_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    log._configure(logging.WARNING, log._STDERR)
    log.logger("test").warning("careful", password="hunter2")
    log.logger("test").info("not shown")
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["password"] == HIDDEN
