"""Keys and secrets: provider secrets are encrypted, access tokens are stored as hashes only.

The key file (``keys.json``) lies beside the data, or where POLYDEX_KEYS_FILE says. Whoever has the database and the key
file has everything; whoever has one of them has no provider's password. It holds the encryption keys by their ids, of
which one is active (the others still decrypt), a key for delta and page tokens, and a key for public ids. The last two
must never change: clients store tokens and ids.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import shlex
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from polydex import log
from polydex.core.errors import ConfigInvalid, Internal
from polydex.core.ids import AccountId
from polydex.store.files import publish

RandomBytes = Callable[[int], bytes]

FILE = "keys.json"
KEY_BYTES = 32
NONCE_BYTES = 12
"""AES-GCM's own size (NIST SP 800-38D, 8.2.2); random nonces are good for 2^32 messages of one key."""
FORMAT = b"\x01"
_TOKEN = re.compile(r"pdx_([a-z]{2,8})_([1-9][0-9]{0,17})_([A-Za-z0-9_-]{20,100})", re.ASCII)


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key file: keys in base64, 32 bytes each."""

    active: str
    keys: dict[str, str]
    tokens: str
    ids: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class Keys:
    """The installation's keys; none of them is shown by ``repr``.

    Attributes:
        tokens: signs delta and page tokens.
        ids: derives public ids (JOURNAL.md, J7).
        active: id of the key that encrypts.
        secret_keys: by id, the keys that decrypt.
        random_bytes: gives that many random bytes.
    """

    tokens: bytes = field(repr=False)
    ids: bytes = field(repr=False)
    active: str
    secret_keys: Mapping[str, bytes] = field(repr=False)
    random_bytes: RandomBytes = field(default=secrets.token_bytes, repr=False)

    @classmethod
    def generate(cls, random_bytes: RandomBytes = secrets.token_bytes) -> Keys:
        """New keys, stored nowhere."""
        name = random_bytes(4).hex()
        encryption, tokens, ids = (random_bytes(KEY_BYTES) for _ in range(3))
        return cls(tokens, ids, name, {name: encryption}, random_bytes)

    @classmethod
    def load(
        cls,
        data_dir: Path,
        env: Mapping[str, str],
        *,
        create: bool = True,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> Keys:
        """Read the key file; make one when there is none.

        Args:
            data_dir: the data folder.
            env: the environment; POLYDEX_KEYS_FILE names another file, which is never made.
            create: whether a missing file may be made; False when there is a database already, whose ids and secrets
                depend on the lost file.
            random_bytes: for new keys and for nonces.

        Raises:
            ConfigInvalid: the file is missing, unreadable or damaged.
        """
        named = env.get("POLYDEX_KEYS_FILE", "")
        path = Path(named) if named else data_dir / FILE
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            if named:
                raise ConfigInvalid(f"POLYDEX_KEYS_FILE: there is no file {path}") from None
            if not create:
                raise ConfigInvalid(
                    f"The key file {path} is missing, but the database depends on it: put back the file from a backup, "
                    "or name its place in POLYDEX_KEYS_FILE"
                ) from None
            raw = _make(path, cls.generate(random_bytes))
        except OSError as error:
            raise ConfigInvalid(f"The key file {path} cannot be read: {error.strerror}") from error
        # Secrets mounted into containers are often readable by all, so this is no refusal.
        if os.name == "posix" and path.stat().st_mode & 0o077:
            log.logger(__name__).warning(
                "key_file_open_to_others", path=str(path), advice=f"chmod 600 {shlex.quote(str(path))}"
            )
        return cls._parse(raw, path, random_bytes)

    @classmethod
    def _parse(cls, raw: bytes, path: Path, random_bytes: RandomBytes) -> Keys:
        try:
            file = msgspec.json.decode(raw, type=KeyFile)
            keys = {name: _key(text) for name, text in file.keys.items()}
            tokens, ids = _key(file.tokens), _key(file.ids)
        except (msgspec.DecodeError, ValueError):
            # The cause would show what is in the file.
            raise ConfigInvalid(f"The key file {path} is damaged: put back the file from a backup") from None
        if file.version != 1:
            raise ConfigInvalid(f"The key file {path} was made by a newer version of Polydex")
        if file.active not in keys:
            raise ConfigInvalid(f"The key file {path} names {file.active!r} as active, but does not have this key")
        return cls(tokens, ids, file.active, keys, random_bytes)

    @property
    def mark(self) -> str:
        """Recognises the keys that must never change, without giving them away; stored in the database."""
        return hmac.digest(self.ids + self.tokens, b"polydex key mark", "sha256")[:16].hex()

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """AES-256-GCM under the active key: format, length of the key id, key id, nonce, ciphertext with tag.

        Args:
            plaintext: what to hide.
            aad: what it belongs to; needed again, equal, to decrypt.
        """
        name = self.active.encode()
        header = FORMAT + bytes([len(name)]) + name
        nonce = self.random_bytes(NONCE_BYTES)
        sealed: bytes = _aes(self.secret_keys[self.active]).encrypt(nonce, plaintext, header + aad)
        return header + nonce + sealed

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext.

        Raises:
            Internal: the key is missing, or ciphertext and ``aad`` do not belong together; the detail says which.
        """
        from cryptography.exceptions import InvalidTag

        if ciphertext[:1] != FORMAT or len(ciphertext) < 2:
            raise Internal(detail="a stored secret has an unknown format")
        end = 2 + ciphertext[1]
        name = ciphertext[2:end].decode("utf-8", "replace")
        key = self.secret_keys.get(name)
        if key is None:
            raise Internal(detail=f"a stored secret needs the key {name!r}, which the key file does not have")
        header, nonce, sealed = ciphertext[:end], ciphertext[end : end + NONCE_BYTES], ciphertext[end + NONCE_BYTES :]
        try:
            plaintext: bytes = _aes(key).decrypt(nonce, sealed, header + aad)
        except (InvalidTag, ValueError):
            raise Internal(detail="a stored secret is damaged, or belongs to something else") from None
        return plaintext

    def new_secret(self) -> str:
        """A secret for a client: 256 random bits, 43 base64url characters."""
        return base64.urlsafe_b64encode(self.random_bytes(KEY_BYTES)).decode().rstrip("=")


def secret_context(account: AccountId) -> bytes:
    """What an account's secret is bound to, so that a ciphertext cannot be moved to another account."""
    return b"account:%d" % account


def format_token(kind: str, number: int, secret: str) -> str:
    """``pdx_<kind>_<number>_<secret>``; kind ``acc`` is an account's access token."""
    return f"pdx_{kind}_{number}_{secret}"


def parse_token(token: str) -> tuple[str, int, str] | None:
    """Kind, number and secret of a token; None when it has another shape."""
    match = _TOKEN.fullmatch(token)
    return (match[1], int(match[2]), match[3]) if match else None


def hash_token(secret: str) -> bytes:
    """What is stored of a secret. It is random, with 256 bits, so that one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


@lru_cache(maxsize=8)
def _aes(key: bytes) -> Any:
    # Late: a process that handles no secret does not load the library.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(key) != KEY_BYTES:
        raise ValueError("not 32 bytes")
    return key


def _make(path: Path, keys: Keys) -> bytes:
    """Write a new key file, whole and flushed or not at all; when another process was faster, its file counts."""
    file = KeyFile(
        active=keys.active,
        keys={name: base64.b64encode(key).decode() for name, key in keys.secret_keys.items()},
        tokens=base64.b64encode(keys.tokens).decode(),
        ids=base64.b64encode(keys.ids).decode(),
    )
    raw = msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by its owner only
        try:
            with os.fdopen(descriptor, "wb") as output:
                output.write(raw)
                output.flush()
                os.fsync(output.fileno())
            publish(Path(partial), path)
        except FileExistsError:
            return path.read_bytes()
        finally:
            Path(partial).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigInvalid(f"The key file {path} cannot be made: {error.strerror}") from error
    return raw
