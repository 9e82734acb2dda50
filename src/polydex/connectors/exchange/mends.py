"""What mends a failure on the way to a mailbox: where at the server, or in the account. Pure.

``{again}`` stands for the command that connects the account again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from polydex.core.errors import PolydexError, ProviderUnauthorized

_PASSWORD: Final = (
    "Try login and password in Outlook on the web; DOMAIN\\user and user@domain are two ways to write the login. Connect "  # noqa: S105 - a sentence
    "again with: {again}"
)
_PROTECTION: Final = (
    " If they are right there: Extended Protection refuses this login behind a proxy that ends TLS with a certificate of its "
    "own; let TLS through to Exchange, or switch Extended Protection off for /EWS, or connect with --auth basic."
)
_OFFER: Final = (
    "Take what the server offers with --auth, or let it offer more (Set-WebServicesVirtualDirectory -WindowsAuthentication, "
    "-BasicAuthentication); connect again with: {again}"
)
PREAUTH: Final = (
    "Let whatever is in front of Exchange (a proxy, an application gateway) pass /EWS/ without a login page of its own."
)
_IMPERSONATE: Final = (
    "Let the login impersonate the mailbox, in the Exchange Management Shell: New-ManagementRoleAssignment -Role "
    "ApplicationImpersonation -User LOGIN, with a scope that the mailbox is in."
)
_NO_MAILBOX: Final = "Check the address of the mailbox; a login without a mailbox of its own needs --mailbox: {again}"
_BY_CODE: Final[Mapping[str, str]] = {
    "ErrorImpersonateUserDenied": _IMPERSONATE,
    "ErrorImpersonationDenied": _IMPERSONATE,
    "ErrorImpersonationFailed": _IMPERSONATE,
    "ErrorNonExistentMailbox": _NO_MAILBOX,
    "ErrorNonPrimarySmtpAddress": "Name the mailbox by its primary SMTP address, with --mailbox: {again}",
    "ErrorMissingEmailAddress": _NO_MAILBOX,
    "ErrorAccountDisabled": "Enable the account in Active Directory.",
}


def of_failure(error: PolydexError, *, bound: bool = False) -> str:
    """What mends a failure; "" where the step says enough.

    ``bound``: the login was proven in a way that Extended Protection judges.
    """
    code = (error.original or {}).get("code")
    if isinstance(code, str) and code in _BY_CODE:
        return _BY_CODE[code]
    if not isinstance(error, ProviderUnauthorized):
        return ""
    if "does not offer" in error.message:
        return _OFFER
    return _PASSWORD + (_PROTECTION if bound else "")
