"""exchangelib reads ids and contacts into its models, and stores nothing. In a process of its own."""

from __future__ import annotations

import json
import resource
import sys
import time

from exchangelib import BASIC, DELEGATE, Account, Build, Configuration, Credentials, Version

BATCH = 100
"""Contacts of one GetItem, its own default."""


def run(url: str) -> dict[str, float]:
    """``sync_items`` for the ids, then ``fetch``. The import, the folders and the account are not counted."""
    configuration = Configuration(
        service_endpoint=url,
        credentials=Credentials("ada", "secret"),
        auth_type=BASIC,
        version=Version(build=Build(15, 2, 1544, 4)),
    )
    account = Account("ada@example.com", config=configuration, autodiscover=False, access_type=DELEGATE)
    contacts = account.contacts
    wall, cpu = time.perf_counter(), time.process_time()
    ids = [item for _, item in contacts.sync_items(only_fields=["id", "changekey"], max_changes_returned=512)]
    count = sum(1 for _ in account.fetch(ids, folder=contacts, chunk_size=BATCH))
    found: dict[str, float] = {"contacts": count}
    found |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1])))
