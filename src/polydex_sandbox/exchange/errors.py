"""What Exchange refuses: the codes and texts of its answers.

Codes: ``ResponseCodeType`` of the schema; what each is for:
https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode. Texts are those that clients' issue trackers quote; where none is quoted the text
is our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from polydex_sandbox.exchange.xml import Element, t


class Place(Protocol):
    """What names a property, in the way of requests and answers."""

    def element(self) -> Element: ...


@dataclass
class EwsError(Exception):
    """One refusal: of an item of the call, or of the whole call.

    Attributes:
        code: of ``m:ResponseCode``.
        message: of ``m:MessageText``.
        values: name -> text, in ``m:MessageXml``.
        place: the property that it is about, in ``m:MessageXml``.
        violation: of the schema: line and sentence.
        whole: the call is refused as a whole, with a SOAP fault.
        status: of HTTP, when it is a fault.
    """

    code: str
    message: str
    values: Mapping[str, str] = field(default_factory=dict)
    place: Element | None = None
    violation: tuple[int, str] | None = None
    whole: bool = False
    status: int = 500


def schema(detail: str, line: int = 1) -> EwsError:
    """The whole call is none of the schema: where, and what .NET says of it."""
    text = f"The request failed schema validation: {detail}"
    return EwsError("ErrorSchemaValidation", text, violation=(line, detail), whole=True)


def version(name: str) -> EwsError:
    text = f"The specified server version is invalid. {name}".strip()
    return EwsError("ErrorInvalidServerVersion", text, whole=True)


def duplicate_header() -> EwsError:
    return EwsError("ErrorDuplicateSOAPHeader", "A SOAP header is there twice.", whole=True)


def invalid(message: str = "The request is invalid.") -> EwsError:
    return EwsError("ErrorInvalidRequest", message)


def denied(message: str = "Access is denied. Check credentials and try again.") -> EwsError:
    return EwsError("ErrorAccessDenied", message)


def impersonation_denied() -> EwsError:
    text = "The account does not have permission to impersonate the requested user."
    return EwsError("ErrorImpersonateUserDenied", text, whole=True)


def impersonation_failed() -> EwsError:
    text = "Exchange Web Services are not currently available for this request: the identity of the impersonated user is invalid."
    return EwsError("ErrorImpersonationFailed", text, whole=True)


def no_mailbox() -> EwsError:
    return EwsError("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")


def internal() -> EwsError:
    return EwsError("ErrorInternalServerError", "An internal server error occurred. The operation failed.")


def malformed_id() -> EwsError:
    return EwsError("ErrorInvalidIdMalformed", "Id is malformed.")


def empty_id() -> EwsError:
    return EwsError("ErrorInvalidIdEmpty", "Id must be non-empty.")


def wrong_id_kind(folder: bool) -> EwsError:
    """An item's id where a folder's belongs, or the other way round."""
    if folder:
        return EwsError("ErrorCannotUseItemIdForFolderId", "Id must be a folder id.")
    return EwsError("ErrorCannotUseFolderIdForItemId", "Id must be an item id.")


def no_item_attachment() -> EwsError:
    """The id of a file where that of an item belongs."""
    return EwsError("ErrorInvalidIdNotAnItemAttachmentId", "Id must be an item attachment id.")


def item_not_found() -> EwsError:
    text = "The specified object was not found in the store., The process failed to get the correct properties."
    return EwsError("ErrorItemNotFound", text)


def folder_not_found() -> EwsError:
    return EwsError("ErrorFolderNotFound", "The specified folder could not be found in the store.")


def distinguished_not_found() -> EwsError:
    return EwsError("ErrorItemNotFound", "The specified object was not found in the store., Default folder not found.")


def sync_state() -> EwsError:
    return EwsError("ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid.")


def change_key() -> EwsError:
    return EwsError("ErrorInvalidChangeKey", "The change key is invalid.")


def change_key_required_to_write() -> EwsError:
    text = "Change key is required for this operation."
    return EwsError("ErrorChangeKeyRequiredForWriteOperations", text)


def conflict() -> EwsError:
    text = "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item."
    return EwsError("ErrorIrresolvableConflict", text)


def stale() -> EwsError:
    text = "An attempt was made to update an item that has been changed since it was read."
    return EwsError("ErrorStaleObject", text)


def _element(path: str | Place) -> Element | None:
    """None for the name of something that has no path."""
    if not isinstance(path, str):
        return path.element()
    return t("FieldURI", FieldURI=path) if ":" in path else None


def property_request(path: str | Place, message: str = "Property is not valid for this object type.") -> EwsError:
    return EwsError("ErrorInvalidPropertyRequest", message, place=_element(path))


def property_set(path: str | Place) -> EwsError:
    return EwsError("ErrorInvalidPropertySet", "Set action is invalid for property.", place=_element(path))


def property_delete(path: str | Place) -> EwsError:
    return EwsError(
        "ErrorInvalidPropertyDelete", "Delete action is not supported for this property.", place=_element(path)
    )


def property_append(path: str | Place) -> EwsError:
    return EwsError(
        "ErrorInvalidPropertyAppend", "Append action is not supported for this property.", place=_element(path)
    )


def property_count() -> EwsError:
    text = "An object within a change description must contain one and only one property to modify."
    return EwsError("ErrorIncorrectUpdatePropertyCount", text)


def property_mismatch() -> EwsError:
    text = "There is a mismatch between the update property and the path of the change description."
    return EwsError("ErrorUpdatePropertyMismatch", text)


def extended_property(message: str = "The extended property attribute combination is invalid.") -> EwsError:
    return EwsError("ErrorInvalidExtendedProperty", message)


def custom_tag() -> EwsError:
    text = "Custom property tags, from 0x8000 on, cannot be referred to by their numbers."
    return EwsError("ErrorNoPropertyTagForCustomProperties", text)


def extended_value(path: str | Place) -> EwsError:
    text = "The value of the extended property is not valid for its type."
    return EwsError("ErrorInvalidExtendedPropertyValue", text, place=_element(path))


def property_value(path: str | Place) -> EwsError:
    return EwsError(
        "ErrorInvalidValueForProperty", "The specified value is invalid for property.", place=_element(path)
    )


def quota_of_names() -> EwsError:
    text = "The named property quota of the mailbox is exceeded."
    return EwsError("ErrorInternalServerError", text)


def unsupported(operation: str) -> EwsError:
    """Operations that are beyond this simulation."""
    return EwsError("ErrorInvalidRequest", f"The sandbox has no operation {operation}.", whole=True)


def too_many_connections() -> EwsError:
    text = "You have exceeded the available concurrent connections for your account. Try again once your other requests have completed."
    return EwsError("ErrorExceededConnectionCount", text, whole=True)


def whole(error: EwsError) -> EwsError:
    """The same, of the whole call."""
    return replace(error, whole=True)


def unreadable(code: str) -> EwsError:
    """An item that is there and cannot be read."""
    return EwsError(code, "Data is corrupt., The item cannot be read.")


def busy(milliseconds: int) -> EwsError:
    """https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange."""
    text = "The server cannot service this request right now. Try again later."
    return EwsError("ErrorServerBusy", text, {"BackOffMilliseconds": str(milliseconds)})


def find_count(limit: int) -> EwsError:
    """https://github.com/jamesiarmes/php-ews/issues/143."""
    text = "You have exceeded the maximum number of objects that can be returned for the find operation. Use paging to reduce the result size and try your request again."
    return EwsError("ErrorExceededFindCountLimit", text, {"PolicyLimit": str(limit)})


def unsupported_path() -> EwsError:
    return EwsError("ErrorUnsupportedPathForQuery", "The property can not be used with this type of restriction.")


def cross_mailbox() -> EwsError:
    return EwsError("ErrorCrossMailboxMoveCopy", "Items and folders cannot be moved or copied to another mailbox.")
