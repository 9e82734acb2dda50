"""FindItem: rows of a folder's table, filtered, sorted, in pages.

See [MS-OXWSSRCH] 3.1.4.2.
"""

from __future__ import annotations

from polydex_sandbox.exchange import errors, matching, paging, shape, show, values
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.item import Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.matching import Values
from polydex_sandbox.exchange.show import View
from polydex_sandbox.exchange.xml import Element, child, m, t


def find(call: Call) -> Element:
    wanted = shape.shape(call.part("ItemShape"), table=True)
    restriction, contacts = matching.restriction(call.body), child(call.body, "ContactsView")
    limit = paging.limit(restricted=bool(restriction))

    def one(element: Element) -> list[Element]:
        mailbox, folder = call.folder(element)
        found = mailbox.inside(folder.key) if call.body.get("Traversal") == "Shallow" else []
        rows = [row for row in _ordered(call, mailbox, found) if restriction.holds(_values(mailbox, row))]
        if contacts is not None:
            rows = matching.named_between(mailbox, rows, contacts.get("InitialName"), contacts.get("FinalName"))
        page, attributes = paging.page(paging.view(call.body), rows, limit)
        # What cannot be read is in the table all the same.
        shown = [
            show.only_id(mailbox, row)
            if row.unreadable
            else show.item(View(row, mailbox, wanted, table=True, partial=True))
            for row in page
        ]
        return [m("RootFolder", t("Items", *shown), **attributes)]

    if child(call.body, "CalendarView") is not None:
        raise errors.EwsError("ErrorCalendarFolderIsInvalidForCalendarView", "No calendar folder.")
    if child(call.body, "GroupBy") is not None or child(call.body, "DistinguishedGroupBy") is not None:
        raise errors.invalid("The sandbox does not group.")
    if child(call.body, "QueryString") is not None:
        raise errors.invalid("The sandbox does not search for words.")
    return call.each(call.part("ParentFolderIds"), one)


def _values(mailbox: Mailbox, item: Item) -> Values:
    return lambda known: values.value(item, mailbox, known)


def _ordered(call: Call, mailbox: Mailbox, found: list[Item]) -> list[Item]:
    """As SortOrder wants; else the newest first. Raises EwsError."""
    rows = sorted(found, key=lambda one: one.key, reverse=True)
    order = child(call.body, "SortOrder")
    for one in reversed(order) if order is not None else ():
        rows = matching.sorted_by(one, mailbox, rows)
    return rows
