"""What mends a failure on the way to a mailbox: where in Entra, or in the settings. Pure.

``{again}`` stands for the command that connects the account again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from polydex.connectors.microsoft import scopes, sts
from polydex.connectors.tokens import Grant
from polydex.core.errors import PolydexError, ProviderForbidden

_APP: Final = "In Entra, App registrations, your application"
_EVERYWHERE: Final = "for the server and the commands"
_CONSENT: Final = (
    "Let an administrator of the tenant open https://login.microsoftonline.com/TENANT/adminconsent?client_id=ID, with the "
    "tenant and the application (client) id."
)
_TYPES: Final = (
    f"{_APP}, Authentication: see the supported account types; for one tenant alone, put it in place of common in "
    f"{sts.TOKEN_URL}, {_EVERYWHERE}."
)
_CONDITIONAL: Final = (
    "Ask the administrator of the user's organisation: the sign-in logs in Entra name the policy of Conditional Access."
)
_BY_CODE: Final[Mapping[str, str]] = {
    "AADSTS7000215": f"{_APP}, Certificates & secrets: copy the value (not the id) of a client secret into {sts.SECRET}, "
    f"{_EVERYWHERE}.",
    "AADSTS7000222": f"{_APP}, Certificates & secrets: make a new client secret and copy its value into {sts.SECRET}, "
    f"{_EVERYWHERE}.",
    "AADSTS700016": f"{_APP}, Overview: copy the application (client) id into {sts.ID}, {_EVERYWHERE}; an application of "
    "another tenant has to be let in by an administrator of this one.",
    "AADSTS7000229": _CONSENT,
    "AADSTS650051": _CONSENT,
    "AADSTS650052": _CONSENT,
    "AADSTS9002327": f"{_APP}, Authentication: register the redirect URI under the platform Web, and connect with: {{again}}",
    "AADSTS700025": f"{_APP}, Authentication: register the redirect URI under the platform Web, and connect with: {{again}}",
    "AADSTS90023": f"{_APP}, Authentication: register the redirect URI under the platform Web, and connect with: {{again}}",
    **dict.fromkeys(("AADSTS50194", "AADSTS50059", "AADSTS9002331", "AADSTS9002346", "AADSTS500200"), _TYPES),
    "AADSTS90002": f"Correct the tenant: connect with {{again}}, or set {sts.TOKEN_URL}, {_EVERYWHERE}.",
    **dict.fromkeys((f"AADSTS{number}" for number in sts.CONDITIONAL), _CONDITIONAL),
    "AADSTS50053": "Ask the administrator of the user's organisation: in Entra, Users, see whether the account is enabled.",
    "AADSTS50057": "Ask the administrator of the user's organisation: in Entra, Users, see whether the account is enabled.",
    "mailboxnotenabledforrestapi": "Give the user a licence with Exchange Online; a mailbox on an Exchange server of your own "
    "cannot be reached through Microsoft Graph.",
}
_OF_APPLICATION: Final = (
    f"{_APP}, API permissions: add Microsoft Graph, application permission {scopes.WRITE}, and grant admin consent; where the "
    "application is limited to some mailboxes, this one has to be among them (Test-ServicePrincipalAuthorization in Exchange "
    "Online PowerShell)."
)
_OF_USER: Final = (
    f"{_APP}, API permissions: add Microsoft Graph, delegated permissions {scopes.WRITE} and {scopes.PROFILE}; then let the "
    "user grant access again and connect with: {again}"
)
OFFLINE: Final = f"Ask for the scope {scopes.OFFLINE} as well when the user grants access, and connect with: {{again}}"
UNGRANTED: Final = _OF_USER
UNREACHABLE: Final = (
    "Check this machine's way to the internet, and POLYDEX_GRAPH_API_URL (polydex config); then try again."
)


def of_failure(error: PolydexError, grant: Grant | None = None) -> str:
    """What mends it; "" where nothing more can be said than for any provider. ``grant``: of the account, if it is one's."""
    code = str((error.original or {}).get("code", ""))
    if code in _BY_CODE:
        return _BY_CODE[code]
    if isinstance(error, ProviderForbidden) and grant is not None:
        return _OF_USER if grant.application is None else _OF_APPLICATION
    return ""
