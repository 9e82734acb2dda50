"""The page that tells what is simulated is up to date."""

from __future__ import annotations

import re

from starlette.routing import Route

from polydex_sandbox import control
from polydex_sandbox.exchange.service import Exchange
from polydex_sandbox.google.service import Google
from polydex_sandbox.identity.google.service import Identity
from polydex_sandbox.identity.microsoft.service import MicrosoftIdentity
from polydex_sandbox.microsoft.service import Graph
from polydex_sandbox.sandbox import Sandbox
from tests.docs.blocks import text
from tests.sandbox.google import coverage

CALL = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`?]*)`")


def test_the_page_is_what_the_program_makes() -> None:
    assert text(coverage.PAGE) == coverage.page()
    assert "| unknown |" not in coverage.page()


def test_no_note_is_of_something_that_is_not_there() -> None:
    assert coverage.unused_notes() == set()


def test_the_quirks_are_listed_as_they_are() -> None:
    assert text("docs/reference/sandbox.md").endswith(coverage.quirks())


def test_every_call_of_the_control_api_is_listed() -> None:
    page = text("docs/reference/sandbox.md")
    table = page.partition("## Control API")[2].partition("### The user's phone")[0]
    phone, _, outlook = page.partition("### The user's phone")[2].partition("### The user's Outlook")
    outlook, _, exchange = outlook.partition("## Quirks")[0].partition("### The user's Outlook at Exchange")
    listed = {(verb, path) for verb, path in CALL.findall(table)}
    listed |= {(verb, f"/control/accounts/ACCOUNT/google{path}") for verb, path in CALL.findall(phone)}
    listed |= {(verb, f"/control/accounts/ACCOUNT/microsoft{path}") for verb, path in CALL.findall(outlook)}
    listed |= {(verb, f"/control/accounts/ACCOUNT/exchange{path}") for verb, path in CALL.findall(exchange)}
    sandbox = Sandbox()
    routes = [*control.Control(sandbox, []).routes(), *Google(sandbox).control_routes()]
    routes += Identity(sandbox).control_routes()
    routes += Graph(sandbox).control_routes()
    routes += Exchange(sandbox).control_routes()
    routes += MicrosoftIdentity(sandbox, lambda _account: True).control_routes()
    names = {"account": "ACCOUNT", "quirk": "QUIRK", "name": "ID", "client": "CLIENT", "email": "EMAIL"}
    names |= {"tenant": "TENANT", "contact": "ID", "folder": "FOLDER", "id": "ID", "item": "ID"}
    served = {
        (verb, "/control" + re.sub(r"\{(\w+)(?::path)?\}", lambda match: names[match[1]], route.path))
        for route in routes
        if isinstance(route, Route)
        for verb in (route.methods or set()) - {"HEAD"}
    }
    assert listed == served
