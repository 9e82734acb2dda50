from __future__ import annotations

import base64

import pytest

from polydex.core.errors import TokenNotValid
from polydex.core.ids import AccountId, RowId
from polydex.core.tokens import DeltaToken, ListToken, PageToken, Stream, Token, Tokens, filter_hash

KEY = bytes(range(32))
TOKENS = Tokens(KEY)
ACCOUNT = AccountId(7)
DELTA = DeltaToken(ACCOUNT, Stream.UPDATED, 3, 1000)
PAGE = PageToken(ACCOUNT, Stream.DELETED, 3, 1000, 2**40, 1500, 100)
ROW = ListToken(ACCOUNT, Stream.LIST, RowId(42), filter_hash("ann", None), 50)


@pytest.mark.parametrize("token", [DELTA, PAGE, ROW])
def test_a_token_comes_back(token: Token) -> None:
    assert TOKENS.decode(TOKENS.encode(token), token.account, token.stream) == token


def test_stored_tokens_are_read_for_ever() -> None:
    """When this fails, the tokens in the databases of all clients have become invalid."""
    assert TOKENS.encode(DELTA) == "d1.lAcBA80D6PDl84Be_2nknaaeJYq5N3A"
    assert TOKENS.encode(PAGE) == "p1.lwcCA80D6M8AAAEAAAAAAM0F3GRS6huRmyMF-a1-QGq8Oxlr"
    assert TOKENS.encode(ROW) == "l1.lQcDKsQIQyvZh4JfNawyY033mSVLEpAmviZLIlgzfA"


@pytest.mark.parametrize("token", [DELTA, PAGE, ROW])
def test_a_token_is_short_and_has_no_character_that_clients_misread(token: Token) -> None:
    text = TOKENS.encode(token)
    alphabet = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert set(text) <= alphabet
    assert len(text) <= 100


def test_kinds_are_not_mixed_up() -> None:
    assert TOKENS.delta(TOKENS.encode(DELTA), ACCOUNT, Stream.UPDATED) == DELTA
    assert TOKENS.page(TOKENS.encode(PAGE), ACCOUNT, Stream.DELETED) == PAGE
    with pytest.raises(TokenNotValid):
        TOKENS.page(TOKENS.encode(DELTA), ACCOUNT, Stream.UPDATED)
    with pytest.raises(TokenNotValid):
        TOKENS.delta(TOKENS.encode(PAGE), ACCOUNT, Stream.DELETED)
    with pytest.raises(TokenNotValid):
        TOKENS.page("p1." + TOKENS.encode(DELTA)[3:], ACCOUNT, Stream.UPDATED)


def test_a_list_token_belongs_to_its_filters() -> None:
    text = TOKENS.encode(ROW)
    assert TOKENS.row(text, ACCOUNT, filter_hash("ann", None)) == ROW
    with pytest.raises(TokenNotValid, match="Page token is invalid"):
        TOKENS.row(text, ACCOUNT, filter_hash("bob", None))
    assert len({filter_hash("a", None), filter_hash(None, "a"), filter_hash("a", ""), filter_hash("", "a")}) == 4


def test_another_key_makes_another_signature() -> None:
    with pytest.raises(TokenNotValid):
        Tokens(bytes(32)).decode(TOKENS.encode(DELTA), ACCOUNT, Stream.UPDATED)


def test_what_we_signed_in_another_shape_is_not_valid() -> None:
    """A later version may write more; going back to this one must not crash on it."""
    payload = b"\x91\x07"
    signed = payload + TOKENS._mac("d1.", payload)
    text = "d1." + base64.urlsafe_b64encode(signed).rstrip(b"=").decode()
    with pytest.raises(TokenNotValid):
        TOKENS.decode(text, ACCOUNT, Stream.UPDATED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "d1.",
        "d1",
        ".",
        "d1.AA",
        "d1.A",
        "d1.====",
        "d2.AAAA",
        "page:1",
        "d1.\u00e4\u00f6",
        "\ud800",
        "d1.\ud800",
        "d1." + "A" * 100_000,
        "d1. A",
    ],
)
def test_nonsense_is_not_valid(text: str) -> None:
    with pytest.raises(TokenNotValid):
        TOKENS.decode(text, ACCOUNT, Stream.UPDATED)


def test_the_words_that_the_official_client_looks_for() -> None:
    with pytest.raises(TokenNotValid) as caught:
        TOKENS.decode("x", ACCOUNT, Stream.UPDATED)
    assert "Page token is invalid" in caught.value.message
    assert (caught.value.code, caught.value.status) == ("token.notValid", 400)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Tokens(b"short")
