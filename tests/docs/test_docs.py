"""The documentation is complete, and its links lead somewhere."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from polydex.config import Config
from polydex.connectors import registry
from polydex.core import errors, vcard
from polydex.core.contact import Contact, Phone, PhoneType
from polydex.core.errors import PolydexError
from polydex.engine.check import RULES
from tests.docs.blocks import PAGES, ROOT, all_blocks, name, text
from tests.live.conftest import NEEDED
from tests.servers import warm

POLYDEX = [sys.executable, "-m", "polydex"]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_ROUTE = re.compile(r"`(GET|POST|PATCH|DELETE) (/[^`?]*)`")
_COMMAND = re.compile(r"^│ ([a-z]+) ", re.MULTILINE)
_OPTION = re.compile(r"^│ (?:\* +)?(--?[a-z][a-z-]*)(?: \(?(--?[a-z][a-z-]*)\)?)?(?= )", re.MULTILINE)
_EVERYWHERE = {"--data-dir", "--json", "--help", "-h"}


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to headings: lower case, without punctuation, hyphens for blanks."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(there), f"{page.name}: {target}"


def test_every_page_is_reached_from_the_readme() -> None:
    reached, todo = set[Path](), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = [link.partition("#")[0] for link in _LINK.findall(page.read_text(encoding="utf-8"))]
        todo += [path for link in links if "://" not in link and (path := (page.parent / link).resolve()).is_file()]
    assert set(PAGES) <= reached


def run(*command: str) -> str:
    env = {**os.environ, "COLUMNS": "300"}
    done = warm.run([*POLYDEX, *command], env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_setting_is_documented_with_its_default() -> None:
    page = text("docs/reference/configuration.md")
    settings = Config().describe()
    for setting in settings:
        default = f"`{setting.default}`" if setting.default else ""
        assert f"| `{setting.variable}` | {default} | {setting.doc} |" in page
    assert set(re.findall(r"\| `(POLYDEX_\w+)`", page)) == {setting.variable for setting in settings}


PROVIDERS = set(registry.load())
TO_COME = {"google_auth_url", "microsoft_auth_url"}
"""Settings of what is announced, in the documentation as well: the hosted sign-in."""


def test_every_setting_has_an_effect() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src/polydex").rglob("*.py") if path.name != "config.py"
    )
    for field in fields(Config):
        provider, _, option = field.name.partition("_")
        provider, option = field.metadata.get("option") or (provider, option)
        if provider in PROVIDERS:  # which gets it through Config.provider_options
            code_of_provider = "\n".join(
                path.read_text(encoding="utf-8") for path in (ROOT / "src/polydex/connectors" / provider).rglob("*.py")
            )
            assert (f'"{option}"' in code_of_provider) is (field.name not in TO_COME), field.name
            continue
        used = "database_path" if field.name == "data_dir" else field.name
        assert re.search(rf"\bconfig\.{used}\b", code), field.name


def test_variables_that_are_shown_are_settings() -> None:
    known = {setting.variable for setting in Config().describe()}
    known |= {"POLYDEX_SEED", *(variable for needed in NEEDED.values() for variable in needed)}  # those of the tests
    for page in PAGES:
        assert set(re.findall(r"\bPOLYDEX_[A-Z_]+[A-Z]\b", page.read_text(encoding="utf-8"))) <= known, page.name


def codes(kind: type[PolydexError] = PolydexError) -> Iterator[tuple[int, str]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            if "code" in vars(child) or child is errors.Internal:
                yield child.status, child.code
            yield from codes(child)


def test_every_error_code_is_documented() -> None:
    page = text("docs/reference/errors.md")
    documented = [(int(status), code) for status, code in re.findall(r"\| (\d+) \| `([\w.]+)` \|", page)]
    assert len(documented) == len(set(documented))
    assert set(documented) == {*codes()}


def test_every_route_and_parameter_is_documented(description: dict[str, Any]) -> None:
    page = text("docs/reference/api.md")
    served = {
        (method.upper(), path): operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }
    assert {(method, path) for method, path in _ROUTE.findall(page)} == set(served)
    rows: dict[tuple[str, str], set[str]] = {}
    route = ("", "")
    parameters = page.partition("## Parameters")[2].partition("## ")[0]
    for row in re.findall(r"^\| ([^|]*)\| ([^|]*)\|", parameters, re.MULTILINE):
        route = _ROUTE.findall(row[0])[0] if "/" in row[0] else route
        rows.setdefault(route, set()).update(re.findall(r"`([\w-]+)`", row[1]))
    unserved = set(re.findall(r"`(\w+)`", parameters.partition("Known and not served")[2]))
    for (method, path), operation in served.items():
        if "200" not in operation["responses"] and "201" not in operation["responses"]:
            continue  # answers 501
        names = {each["name"] for each in operation.get("parameters", ()) if each["in"] != "path"}
        assert names <= rows.get((method, path), set()) | unserved, f"{method} {path}"
        assert rows.get((method, path), set()) <= names, f"{method} {path}"


def commands() -> dict[tuple[str, ...], str]:
    """Every command that does something -> its help."""
    found: dict[tuple[str, ...], str] = {}
    for first in _COMMAND.findall(run("--help")):
        shown = run(first, "--help")
        below = _COMMAND.findall(shown)
        found |= {(first, second): run(first, second, "--help") for second in below} if below else {(first,): shown}
    return found


def test_every_command_and_option_is_documented() -> None:
    page = text("docs/reference/cli.md")
    table = page.partition("## Commands")[2].partition("## ")[0]
    documented = {tuple(command.split()) for command in re.findall(r"\| `polydex ([a-z]+(?: [a-z]+)?)", table)}
    helps = commands()
    assert documented == set(helps)
    rows: dict[tuple[str, ...], set[str]] = {}
    command: tuple[str, ...] = ()
    for row in re.findall(r"^\| ([^|]*)\| ([^|]*)\|", page.partition("## Their options")[2], re.MULTILINE):
        named = re.findall(r"`polydex ([a-z ]+)`", row[0])
        command = tuple(named[0].split()) if named else command
        rows.setdefault(command, set()).update(re.findall(r"`(--?[a-z-]+)`", row[1]))
    for words, shown in helps.items():
        options = {option for pair in _OPTION.findall(shown) for option in pair if option} - _EVERYWHERE
        assert rows.get(words, set()) == options, words
    for option in _EVERYWHERE:
        assert f"`{option}`" in page


def test_options_that_are_shown_exist() -> None:
    """Every polydex line that the documentation shows names a command and options that there are."""
    helps = commands()
    shown = [line for block in all_blocks() if block.language == "sh" for line in block.code.splitlines()]
    lines = [found[1] for line in shown if (found := re.search(r"(?:^|[/ ])polydex ((?:[a-z]+)(?: .*)?)$", line))]
    assert lines
    for line in lines:
        words = re.split(r"\s+", line.partition(" <")[0])
        command = tuple(words[:2]) if tuple(words[:2]) in helps else tuple(words[:1])
        if command not in helps:
            continue  # a user or a path of that name
        for option in (word.partition("=")[0] for word in words if word.startswith("-")):
            assert option in helps[command], line


def test_every_exit_code_is_documented() -> None:
    from polydex.cli import errors as cli

    page = text("docs/reference/cli.md")
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert documented == {value for key, value in vars(cli).items() if key.isupper() and isinstance(value, int)}


def test_every_rule_of_the_check_is_documented() -> None:
    page = text("docs/reference/cli.md").partition("## What polydex check looks at")[2]
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", page, re.MULTILINE)) == {r.name: r.demand for r in RULES}


def test_make_targets_that_are_shown_exist() -> None:
    makefile = text("Makefile")
    for target in re.findall(r"\bmake ([a-z]+)", text("README.md") + text("CONTRIBUTING.md")):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_types_of_phone_numbers_are_written_as_documented() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| `([A-Z_,-]+)` \| `([A-Z_,-]+)` \|$", text("docs/reference/vcard.md"), re.MULTILINE
    )
    assert {row[0] for row in rows} == {kind.value for kind in PhoneType}
    for kind, *written in rows:
        draft = Contact(phone_numbers=(Phone(number="+12025550123", type=PhoneType(kind)),))
        for version, types in zip(("3.0", "4.0"), written, strict=True):
            card = vcard.create(draft, uid="1", mark=None, version=version).raw.decode()
            (line,) = (line for line in card.splitlines() if line.startswith("TEL"))
            found = re.findall(r"TYPE=\"?([\w,-]+)", line)
            assert ",".join(found).upper() == types, line


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/adr").glob("0*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
    for path in (ROOT / "docs/adr").glob("0*.md"):
        assert path.read_text(encoding="utf-8").startswith(f"# {int(path.name[:4])}. ")
