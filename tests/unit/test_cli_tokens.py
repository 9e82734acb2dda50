"""OAuth tokens as other programs write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polydex.cli.tokens import read_tokens
from polydex.connectors.tokens import Grant
from polydex.core.errors import BadRequest

NOW = 1_790_000_000_000
CLIENT = "1-mine.apps.example.com"


def read(**members: Any) -> Grant:
    return read_tokens(json.dumps(members).encode(), NOW, CLIENT, "SETTING")


def test_the_answer_of_a_token_endpoint() -> None:
    grant = read(
        access_token="a", expires_in=3599, refresh_token="r", scope="x y", token_type="Bearer", id_token="e.y.J",
        refresh_token_expires_in=604_799,
    )  # fmt: skip
    assert grant == Grant("a", "r", NOW + 3_599_000, NOW + 604_799_000, frozenset({"x", "y"}))
    assert "'r'" not in repr(grant)


def test_a_file_of_googles_libraries() -> None:
    file = {"token": "a", "refresh_token": "r", "client_id": CLIENT, "client_secret": "s", "scopes": ["x"]}
    ends = 1_773_059_400_000
    assert read(**file, expiry="2026-03-09T12:30:00Z") == Grant("a", "r", ends, None, frozenset({"x"}))
    assert read(**file, expiry="2026-03-09T12:30:00.000001").expires_at == ends
    assert read(type="authorized_user", refresh_token="r", client_id=CLIENT) == Grant("", "r")


def test_without_a_client_of_our_own_any_is_taken() -> None:
    raw = json.dumps({"refresh_token": "r", "client_id": "2-theirs"}).encode()
    assert read_tokens(raw, NOW, "", "SETTING").refresh_token == "r"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "no JSON object"),
        (b"\xff", "no JSON object"),
        (b'"1//token"', "no JSON object"),
        (b"{}", "neither a refresh_token nor an access_token"),
        (b'{"refresh_token": null, "access_token": ""}', "neither"),
        (b'{"refresh_token": "two words"}', "refresh_token is no word"),
        (b'{"refresh_token": 5}', "refresh_token is no word"),
        (b'{"refresh_token": "x", "client_id": "5-other.apps.example.com"}', "5-other"),
        (b'{"installed": {"client_id": "x"}}', "POLYDEX_GOOGLE_CLIENT_ID"),
        (b'{"web": {"client_id": "x"}}', "POLYDEX_GOOGLE_CLIENT_ID"),
        (b'{"type": "service_account", "private_key": "hush"}', "service account"),
        (b'{"access_token": "x", "expires_in": "soon"}', "expires_in"),
        (b'{"access_token": "x", "expires_in": true}', "expires_in"),
        (b'{"access_token": "x", "expires_in": -1}', "expires_in"),
        (b'{"token": "x", "expiry": "soon"}', "expiry"),
        (b'{"token": "x", "expiry": 5}', "expiry"),
    ],
)
def test_what_are_no_tokens_is_told_without_repeating_it(raw: bytes, message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_tokens(raw, NOW, CLIENT, "SETTING")
    assert message in caught.value.message
    assert "hush" not in caught.value.message
    assert "words" not in caught.value.message
