"""The operations of Graph, one function each: a call in, the answer out, `GraphError` for a refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from polydex_sandbox.microsoft.call import Answer, Call
from polydex_sandbox.microsoft.views import contacts, deltas, extensions, folders, lists, photos, users

View = Callable[[Call], Answer | Awaitable[Answer]]

VIEWS: dict[str, View] = {
    "me.get": users.get,
    "translateExchangeIds": users.translate,
    "contacts.list": lists.contacts,
    "contacts.create": contacts.create,
    "contacts.count": lists.count,
    "contacts.delta": deltas.contacts,
    "contacts.get": contacts.get,
    "contacts.update": contacts.update,
    "contacts.delete": contacts.delete,
    "contacts.permanentDelete": contacts.purge,
    "contactFolders.list": folders.list_folders,
    "contactFolders.create": folders.create,
    "contactFolders.count": folders.count,
    "contactFolders.delta": deltas.folders,
    "contactFolders.get": folders.get,
    "contactFolders.update": folders.update,
    "contactFolders.delete": folders.delete,
    "contactFolders.permanentDelete": folders.purge,
    "photo.get": photos.get,
    "photo.download": photos.download,
    "photo.upload": photos.upload,
    "extensions.list": extensions.list_extensions,
    "extensions.create": extensions.create,
    "extensions.get": extensions.get,
    "extensions.update": extensions.update,
    "extensions.delete": extensions.delete,
}
