"""The paths of Graph that contacts need: which there are, and what is called by which verb."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote

from polydex_sandbox.microsoft import errors

SCOPE = "https://graph.microsoft.com/"
ME = "/me"
"""The user whose token it is; ``/users/me`` is somebody of that name, who is not there."""
_READ = ("Contacts.Read", "Contacts.ReadWrite")
_WRITE = ("Contacts.ReadWrite",)
_USER = (
    "User.Read",
    "User.ReadWrite",
    "User.ReadBasic.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
)


@dataclass(frozen=True)
class Operation:
    """Something that can be called.

    Attributes:
        name: ``contacts.list``.
        node: of the path.
        verb: of HTTP.
        scopes: short names, any of which allows it.
        options: query options that it knows.
    """

    name: str
    node: str
    verb: str
    scopes: tuple[str, ...]
    options: tuple[str, ...] = ()

    @property
    def writes(self) -> bool:
        return self.verb != "GET" and self.scopes == _WRITE


@dataclass(frozen=True)
class Place:
    """What a path names.

    Attributes:
        node: what the end of the path is.
        user: `ME`, or what stands after ``users``.
        user_path: ``/me``, ``/users/...`` as it was written.
        folders: ids in the path, the innermost last.
        contact: id, or "".
        extension: name, or "".
        subscription: id, or "".
    """

    node: str
    user: str = ""
    user_path: str = ""
    folders: tuple[str, ...] = ()
    contact: str = ""
    extension: str = ""
    subscription: str = ""


_LIST = ("select", "top", "skip", "filter", "orderby", "expand", "count", "search")
_DELTA = (*_LIST, "deltatoken", "skiptoken")
_ONE = ("select", "expand")

OPERATIONS = (
    Operation("me.get", "user", "GET", _USER, _ONE),
    Operation("translateExchangeIds", "translate", "POST", ("User.ReadBasic.All", *_USER, *_READ)),
    Operation("contacts.list", "contacts", "GET", _READ, _LIST),
    Operation("contacts.create", "contacts", "POST", _WRITE, _ONE),
    Operation("contacts.count", "contacts count", "GET", _READ, ("filter", "search")),
    Operation("contacts.delta", "contacts delta", "GET", _READ, _DELTA),
    Operation("contacts.get", "contact", "GET", _READ, _ONE),
    Operation("contacts.update", "contact", "PATCH", _WRITE, _ONE),
    Operation("contacts.delete", "contact", "DELETE", _WRITE),
    Operation("contacts.permanentDelete", "contact purge", "POST", _WRITE),
    Operation("contactFolders.list", "folders", "GET", _READ, _LIST),
    Operation("contactFolders.create", "folders", "POST", _WRITE, _ONE),
    Operation("contactFolders.count", "folders count", "GET", _READ, ("filter", "search")),
    Operation("contactFolders.delta", "folders delta", "GET", _READ, _DELTA),
    Operation("contactFolders.get", "folder", "GET", _READ, _ONE),
    Operation("contactFolders.update", "folder", "PATCH", _WRITE, _ONE),
    Operation("contactFolders.delete", "folder", "DELETE", _WRITE),
    Operation("contactFolders.permanentDelete", "folder purge", "POST", _WRITE),
    Operation("photo.get", "photo", "GET", _READ, ("select",)),
    Operation("photo.download", "photo value", "GET", _READ),
    Operation("photo.upload", "photo value", "PUT", _WRITE),
    Operation("extensions.list", "extensions", "GET", _READ, ("select", "filter")),
    Operation("extensions.create", "extensions", "POST", _WRITE),
    Operation("extensions.get", "extension", "GET", _READ, ("select",)),
    Operation("extensions.update", "extension", "PATCH", _WRITE),
    Operation("extensions.delete", "extension", "DELETE", _WRITE),
    Operation("batch", "batch", "POST", ()),
    Operation("subscriptions.create", "subscriptions", "POST", ()),
    Operation("subscriptions.list", "subscriptions", "GET", ()),
    Operation("subscriptions.get", "subscription", "GET", ()),
    Operation("subscriptions.update", "subscription", "PATCH", ()),
    Operation("subscriptions.delete", "subscription", "DELETE", ()),
    Operation("subscriptions.reauthorize", "subscription reauthorize", "POST", ()),
)
APART = {"batch", "subscriptions", "subscription", "subscription reauthorize"}
"""Nodes whose path names no mailbox."""
BY_NAME = {operation.name: operation for operation in OPERATIONS}
_BY_PLACE = {(operation.node, operation.verb): operation for operation in OPERATIONS}

_BELOW = {
    "": {"me": "user", "users": "users", "$batch": "batch", "subscriptions": "subscriptions"},
    "user": {"contacts": "contacts", "contactfolders": "folders", "translateexchangeids": "translate"},
    "contacts": {"delta": "contacts delta", "$count": "contacts count"},
    "contact": {"photo": "photo", "extensions": "extensions", "permanentdelete": "contact purge"},
    "folders": {"delta": "folders delta", "$count": "folders count"},
    "folder": {"contacts": "contacts", "childfolders": "folders", "permanentdelete": "folder purge"},
    "photo": {"$value": "photo value"},
    "subscription": {"reauthorize": "subscription reauthorize"},
}
"""Node -> segment in lower case -> node below."""

_KEYED = {
    "users": "user",
    "contacts": "contact",
    "folders": "folder",
    "extensions": "extension",
    "subscriptions": "subscription",
}
"""Node -> the node that a key below it leads to."""

_FUNCTION = re.compile(
    r"(?:microsoft\.graph\.)?(?P<name>delta)(?:\(\))?"
    r"|microsoft\.graph\.(?P<action>permanentDelete|reauthorize|translateExchangeIds)",
    re.IGNORECASE,
)
"""Of a path: a function may have its namespace and its parentheses, an action its namespace."""
_KEY = re.compile(r"(?P<name>[^(]+)\('(?P<key>(?:[^']|'')*)'\)")


def find(verb: str, path: str) -> tuple[Operation, Place]:
    """What is called.

    Args:
        verb: of HTTP.
        path: below the version, still encoded.

    Raises:
        GraphError: there is no such path, or nothing has this path and verb.
    """
    place = _place(path)
    operation = _BY_PLACE.get((place.node, verb))
    if operation is None:
        raise errors.not_supported()
    return operation, place


def _place(path: str) -> Place:
    place = Place("")
    user_path = ""
    for raw in path.strip("/").split("/"):
        for word in _words(unquote(raw)):
            place = _step(place, word)
        user_path += f"/{raw}"
        if place.node == "user":
            place = replace(place, user_path=user_path)
    if place.node in ("", "users"):
        raise errors.not_supported() if place.node else errors.unknown_segment("")
    return place


def _words(segment: str) -> list[str]:
    """``contacts('ID')`` as two segments, ``microsoft.graph.delta()`` as ``delta``."""
    if function := _FUNCTION.fullmatch(segment):
        return [function["name"] or function["action"]]
    match = _KEY.fullmatch(segment)
    return [match["name"], match["key"].replace("''", "'")] if match else [segment]


def _step(place: Place, word: str) -> Place:
    below = _BELOW.get(place.node, {}).get(word.lower())
    if below is not None:
        return replace(place, node=below, user=ME if below == "user" else place.user)
    keyed = _KEYED.get(place.node)
    if keyed == "user":
        return replace(place, node="user", user=word)
    if keyed == "contact":
        return replace(place, node="contact", contact=word)
    if keyed == "folder":
        return replace(place, node="folder", folders=(*place.folders, word))
    if keyed == "extension":
        return replace(place, node="extension", extension=word)
    if keyed == "subscription":
        return replace(place, node="subscription", subscription=word)
    if place.node == "contact":
        if word.lower() in ("singlevalueextendedproperties", "multivalueextendedproperties"):
            raise errors.not_supported()
        raise errors.unknown_item_segment(word)
    raise errors.unknown_segment(word)
