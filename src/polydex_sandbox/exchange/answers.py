"""The answers of operations: one message for each thing that was asked for, with an error or without."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from polydex_sandbox.exchange.errors import EwsError
from polydex_sandbox.exchange.xml import Element, M, child, m, t

_ASKED = ("ItemIds", "ItemChanges", "Items", "FolderIds", "FolderChanges", "Folders", "AttachmentIds", "Attachments", "SourceIds", "ParentFolderIds")  # fmt: skip
"""Children of an operation whose children are answered one by one."""

_HELD = {
    **dict.fromkeys(("GetItem", "CreateItem", "UpdateItem", "MoveItem", "CopyItem"), "Items"),
    **dict.fromkeys(("GetFolder", "CreateFolder", "UpdateFolder", "MoveFolder"), "Folders"),
    **dict.fromkeys(("CreateAttachment", "GetAttachment"), "Attachments"),
    "GetServerTimeZones": "TimeZoneDefinitions",
}
"""What a message holds also when it is an error: the schema wants it."""


def success(operation: str, *children: Element) -> Element:
    """A message without an error."""
    return m(f"{operation}ResponseMessage", m("ResponseCode", text="NoError"), *children, ResponseClass="Success")


def failure(operation: str, error: EwsError) -> Element:
    """A message with an error."""
    found = _failure(operation, error, "Error")
    found.extend(_empty(operation))
    return found


def warning(operation: str, error: EwsError, *children: Element) -> Element:
    """A message with something to mind."""
    found = _failure(operation, error, "Warning")
    found.extend(children)
    return found


def stopped(operation: str) -> Element:
    """A message of what was not done any more: https://github.com/ecederstrand/exchangelib/issues/862."""
    text = "The batch processing was stopped because of an earlier error."
    return warning(operation, EwsError("ErrorBatchProcessingStopped", text), *_empty(operation))


def _failure(operation: str, error: EwsError, kind: str) -> Element:
    found = m(
        f"{operation}ResponseMessage",
        m("MessageText", text=error.message),
        m("ResponseCode", text=error.code),
        m("DescriptiveLinkKey", text="0"),
        ResponseClass=kind,
    )
    if details := more(error):
        found.append(m("MessageXml", *details))
    return found


def more(error: EwsError) -> list[Element]:
    """What MessageXml tells of an error."""
    found = [] if error.place is None else [error.place]
    if error.violation is not None:
        line, sentence = error.violation
        found += [t("LineNumber", text=str(line)), t("LinePosition", text="1"), t("Violation", text=sentence)]
    return found + [t("Value", text=text, Name=name) for name, text in error.values.items()]


def _empty(operation: str) -> list[Element]:
    if operation in _HELD:
        return [m(_HELD[operation])]
    if operation.startswith("Sync"):
        what = "Item" if operation == "SyncFolderItems" else "Folder"
        return [m("SyncState", text=""), m(f"IncludesLast{what}InRange", text="true")]
    return []


def response(operation: str, messages: list[Element]) -> Element:
    return m(f"{operation}Response", m("ResponseMessages", *messages))


def refused(operation: str, body: Element, error: EwsError) -> Element:
    """The answer with the same error for everything that was asked for."""
    if operation == "GetUserPhoto":
        # It is the answer itself: it holds no messages.
        found = failure(operation, error)
        found.append(m("HasChanged", text="true"))
        found.tag = f"{{{M}}}{operation}Response"
        return found
    asked = next((holder for name in _ASKED if (holder := child(body, name)) is not None), None)
    count = 1 if asked is None or operation == "ResolveNames" else len(asked)
    return response(operation, [failure(operation, error) for _ in range(count)])


def each(
    operation: str, given: Iterable[Element], do: Callable[[Element], Iterable[Element]], *, stop: bool = False
) -> Element:
    """The answer with a message for each of some elements.

    Args:
        operation: its name.
        given: the elements.
        do: what a message has beside its code. Raises EwsError.
        stop: nothing is done any more after the first one.
    """
    messages: list[Element] = []
    for one in given:
        if stop and messages:
            messages.append(stopped(operation))
            continue
        try:
            messages.append(success(operation, *do(one)))
        except EwsError as error:
            if error.whole:
                raise
            messages.append(failure(operation, error))
    return response(operation, messages)
