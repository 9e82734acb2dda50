"""What the connectors of an account share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polydex.connectors.exchange.shared import LOCKOUT_SECONDS, Accounts
from polydex.connectors.provider import Credentials
from polydex.core.errors import ProviderUnauthorized
from polydex.testing.clock import FakeClock

ADA = Credentials("ada", "secret", "https://mail.example.com/EWS/Exchange.asmx")


def test_a_login_is_one_object_as_long_as_the_credentials_are_the_same() -> None:
    shared = Accounts().of("1", FakeClock())
    login = shared.login(ADA)
    assert shared.login(replace(ADA)) is login
    for changed in (replace(ADA, password="new"), replace(ADA, method="basic"), replace(ADA, mailbox="b@example.com")):
        assert shared.login(changed) is not login
        login = shared.login(changed)


def test_a_login_that_was_refused_is_remembered_however_many_accounts_there_are() -> None:
    """Else every call would try it again, and the directory lock the user out."""
    clock, accounts = FakeClock(), Accounts()
    shared = accounts.of("ada", clock)
    shared.lockout.refused(shared.login(ADA))
    for number in range(2500):
        accounts.of(str(number), clock).login(ADA)
    shared = accounts.of("ada", clock)
    with pytest.raises(ProviderUnauthorized):
        shared.lockout.check(shared.login(ADA))
    shared.lockout.check(shared.login(replace(ADA, password="new")))
    clock.advance(LOCKOUT_SECONDS)
    for number in range(2500):
        accounts.of(str(number), clock).login(ADA)
    assert accounts.of("ada", clock) is not shared
