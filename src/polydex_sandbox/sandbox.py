"""The sandbox: what all of its providers have in common."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from polydex_sandbox.accounts import Account, Accounts
from polydex_sandbox.clock import Clock
from polydex_sandbox.identity.google.clients import DEFAULT
from polydex_sandbox.quirks import Quirks
from polydex_sandbox.requestlog import RequestLog
from polydex_sandbox.tokens import AccessTokens, Grant


class Sandbox:
    """State in memory; it ends with the process.

    Args:
        clock: its time; the machine's when not given.
        seed: of everything that is drawn at random: tokens, ids.
    """

    def __init__(self, clock: Clock | None = None, seed: int = 0) -> None:
        self.clock = clock or Clock()
        self.random = Random(seed)  # noqa: S311 - tokens of a simulator have to be repeatable, not secret
        self.client = DEFAULT
        self.accounts = Accounts(self.random)
        self.tokens = AccessTokens(self.random)
        self.quirks = Quirks()
        self.log = RequestLog()

    def issue(self, account: Account, scopes: Iterable[str], *, token: str | None = None) -> Grant:
        """An access token for the registered client, from now on."""
        return self.tokens.issue(account.id, scopes, now=self.clock.now(), client_id=self.client.id, token=token)

    def remove(self, account: Account) -> None:
        """Remove an account with its tokens and quirks."""
        for grant in self.tokens.of(account.id):
            self.tokens.revoke(grant.token)
        self.quirks.forget(account.id)
        self.accounts.remove(account)
