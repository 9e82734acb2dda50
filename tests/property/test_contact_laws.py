"""Laws of contacts: normal form, ETag, bodies, requests, search."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, strategies as st

from polydex.core.body import parse_body, photo_member, render, rfc3339, with_members
from polydex.core.contact import EMPTY, Company, Contact, content, normal, without_photo_content
from polydex.core.decode import Draft, decode_draft, decode_patch
from polydex.core.errors import BadRequest, PayloadTooLarge
from polydex.core.etag import IfMatch, content_bytes, etag_of
from polydex.core.patch import diff
from polydex.core.search import fold, phone_key, phone_matches, query_words, words
from tests.strategies import AWKWARD, clean_words, contacts, messy_contacts, numbers


def body_of(contact: Contact) -> bytes:
    return render(contact, id="id", etag=etag_of(contact), created_ms=0, modified_ms=1)


def derive(contact: Contact) -> Contact:
    """The same content with every derived member set."""
    phones = tuple(msgspec.structs.replace(phone, canonical_form="+491") for phone in contact.phone_numbers)
    photo = contact.photo and msgspec.structs.replace(contact.photo, mime_type="image/webp", name="other", content=None)
    return msgspec.structs.replace(contact, phone_numbers=phones, photo=photo)


@given(messy_contacts())
def test_normal_form_is_reached_at_once(contact: Contact) -> None:
    clean = normal(contact)
    assert normal(clean) == clean


@given(messy_contacts())
def test_normal_form_can_be_written_down(contact: Contact) -> None:
    clean = normal(contact)
    assert parse_body(body_of(clean), clean.photo) == without_photo_content(clean)


@given(contacts())
def test_the_etag_ignores_what_is_derived(contact: Contact) -> None:
    assert etag_of(derive(contact)) == etag_of(contact)
    assert diff(contact, derive(contact)).is_empty()


@given(contacts(), contacts())
def test_the_etag_is_equal_exactly_when_nothing_differs(a: Contact, b: Contact) -> None:
    assert (content_bytes(a) == content_bytes(b)) is diff(a, b).is_empty()
    assert (etag_of(a) == etag_of(b)) is diff(a, b).is_empty()


@given(contacts())
def test_clients_may_send_the_etag_as_they_like(contact: Contact) -> None:
    etag = etag_of(contact)
    for header in (etag, f'"{etag}"', f'W/"{etag}"', f'"x", "{etag}"', f"x,{etag}"):
        assert IfMatch.parse(header).matches(etag)


@given(contacts())
def test_a_body_gives_the_contact_back(contact: Contact) -> None:
    contact = derive(contact)
    assert parse_body(body_of(contact), contact.photo) == contact


@given(contacts())
def test_a_body_leaves_out_what_is_empty(contact: Contact) -> None:
    def check(value: Any) -> None:
        assert value not in (None, "", [], {})
        if isinstance(value, (dict, list)):
            for member in value.values() if isinstance(value, dict) else value:
                check(member)

    check(json.loads(body_of(contact)))


@given(contacts())
def test_what_was_read_can_be_created_again(contact: Contact) -> None:
    assume(contact != EMPTY)
    extra = {} if contact.photo is None else {"photo": photo_member(contact.photo)}
    sent = with_members(body_of(contact), extra)
    assert decode_draft(sent) == Draft(contact)


@given(contacts())
def test_what_was_read_can_be_sent_back_and_changes_nothing(contact: Contact) -> None:
    stored = derive(contact)
    extra = {} if stored.photo is None else {"photo": photo_member(stored.photo)}
    patch = decode_patch(with_members(body_of(stored), extra)).resolve(stored)
    assert content(patch.apply(stored)) == content(stored)


@given(contacts(), clean_words, clean_words)
def test_one_of_two_spellings_may_be_edited(contact: Contact, stored: str, edited: str) -> None:
    """In whichever of the two spellings the client edits, the edit is what counts."""
    contact = msgspec.structs.replace(contact, company=Company(name=stored, job_title="Engineer"))
    for spelling in ("name", "companyName"):
        body = {"company": {"name": stored, "companyName": stored, spelling: edited}}
        patched = decode_patch(json.dumps(body).encode()).resolve(contact).apply(contact)
        assert patched.company == Company(name=edited, job_title="Engineer")


_NAMES = st.sampled_from(
    [
        "name",
        "company",
        "urls",
        "phoneNumbers",
        "keywords",
        "photo",
        "birthday",
        "nativeProperties",
        "notes",
        "x",
        "href",
        "value",
        "number",
        "type",
        "content",
        "id",
        "companyName",
        "prefix",
    ]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.sampled_from(AWKWARD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=3), inner, max_size=6),
    max_leaves=20,
)


@given(
    st.dictionaries(_NAMES, _VALUES, max_size=6).map(json.dumps).map(str.encode) | st.binary(max_size=60), contacts()
)
def test_a_body_is_understood_or_refused_but_never_a_fault_of_ours(body: bytes, base: Contact) -> None:
    try:
        patched = decode_patch(body).resolve(base).apply(base)
    except (BadRequest, PayloadTooLarge) as refusal:
        assert refusal.message[0] == "$"  # noqa: PT017 - it may as well be understood
    else:
        assert normal(patched) == patched
        assert len(etag_of(patched)) == 22


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text() | st.sampled_from(AWKWARD))
def test_words_are_letters_and_digits_and_stay(text: str) -> None:
    found = query_words(text)
    assert all(word.isalnum() for word in found)
    assert len(set(found)) == len(found)
    assert query_words(" ".join(found)) == found


@given(contacts())
def test_a_contact_is_found_by_its_own_texts_in_any_case(contact: Contact) -> None:
    found = set(words(contact))
    for text in (contact.nick_name, contact.notes, *contact.keywords):
        if text:
            assert set(query_words(text)) <= found
            assert set(query_words(text.swapcase())) <= found


@given(numbers, numbers, st.none() | numbers)
def test_a_number_that_matches_has_the_same_key(query: str, number: str, canonical: str | None) -> None:
    assert phone_matches(query, number, canonical) <= (
        phone_key(query) in {phone_key(number), phone_key(canonical or "")}
    )


@given(numbers)
def test_a_number_matches_itself(number: str) -> None:
    assert phone_matches(number, number) is (phone_key(number) is not None)


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_times_sort_like_their_texts(ms: int) -> None:
    assert len(rfc3339(ms)) == 24
    assert rfc3339(ms) <= rfc3339(ms + 1)


def test_an_empty_contact_is_no_draft() -> None:
    with pytest.raises(BadRequest):
        decode_draft(body_of(EMPTY))
