"""What each kind of credentials sends, and what it never does."""

from base64 import b64decode

import pytest
from yarl import URL

from polydex.core.errors import AddressForbidden, BadRequest
from polydex.net.auth import Auth, BasicAuth, BearerAuth, DigestAuth, PasswordAuth, Target
from polydex.net.challenge import Challenge
from polydex.net.message import Answer, Call

SECURE = Target("GET", URL("https://dav.example.com/x"), b"", confidential=True)
OPEN = Target("GET", URL("http://dav.example.com/x"), b"", confidential=False)
BEARER = Challenge("bearer", {"realm": "r"})
DIGEST = Challenge("digest", {"realm": "r", "nonce": "n", "qop": "auth"})
BASIC = Challenge("basic", {"realm": "r"})


@pytest.mark.parametrize(
    "auth",
    [
        BasicAuth("ann", "hunter2"),
        DigestAuth("ann", "hunter2"),
        PasswordAuth("ann", "hunter2"),
        BearerAuth("hunter2"),
    ],
)
def test_secrets_do_not_show(auth: Auth) -> None:
    call = Call("GET", "https://dav.example.com/hunter2", headers={"X-Key": "hunter2"}, body=b"hunter2", auth=auth)
    assert "hunter2" not in repr(auth)
    assert "hunter2" not in repr(call)


def test_an_answer_does_not_show_its_content() -> None:
    call = Call("GET", "https://dav.example.com/")
    assert "dav.example.com" not in repr(call)
    assert "__dict__" not in dir(Answer)


def test_basic_is_utf_8() -> None:
    header = BasicAuth("jürgen", "pässword:x").prepare(SECURE)
    assert header is not None
    assert b64decode(header.removeprefix("Basic ")).decode() == "jürgen:pässword:x"


@pytest.mark.parametrize("auth", [BasicAuth("u", "p"), BearerAuth("t")])
def test_nothing_readable_goes_over_an_open_line(auth: Auth) -> None:
    with pytest.raises(AddressForbidden):
        auth.prepare(OPEN)


def test_a_password_begins_with_basic_and_turns_to_digest_for_good() -> None:
    auth = PasswordAuth("u", "p")
    first = auth.prepare(SECURE)
    assert first is not None
    assert first.startswith("Basic ")
    second = auth.answer(SECURE, [BASIC, DIGEST], first)
    assert second is not None
    assert second.startswith("Digest ")
    third = auth.prepare(SECURE)
    assert third is not None
    assert "nc=00000002" in third
    # A nonce means nothing to another server.
    elsewhere = auth.prepare(Target("GET", URL("https://other.example.com/"), b"", confidential=True))
    assert elsewhere is not None
    assert elsewhere.startswith("Basic ")


def test_a_password_is_a_bearer_token_where_nothing_else_is_taken() -> None:
    auth = PasswordAuth("u", "token")
    sent = auth.prepare(SECURE)
    assert auth.answer(SECURE, [BEARER], sent) == "Bearer token"
    assert auth.prepare(SECURE) == "Bearer token"
    assert auth.answer(SECURE, [BEARER], "Bearer token") is None
    # ... at this server, and nowhere else.
    elsewhere = auth.prepare(Target("GET", URL("https://other.example.com/"), b"", confidential=True))
    assert elsewhere is not None
    assert elsewhere.startswith("Basic ")
    assert PasswordAuth("u", "p").answer(SECURE, [BASIC, BEARER], "Basic x") is None
    assert PasswordAuth("u", "no token").answer(SECURE, [BEARER], "Basic x") is None
    with pytest.raises(AddressForbidden):
        PasswordAuth("u", "token").answer(OPEN, [BEARER], None)


def test_a_refused_password_is_not_sent_again() -> None:
    auth = PasswordAuth("u", "p")
    assert auth.answer(SECURE, [BASIC], auth.prepare(SECURE)) is None
    assert BasicAuth("u", "p").answer(SECURE, [BASIC], "Basic x") is None
    assert BearerAuth("t").answer(SECURE, [BASIC], "Bearer t") is None


def test_over_an_open_line_a_password_waits_for_a_digest_challenge() -> None:
    auth = PasswordAuth("u", "p")
    assert auth.prepare(OPEN) is None
    header = auth.answer(OPEN, [BASIC, DIGEST], None)
    assert header is not None
    assert header.startswith("Digest ")


def test_over_an_open_line_a_password_is_not_given_for_basic() -> None:
    with pytest.raises(AddressForbidden, match="https"):
        PasswordAuth("u", "p").answer(OPEN, [BASIC], None)


def test_a_server_that_turned_from_digest_to_basic_is_followed() -> None:
    auth = PasswordAuth("u", "p")
    digest = auth.answer(SECURE, [DIGEST], None)
    header = auth.answer(SECURE, [BASIC], digest)
    assert header is not None
    assert header.startswith("Basic ")


@pytest.mark.parametrize(("login", "password"), [("a:b", "p"), ("a\r\nb", "p"), ("a", "p\x00")])
def test_logins_that_would_break_out_of_their_place(login: str, password: str) -> None:
    with pytest.raises(BadRequest):
        PasswordAuth(login, password)
    with pytest.raises(BadRequest):
        BasicAuth(login, password)


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "ü", 'a"b'])
def test_tokens_that_would_break_out_of_their_place(token: str) -> None:
    with pytest.raises(BadRequest):
        BearerAuth(token)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET /x HTTP/1.1\r\nHost: y\r\n\r\nGET", {}),
        ("", {}),
        ("GET", {"If-Match": '"a"\r\nX-Injected: 1'}),
        ("GET", {"If-Match": "a\nb"}),
        ("GET", {"If-Match": "a\x00b"}),
        ("GET", {"If-Match\r\nX": "a"}),
        ("GET", {"If Match": "a"}),
        ("GET", {"": "a"}),
    ],
)
def test_headers_that_would_break_out_of_their_line(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        Call(method, "https://dav.example.com/", headers=headers)
