"""memberships: the labels of a contact, which are its keywords."""

from __future__ import annotations

from polydex.connectors.google import wire
from polydex.connectors.google.bag import KEPT
from polydex.connectors.google.entries import is_own
from polydex.connectors.google.fields import Item
from polydex.connectors.google.labels import MY_CONTACTS, Labels
from polydex.core.fields import Loss


def groups_of(entries: tuple[wire.Membership, ...] | None) -> list[str]:
    """The resource names of the contact groups, also of system groups."""
    if not entries:
        return []
    return [
        group.contact_group_resource_name
        for entry in entries
        if (group := entry.contact_group_membership) is not None and group.contact_group_resource_name and is_own(entry)
    ]


def read(groups: list[str], labels: Labels, extra: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the user's groups in Google's order, then the keywords in the bag."""
    names = labels.names
    if not names and not extra:
        return ()
    return tuple(dict.fromkeys([*(names[group] for group in groups if group in names), *extra]))


def edit(items: list[Item], groups: list[str], labels: Labels) -> list[Item]:
    """The contact's memberships with these labels.

    System groups and groups that are not known (yet) stay. A contact out of myContacts may look lost to the user, and
    Google wants one group at least.
    """
    wanted = dict.fromkeys(groups)
    names = {labels.names[group] for group in groups}
    result: list[Item] = []
    for item in items:
        group = (item.get("contactGroupMembership") or {}).get("contactGroupResourceName")
        if group is None:  # of a domain: output only
            continue
        if group not in labels.names:
            result.append(item)
        elif group in wanted or labels.names[group] in names:
            result.append(item)
            wanted.pop(group, None)
    held = {item["contactGroupMembership"]["contactGroupResourceName"] for item in result}
    return [*result, *(_membership(group) for group in dict.fromkeys((*wanted, MY_CONTACTS)) if group not in held)]


def resolve(
    keywords: tuple[str, ...], known: tuple[str, ...], labels: Labels
) -> tuple[list[str], tuple[str, ...], tuple[Loss, ...]]:
    """The groups that keywords are, the keywords that are none, and what is not kept.

    ``known``: the keywords as they are stored; nothing is lost of them.
    """
    groups: dict[str, None] = {}
    extra: list[str] = []
    losses: list[Loss] = []
    for at, word in enumerate(keywords):
        group = labels.group(word)
        if group is None:
            extra.append(word)
            if word not in known:
                losses.append(Loss(f"$.keywords[{at}]", "there is no such label", kept=KEPT))
            continue
        if labels.names[group] != word:
            losses.append(Loss(f"$.keywords[{at}]", "a label of another spelling takes its place"))
        groups[group] = None
    return list(groups), tuple(extra), tuple(losses)


def _membership(group: str) -> Item:
    return {"contactGroupMembership": {"contactGroupResourceName": group}}
