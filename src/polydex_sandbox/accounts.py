"""The accounts of the sandbox: who there is, whatever the provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Account:
    """One user.

    Attributes:
        id: number in the sandbox, as text.
        email: login name; unique.
        name: full name.
        subject: the id that the provider has for the user, 21 digits, as Google's ``sub``.
        created: Unix milliseconds.
    """

    id: str
    email: str
    name: str
    subject: str
    created: int


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

    def create(self, email: str, name: str, now: int) -> Account:
        """Raises AccountExists."""
        if any(account.email.lower() == email.lower() for account in self):
            raise AccountExists(email)
        self._count += 1
        subject = "1" + "".join(self._random.choice("0123456789") for _ in range(20))
        account = Account(str(self._count), email, name, subject, now)
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
