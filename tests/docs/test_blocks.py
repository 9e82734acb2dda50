"""Every code block of README and docs runs, or is checked, or says why it cannot."""

from __future__ import annotations

import configparser
import json
import re
from typing import Any

import jsonschema
import pytest

from polydex.config import Config
from tests.docs.blocks import Block, all_blocks, blocks
from tests.docs.terminal import Terminal

LANGUAGES = {"sh", "python", "json", "ini", "nginx", "caddyfile", "powershell"}

# Page -> what it expects to be there: nothing but a CardDAV server, a connected account, a running server besides.
GIVEN = {
    "README.md": "shell",
    "docs/how-to/approve-a-mass-deletion.md": "account",
    "docs/how-to/back-up.md": "account",
    "docs/how-to/connect-carddav.md": "shell",
    "docs/how-to/connect-exchange.md": "sandboxed",
    "docs/how-to/connect-fastmail.md": "account",
    "docs/how-to/connect-google.md": "sandboxed",
    "docs/how-to/connect-icloud.md": "account",
    "docs/how-to/connect-microsoft.md": "sandboxed",
    "docs/how-to/connect-nextcloud.md": "shell",
    "docs/how-to/find-out-what-is-wrong.md": "account",
    "docs/how-to/import-and-export.md": "account",
    "docs/how-to/keep-a-copy-in-step.md": "served",
    "docs/how-to/migrate-from-aurinko.md": "served",
    "docs/how-to/run-as-a-service.md": "served",
    "docs/how-to/search-and-find-duplicates.md": "served",
    "docs/reference/sandbox.md": "sandboxed",
    "docs/tutorials/first-sync.md": "served",
}

# Blocks that do not run: page, first line, reason; the page says the same in a comment above the block.
NOT_RUN = {
    ("README.md", "make install"): "make install makes the environment that runs this test; make demo is run by "
    "tests/cli/test_demo.py",
    ("docs/how-to/connect-fastmail.md", "polydex accounts add fastmail --login you@example.com"): "logs in at "
    "Fastmail; the same command runs against other servers in connect-carddav.md",
    (
        "docs/how-to/connect-exchange.md",
        "polydex accounts add exchange --login ada@example.com",
    ): "needs an Exchange server behind the domain of the address; the same command runs below, on the sandbox",
    (
        "docs/how-to/connect-exchange.md",
        "polydex accounts add exchange --server mail.example.com --login 'EXAMPLE\\ada'",
    ): ("needs an Exchange server; the same command runs below, on the sandbox"),
    (
        "docs/how-to/connect-exchange.md",
        "polydex accounts add exchange --server mail.example.com --login 'EXAMPLE\\polydex' --mailbox ada@example.com",
    ): "needs an Exchange server; the same command runs below, on the sandbox",
    ("docs/how-to/connect-google.md", "python3 -m venv oauth && oauth/bin/pip install google-auth-oauthlib"): "opens "
    "Google's consent page; tests/witness/identity goes the same way through the pages of the sandbox",
    ("docs/how-to/connect-microsoft.md", "python3 -m venv oauth && oauth/bin/pip install msal"): "opens Microsoft's "
    "sign-in page; tests/witness goes the same way through the pages of the sandbox",
    ("docs/how-to/connect-icloud.md", "polydex accounts add icloud --login you@example.com"): "logs in at iCloud; the "
    "same command runs against other servers in connect-carddav.md",
    (
        "docs/reference/sandbox.md",
        "polydex sandbox",
    ): "goes on until it is stopped; tests/sandbox/test_process.py runs it",
    ("docs/how-to/run-as-a-service.md", "useradd --system --home-dir /var/lib/polydex polydex"): "changes the system",
    (
        "docs/how-to/run-as-a-service.md",
        "sudo -u polydex /opt/polydex/bin/polydex accounts list --data-dir /var/lib/polydex",
    ): "needs root and the user of above",
    (
        "docs/how-to/run-as-a-service.md",
        "Environment=POLYDEX_PUBLIC_URL=https://contacts.example.com",
    ): "the setting of a service",
    (
        "docs/how-to/run-as-a-service.md",
        "export POLYDEX_DATABASE_URL=postgresql://polydex@db.example.com/polydex",
    ): "needs a PostgreSQL server of that name; tests/contract/server runs several processes on PostgreSQL",
}


def of(*languages: str) -> list[Block]:
    return [block for block in all_blocks() if block.language in languages and block.not_run is None]


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    for block in all_blocks():
        assert block.language in LANGUAGES, block.place
        assert block.not_run is None or block.language == "sh", block.place
        assert (block.schema is not None) == (block.language == "json"), f"{block.place}: a JSON block names its schema"
    assert {block.page for block in of("sh", "python")} == set(GIVEN)


def test_blocks_that_do_not_run_are_known_with_their_reasons() -> None:
    found = {(b.page, b.code.splitlines()[0]): b.not_run for b in all_blocks() if b.not_run is not None}
    assert found == NOT_RUN


@pytest.mark.parametrize("page", GIVEN)
def test_shell_and_python_blocks_run(page: str, request: pytest.FixtureRequest) -> None:
    """From top to bottom in one terminal. No call may be answered with an error."""
    shell: Terminal = request.getfixturevalue(GIVEN[page])
    ran = [block for block in blocks(page) if block.language in ("sh", "python") and block.not_run is None]
    assert ran
    for block in ran:
        code = block.code if block.language == "sh" else f"python3 - <<'END'\n{block.code}END\n"
        shown = shell.run(code)
        assert '"requestId"' not in shown, f"{block.place}: {shown}"


@pytest.mark.parametrize("block", of("json"), ids=lambda block: block.place)
def test_json_blocks_obey_their_schema(block: Block, description: dict[str, Any]) -> None:
    assert block.schema in description["components"]["schemas"], block.place
    schema = {"$ref": f"#/components/schemas/{block.schema}", "components": description["components"]}
    value = json.loads(block.code)
    jsonschema.Draft202012Validator(schema).validate(value)
    known = description["components"]["schemas"][block.schema].get("properties", {})
    assert set(value) <= set(known), f"{block.place}: members that nobody has described"


@pytest.mark.parametrize("block", of("ini"), ids=lambda block: block.place)
def test_units_of_systemd(block: Block) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # as configparser documents it
    unit.read_string(block.code)
    assert set(unit.sections()) == {"Unit", "Service", "Install"}
    assert unit["Service"]["ExecStart"].startswith("/opt/polydex/bin/polydex serve ")
    known = {setting.variable for setting in Config().describe()}
    named = re.findall(r"^Environment=(\w+)=", block.code, re.MULTILINE)
    assert named
    assert set(named) <= known


@pytest.mark.parametrize("block", of("powershell"), ids=lambda block: block.place)
def test_commands_of_the_exchange_management_shell(block: Block) -> None:
    """One cmdlet a line, with parameters that are named and have a value."""
    for line in block.code.splitlines():
        assert re.fullmatch(r"[A-Z][a-z]+-[A-Z]\w+( -[A-Z]\w+ (\"[^\"]*\"|[\w$]+))+", line), line


@pytest.mark.parametrize("block", of("nginx", "caddyfile"), ids=lambda block: block.place)
def test_configurations_of_proxies(block: Block) -> None:
    """Braces are in pairs, statements end as their language wants it, and requests go to the usual port."""
    depth = 0
    for line in filter(None, map(str.strip, block.code.splitlines())):
        beside = line.startswith("limit_req_zone ")  # which belongs to no server
        assert (depth == 0) if beside else depth > 0 or line.endswith("{"), line
        depth += line.endswith("{") - (line == "}")
        assert depth >= 0, line
        if block.language == "nginx":
            assert line[-1] in "{};", line
        else:
            assert not line.endswith(";"), line
    assert depth == 0
    assert "127.0.0.1:8080" in block.code
