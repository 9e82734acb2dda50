"""One account: its state as it is stored, and the way to its provider, step by step."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from polydex.connectors.provider import Credentials, OAuth, Probe, Provider
from polydex.core.errors import (
    AddressForbidden,
    Internal,
    PolydexError,
    ProviderThrottled,
    ProviderUnauthorized,
    TokenDead,
    TokenRefreshFailed,
)
from polydex.core.ids import AccountId
from polydex.engine import grants, status
from polydex.engine.context import Context
from polydex.engine.doctor.clients import ALLOW
from polydex.engine.doctor.step import State, Step, sentence, told
from polydex.engine.push import Push
from polydex.engine.status import SourceState
from polydex.store import accounts, sources
from polydex.store.accounts import ACTIVE, DEAD, Account
from polydex.store.db import Tx
from polydex.store.sources import Source

# Step -> what mends its failure, when the error does not say more.
_MENDS = {
    "dns": "Check the address of the server and the name servers of this machine: getent hosts {host}",
    "tcp": "Check that the service runs and that no firewall is in between: curl -v {url}",
    "tls": "Let the server have a valid certificate, or name its authority in POLYDEX_CA_BUNDLE; a wrong clock here has "
    "the same effect.",
    "http": "See whether the service has an outage, and try again later: curl -v {url}",
    "discovery": "Check that the address leads to the service; another one can be given with: {again}",
    "book": "See at the provider whether the address book was removed or renamed; connect what is there with: {again}",
    "poll": "The server does not list its changes; its own log says why.",
}
_LOGIN = "Make a new (app) password at the provider and connect again, which keeps the account, its contacts and tokens: {again}"
_TOKENS = (
    "Let the user grant access again and connect with the new tokens, which keeps the account and its contacts: {again}"
)
_CLIENT = "Correct the OAuth client in the settings (polydex config), for the server and the commands."
_NO_URL = "Check this machine's way to the internet, and the addresses in the settings: polydex config"
# Step -> what can be done before its warning comes true.
_WARNINGS = {
    "token": "Publish the OAuth client, or make it one of your organisation alone (Internal), then let the user grant "
    "access again: tokens of before keep their end. Connect with: {again}",
    "scopes": "Let the user grant access again, with the box of the contacts ticked, and connect with: {again}",
    "tls": "Renew the certificate at the server, or ask its operator to.",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """An account as it is stored, with its default address book.

    Attributes:
        tenant: in which the application itself has access, where the account lives on that.
    """

    account: Account
    source: Source | None
    books: tuple[SourceState, ...]
    tenant: str | None = None

    @property
    def again(self) -> str:
        """The command that connects it again. The login is left out where it is asked for."""
        account = self.account
        if self.tenant is not None:
            tenant, mailbox = shlex.quote(self.tenant), shlex.quote(account.login or "")
            return f"polydex accounts add {account.provider} --tenant {tenant} --mailbox {mailbox}"
        if account.provider in ("google", "microsoft"):
            return f"polydex accounts add {account.provider} --tokens-stdin"
        if account.provider == "exchange":
            return _exchange(account)
        services = {"icloud": "icloud", "fastmail": "fastmail"}
        service = services.get((account.service_provider or account.service_type).lower(), "carddav")
        server = f" --server {shlex.quote(account.server_url)}" if service == "carddav" and account.server_url else ""
        return f"polydex accounts add {service}{server}"


def _exchange(account: Account) -> str:
    given = {"--server": account.server_url, "--mailbox": account.mailbox, "--auth": account.auth_method}
    options = "".join(f" {name} {shlex.quote(value)}" for name, value in given.items() if value)
    return f"polydex accounts add exchange{options}"


def load(tx: Tx, ctx: Context, number: AccountId) -> Subject | None:
    """Everything that the steps of an account need; None when there is none."""
    account = accounts.get(tx, number)
    if account is None:
        return None
    tenant = None
    if account.secret is not None and isinstance(ctx.providers.get(account.provider), OAuth):
        with contextlib.suppress(Internal):  # a step says what is wrong with the secret
            tenant = grants.opened(ctx.keys, account.id, account.secret).grant.application
    return Subject(account, sources.default(tx, number), tuple(status.read(tx, number, ctx.clock()).sources), tenant)


def stored(subject: Subject) -> list[Step]:
    """What the database says about an account."""
    account, found = subject.account, list[Step]()

    def add(name: str, state: State, said: str, mend: str = "") -> None:
        found.append(Step(f"account.{name}", state, said, mend, account.id))

    again = subject.again
    if account.token_status == DEAD or account.secret is None:
        why = (account.token_error or "The access was revoked").rstrip(".")
        add("state", State.FAILED, f"{why}: no call is made any more.", f"Connect it again: {again}")
    elif account.token_status != ACTIVE:
        mend = (_LOGIN if account.server_url else _TOKENS).format(again=again)
        add("state", State.FAILED, "The provider refused the credentials at the last pull.", mend)
    for book in subject.books:
        if book.halted:
            said = f"{book.halted} deletions were held back because they are so many."
            add(
                "halted",
                State.WARNING,
                said,
                f"See at the provider whether they are meant, then: polydex accounts approve {account.id} (or with --refuse)",
            )
        if book.deferred:
            said = f"{book.deferred} contacts could not be read, or are to be looked at again."
            add(
                "deferred",
                State.WARNING,
                said,
                "The server looks at them again by itself; if they stay, see the contacts at the provider.",
            )
        if book.push is not None and account.token_status == ACTIVE:
            add("push", *_push(book.push))
        if book.default and book.error_code is not None and account.token_status == ACTIVE:
            said = f"The last pull failed ({book.error_code}): {sentence(book.error_message or '')}"
            add(
                "pull",
                State.WARNING,
                said,
                f"The steps of the provider say more; pull again with: polydex sync {account.id}",
            )
    if all(step.state is State.OK for step in found):
        ready = any(book.default and book.ready for book in subject.books)
        add("state", State.OK, "The account is in order." if ready else "The account waits for its first pull.")
    return found


def _push(push: Push) -> tuple[State, str, str]:
    if push.active:
        return State.OK, "The provider tells of changes by itself.", ""
    if push.code in ("push.off", "push.waiting"):
        return State.OK, f"Changes are found by polls. {sentence(push.message or '')}", ""
    mend = "Polls find the changes nevertheless."
    if not push.stream:
        mend = (
            "Polls find the changes nevertheless; the step push tells whether POLYDEX_PUBLIC_URL leads to this server."
        )
    return State.WARNING, f"The provider does not tell of changes by itself: {sentence(push.message or '')}", mend


async def reached(subject: Subject, ctx: Context, tell: Callable[[str, int], None]) -> AsyncIterator[Step]:
    """The way to the provider. ``tell`` gets the server's address and its clock, unix milliseconds, where it is told."""
    account, source = subject.account, subject.source
    provider = ctx.providers.get(account.provider)
    if provider is None or account.secret is None or source is None:
        missing = (
            "its provider is not installed"
            if provider is None
            else "it has no credentials"
            if source
            else "it has no address book"
        )
        yield Step("account.provider", State.SKIPPED, f"The provider is not asked: {missing}.", account=account.id)
        return
    try:
        # Tokens are renewed, and stored, as any synchronisation does it: every use of a refresh token may end it.
        credentials = ctx.credentials(account)
    except Internal as error:
        mend = f"Put back the right key file, or connect again: {subject.again}"
        yield Step("account.secret", State.FAILED, sentence(told(error)), mend, account.id)
        return
    async for probe in provider.probe(ctx.net, credentials, source.key):
        if probe.clock is not None:
            tell(credentials.server_url, probe.clock)
        yield _step(probe, credentials.server_url, subject.again, account.id)


async def tried(
    provider: Provider, net: object, credentials: Credentials, again: str, tell: Callable[[str, int], None]
) -> AsyncIterator[Step]:
    """The way to a provider for which there is no account yet. ``again``: the command that would connect it."""
    async for probe in provider.probe(net, credentials, None):
        if probe.clock is not None:
            tell(credentials.server_url, probe.clock)
        yield _step(probe, credentials.server_url, again, None)


def _step(probe: Probe, url: str, again: str, account: AccountId | None) -> Step:
    name = f"account.{probe.step}" if account is not None else f"server.{probe.step}"
    mend = probe.mend.format(again=again)
    if probe.error is not None:
        mend = mend or _mend(probe.step, probe.error, url, again)
        return Step(name, State.FAILED, sentence(told(probe.error)), mend, account)
    if probe.warning:
        return Step(name, State.WARNING, probe.warning, mend or _WARNINGS[probe.step].format(again=again), account)
    return Step(name, State.OK, probe.found, account=account)


def _mend(step: str, error: PolydexError, url: str, again: str) -> str:
    if isinstance(error, AddressForbidden):
        return ALLOW
    if isinstance(error, TokenRefreshFailed):
        return _CLIENT
    if isinstance(error, TokenDead) or (isinstance(error, ProviderUnauthorized) and not url):
        return _TOKENS.format(again=again)
    if isinstance(error, ProviderUnauthorized):
        return _LOGIN.format(again=again)
    if step == "scopes":
        return _WARNINGS[step].format(again=again)
    if isinstance(error, ProviderThrottled):
        return "Wait, and pull less often (POLYDEX_POLL_INTERVAL)."
    if not url and step in _MENDS and step != "book":
        return _NO_URL
    host = url.partition("://")[2].partition("/")[0].rpartition(":")
    template = _MENDS.get(step, "Try again later; the provider's own status page or log says more.")
    return template.format(host=host[0] or host[2], url=url, again=again)
