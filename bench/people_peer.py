"""Google's own client for Python reads the same pages into dicts and stores nothing. In a process of its own."""

from __future__ import annotations

import json
import resource
import sys
import time

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build

from polydex.connectors.google.fields import PERSON_FIELDS


def run(url: str) -> dict[str, float]:
    """Every page, by ``list_next``. Building the client is not counted."""
    people = build(
        "people",
        "v1",
        credentials=Credentials("bench"),
        client_options={"api_endpoint": url},
        static_discovery=True,
        cache_discovery=False,
    ).people()
    wall, cpu, count = time.perf_counter(), time.process_time(), 0
    request = people.connections().list(
        resourceName="people/me", personFields=PERSON_FIELDS, pageSize=1000, requestSyncToken=True
    )
    while request is not None:
        page = request.execute()
        count += len(page["connections"])
        request = people.connections().list_next(request, page)
    found: dict[str, float] = {"contacts": count}
    found |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1])))
