"""exchangelib as it comes works in the mailboxes of others, in a process of its own.

    python -m tests.witness.exchange.access URL PASSWORD

Of the users of test_exchangelib.py: a service account that impersonates one, and one whose mailbox is open to another.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import exchangelib as ews  # type: ignore[import-untyped]  # has no types

from tests.witness.exchange.calls import account_of, refused

ADA, BOB, EVE, SERVICE = "ada@example.com", "bob@example.com", "eve@example.com", "service@example.com"


def run(url: str, password: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def account(login: str, of: str, access: str, secret: str = password) -> Any:
        return account_of(url, login, secret, "basic", "fixed", of=of, access=access)

    own = account(ADA, ADA, ews.DELEGATE)
    ews.Contact(account=own, folder=own.contacts, display_name="Of Ada").save()
    impersonated = account(SERVICE, ADA, ews.IMPERSONATION).contacts
    ews.Contact(account=impersonated.account, folder=impersonated, display_name="Of the service").save()
    seen["impersonated"] = sorted(one.display_name for one in own.contacts.all())
    seen["own of the service"] = account(SERVICE, SERVICE, ews.DELEGATE).contacts.all().count()
    seen["impersonation denied"] = refused(lambda: account(SERVICE, EVE, ews.IMPERSONATION).contacts)
    seen["nobody impersonated"] = refused(lambda: account(SERVICE, "x@example.com", ews.IMPERSONATION).contacts)
    shared = account(BOB, ADA, ews.DELEGATE)
    seen["shared"] = sorted(one.display_name for one in shared.contacts.all())
    seen["not shared"] = refused(lambda: account(EVE, ADA, ews.DELEGATE).contacts)
    seen["wrong password"] = refused(lambda: account(ADA, ADA, ews.DELEGATE, "wrong").contacts)
    return seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(*sys.argv[1:3])))
