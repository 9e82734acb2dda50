"""A row of envelopes comes in pieces that end anywhere."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from polydex.connectors.exchange import soap
from polydex.connectors.exchange.envelopes import MAX_BYTES, Envelopes
from polydex.core.errors import ProviderMalformed
from tests.unit.exchange.answers import answered, failed, success

ROW = [
    answered("GetStreamingEvents", success("GetStreamingEvents", "<m:ConnectionStatus>OK</m:ConnectionStatus>")),
    answered("GetStreamingEvents", failed("GetStreamingEvents", "ErrorSubscriptionNotFound", "Zoë's &lt;/s:Envelope>")),
    b"<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'><Body/></Envelope >",
]


def taken(pieces: list[bytes]) -> tuple[list[bytes], Envelopes]:
    envelopes = Envelopes()
    return [one for piece in pieces for one in envelopes.feed(piece)], envelopes


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = [0, *sorted(places), len(data)]
    return [data[start:end] for start, end in pairwise(ends)]


@given(st.data())
def test_however_they_are_cut_they_are_the_same(data: st.DataObject) -> None:
    between = data.draw(st.lists(st.sampled_from([b"", b"\r\n", b" \0", b"\xef\xbb\xbf"]), min_size=4, max_size=4))
    whole = between[0] + b"".join(one + gap for one, gap in zip(ROW, between[1:], strict=True))
    places = data.draw(st.lists(st.integers(0, len(whole)), max_size=12))
    found, envelopes = taken(cut(whole, places))
    assert found == ROW
    assert not envelopes.cut


def test_byte_by_byte() -> None:
    found, _ = taken([bytes([byte]) for byte in b"".join(ROW)])
    assert [soap.read(one).messages for one in found[:2]][1] == (soap.Failure(("ErrorSubscriptionNotFound",)),)


def test_what_is_cut_off_is_noticed() -> None:
    found, envelopes = taken([ROW[0] + ROW[1][:-1]])
    assert found == ROW[:1]
    assert envelopes.cut


def test_an_envelope_without_an_end_is_given_up() -> None:
    envelopes = Envelopes()
    piece = b"<s:Envelope>".ljust(2**16, b"x")
    assert MAX_BYTES % len(piece) == 0
    for _ in range(MAX_BYTES // len(piece)):
        assert list(envelopes.feed(piece)) == []
    with pytest.raises(ProviderMalformed):
        list(envelopes.feed(piece))


def test_any_number_of_them_is_taken() -> None:
    envelopes = Envelopes()
    assert sum(len(list(envelopes.feed(ROW[0]))) for _ in range(MAX_BYTES // len(ROW[0]) + 2)) > 1000
