"""The operations, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.views import attachments, configuration, finding, folders, idforms, items, names, syncing
from polydex_sandbox.exchange.xml import Element

VIEWS: Mapping[str, Callable[[Call], Element]] = {
    "GetFolder": folders.get,
    "FindFolder": folders.find,
    "CreateFolder": folders.create,
    "UpdateFolder": folders.update,
    "MoveFolder": folders.move,
    "DeleteFolder": folders.delete,
    "SyncFolderHierarchy": syncing.folders,
    "SyncFolderItems": syncing.items,
    "FindItem": finding.find,
    "GetItem": items.get,
    "CreateItem": items.create,
    "UpdateItem": items.update,
    "DeleteItem": items.delete,
    "MoveItem": items.move,
    "CopyItem": items.copy,
    "CreateAttachment": attachments.create,
    "GetAttachment": attachments.get,
    "DeleteAttachment": attachments.delete,
    "ResolveNames": names.resolve,
    "GetUserPhoto": names.photo,
    "ConvertId": idforms.convert,
    "GetUserConfiguration": configuration.user,
    "GetServerTimeZones": configuration.zones,
}
