"""SyncFolderItems and SyncFolderHierarchy: what changed since a client was told the last time.

See [MS-OXWSSYNC], https://learn.microsoft.com/exchange/client-developer/exchange-web-services/mailbox-synchronization-and-ews-in-exchange
and, for what a state is, [MS-OXCFXICS]. Changes come the newest first, after them what is gone.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter

from polydex_sandbox.exchange import answers, errors, ids, shape, show, showfolder, syncstate
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.ids import Id
from polydex_sandbox.exchange.item import Folder
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.show import View
from polydex_sandbox.exchange.showfolder import FolderShape
from polydex_sandbox.exchange.syncstate import Ranges, SyncState
from polydex_sandbox.exchange.xml import Element, child, content, m, t, text_of

MOST = 512


def items(call: Call) -> Element:
    """SyncFolderItems."""
    return answers.response(call.operation, [answers.success(call.operation, *_items(call))])


def _items(call: Call) -> list[Element]:
    wanted = shape.shape(call.part("ItemShape"))
    mailbox, folder = call.target("SyncFolderId")
    most = int(content(call.body, "MaxChangesReturned", "0"))
    if not 1 <= most <= MOST:
        raise errors.schema("MaxChangesReturned has to be from 1 to 512.")
    place = f"{mailbox.guid}/{folder.key}"
    before = _state(call, place, "items")
    ignored = _ignored(call, mailbox)
    given, seen = before.given.copy(), before.seen.copy()
    changes: list[Element] = []
    read_to, told = before.read, before.told
    more = False
    for item in reversed(mailbox.inside(folder.key)):
        if item.seq in before.seen:
            continue
        if len(changes) == most:
            more = True
            break
        if item.key not in ignored:
            kind = "Update" if item.key in before.given else "Create"
            changes.append(t(kind, _shown(View(item, mailbox, wanted, partial=True))))
        given.add(item.key)
        seen.add(item.seq)
    if not more:
        flagged = sorted(
            (one for one in mailbox.inside(folder.key) if one.read_seq > before.read), key=lambda one: one.read_seq
        )
        for item in flagged:
            if item.key not in before.given or item.seq not in before.seen or item.key in ignored:
                read_to = max(read_to, item.read_seq)
                continue
            if len(changes) == most:
                more = True
                break
            changes.append(t("ReadFlagChange", show.id_of(mailbox, item), t("IsRead", text=text_of(item.read))))
            read_to = item.read_seq
    if not more:
        gone = mailbox.gone.get(folder.key, [])
        for seq, key in gone[bisect_right(gone, before.told, key=itemgetter(0)) :]:
            if key in given:
                if len(changes) == most:
                    more = True
                    break
                given.discard(key)
                if key not in ignored:
                    changes.append(t("Delete", t("ItemId", Id=_gone(mailbox, folder, key))))
            told = seq
    if not more:
        # Everything up to now is known.
        seen = Ranges([1], [mailbox.seq + 1])
    after = SyncState(given, seen, read_to, told)
    return [
        m("SyncState", text=syncstate.write("items", place, after)),
        m("IncludesLastItemInRange", text=text_of(not more)),
        m("Changes", *changes),
    ]


def folders(call: Call) -> Element:
    """SyncFolderHierarchy: the folders below one, at any depth; all below the root's top when none is named."""
    return answers.response(call.operation, [answers.success(call.operation, *_folders(call))])


def _folders(call: Call) -> list[Element]:
    wanted = FolderShape(call.part("FolderShape"))
    if child(call.body, "SyncFolderId") is None:
        mailbox, top = call.mailbox, call.mailbox.distinguished("msgfolderroot")
    else:
        mailbox, top = call.target("SyncFolderId")
    place = f"{mailbox.guid}/{top.key}"
    before = _state(call, place, "folders")
    below = mailbox.tree(top.key)
    keys = {one.key for one in below}
    changes = [
        t("Update" if one.key in before.given else "Create", showfolder.folder(mailbox, one, wanted))
        for one in below
        if one.seq not in before.seen
    ]
    gone = [key for key in before.given if key not in keys]
    changes += [t("Delete", t("FolderId", Id=mailbox.folder_id(key))) for key in gone]
    after = SyncState(Ranges.of(keys), Ranges.of(one.seq for one in below))
    return [
        m("SyncState", text=syncstate.write("folders", place, after)),
        m("IncludesLastFolderInRange", text="true"),
        m("Changes", *changes),
    ]


def _gone(mailbox: Mailbox, folder: Folder, key: int) -> str:
    return ids.write(Id(ids.ITEM, mailbox.guid, key, folder.key))


def _shown(view: View) -> Element:
    """What cannot be read is told by its id alone."""
    if view.item.unreadable:
        return show.only_id(view.mailbox, view.item)
    return show.item(view)


def _state(call: Call, place: str, kind: str) -> SyncState:
    """Raises EwsError: it is none, or one of another folder."""
    text = content(call.body, "SyncState")
    if not text:
        return SyncState()
    try:
        return syncstate.read(kind, place, text)
    except ValueError:
        raise errors.sync_state() from None


def _ignored(call: Call, mailbox: Mailbox) -> set[int]:
    """Keys of the items that the client does not want to hear of. Raises EwsError."""
    element = child(call.body, "Ignore")
    found = [call.known(one) for one in element] if element is not None else []
    return {one.key for one in found if one.mailbox == mailbox.guid}
