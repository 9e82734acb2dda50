"""``polydex contacts``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import App, Parameter

from polydex.cli.common import (
    AccountNumber,
    Common,
    account_of,
    common_of,
    note,
    run,
    write,
    write_json,
    write_table,
)
from polydex.core.errors import BadRequest

if TYPE_CHECKING:
    from polydex.app import Polydex
    from polydex.engine.errand import Written
    from polydex.engine.read import ListPage

app = App(name="contacts", help="Contacts of an account.", help_format="plaintext")
app.command(
    "polydex.cli.imports:import_",
    name="import",
    help="""Create contacts from a file: vCard, or CSV of Polydex, Google Contacts or Outlook.

    It shows what it is going to do, and asks. Importing the same file again creates nothing a second time.""",
)
app.command(
    "polydex.cli.export:export",
    name="export",
    help="""Write every contact of an account to a file, as vCard or CSV.

    vCards of a CardDAV account are written exactly as they are stored. The file appears when it is complete.""",
)

ContactId = Annotated[str, Parameter(name="ID", help="The contact's id.")]
File = Annotated[Path | None, Parameter(help="File with the JSON; without it, standard input.")]
IfMatch = Annotated[str | None, Parameter(help="Only when the contact still has this etag.")]


@app.command(name="list")
def list_(
    account: AccountNumber,
    /,
    *,
    query: Annotated[
        str | None,
        Parameter(name=["--query", "-q"], help="Words that names, companies, addresses or notes begin with."),
    ] = None,
    email: Annotated[str | None, Parameter(help="An e-mail address.")] = None,
    phone: Annotated[str | None, Parameter(help="A telephone number, or its last seven digits.")] = None,
    limit: Annotated[int, Parameter(help="At most so many, 1 to 1000.")] = 50,
    page_token: Annotated[str | None, Parameter(help="Where to go on: nextPageToken of the last answer.")] = None,
    common: Common | None = None,
) -> None:
    """List or search contacts."""
    common = common_of(common)
    if not 1 <= limit <= 1000:
        raise BadRequest("--limit must be a whole number from 1 to 1000")

    async def work(polydex: Polydex) -> ListPage:
        found = await account_of(polydex, account)
        return await polydex.reader.page(found, limit=limit, page_token=page_token, q=query, email=email, phone=phone)

    page = run(common, work)
    if common.json:
        records = [msgspec.Raw(body) for body in page.bodies]
        answer: dict[str, object] = {"length": len(records), "records": records}
        if page.next_page is not None:
            answer["nextPageToken"] = page.next_page
        write_json(answer)
        return
    rows = [_row(msgspec.json.decode(body)) for body in page.bodies]
    write_table(("Id", "Name", "E-mail", "Telephone"), rows, "No contact.")
    if page.next_page is not None:
        note(f"There are more: --page-token {page.next_page}")


@app.command
def get(
    account: AccountNumber,
    contact_id: ContactId,
    /,
    *,
    photo: Annotated[bool, Parameter(help="With the photo, in base64.")] = False,
    native: Annotated[
        list[str] | None, Parameter(help="With this property of the provider, by name; repeatable.")
    ] = None,
    fresh: Annotated[bool, Parameter(help="Ask the provider, however fresh the mirror is.")] = False,
    common: Common | None = None,
) -> None:
    """Show one contact, as JSON."""
    common = common_of(common)

    async def work(polydex: Polydex) -> bytes:
        found = await account_of(polydex, account)
        served = await polydex.reader.get(
            found, contact_id, no_cache=fresh, with_photo=photo, native=tuple(native or ())
        )
        return served.body

    _show(run(common, work), common)


@app.command
def create(account: AccountNumber, /, *, file: File = None, common: Common | None = None) -> None:
    """Create a contact out of JSON."""
    common = common_of(common)
    body = _input(file)

    async def work(polydex: Polydex) -> Written:
        written = await polydex.writer.create(await account_of(polydex, account), body)
        await polydex.writer.delivered(written.intent)
        return written

    _tell(run(common, work), "Created", common)


@app.command
def update(
    account: AccountNumber,
    contact_id: ContactId,
    /,
    *,
    if_match: IfMatch = None,
    file: File = None,
    common: Common | None = None,
) -> None:
    """Change the fields of a contact that are in the JSON; null clears a field, a list replaces the list."""
    common = common_of(common)
    body = _input(file)

    async def work(polydex: Polydex) -> Written:
        written = await polydex.writer.update(await account_of(polydex, account), contact_id, body, if_match)
        await polydex.writer.delivered(written.intent)
        return written

    _tell(run(common, work), "Updated", common)


@app.command
def delete(
    account: AccountNumber, contact_id: ContactId, /, *, if_match: IfMatch = None, common: Common | None = None
) -> None:
    """Delete a contact, here and at the provider."""
    common = common_of(common)

    async def work(polydex: Polydex) -> None:
        intent = await polydex.writer.delete(await account_of(polydex, account), contact_id, if_match)
        await polydex.writer.delivered(intent)

    run(common, work)
    if common.json:
        write_json({"id": contact_id, "deleted": True})
    else:
        write(f"Deleted {contact_id}")


def _input(file: Path | None) -> bytes:
    if file is None:
        if sys.stdin.isatty():
            note("Type the contact as JSON, then Ctrl-D:")
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadRequest(f"{file}: {error.strerror}") from error


def _tell(written: Written, verb: str, common: Common) -> None:
    if common.json:
        answer: dict[str, object] = {"id": written.id, "etag": written.etag, "record": msgspec.Raw(written.record)}
        if written.losses:
            answer["losses"] = written.losses
        write_json(answer)
        return
    write(f"{verb} {written.id}  etag {written.etag}")
    for loss in written.losses:
        note(f"  {loss.path}: {loss.reason}" + (f" (kept as {loss.kept})" if loss.kept else ""))


def _show(body: bytes, common: Common) -> None:
    write((body if common.json else msgspec.json.format(body, indent=2)).decode())


def _row(record: dict[str, Any]) -> tuple[str, str, str, str]:
    name = record.get("name", {})
    parts = (name.get("displayName"), name.get("givenName"), name.get("familyName"))
    shown = parts[0] or " ".join(part for part in parts[1:] if part) or record.get("company", {}).get("name", "")
    emails = record.get("emailAddresses") or [{}]
    phones = record.get("phoneNumbers") or [{}]
    return record["id"], shown, emails[0].get("address", ""), phones[0].get("number", "")
