"""FindItem: rows of a folder's table, filtered, sorted, in pages.

See [MS-OXWSSRCH], https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-perform-paged-searches-by-using-ews-in-exchange.
"""

from __future__ import annotations

from polydex_sandbox.exchange import errors, matching, shape, show
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.item import Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.show import View
from polydex_sandbox.exchange.xml import Element, child, m, name_of, t, text_of

LIMIT = 1000
"""Items in an answer, unless the administrator changes ``EWSFindCountLimit`` (a setting for the cloud: on servers none)."""


def find(call: Call) -> Element:
    wanted = shape.shape(call.part("ItemShape"), table=True)

    def one(element: Element) -> list[Element]:
        mailbox, folder = call.folder(element)
        traversal = call.body.get("Traversal", "Shallow")
        found = mailbox.inside(folder.key) if traversal == "Shallow" else []
        rows = [one for one in ordered(call, mailbox, found) if matching.matches(call.body, mailbox, one)]
        return [_page(call, mailbox, rows, wanted)]

    return call.each(call.part("ParentFolderIds"), one)


def ordered(call: Call, mailbox: Mailbox, found: list[Item]) -> list[Item]:
    """As SortOrder wants; else the newest first. Raises EwsError."""
    rows = sorted(found, key=lambda one: one.key, reverse=True)
    order = child(call.body, "SortOrder")
    for one in reversed(order) if order is not None else ():
        rows = matching.sorted_by(one, mailbox, rows)
    return rows


def _page(call: Call, mailbox: Mailbox, rows: list[Item], wanted: shape.Shape) -> Element:
    """Raises EwsError."""
    view = next((one for one in call.body if name_of(one) in _VIEWS), None)
    start, size, more = 0, len(rows), {}
    kind = "" if view is None else name_of(view)
    if view is not None:
        size = int(view.get("MaxEntriesReturned", len(rows)))
        if size < 1 and view.get("MaxEntriesReturned") is not None:
            raise errors.EwsError("ErrorInvalidPagingMaxRows", "Maximum rows requested must be positive.")
    if view is not None and kind == "IndexedPageItemView":
        offset = int(view.get("Offset", "0"))
        if offset < 0:
            raise errors.EwsError("ErrorInvalidIndexedPagingParameters", "Offset must not be negative.")
        start = offset if view.get("BasePoint") == "Beginning" else max(0, len(rows) - offset - size)
        if view.get("BasePoint") == "End":
            size = min(size, len(rows) - offset)
    elif view is not None and kind == "FractionalPageItemView":
        numerator, denominator = int(view.get("Numerator", "0")), int(view.get("Denominator", "1"))
        if not (denominator > 0 and 0 <= numerator <= denominator):
            raise errors.EwsError("ErrorInvalidFractionalPagingParameters", "The fraction is not valid.")
        start = len(rows) * numerator // denominator
    elif view is not None and kind == "ContactsView":
        rows = matching.named_between(mailbox, rows, view.get("InitialName"), view.get("FinalName"))
    elif kind == "CalendarView":
        raise errors.EwsError("ErrorCalendarFolderIsInvalidForCalendarView", "CalendarView needs a calendar folder.")
    if child(call.body, "GroupBy") is not None or child(call.body, "DistinguishedGroupBy") is not None:
        raise errors.EwsError("ErrorUnsupportedPathForSortGroup", "The sandbox does not group.")
    page = rows[start : start + max(size, 0)]
    last = start + len(page) >= len(rows)
    if kind == "IndexedPageItemView":
        end = start if view is not None and view.get("BasePoint") == "End" else start + len(page)
        more = {"IndexedPagingOffset": str(end)}
        last = end == 0 if view is not None and view.get("BasePoint") == "End" else last
    elif kind == "FractionalPageItemView":
        more = {"NumeratorOffset": str(start + len(page)), "AbsoluteDenominator": str(max(len(rows), 1))}
    shown = [show.item(View(one, mailbox, wanted, table=True, partial=True)) for one in page if not one.unreadable]
    attributes = {**more, "TotalItemsInView": str(len(rows)), "IncludesLastItemInRange": text_of(last)}
    return m("RootFolder", t("Items", *shown), **attributes)


_VIEWS = frozenset(
    {"IndexedPageItemView", "FractionalPageItemView", "SeekToConditionPageItemView", "CalendarView", "ContactsView"}
)
