"""What refresh tokens have become that were tried before they belonged to an account, for whoever uses them next."""

from __future__ import annotations

from polydex.connectors.tokens import Grant
from polydex.engine import grants
from polydex.engine.grants import Kept
from polydex.engine.keys import Keys, hash_token
from polydex.store import successors
from polydex.store.db import Tx

KEPT_DAYS = 90
"""As long as a refresh token lives that nobody uses, at Microsoft."""


def find(tx: Tx, keys: Keys, used: Grant) -> Kept | None:
    """What came in the place of a refresh token. Raises Internal."""
    if used.refresh_token is None:
        return None
    digest = hash_token(used.refresh_token)
    secret = successors.find(tx, digest)
    return None if secret is None else grants.unsealed(keys, _context(digest), secret)


def begin(tx: Tx, keys: Keys, given: Grant, now: int, seconds: float) -> tuple[Kept | None, bool]:
    """The same; and if it has no access token that serves, the turn to ask for one within so many seconds.

    Removes what nobody came for. That it writes shows, too, that something can be stored. ``now``: unix milliseconds.
    Returns what came in its place, and whether the turn was to be had: False while somebody else has it. Raises Internal.
    """
    successors.forget(tx, now)
    found = find(tx, keys, given)
    if found is not None and found.serves(None, now):
        return found, True
    used = given if found is None else found.grant
    if used.refresh_token is None:
        return found, True
    ours = successors.announce(tx, hash_token(used.refresh_token), now, now + int(seconds * 1000))
    if ours and find(tx, keys, given) != found:  # it came just now, with the end of somebody's turn
        end(tx, used)
        ours = False
    return found, ours


def expected(tx: Tx, used: Grant, now: int) -> bool:
    """Whether somebody tries the refresh token, so that something may come in its place."""
    return used.refresh_token is not None and successors.announced(tx, hash_token(used.refresh_token), now)


def end(tx: Tx, used: Grant) -> None:
    """Nothing will come in its place, or it has come: the turn is over."""
    if used.refresh_token is not None:
        successors.withdraw(tx, hash_token(used.refresh_token))


def take(tx: Tx, keys: Keys, used: Grant) -> Kept | None:
    """The same, for an account, to which it belongs from now on. Raises Internal."""
    if used.refresh_token is None:
        return None
    digest = hash_token(used.refresh_token)
    secret = successors.take(tx, digest)
    return None if secret is None else grants.unsealed(keys, _context(digest), secret)


def keep(tx: Tx, keys: Keys, used: Grant, newer: Grant, now: int) -> None:
    """Keep what the refresh token in ``used`` has become. ``now``: unix milliseconds."""
    if used.refresh_token is not None:
        digest = hash_token(used.refresh_token)
        successors.keep(tx, digest, grants.sealed(keys, _context(digest), newer, now), now + KEPT_DAYS * 86_400_000)


def _context(digest: bytes) -> bytes:
    return b"successor:" + digest
