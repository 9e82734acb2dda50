"""Digest against the published examples, and the reading of challenges."""

import pytest

from polydex.net.challenge import Challenge, parse_challenges
from polydex.net.digest import Digest

NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def example(algorithm: str) -> str:
    return (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        f'nonce="{NONCE}", opaque="{OPAQUE}"'
    )


def answer(header: str, cnonce: str, login: str, password: str, uri: str, body: bytes = b"") -> dict[str, str]:
    digest = Digest.accept(parse_challenges([header]), cnonce)
    assert digest is not None
    [read] = parse_challenges([digest.authorization(login, password, "GET", uri, body)])
    return read.params


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_3_9_1(algorithm: str, response: str) -> None:
    assert answer(example(algorithm), CNONCE, "Mufasa", "Circle of Life", "/dir/index.html") == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "algorithm": algorithm,
        "nonce": NONCE,
        "nc": "00000001",
        "cnonce": CNONCE,
        "qop": "auth",
        "response": response,
        "opaque": OPAQUE,
    }


def test_rfc_7616_3_9_2_with_erratum_4897() -> None:
    header = (
        'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, '
        'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", '
        'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true'
    )
    params = answer(header, "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", "Jäsøn Doe", "Secret, or not?", "/doe.json")
    assert params["username"] == "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
    assert params["response"] == "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    assert params["userhash"] == "true"


def test_rfc_2617_3_5() -> None:
    header = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    params = answer(header, "0a4f113b", "Mufasa", "Circle Of Life", "/dir/index.html")
    assert params["response"] == "6629fae49393a05397450978507c4ef1"


def test_rfc_2069_has_neither_qop_nor_count() -> None:
    # RFC 2069, 2.4, with the response of erratum 749.
    header = (
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    params = answer(header, "", "Mufasa", "CircleOfLife", "/dir/index.html")
    assert params["response"] == "1949323746fe6a43ef61f9606e7febea"
    assert not params.keys() & {"qop", "nc", "cnonce"}


def test_every_answer_counts_up() -> None:
    digest = Digest.accept(parse_challenges([example("SHA-256")]))
    assert digest is not None
    headers = [digest.authorization("u", "p", "GET", "/", b"") for _ in range(11)]
    counts = [parse_challenges([header])[0].params["nc"] for header in headers]
    assert counts[0] == "00000001"
    assert counts[10] == "0000000b"
    assert len({parse_challenges([header])[0].params["response"] for header in headers}) == 11


def test_the_strongest_algorithm_is_taken() -> None:
    digest = Digest.accept(parse_challenges([example("MD5"), example("SHA-256"), example("SHA-1")]))
    assert digest is not None
    assert digest.algorithm == "SHA-256"


@pytest.mark.parametrize(
    "header",
    [
        'Digest realm="x", algorithm=SHA-1, nonce="n"',
        'Digest realm="x", qop="other", nonce="n"',
        'Digest realm="x", qop="auth"',
        'Basic realm="x"',
        "Negotiate",
    ],
)
def test_challenges_that_cannot_be_answered(header: str) -> None:
    assert Digest.accept(parse_challenges([header])) is None


def test_a_login_with_quotes_and_umlauts_stays_in_its_place() -> None:
    old = answer('Digest realm="x", nonce="n", qop="auth"', "c", 'a"b\\ü', "p", "/")
    assert old["username"] == 'a"b\\ü'
    modern = answer('Digest realm="x", nonce="n", qop="auth", charset=UTF-8', "c", 'a"b\\ü', "p", "/")
    assert modern["username*"] == "UTF-8''a%22b%5C%C3%BC"
    assert "username" not in modern


@pytest.mark.parametrize(
    ("headers", "challenges"),
    [
        (['Basic realm="a, b=c"'], [Challenge("basic", {"realm": "a, b=c"})]),
        (['BASIC REALM="x\\"y"'], [Challenge("basic", {"realm": 'x"y'})]),
        (
            ['Digest realm="d", nonce="n", Basic realm="b", charset="UTF-8"'],
            [Challenge("digest", {"realm": "d", "nonce": "n"}), Challenge("basic", {"realm": "b", "charset": "UTF-8"})],
        ),
        (["Negotiate", "Basic realm=x"], [Challenge("negotiate"), Challenge("basic", {"realm": "x"})]),
        (
            ["Negotiate abc+/==, Digest nonce=n , qop = auth"],
            [Challenge("negotiate", token="abc+/=="), Challenge("digest", {"nonce": "n", "qop": "auth"})],
        ),
        (["NTLM TlRM", "Negotiate  oRQ= "], [Challenge("ntlm", token="TlRM"), Challenge("negotiate", token="oRQ=")]),
        (["Negotiate,NTLM"], [Challenge("negotiate"), Challenge("ntlm")]),
        (["Negotiate, NTLM"], [Challenge("negotiate"), Challenge("ntlm")]),
        ([", ,Basic"], [Challenge("basic")]),
        (['Basic realm="unclosed'], [Challenge("basic")]),
        (["", "   ", "=", '"'], []),
    ],
)
def test_challenges_are_read_leniently(headers: list[str], challenges: list[Challenge]) -> None:
    assert parse_challenges(headers) == challenges
