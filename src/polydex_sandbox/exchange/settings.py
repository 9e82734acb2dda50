"""What an account is at its Exchange server: who it logs in as, and what it may."""

from __future__ import annotations

from dataclasses import dataclass, field

from polydex_sandbox.accounts import Account
from polydex_sandbox.exchange.auth import Binding, Login, Method
from polydex_sandbox.exchange.versions import VERSIONS, Version

PASSWORD = "secret"  # noqa: S105 - of a simulator
DOMAIN = "EXAMPLE"


@dataclass(frozen=True)
class Settings:
    """Settings of an account.

    Attributes:
        password: the one that logs it in.
        login: name without domain.
        server: key in `VERSIONS`.
        domain: of the down-level name.
        methods: by which it is let in.
        binding: Extended Protection.
        impersonates: whom the account may impersonate: addresses, or everybody.
        opens: addresses of the mailboxes that are shared with it.
        connections: requests at once at most (``EWSMaxConcurrency``).
    """

    password: str
    login: str
    server: str = "2016"
    domain: str = DOMAIN
    methods: frozenset[Method] = frozenset({"negotiate", "ntlm", "basic"})
    binding: Binding = "none"
    impersonates: frozenset[str] | bool = False
    opens: frozenset[str] = field(default_factory=frozenset)
    connections: int = 27

    @property
    def version(self) -> Version:
        return VERSIONS[self.server]

    def entry(self, account: Account) -> Login:
        """What lets it in: its UPN, which is its address, the down-level name, and the name alone."""
        names = {account.email.lower(), f"{self.domain}\\{self.login}".lower(), self.login.lower()}
        return Login(account, frozenset(names), self.password, self.methods, self.binding)


def settings(account: Account) -> Settings:
    """Those of a new account."""
    return Settings(PASSWORD, account.email.partition("@")[0])


def sid(account: Account) -> str:
    """The security identifier of an account."""
    return f"S-1-5-21-1004336348-1177238915-682003330-{1000 + int(account.id)}"
