"""What the identity platform refuses, in its own words.

The numbers are those of https://learn.microsoft.com/entra/identity-platform/reference-error-codes; the texts are as
others have reported them. Which ``error`` goes with a number is not documented for each: what could not be confirmed is
marked.
"""

from __future__ import annotations

from typing import Any

from polydex_sandbox.clock import rfc3339


class StsError(Exception):
    """An error of the security token service; the texts are shown to the caller and hold no secrets.

    Attributes:
        error: a code of RFC 6749, section 5.2, or of Microsoft.
        number: of ``AADSTS``.
        text: one sentence or more.
        status: of HTTP.
        suberror: what kind of help is needed (``consent_required``, ``basic_action``, ``bad_token``, ...); "" when there
            is none.
        claims: what the user has to be asked for at the authorization endpoint, as JSON; "" when there is nothing.
        retry_after: seconds for the header Retry-After; None leaves it out.
    """

    def __init__(
        self,
        error: str,
        number: int,
        text: str,
        status: int = 400,
        *,
        suberror: str = "",
        claims: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(f"{error}: AADSTS{number}")
        self.error, self.number, self.text, self.status = error, number, text, status
        self.suberror, self.claims, self.retry_after = suberror, claims, retry_after

    @property
    def uri(self) -> str:
        """Where Microsoft explains the number."""
        return f"https://login.microsoftonline.com/error?code={self.number}"

    def description(self, trace: str, correlation: str, now: int) -> str:
        """As in ``error_description``: the text, and what Microsoft's support asks for; now in Unix milliseconds."""
        # In one line: since 2023 without the line breaks that older reports show.
        return (
            f"AADSTS{self.number}: {self.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp(now)}"
        )

    def body(self, trace: str, correlation: str, now: int) -> dict[str, Any]:
        """As the token endpoint answers."""
        found: dict[str, Any] = {
            "error": self.error,
            "error_description": self.description(trace, correlation, now),
            "error_codes": [self.number],
            "timestamp": stamp(now),
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": self.uri,
        }
        if self.suberror:
            found["suberror"] = self.suberror
        if self.claims:
            found["claims"] = self.claims
        return found


def stamp(milliseconds: int) -> str:
    """``2026-01-02 03:04:05Z``."""
    return rfc3339(milliseconds, 0).replace("T", " ")


# --- any request ---------------------------------------------------------------------------------------------------


def missing(parameter: str) -> StsError:
    return StsError("invalid_request", 900144, f"The request body must contain the following parameter: '{parameter}'.")


def malformed(error: str = "invalid_request") -> StsError:
    return StsError(error, 9002313, "Invalid request. Request is malformed or invalid.")


def only_post(method: str) -> StsError:
    return StsError(
        "invalid_request", 900561, f"The endpoint only accepts POST requests. Received a {method} request.", 405
    )


def twice(parameter: str) -> StsError:
    """A parameter that may come once only."""
    return StsError("invalid_request", 9000410, f"Malformed request: the parameter '{parameter}' is duplicated.")


def no_tenant(name: str) -> StsError:
    return StsError(
        "invalid_request",
        90002,
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
        "cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the "
        "tenant.",
    )


def tenant_needed() -> StsError:
    """Reported for client credentials at ``common`` (https://github.com/AzureAD/microsoft-identity-web/issues/462)."""
    return StsError(
        "invalid_request",
        50059,
        "No tenant-identifying information found in either the request or implied by any provided credentials.",
    )


# --- applications --------------------------------------------------------------------------------------------------


def no_application(client_id: str, tenant: str) -> StsError:
    return StsError(
        "unauthorized_client",
        700016,
        f"Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the tenant. "
        "You may have sent your authentication request to the wrong tenant.",
    )


def secret_needed() -> StsError:
    return StsError(
        "invalid_client",
        7000218,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        401,
    )


def secret_wrong(client_id: str) -> StsError:
    return StsError(
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
        f"client secret ID, for a secret added to app '{client_id}'.",
        401,
    )


def secret_expired(client_id: str) -> StsError:
    return StsError(
        "invalid_client",
        7000222,
        f"The provided client secret keys for app '{client_id}' are expired. Visit the Azure portal to create new keys "
        "for your app, or consider using certificate credentials for added security.",
        401,
    )


def public_client() -> StsError:
    return StsError(
        "invalid_client",
        700025,
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        401,
    )


def assertion_wrong(why: str) -> StsError:
    return StsError("invalid_client", 700027, f"The certificate used to sign the client assertion is not {why}.", 401)


def assertion_expired() -> StsError:
    return StsError("invalid_client", 700024, "Client assertion is not within its valid time range.", 401)


def single_tenant(client_id: str, name: str) -> StsError:
    return StsError(
        "invalid_request",
        50194,
        f"Application '{client_id}'({name}) is not configured as a multi-tenant application. Usage of the /common "
        "endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure "
        "the application to be multi-tenant.",
    )


def personal_only(client_id: str, name: str) -> StsError:
    return StsError(
        "invalid_request",
        9002331,
        f"Application '{client_id}'({name}) is configured for use by Microsoft Account users only. Please use the "
        "/consumers endpoint to serve this request.",
    )


def no_personal(client_id: str) -> StsError:
    """An application for work accounts alone at ``consumers`` (its ``error`` could not be confirmed)."""
    return StsError(
        "unauthorized_client",
        9002346,
        f"Application '{client_id}' is configured for use by Azure Active Directory users only. Please do not use the "
        "/consumers endpoint to serve this request.",
    )


def no_service_principal(client_id: str, tenant: str) -> StsError:
    return StsError(
        "unauthorized_client",
        7000229,
        f"The client application {client_id} is missing service principal in the tenant {tenant}. See instructions here: "
        "https://go.microsoft.com/fwlink/?linkid=2225119",
    )


# --- scopes --------------------------------------------------------------------------------------------------------


def no_scope(scope: str, name: str) -> StsError:
    return StsError(
        "invalid_client",
        650053,
        f"The application '{name}' asked for scope '{scope}' that doesn't exist on the resource "
        "'00000003-0000-0000-c000-000000000000'. Contact the app vendor.",
    )


def bad_scope(scope: str, more: str = "") -> StsError:
    return StsError(
        "invalid_scope",
        70011,
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' "
        f"is not valid. The scope {scope} is not valid.{more}",
    )


def no_default(scope: str) -> StsError:
    return StsError(
        "invalid_scope",
        1002012,
        f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
    )


# --- accounts ------------------------------------------------------------------------------------------------------


def personal_refused(email: str) -> StsError:
    return StsError(
        "invalid_request",
        500200,
        f"User account '{email}' is a personal Microsoft account. Personal Microsoft accounts are not supported for this "
        "application unless explicitly invited to an organization. Try signing out and signing back in with an "
        "organizational account.",
    )


def foreign(email: str, tenant: str, client_id: str, name: str, provider: str) -> StsError:
    """An account of another directory."""
    return StsError(
        "invalid_grant",
        50020,
        f"User account '{email}' from identity provider '{provider}' does not exist in tenant '{tenant}' and cannot "
        f"access the application '{client_id}'({name}) in that tenant. The account needs to be added as an external user "
        "in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.",
    )


def work_refused(email: str) -> StsError:
    """The page says so without a number; the number is the one of the directory of personal accounts (unconfirmed)."""
    return StsError(
        "invalid_request",
        50020,
        f"User account '{email}' is a work or school account. You can't sign in here with a work or school account. Use "
        "your personal account instead.",
    )


# --- codes and refresh tokens --------------------------------------------------------------------------------------


def bad_grant(number: int, text: str, suberror: str = "") -> StsError:
    return StsError("invalid_grant", number, text, suberror=suberror)


def unconsented(client_id: str, name: str) -> StsError:
    return bad_grant(
        65001,
        f"The user or administrator has not consented to use the application with ID '{client_id}' named '{name}'. Send "
        "an interactive authorization request for this user and resource.",
        "consent_required",
    )


def inactive(issued: int) -> StsError:
    return bad_grant(
        700082,
        f"The refresh token has expired due to inactivity. The token was issued on {rfc3339(issued)} and was inactive for "
        "90.00:00:00.",
        "bad_token",
    )


def single_page_over(issued: int) -> StsError:
    return bad_grant(
        700084,
        "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of "
        "1.00:00:00, which can't be extended. It is now expired and a new sign in request must be sent by the SPA to the "
        f"sign in page. The token was issued on {rfc3339(issued)}.",
        "bad_token",
    )


def revoked(issued: int, since: int) -> StsError:
    return bad_grant(
        50173,
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed "
        f"or reset their password. The grant was issued on '{rfc3339(issued)}' and the TokensValidFrom date (before which "
        f"tokens are not valid) for this user is '{rfc3339(since)}'.",
        "bad_token",
    )


def personal_over() -> StsError:
    """What is said of a personal account's grant that has ended, for whatever reason.

    https://github.com/Softeria/ms-365-mcp-server/issues/522
    """
    return bad_grant(
        70000, "The user could not be authenticated as the grant is expired. The user must sign in again.", "bad_token"
    )


def bad_refresh_token() -> StsError:
    """One that is not known, not this application's, or was used up (strict rotation)."""
    return bad_grant(
        70000, "The provided value for the input parameter 'refresh_token' or 'assertion' is not valid.", "bad_token"
    )
