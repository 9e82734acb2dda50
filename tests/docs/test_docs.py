"""The documentation is complete, its links lead somewhere, and what it shows runs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from polydex.core import errors
from polydex.core.errors import PolydexError

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
POLYDEX = [sys.executable, "-m", "polydex"]
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
_SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_ROUTE = re.compile(r"`(GET|POST|PATCH|DELETE) (/[^`?]*)`")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_page_is_reached_from_the_index() -> None:
    reached, todo = set[Path](), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = _LINK.findall(page.read_text(encoding="utf-8"))
        todo += [path for link in links if "://" not in link and (path := (page.parent / link).resolve()).is_file()]
    assert {page for page in PAGES if page.is_relative_to(ROOT / "docs")} <= reached


def run(*command: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [*POLYDEX, *command], capture_output=True, text=True, check=False, env={**os.environ, **(env or {})}, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_setting_is_documented_with_its_default() -> None:
    page = text("docs/reference/configuration.md")
    settings = json.loads(run("config", "--json"))
    assert settings
    for name, setting in settings.items():
        default = f"`{setting['default']}`" if setting["default"] not in (None, "") else ""
        assert f"| `{name}` | {default} | {setting['doc']} |" in page
    assert set(re.findall(r"`(POLYDEX_\w+)`", page)) == set(settings)


def codes(kind: type[PolydexError] = PolydexError) -> Iterator[tuple[int, str]]:
    for child in kind.__subclasses__():
        if "code" in vars(child) and (child.code != "internal" or child is errors.Internal):
            yield child.status, child.code
        yield from codes(child)


def test_every_error_code_is_documented() -> None:
    page = text("docs/reference/errors.md")
    documented = {(int(status), code) for status, code in re.findall(r"\| (\d+) \| `([\w.]+)` \|", page)}
    assert {*codes()} <= documented


def test_every_route_is_documented() -> None:
    documented = {(method, path) for method, path in _ROUTE.findall(text("docs/reference/api.md"))}
    described = asyncio.run(_described())
    served = {
        (method.upper(), path)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "patch", "delete") and "501" not in str(operation["responses"])
    }
    assert documented <= {(m.upper(), p) for p, ms in described["paths"].items() for m in ms} | served
    assert {route for route in served if route[1].startswith("/v1/contacts")} <= documented


async def _described() -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    """The OpenAPI document, as a running server would give it."""
    import tempfile

    import httpx

    from polydex.app import open_app
    from polydex.config import Config

    with tempfile.TemporaryDirectory() as folder:
        async with open_app(Config.load({"POLYDEX_DATA_DIR": folder})) as app:
            transport = httpx.ASGITransport(app=app.asgi())
            async with httpx.AsyncClient(transport=transport, base_url="http://polydex") as client:
                answer = await client.get("/openapi.json")
    found: dict[str, dict[str, dict[str, dict[str, object]]]] = answer.json()
    return found


def test_every_command_is_documented() -> None:
    page = text("docs/reference/cli.md")
    documented = {tuple(command.split()) for command in re.findall(r"\| `polydex ([a-z]+(?: [a-z]+)?)", page)}
    for command in documented:
        assert "Usage" in run(*command, "--help")
    listed = set(re.findall(r"^│ ([a-z]+) ", run("--help"), re.MULTILINE))
    assert listed == {command[0] for command in documented}
    for group in ("apps", "accounts", "contacts"):
        below = set(re.findall(r"^│ ([a-z]+) ", run(group, "--help"), re.MULTILINE))
        assert below == {command[1] for command in documented if command[0] == group}


def shells() -> list[tuple[str, str]]:
    return [(page.name, block) for page in PAGES for block in _SHELL.findall(page.read_text(encoding="utf-8"))]


def test_make_targets_of_the_readme_exist() -> None:
    makefile = text("Makefile")
    for target in re.findall(r"\bmake ([a-z]+)", text("README.md") + text("CONTRIBUTING.md")):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_options_that_are_shown_exist() -> None:
    """Every polydex line that the documentation shows names a command and options that there are."""
    lines = [line for _, block in shells() for line in block.splitlines() if re.search(r"(^|/| )polydex [a-z]", line)]
    assert lines
    for line in lines:
        words = re.sub(r"^.*?(?:^|[/ ])polydex (?=[a-z]+( |$))(?!polydex )", "", line).split()
        command = [word for word in words[:2] if re.fullmatch(r"[a-z]+", word)]
        if command[0] in ("serve", "sync", "config", "demo"):
            command = command[:1]
        help_text = run(*command, "--help")
        for option in (word for word in words if word.startswith("--")):
            assert option in help_text, line
