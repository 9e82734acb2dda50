"""What the authorization server refuses, in the words of RFC 6749 and of Google."""

from __future__ import annotations


class OAuthError(Exception):
    """An OAuth error; the texts are shown to the caller and hold no secrets.

    Attributes:
        error: a code of RFC 6749, section 5.2, or of Google.
        description: one sentence.
        status: of HTTP.
        retry_after: seconds for the header Retry-After; None leaves it out.
    """

    def __init__(self, error: str, description: str, status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(f"{error}: {description}")
        self.error, self.description, self.status, self.retry_after = error, description, status, retry_after


def bad_grant(description: str = "Bad Request") -> OAuthError:
    """``invalid_grant``: what Google says of codes and tokens that it does not know (any more)."""
    return OAuthError("invalid_grant", description)


def dead_token() -> OAuthError:
    """A refresh token that was good once."""
    return bad_grant("Token has been expired or revoked.")


def missing(parameter: str) -> OAuthError:
    return OAuthError("invalid_request", f"Missing required parameter: {parameter}")
