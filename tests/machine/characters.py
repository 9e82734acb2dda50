"""The providers that the machine meets."""

from polydex.connectors.base import Guard
from polydex.testing.world import Character

UNGUARDED = {"update_guard": Guard.CHECKED, "delete_guard": Guard.CHECKED}

CHARACTERS = {
    "perfect": Character(),
    "small pages": Character(page_size=2),
    "small pages, repeated, cut resume cursors": Character(page_size=2, repeats=True, resume="cut"),
    "hash revisions": Character(revisions="hash", page_size=3),
    "hash revisions, lists of revisions": Character(
        revisions="hash", documents_in_list=False, page_size=2, renames="uid", resume="none", full_every=900.0
    ),
    "no revisions": Character(revisions="missing", update_guard=Guard.CHECKED, delete_guard=Guard.CHECKED, page_size=3),
    "flaky revisions": Character(
        revisions="flaky", update_guard=Guard.CHECKED, delete_guard=Guard.CHECKED, page_size=2, repeats=True
    ),
    "nobody compares": Character(update_guard=Guard.NONE, delete_guard=Guard.NONE, page_size=3),
    "snapshots only": Character(delta=False, page_size=2, documents_in_list=False, renames="uid"),
    "snapshots with a tag": Character(delta=False, ctag=True, page_size=4, renames="none"),
    "dishonest cursor": Character(honest_cursor=False, page_size=2),
    "slow": Character(read_lag=20.0, mark_lag=15.0, create_lag=10.0, page_size=2, renames="stable"),
    "slow, hash revisions": Character(read_lag=20.0, create_lag=5.0, page_size=2, revisions="hash", renames="stable"),
    "batches, labels": Character(batch=3, labels=True, photo_apart=True, page_size=3),
    "batches, labels, checked, slow": Character(
        batch=4,
        labels=True,
        photo_apart=True,
        page_size=2,
        read_lag=20.0,
        mark_lag=15.0,
        create_lag=10.0,
        renames="stable",
        delete_guard=Guard.CHECKED,
    ),
    "batches, nobody compares": Character(
        batch=3, update_guard=Guard.NONE, delete_guard=Guard.NONE, revisions="hash", page_size=3
    ),
    "labels, snapshots with a tag": Character(labels=True, delta=False, ctag=True, page_size=2, renames="none"),
    "no marks": Character(marks=False, page_size=3),
}
