import base64
import json
import shlex
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from polydex.core.errors import ConfigInvalid, Internal
from polydex.engine import keys
from polydex.engine.keys import Keys


def counting() -> Callable[[int], bytes]:
    """Bytes that differ from call to call, the same in each test."""
    calls = iter(range(1, 256))
    return lambda size: bytes([next(calls)]) * size


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    made = Keys.load(data, {})
    path = data / "keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert [file.name for file in data.iterdir()] == ["keys.json"]
    again = Keys.load(data, {}, create=False)
    assert (again.tokens, again.ids, again.active) == (made.tokens, made.ids, made.active)
    assert again.decrypt(made.encrypt(b"hunter2", b"a"), b"a") == b"hunter2"
    assert len({made.tokens, made.ids, *made.secret_keys.values()}) == 3
    assert {len(made.tokens), len(made.ids), *map(len, made.secret_keys.values())} == {32}


def test_processes_that_start_at_once_share_one_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(lambda _: Keys.load(tmp_path, {}).mark, range(16)))
    assert len(set(loaded)) == 1


def test_another_place_is_named_by_the_environment_and_never_filled(tmp_path: Path) -> None:
    Keys.load(tmp_path / "a", {})
    named = {"POLYDEX_KEYS_FILE": str(tmp_path / "a" / "keys.json")}
    assert Keys.load(tmp_path / "b", named).mark == Keys.load(tmp_path / "a", {}).mark
    assert not (tmp_path / "b").exists()
    with pytest.raises(ConfigInvalid, match="POLYDEX_KEYS_FILE: there is no file"):
        Keys.load(tmp_path, {"POLYDEX_KEYS_FILE": str(tmp_path / "missing")})
    assert not (tmp_path / "missing").exists()


def test_a_lost_key_file_is_not_replaced_behind_a_database(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"keys\.json is missing, but the database depends on it"):
        Keys.load(tmp_path, {}, create=False)
    assert list(tmp_path.iterdir()) == []


def damage(tmp_path: Path, **changes: object) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ids": "c2hvcnQ="}, "is damaged"),
        ({"ids": "!" * 44}, "is damaged"),
        ({"tokens": None}, "is damaged"),
        ({"keys": {"a": "äöü"}}, "is damaged"),
        ({"extra": 1}, "is damaged"),
        ({"active": "nobody"}, "names 'nobody' as active"),
        ({"version": 2}, "newer version"),
    ],
)
def test_a_damaged_key_file_is_refused_without_showing_it(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    made = Keys.load(tmp_path, {})
    damage(tmp_path, **changes)
    before = (tmp_path / "keys.json").read_bytes()
    with pytest.raises(ConfigInvalid, match=reason) as caught:
        Keys.load(tmp_path, {})
    assert base64.b64encode(made.ids).decode() not in str(caught.value)
    assert (tmp_path / "keys.json").read_bytes() == before


def test_a_key_file_that_others_may_read_is_reported(tmp_path: Path) -> None:
    with capture_logs() as events:
        Keys.load(tmp_path, {})
    assert events == []
    place = tmp_path / "our $(keys)"
    place.mkdir()
    (tmp_path / "keys.json").rename(place / "keys.json")
    (place / "keys.json").chmod(0o644)
    with capture_logs() as events:
        Keys.load(place, {})
    assert [event["event"] for event in events] == ["key_file_open_to_others"]
    assert shlex.split(events[0]["advice"]) == ["chmod", "600", str(place / "keys.json")]


def test_a_secret_is_bound_to_what_it_belongs_to() -> None:
    ours = Keys.generate(counting())
    sealed = ours.encrypt(b"hunter2", b"account:1")
    assert b"hunter2" not in sealed
    assert ours.decrypt(sealed, b"account:1") == b"hunter2"
    with pytest.raises(Internal) as caught:
        ours.decrypt(sealed, b"account:2")
    assert "belongs to something else" in caught.value.detail


def test_the_same_secret_never_looks_the_same() -> None:
    ours = Keys.generate()
    assert len({ours.encrypt(b"hunter2", b"") for _ in range(50)}) == 50
    assert ours.decrypt(ours.encrypt(b"", b""), b"") == b""


def test_no_byte_of_a_ciphertext_can_be_changed_or_left_out() -> None:
    ours = Keys.generate()
    sealed = ours.encrypt(b"hunter2", b"a")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(Internal):
            ours.decrypt(bytes(changed), b"a")
        with pytest.raises(Internal):
            ours.decrypt(sealed[:position], b"a")


def test_an_older_key_still_decrypts_and_a_missing_one_is_named() -> None:
    old, new = Keys.generate(), Keys.generate()
    sealed = old.encrypt(b"hunter2", b"a")
    both = Keys(old.tokens, old.ids, new.active, {**old.secret_keys, **new.secret_keys})
    assert both.decrypt(sealed, b"a") == b"hunter2"
    assert new.decrypt(both.encrypt(b"fresh", b"a"), b"a") == b"fresh"
    with pytest.raises(Internal) as caught:
        new.decrypt(sealed, b"a")
    assert f"needs the key '{old.active}'" in caught.value.detail
    assert caught.value.message == "Internal error"


def test_keys_show_themselves_to_nobody() -> None:
    ours = Keys.generate(counting())
    shown = repr(ours)
    assert ours.active in shown
    for secret in (ours.tokens, ours.ids, *ours.secret_keys.values()):
        assert repr(secret) not in shown


def test_the_mark_tells_key_files_apart_by_what_must_never_change() -> None:
    first = Keys.generate()
    rotated = Keys(first.tokens, first.ids, "new", {"new": bytes(32)})
    assert rotated.mark == first.mark
    assert Keys(first.tokens, bytes(32), "new", {"new": bytes(32)}).mark != first.mark
    assert Keys(bytes(32), first.ids, "new", {"new": bytes(32)}).mark != first.mark


def test_a_token_has_kind_number_and_secret() -> None:
    ours = Keys.generate()
    secret = ours.new_secret()
    token = keys.format_token("acc", 42, secret)
    assert token == f"pdx_acc_42_{secret}"
    assert keys.parse_token(token) == ("acc", 42, secret)
    assert len({ours.new_secret() for _ in range(50)}) == 50
    assert len(secret) == 43


@pytest.mark.parametrize(
    "token",
    ["", "pdx", "pdx_acc_1_", "pdx_acc_1_short", "pdx_acc_0_" + "x" * 43, "pdx_acc_-1_" + "x" * 43,
     "pdx_acc_\N{GURMUKHI DIGIT ONE}_" + "x" * 43, "pdx_acc_1_" + "x" * 42 + "é", "pdx_acc_1_" + "x" * 43 + "\n", "pdx_ACC_1_" + "x" * 43,
     "pdx_acc_" + "9" * 19 + "_" + "x" * 43, "Bearer pdx_acc_1_" + "x" * 43, "pdx_acc_1_" + "x" * 101],
)  # fmt: skip
def test_other_texts_are_no_tokens(token: str) -> None:
    assert keys.parse_token(token) is None


def test_of_a_secret_only_the_hash_is_needed() -> None:
    stored = keys.hash_token("abc")
    # FIPS 180-2, appendix B.1
    assert stored.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
