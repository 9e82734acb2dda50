"""A client that a stranger's generator makes of /openapi.json, used for everything that a program does."""

import asyncio
import importlib
import importlib.util
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.compat.serve import Served, serving

GENERATOR = Path(sys.executable).parent / "openapi-python-client"
PACKAGE = "polydex_generated"

if importlib.util.find_spec("openapi_python_client") is None:
    pytest.skip("openapi-python-client is not installed: make install", allow_module_level=True)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    folder = tmp_path / "server"
    folder.mkdir()
    async with serving(folder) as server:
        yield server


class Generated:
    """The generated package; modules and models by name."""

    def __init__(self, served: Served) -> None:
        root = importlib.import_module(PACKAGE)
        self.models: Any = importlib.import_module(f"{PACKAGE}.models")
        self.client: Any = root.AuthenticatedClient(base_url=served.url, token=served.token)

    async def call(self, module: str, *args: Any, status: int = 200, **kwargs: Any) -> Any:
        """The parsed answer of an operation."""
        operation = importlib.import_module(f"{PACKAGE}.api.{module}")
        answer = await operation.asyncio_detailed(*args, client=self.client, **kwargs)
        assert answer.status_code == status, answer.content
        return answer.parsed


@pytest.fixture
async def generated(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Generated]:
    process = await asyncio.create_subprocess_exec(
        str(GENERATOR), "generate", "--url", f"{served.url}/openapi.json", "--meta", "none", "--fail-on-warning",
        "--output-path", str(tmp_path / PACKAGE),
        # It formats what it has made with the ruff beside it.
        env={**os.environ, "PATH": f"{GENERATOR.parent}{os.pathsep}{os.environ.get('PATH', '')}"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        made = Generated(served)
        async with made.client:
            yield made
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]


async def test_everything_that_a_program_does(generated: Generated) -> None:
    call, models = generated.call, generated.models
    start = await call("contacts_sync.cont_sync_start")
    assert start.ready is True

    draft = models.ContactDraft(
        name=models.ContactNameIn(given_name="Ada", family_name="Example"),
        email_addresses=[models.ContactEmailAddressIn(address="ada@example.com", type_="work")],
        phone_numbers=[models.ContactPhoneNumberIn(number="1", type_="MOBILE")],
        birthday="1990-12-10",
    )
    created = await call("contacts.create_contact", body=draft, status=201)
    assert created.record.name.given_name == "Ada"
    assert created.record.phone_numbers[0].type_ == "mobile"

    read = await call("contacts.contact", created.id)
    assert (read.etag, read.birthday, read.has_photo) == (created.etag, "1990-12-10", False)
    assert read.created_time.tzinfo is not None

    change = models.ContactPatch(nick_name="Countess", birthday=None)
    changed = await call("contacts.update_contact", created.id, body=change, if_match=created.etag)
    assert (changed.record.nick_name, changed.record.name.given_name) == ("Countess", "Ada")
    assert not isinstance(changed.record.birthday, str)
    stale = await call("contacts.update_contact", created.id, body=change, if_match="other", status=412)
    assert stale.code == "precondition.failed"

    seen, page = 0, await call("contacts.list_contacts", limit=3)
    while True:
        seen += page.length
        if not page.next_page_token:
            break
        page = await call("contacts.list_contacts", limit=3, page_token=page.next_page_token)
    assert seen == 8
    assert (await call("contacts.list_contacts", q="countess")).records[0].id == created.id

    page = await call("contacts_sync.cont_sync_updated", delta_token=start.sync_updated_token, limit=5)
    records = list(page.records)
    while not page.next_delta_token:
        page = await call("contacts_sync.cont_sync_updated", page_token=page.next_page_token)
        records += page.records
    assert len({record.id for record in records}) == 8

    await call("contacts.delete_contact", created.id)
    gone = await call("contacts_sync.cont_sync_deleted", delta_token=start.sync_deleted_token)
    assert [record.id for record in gone.records] == [created.id]
    assert (await call("contacts.contact", created.id, status=404)).code == "notFound"

    account = await call("account.get_my_account")
    assert (account.service_type, account.sync.ready) == ("CardDAV", True)
