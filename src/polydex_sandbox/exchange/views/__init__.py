"""The operations, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.views import finding, folders, items, syncing
from polydex_sandbox.exchange.xml import Element

VIEWS: Mapping[str, Callable[[Call], Element]] = {
    "GetFolder": folders.get,
    "CreateItem": items.create,
    "GetItem": items.get,
    "UpdateItem": items.update,
    "DeleteItem": items.delete,
    "FindItem": finding.find,
    "SyncFolderItems": syncing.items,
}
