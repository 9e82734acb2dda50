"""Content-Encoding: undone exactly, capped always."""

import gzip
import zlib

import pytest

from polydex.core.errors import ProviderMalformed
from polydex.net.encoding import decoded

TEXT = b"BEGIN:VCARD\r\n" * 500


def raw_deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeeze.compress(data) + squeeze.flush()


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzip.compress(TEXT, mtime=0), "gzip"),
        (gzip.compress(TEXT, mtime=0), " GZip "),
        (gzip.compress(TEXT, mtime=0), "x-gzip, identity"),
        (gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0), "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
        (gzip.compress(zlib.compress(TEXT), mtime=0), "deflate, gzip"),
    ],
)
def test_encodings_are_undone(body: bytes, encoding: str) -> None:
    assert decoded(body, encoding, len(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(TEXT, mtime=0)[:-1], "gzip"),
        (gzip.compress(TEXT, mtime=0)[:20], "gzip"),
        (zlib.compress(TEXT)[:-1], "deflate"),
        (TEXT, "gzip"),
        (TEXT, "deflate"),
        (gzip.compress(TEXT, mtime=0) + b"garbage", "gzip"),
        (TEXT, "br"),
        (TEXT, "gzip, gzip, gzip"),
    ],
)
def test_what_is_cut_or_damaged_is_refused(body: bytes, encoding: str) -> None:
    with pytest.raises(ProviderMalformed):
        decoded(body, encoding, 1_000_000)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(bytes(1_000_001), mtime=0), "gzip"),
        (zlib.compress(bytes(1_000_001)), "deflate"),
        (gzip.compress(gzip.compress(bytes(100_000_000), mtime=0), mtime=0), "gzip, gzip"),
        (b"".join(gzip.compress(bytes(1_000), mtime=0) for _ in range(1_001)), "gzip"),
        (b"".join(gzip.compress(b"", mtime=0) for _ in range(2_000)), "gzip"),
    ],
)
def test_no_more_than_the_cap_comes_out(body: bytes, encoding: str) -> None:
    with pytest.raises(ProviderMalformed):
        decoded(body, encoding, 1_000_000)


def test_exactly_the_cap_is_allowed() -> None:
    assert len(decoded(gzip.compress(bytes(1_000_000)), "gzip", 1_000_000)) == 1_000_000
