"""No token but the one that was given out is valid, and only for its account and stream."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, strategies as st

from polydex.core.errors import TokenNotValid
from polydex.core.ids import AccountId, RowId
from polydex.core.tokens import DeltaToken, ListToken, PageToken, Stream, Token, Tokens

TOKENS = Tokens(b"k" * 32)

numbers = st.integers(min_value=0, max_value=2**63 - 1)
accounts = numbers.map(AccountId)
feeds = st.sampled_from((Stream.UPDATED, Stream.DELETED))
limits = st.integers(min_value=1, max_value=1000)
tokens: st.SearchStrategy[Token] = st.one_of(
    st.builds(DeltaToken, accounts, feeds, numbers, numbers),
    st.builds(PageToken, accounts, feeds, numbers, numbers, numbers, numbers, limits),
    st.builds(ListToken, accounts, st.just(Stream.LIST), numbers.map(RowId), st.binary(min_size=8, max_size=8), limits),
)
characters = (
    st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n") | st.characters()
)


def refused(text: str, token: Token) -> None:
    with pytest.raises(TokenNotValid):
        TOKENS.decode(text, token.account, token.stream)


@given(tokens)
def test_a_token_comes_back_and_misleads_no_client(token: Token) -> None:
    text = TOKENS.encode(token)
    assert TOKENS.decode(text, token.account, token.stream) == token
    assert ";" not in text
    assert "page:" not in text
    assert len(text) <= 100


@given(tokens, st.data())
def test_a_changed_character_is_noticed(token: Token, data: st.DataObject) -> None:
    text = TOKENS.encode(token)
    at = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(characters)
    assume(character != text[at])
    refused(text[:at] + character + text[at + 1 :], token)


@given(tokens)
def test_every_other_last_character_is_noticed(token: Token) -> None:
    """The last character of base64 has bits to spare: readers that ignore them take several texts for one token."""
    text = TOKENS.encode(token)
    for character in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if character != text[-1]:
            refused(text[:-1] + character, token)


@given(tokens, st.data())
def test_added_and_missing_characters_are_noticed(token: Token, data: st.DataObject) -> None:
    text = TOKENS.encode(token)
    at = data.draw(st.integers(0, len(text)))
    refused(text[:at] + data.draw(characters) + text[at:], token)
    refused(text[: data.draw(st.integers(0, len(text) - 1))], token)
    refused(text[data.draw(st.integers(1, len(text))) :], token)


@given(tokens, accounts, st.sampled_from(Stream))
def test_another_account_or_stream_is_refused(token: Token, account: AccountId, stream: Stream) -> None:
    text = TOKENS.encode(token)
    for other_account, other_stream in ((account, token.stream), (token.account, stream), (account, stream)):
        if (other_account, other_stream) != (token.account, token.stream):
            with pytest.raises(TokenNotValid):
                TOKENS.decode(text, other_account, other_stream)


@given(tokens, st.binary(min_size=32, max_size=40))
def test_another_key_refuses_it(token: Token, key: bytes) -> None:
    assume(key != b"k" * 32)
    with pytest.raises(TokenNotValid):
        Tokens(key).decode(TOKENS.encode(token), token.account, token.stream)


@given(st.text() | st.text(st.sampled_from("dpl1.AZaz09-_="), max_size=60).map("d1.".__add__))
def test_no_text_is_anything_but_not_valid(text: str) -> None:
    with pytest.raises(TokenNotValid):
        TOKENS.decode(text, AccountId(1), Stream.UPDATED)
