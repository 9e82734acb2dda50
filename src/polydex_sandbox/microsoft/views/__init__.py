"""The operations of Graph, one function each: a call in, the answer out, `GraphError` for a refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from polydex_sandbox.microsoft.call import Answer, Call
from polydex_sandbox.microsoft.views import contacts

View = Callable[[Call], Answer | Awaitable[Answer]]

VIEWS: dict[str, View] = {
    "contacts.create": contacts.create,
    "contacts.get": contacts.get,
    "contacts.update": contacts.update,
    "contacts.delete": contacts.delete,
    "contacts.permanentDelete": contacts.purge,
}
