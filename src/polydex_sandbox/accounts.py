"""The accounts of the sandbox: who there is, whatever the provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from uuid import UUID, uuid5

TENANT = "c0ffee00-5a4d-4b0c-8d0e-5a9db0c50001"
"""The directory of the sandbox's own organisation, where work accounts are unless they are told another one."""
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The directory that Microsoft has for all personal accounts (https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference)."""

_OBJECTS = UUID("5a9db0c5-0b1e-4c75-8d0e-c0ffee000000")


@dataclass(frozen=True)
class Account:
    """One user.

    Attributes:
        id: number in the sandbox, as text.
        email: login name; unique.
        name: full name.
        subject: the id that the provider has for the user, 21 digits, as Google's ``sub``.
        created: Unix milliseconds.
        tenant: the directory at Microsoft that it is in, a GUID.
        oid: the id that this directory has for the user, a GUID.
    """

    id: str
    email: str
    name: str
    subject: str
    created: int
    tenant: str = TENANT
    oid: str = ""

    @property
    def personal(self) -> bool:
        """Whether it is a personal account at Microsoft, not one of work or school."""
        return self.tenant == PERSONAL


class UnknownAccount(Exception):
    """There is no account of this id or e-mail address."""


class AccountExists(Exception):
    """Another account has this e-mail address."""


class Accounts:
    """All accounts, by id and by e-mail address."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._by_id: dict[str, Account] = {}
        self._count = 0

    def create(self, email: str, name: str, now: int, tenant: str = TENANT) -> Account:
        """Raises AccountExists."""
        if any(account.email.lower() == email.lower() for account in self):
            raise AccountExists(email)
        self._count += 1
        subject = "1" + "".join(self._random.choice("0123456789") for _ in range(20))
        account = Account(str(self._count), email, name, subject, now, tenant, _oid(subject, tenant))
        self._by_id[account.id] = account
        return account

    def get(self, key: str) -> Account:
        """By id or e-mail address. Raises UnknownAccount."""
        found = self._by_id.get(key)
        if found is None:
            found = next((account for account in self if account.email.lower() == key.lower()), None)
        if found is None:
            raise UnknownAccount(key)
        return found

    def remove(self, account: Account) -> None:
        del self._by_id[account.id]

    def __iter__(self) -> Iterator[Account]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)


def _oid(subject: str, tenant: str) -> str:
    made = str(uuid5(_OBJECTS, subject))
    # A personal account has 64 bits of its own only (an observation, not documented).
    return f"00000000-0000-0000{made[18:]}" if tenant == PERSONAL else made
