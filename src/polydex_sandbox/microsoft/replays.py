"""What delta queries tell again, when their quirks have them do so; whoever applies items in order loses nothing by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from polydex_sandbox.microsoft import ids
from polydex_sandbox.microsoft.call import Call
from polydex_sandbox.microsoft.contact import Contact

Item = dict[str, Any]


def before(
    call: Call, folder: int, state: Mapping[str, Any], value: list[Item], show: Callable[[Contact], Item]
) -> list[Item]:
    """The items that come before those of a page.

    Args:
        call: who asks.
        folder: key of the folder.
        state: of the token; ``last`` is the key of the contact that was the last one of the page before.
        value: the items of the page.
        show: a contact as an item.
    """
    found: list[Item] = []
    if "skiptoken" in call.options and call.strike("graph-delta-repeats") is not None:
        # As it was told: what has become of it since then is told later on.
        last = call.mailbox.contacts.seen(str(state.get("last")), state["at"])
        if last is not None and last.folder == folder and not last.deleted:
            found.append(show(last))
    if "deltatoken" in call.options and (given := call.strike("graph-delta-replays")) is not None:
        told = {item["id"] for item in value}
        here = call.mailbox.inside(folder)
        found += [show(one) for one in here if one.seq <= state["since"]][: given["most"]]
        if given["old"]:
            older = [one for contact in here if _id(call, contact) in told for one in _before(call, contact)]
            found += [show(one) for one in older[: given["most"]]]
    return found


def last_of(value: list[Item], default: Any) -> Any:
    """Key of the contact that is the last one of a page."""
    return ids.read(value[-1]["id"]).key if value else default


def _before(call: Call, contact: Contact) -> list[Contact]:
    """The state before the last one, if the contact was in this folder under this id."""
    versions = list(call.mailbox.contacts.versions(str(contact.key)))[-2:-1]
    return [one for one in versions if (one.folder, one.home, one.deleted) == (contact.folder, contact.home, False)]


def _id(call: Call, contact: Contact) -> str:
    return call.mailbox.id_of(contact, immutable=call.prefer.immutable)
