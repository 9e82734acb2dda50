"""Errors as Microsoft Graph writes them: ``{"error": {code, message, innerError}}``.

Codes and texts are those that people report; the source stands where one is needed. Graph's documentation says that
nobody shall depend on the texts (https://learn.microsoft.com/graph/errors).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

READ_ONLY = (
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
)


class GraphError(Exception):
    """A refusal.

    Args:
        status: of HTTP.
        code: the word that programs look at.
        message: the sentence for people.
        headers: of the answer.
        inner: the code in ``innerError``, where Graph has one.
    """

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None, inner: str = ""
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.inner = status, code, message, inner
        self.headers = dict(headers or {})

    def body(self, date: str, request_id: str, client_request_id: str) -> dict[str, Any]:
        """The answer.

        Args:
            date: ``2026-01-02T03:04:05``, without a zone.
            request_id: Graph's own id of the request.
            client_request_id: what the client called it, or the same.
        """
        inner = {"date": date, "request-id": request_id, "client-request-id": client_request_id}
        if self.inner:
            inner = {"code": self.inner, **inner}
        return {"error": {"code": self.code, "message": self.message, "innerError": inner}}


def too_large() -> GraphError:
    """The code and the text are unconfirmed."""
    return GraphError(413, "RequestEntityTooLarge", "Maximum request length exceeded.")


# -- who asks


def no_token() -> GraphError:
    return _unauthenticated("Access token is empty.")


def malformed_token() -> GraphError:
    return _unauthenticated("IDX14100: JWT is not well formed, there are no dots (.).")


def foreign_token() -> GraphError:
    """A token for something else than Graph: https://github.com/microsoftgraph/microsoft-graph-docs/issues/4752."""
    return _unauthenticated("Access token validation failure. Invalid audience.")


def expired_token() -> GraphError:
    return _unauthenticated("Lifetime validation failed, the token is expired.")


def _unauthenticated(message: str) -> GraphError:
    challenge = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
    return GraphError(401, "InvalidAuthenticationToken", message, headers={"WWW-Authenticate": challenge})


def access_denied() -> GraphError:
    """Exchange: the token lacks the scope, or the mailbox is not the user's own."""
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def request_denied() -> GraphError:
    """The directory: the token lacks the scope."""
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def only_delegated() -> GraphError:
    return GraphError(400, "BadRequest", "/me request is only valid with delegated authentication flow.")


def unknown_user(user: str) -> GraphError:
    return GraphError(404, "ErrorInvalidUser", f"The requested user '{user}' is invalid.")


def unknown_resource(user: str) -> GraphError:
    """The directory's answer for a user that is not there."""
    text = f"Resource '{user}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Request_ResourceNotFound", text)


def no_mailbox() -> GraphError:
    return GraphError(
        404,
        "MailboxNotEnabledForRESTAPI",
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    )


# -- what is asked for


def unknown_version(version: str) -> GraphError:
    """Wording unconfirmed."""
    return GraphError(400, "BadRequest", f"Invalid version: {version}")


def unknown_segment(segment: str) -> GraphError:
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


def unknown_item_segment(segment: str) -> GraphError:
    """As of a contact's ``photos``, which only users have: seen as ``RequestBroker--ParseUri``."""
    return GraphError(400, "RequestBroker--ParseUri", f"Resource not found for the segment '{segment}'.")


def not_supported() -> GraphError:
    """No method has this path and verb; so an empty id is answered too.

    Sources: https://github.com/microsoftgraph/microsoft-graph-docs/issues/6055 and
    https://github.com/microsoftgraph/msgraph-sdk-java/issues/2279.
    """
    return GraphError(405, "ErrorInvalidRequest", "The OData request is not supported.")


def length_required() -> GraphError:
    """A POST without a body needs ``Content-Length: 0``."""
    return GraphError(411, "UnknownError", "")


def not_found() -> GraphError:
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def folder_not_found() -> GraphError:
    return GraphError(404, "ErrorFolderNotFound", "The specified folder could not be found in the store.")


def malformed_id() -> GraphError:
    """Graph reads an id before it looks for it."""
    return GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def conflict() -> GraphError:
    return GraphError(
        412,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in the request does not "
        "match the current change key for the item.",
    )


def internal(message: str) -> GraphError:
    return GraphError(500, "ErrorInternalServerError", message)


# -- bodies


def unreadable() -> GraphError:
    """No JSON, or properties that cannot be set: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/206."""
    return GraphError(400, "BadRequest", READ_ONLY)


def body_read(message: str) -> GraphError:
    """JSON that is not what the type wants; the sentences are those of Microsoft's OData library."""
    return GraphError(400, "RequestBodyRead", message)


def unknown_property(name: str, kind: str) -> GraphError:
    return body_read(
        f"The property '{name}' does not exist on type '{kind}'. Make sure to only use property names that are defined by "
        "the type."
    )


def too_many(name: str, count: int, most: int) -> GraphError:
    """https://github.com/microsoftgraph/microsoft-graph-docs/issues/15276; the code is unconfirmed."""
    title = name[:1].upper() + name[1:]
    return GraphError(
        400,
        "ErrorInvalidArgument",
        f"The multi value property {title} has {count} entries, that exceeds the max allowed value of {most}",
    )


def bad_property_id() -> GraphError:
    """https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1807."""
    return GraphError(
        400,
        "ErrorInvalidProperty",
        "PropertyId values may only be in one of the following formats: 'MapiPropertyType namespaceGuid Name "
        "propertyName', 'MapiPropertyType namespaceGuid Id propertyId' or 'MapiPropertyType propertyTag'.",
    )


# -- query options


def bad_request(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)


def bad_query(message: str) -> GraphError:
    return GraphError(400, "ErrorInvalidUrlQuery", message)


def no_option(name: str) -> GraphError:
    """Of subscriptions and batches; code and text as in https://github.com/ardatan/graphql-mesh/issues/782."""
    return GraphError(
        400,
        "",
        f"The query specified in the URI is not valid. Query option '{name[:1].upper()}{name[1:]}' is not allowed. To "
        "allow it, set the 'AllowedQueryOptions' property on EnableQueryAttribute or QueryValidationSettings.",
    )


def bad_types(found: str, operator: str) -> GraphError:
    """Microsoft's OData library: what is compared is not of one type.

    As in https://github.com/microsoftgraph/msgraph-sdk-javascript/issues/1657.

    Args:
        found: the two types.
        operator: its name there.
    """
    return bad_request(
        "Invalid filter clause: A binary operator with incompatible types was detected. Found operand types "
        f"{found} for operator kind '{operator}'."
    )


def unknown_name(name: str) -> GraphError:
    """In a query, of a contact."""
    return GraphError(
        400, "RequestBroker--ParseUri", f"Could not find a property named '{name}' on type 'microsoft.graph.contact'."
    )


def bad_filter() -> GraphError:
    """https://github.com/microsoftgraph/microsoft-graph-docs/issues/2933."""
    return GraphError(400, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")


def inefficient_filter() -> GraphError:
    return GraphError(400, "InefficientFilter", "The restriction or sort order is too complex for this operation.")


def throttled() -> GraphError:
    """https://github.com/microsoftgraph/msgraph-sdk-javascript/issues/297."""
    return GraphError(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
