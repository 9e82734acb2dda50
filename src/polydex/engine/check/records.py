"""Rules about everything that is not a contact: applications, accounts, address books, intents, leases. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from polydex.core.errors import Internal
from polydex.core.ids import AccountId
from polydex.engine.accounts import app_secret_context
from polydex.engine.check import rules
from polydex.engine.check.contacts import Problem
from polydex.engine.keys import Keys, secret_context
from polydex.store import accounts, intents
from polydex.store.tables import AccountLine, AppLine, IntentLine, LeaseLine, SourceLine, TokenLine, WatchLine

_HASH_BYTES = 32
_STATUSES = {accounts.ACTIVE, accounts.INVALID, accounts.DEAD}
_WALKING = {None, "begun", "snapshot", "delta"}
_VERBS = {"create", "update", "delete"}
_ENDED = {intents.DONE, intents.FAILED, intents.ABANDONED}


def of_app(line: AppLine, keys: Keys | None) -> Iterator[Problem]:
    """Rules about an application. ``keys`` None: what needs them is left out."""
    if len(line.secret_hash) != _HASH_BYTES:
        yield rules.HASHES, "the client secret is not stored as a hash"
    if keys is not None and (wrong := _sealed(keys, line.signing_secret, app_secret_context(line.client_id))):
        yield rules.SECRETS, f"the signing secret: {wrong}"


def of_account(line: AccountLine, defaults: int, leftovers: int, keys: Keys | None) -> Iterator[Problem]:
    """Rules about an account.

    Args:
        line: its row.
        defaults: how many default address books it has.
        leftovers: how many access tokens and intents.
        keys: None: what needs them is left out.
    """
    if line.token_status not in _STATUSES:
        yield rules.ACCOUNTS, "a state that there is not"
    if line.generation < 1 or min(line.seq, line.touch, line.credentials) < 0:
        yield rules.ACCOUNTS, "a counter is below its start"
    if line.refresh_owner is None and line.refresh_until:
        yield rules.ACCOUNTS, "nobody refreshes its tokens, and has an end for that"
    if line.deleted_at is not None:
        personal = (line.login, line.email, line.name, line.server_url, line.region, line.mailbox or None)
        if line.secret is not None:
            yield rules.DELETED, "it keeps its credentials"
        if line.subject or any(value is not None for value in personal):
            yield rules.DELETED, "it keeps personal data"
        if leftovers:
            yield rules.DELETED, f"it keeps {leftovers} tokens or intents"
    elif defaults != 1:
        yield rules.DEFAULT, f"it has {defaults} default address books"
    if keys is not None and line.secret is not None:
        wrong = _sealed(keys, line.secret, secret_context(AccountId(line.id)))
        if wrong:
            yield rules.SECRETS, f"the credentials: {wrong}"


def _sealed(keys: Keys, secret: bytes, context: bytes) -> str:
    """Why a secret cannot be decrypted; empty when it can."""
    try:
        keys.decrypt(secret, context)
    except Internal as error:
        return error.detail
    return ""


def of_token(line: TokenLine) -> Iterator[Problem]:
    """Rules about an access token."""
    if len(line.hash) != _HASH_BYTES:
        yield rules.HASHES, "the access token is not stored as a hash"


def of_source(line: SourceLine, account: AccountLine) -> Iterator[Problem]:
    """Rules about an address book."""
    connected = account.deleted_at is None and account.token_status != accounts.DEAD
    if line.is_default == 1 and connected and line.due_at is None:
        yield rules.SCHEDULE, "it is never due"
    if (line.ready_at is None) != (line.pulled_at is None):
        yield rules.SOURCES, "ready, but never pulled; or pulled, but not ready"
    if line.lease_owner is None and line.lease_until:
        yield rules.SOURCES, "nobody holds its lease, which has an end"
    if line.fence < 0 or line.wake < 0 or (line.due_at is not None and line.due_at < 0):
        yield rules.SOURCES, "a counter or a time is below its start"
    if (line.halted_walk is None) != (line.halted_count == 0) or (line.halted_walk or 0) > line.walk_id:
        yield rules.SOURCES, "halted by no walk, or for no deletion"
    yield from _walk(line, account)


def _walk(line: SourceLine, account: AccountLine) -> Iterator[Problem]:
    if line.walk_mode not in _WALKING:
        yield rules.WALKS, "a mode that there is not"
    if line.walk_mode in (None, "begun") and line.walk_cursor is not None:
        yield rules.WALKS, "a place to go on at, without a walk that has come so far"
    if line.walk_mode is not None and line.walk_id < 1:
        yield rules.WALKS, "a walk without a number"
    if line.cursor == "" or line.walk_cursor == "":
        yield rules.WALKS, "an empty cursor"
    if min(line.walk_id, line.walk_done, line.walk_start, line.last_sweep) < 0:
        yield rules.WALKS, "a counter is below its start"
    if max(line.walk_start, line.last_sweep) > account.touch:
        yield rules.WALKS, "it began, or was complete, after the account's counter"


def of_intent(line: IntentLine, account: AccountLine, source: SourceLine | None) -> Iterator[Problem]:
    """Rules about the intent of a write."""
    if source is not None and source.account_id != line.account_id:
        yield rules.INTENTS, "its address book belongs to another account"
    if line.verb not in _VERBS or (line.verb == "create" and not line.mark):
        yield rules.INTENTS, "a verb that there is not, or a creation that nobody could find"
    if len(line.body_hash) != _HASH_BYTES:
        yield rules.INTENTS, "not the hash of a request"
    if line.asked > account.touch or line.generation > account.generation:
        yield rules.INTENTS, "it was begun after the account's counters"
    if line.state == intents.OPEN:
        if line.due_at is None or line.finished_at is not None:
            yield rules.INTENTS, "open, but nobody will find out what became of it"
    elif line.state not in _ENDED:
        yield rules.INTENTS, "a state that there is not"
    elif line.finished_at is None or line.due_at is not None:
        yield rules.INTENTS, "ended, but without a time, or still to be found out"


def of_lease(line: LeaseLine) -> Iterator[Problem]:
    """Rules about the right to write to an account."""
    if (line.owner is None and line.until_ms) or line.fence < 0:
        yield rules.LEASES, "nobody holds it, and it has an end"


def of_watch(line: WatchLine) -> Iterator[Problem]:
    """Rules about a channel by which a provider tells of changes."""
    if line.channel is not None and (not line.url or not line.expires_at):
        yield rules.WATCHES, "a channel without an address, or without an end"
    if line.lease_owner is None and line.lease_until:
        yield rules.WATCHES, "nobody holds its lease, which has an end"
    if min(line.fence, line.wake, line.fails, line.due_at or 0) < 0:
        yield rules.WATCHES, "a counter or a time is below its start"
