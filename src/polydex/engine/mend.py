"""Building derived data anew: the search index and the look-ups, out of the stored contacts and of nothing else."""

from __future__ import annotations

import msgspec

from polydex.engine.content import old_look_ups
from polydex.store import derived
from polydex.store.db import Tx


def rebuild(tx: Tx) -> int:
    """Make both anew, in this one transaction; the number of contacts. One whose JSON cannot be read is left out."""
    derived.clear(tx)
    done, after = 0, 0
    while batch := derived.bodies(tx, after):
        after = batch[-1][0]
        found = []
        for row, source, body in batch:
            try:
                words, keys = old_look_ups(body)
            except (msgspec.DecodeError, ValueError):
                continue
            found.append((row, source, words, keys))
        derived.add(tx, found)
        done += len(found)
    return done
