"""Pages of lists: which rows a view of FindItem or FindFolder shows.

See https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-perform-paged-searches-by-using-ews-in-exchange
and, for how many at most, ``ews-throttling-in-exchange`` there (``EWSFindCountLimit``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from polydex_sandbox.exchange import errors
from polydex_sandbox.exchange.xml import Element, name_of, text_of

Row = TypeVar("Row")

_VIEWS = frozenset(
    f"{kind}Page{what}View" for kind in ("Indexed", "Fractional", "SeekToCondition") for what in ("Item", "Folder")
) | {"ContactsView"}


def limit(*, restricted: bool) -> int:
    """Rows at most, since Exchange 2013; counted for each folder, where Exchange has all that a user asks for at once."""
    return 250 if restricted else 1000


def view(body: Element) -> Element | None:
    """The element that says which page is wanted; None for all rows."""
    return next((one for one in body if name_of(one) in _VIEWS), None)


def page(wanted: Element | None, rows: Sequence[Row], most: int) -> tuple[Sequence[Row], dict[str, str]]:
    """The rows of a page, and the attributes that tell of it.

    Args:
        wanted: the view; None for all rows.
        rows: all of them.
        most: rows of a page, whatever is wanted.

    Raises:
        EwsError: the view is none, or there are too many rows for none.
    """
    total = {"TotalItemsInView": str(len(rows))}
    given = None if wanted is None else wanted.get("MaxEntriesReturned")
    if given is not None and int(given) < 1:
        raise errors.EwsError("ErrorInvalidPagingMaxRows", "Maximum rows requested must be positive.")
    kind, size = "" if wanted is None else name_of(wanted), most if given is None else min(int(given), most)
    if wanted is None or (kind == "ContactsView" and given is None):
        if len(rows) > most:
            raise errors.find_count(most)
        return rows, {**total, "IncludesLastItemInRange": "true"}
    if kind == "ContactsView":
        return rows[:size], {**total, "IncludesLastItemInRange": text_of(len(rows) <= size)}
    if kind.startswith("Fractional"):
        start = _fraction(wanted, len(rows))
        end = min(start + size, len(rows))
        more = {"NumeratorOffset": str(end), "AbsoluteDenominator": str(max(len(rows), 1))}
    elif kind.startswith("Indexed"):
        offset = int(wanted.get("Offset", "0"))
        if offset < 0:
            raise errors.EwsError("ErrorInvalidIndexedPagingParameters", "Offset must not be negative.")
        if wanted.get("BasePoint") == "End":
            end = max(len(rows) - offset, 0)
            start = max(end - size, 0)
            attributes = {"IndexedPagingOffset": str(len(rows) - start), **total}
            return rows[start:end], {**attributes, "IncludesLastItemInRange": text_of(start == 0)}
        start = min(offset, len(rows))
        end = min(start + size, len(rows))
        more = {"IndexedPagingOffset": str(end)}
    else:
        raise errors.invalid("The sandbox does not seek to a condition.")
    return rows[start:end], {**more, **total, "IncludesLastItemInRange": text_of(end == len(rows))}


def _fraction(wanted: Element, total: int) -> int:
    """Raises EwsError."""
    numerator, denominator = int(wanted.get("Numerator", "0")), int(wanted.get("Denominator", "1"))
    if denominator <= 0 or not 0 <= numerator <= denominator:
        raise errors.EwsError("ErrorInvalidFractionalPagingParameters", "The fraction is not from 0 to 1.")
    return total * numerator // denominator
