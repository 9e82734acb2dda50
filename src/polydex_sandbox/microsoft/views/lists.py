"""Lists of contacts: pages by `$skip`, filters, orders, counts."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from polydex_sandbox.microsoft import errors, filters, matching, query
from polydex_sandbox.microsoft.call import Answer, Call
from polydex_sandbox.microsoft.contact import Contact
from polydex_sandbox.microsoft.mailbox import Mailbox
from polydex_sandbox.microsoft.views.contacts import View, folder_of

DEFAULT_PAGE = 10
"""https://github.com/microsoftgraph/microsoft-graph-docs/issues/5393."""


def contacts(call: Call) -> Answer:
    """Of the folder in the path, or of the default one: not of the whole mailbox."""
    view, folder = View(call), folder_of(call)
    size, skip = page_of(call)
    chosen = _chosen(call, folder.key)
    if chosen is None:
        items, total = call.mailbox.page(folder.key, skip, size + 1), call.mailbox.count(folder.key)
        items, more = items[:size], len(items) > size
    else:
        items, total, more = chosen[skip : skip + size], len(chosen), len(chosen) > skip + size
    shown: dict[str, Any] = {"@odata.context": view.context}
    if query.flag(call.options, "count"):
        shown["@odata.count"] = total
    if more and size:
        shown["@odata.nextLink"] = next_link(call, skip + size)
    return Answer(body={**shown, "value": [view.show(one) for one in items]})


def count(call: Call) -> Answer:
    """``$count`` as a segment of the path: a number alone."""
    folder = folder_of(call)
    chosen = _chosen(call, folder.key)
    total = call.mailbox.count(folder.key) if chosen is None else len(chosen)
    return Answer(body=str(total).encode(), headers={"Content-Type": "text/plain"})


def _chosen(call: Call, key: int) -> list[Contact] | None:
    """The contacts that fit the filter, in the order that is asked for; None for all in their own."""
    no_search(call)
    condition, order = call.options.get("filter", ""), matching.order_of(call.options.get("orderby", ""))
    if not condition and not order:
        return None
    found = _inside(call.mailbox, key)
    if condition:
        node = filters.parse(condition)
        matching.check_both(node, order)
        test = matching.test_of(node, call.mailbox)
        found = [one for one in found if test(one)]
    matching.sort(found, order)
    return found


def _inside(mailbox: Mailbox, key: int) -> list[Contact]:
    return mailbox.inside(key)


def no_search(call: Call) -> None:
    """Raises GraphError: `$search` is for messages and people (https://learn.microsoft.com/graph/search-query-parameter).

    The text is unconfirmed.
    """
    if "search" in call.options:
        raise errors.bad_query("The query parameter '$search' is not supported for contacts.")


def page_of(call: Call) -> tuple[int, int]:
    """Size of the page, and how many items go before it. Raises GraphError."""
    top = query.number(call.options, "top")
    preferred = call.prefer.page_size
    size = top if top is not None else min(preferred or DEFAULT_PAGE, query.LARGEST_TOP)
    return size, query.number(call.options, "skip") or 0


def next_link(call: Call, skip: int) -> str:
    """The same list further on: an absolute URL."""
    options = {**call.options, "skip": str(skip)}
    parts = [f"%24{name}={quote(value, safe='')}" for name, value in options.items()]
    return f"{call.asked.base}{call.asked.path}?{'&'.join(parts)}"
