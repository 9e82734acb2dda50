"""Microsoft's own client for Python reads the pages of the delta into its models, and stores nothing. In a process of its own.

It is spared the bodies: what Polydex asks for contact by contact.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time

from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient


async def run(url: str) -> dict[str, float]:
    """Every page by its link. Building the client, and the import of its models, are not counted."""
    adapter = GraphRequestAdapter(AnonymousAuthenticationProvider())
    adapter.base_url = f"{url}/v1.0"
    delta = (
        GraphServiceClient(request_adapter=adapter).me.contact_folders.by_contact_folder_id("contacts").contacts.delta
    )
    await delta.with_url(f"{url}/v1.0/me/contactFolders/contacts/contacts/delta?$deltatoken=1").get()
    wall, cpu, count = time.perf_counter(), time.process_time(), 0
    page = await delta.get()
    while page is not None:
        count += len(page.value or ())
        link = page.odata_next_link
        page = await delta.with_url(link).get() if link else None
    found: dict[str, float] = {"contacts": count}
    found |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(sys.argv[1]))))
