"""What an account is connected with: from options, the terminal and standard input."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Literal

from polydex.cli.common import Common
from polydex.config import PREFIX
from polydex.core.errors import BadRequest

if TYPE_CHECKING:
    from polydex.app import Polydex
    from polydex.engine.accounts import AccountSpec

Service = Literal["carddav", "icloud", "fastmail", "nextcloud", "exchange", "google", "microsoft"]
Method = Literal["auto", "negotiate", "ntlm", "basic", "bearer"]
SERVICE_TYPES = {
    "carddav": "CardDAV",
    "icloud": "iCloud",
    "fastmail": "Fastmail",
    "nextcloud": "Nextcloud",
    "exchange": "EWS",
    "google": "Google",
    "microsoft": "Office365",
}
_PROMPTS = {
    "carddav": "Password: ",
    "icloud": "App-specific password (account.apple.com): ",
    "fastmail": "App password (Settings > Privacy & Security): ",
    "nextcloud": "App password (Settings > Security): ",
    "exchange": "Password: ",
}
_NEED_SERVER = ("carddav", "nextcloud")
HAVE_TOKENS = ("google", "microsoft")
"""Services whose accounts come with tokens, or with a tenant and a mailbox, in place of a login and a password."""
_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_ANY_TENANT = ("common", "organizations", "consumers")
# What goes into a path.
_MAILBOX = re.compile(r"[^\s/\\?#%]{1,256}")


def with_password(service: Service, server: str | None, login: str | None, password_stdin: bool) -> AccountSpec:
    """A login and a password; what is not given is asked for. Raises BadRequest."""
    from polydex.engine.accounts import AccountSpec

    if service in _NEED_SERVER and not server and "@" not in (login or ""):
        raise BadRequest(f"--server is missing: {service} needs the address of the server")
    login = _ask_login() if login is None else login.strip()
    if not login:
        raise BadRequest("The login is empty: give it with --login")
    password = read_password() if password_stdin else _ask_password(service)
    if not password:
        raise BadRequest("The password is empty")
    service_type = "CardDAV" if service == "nextcloud" else SERVICE_TYPES[service]
    return AccountSpec(service_type, login=login, password=password, server_url=server)


def with_tokens(common: Common, service: Service, tokens_stdin: bool) -> AccountSpec:
    """Tokens of a user, from standard input. Raises BadRequest."""
    from polydex.cli.tokens import read_tokens
    from polydex.engine.accounts import AccountSpec

    if not tokens_stdin:
        other = ", or --tenant and --mailbox" if service == "microsoft" else ""
        raise BadRequest(f"{service} needs tokens: give them on standard input with --tokens-stdin{other}")
    client_id = common.config().provider_options(service).get("client_id", "")
    setting = f"{PREFIX}{service.upper()}_CLIENT_ID"
    grant = read_tokens(sys.stdin.buffer.read(), time.time_ns() // 1_000_000, client_id, setting)
    return AccountSpec(SERVICE_TYPES[service], grant=grant)


def of_application(tenant: str | None, mailbox: str | None, tokens_stdin: bool) -> AccountSpec:
    """Access of the application itself: it needs no tokens of a user. Raises BadRequest."""
    from polydex.connectors.tokens import Grant
    from polydex.engine.accounts import AccountSpec

    if tokens_stdin:
        raise BadRequest("Give --tokens-stdin for a user's own access, or --tenant and --mailbox for the application's")
    tenant, mailbox = (tenant or "").strip(), (mailbox or "").strip()
    if not tenant or not mailbox:
        raise BadRequest(
            "--tenant and --mailbox belong together: the application itself has access to the whole tenant"
        )
    if not _TENANT.fullmatch(tenant) or tenant.lower() in _ANY_TENANT:
        raise BadRequest(
            "--tenant must be one tenant: its id, such as 11111111-2222-3333-4444-555555555555, or a domain"
        )
    if not _MAILBOX.fullmatch(mailbox):
        raise BadRequest("--mailbox must be a user name, such as ada@example.com, or the id of a user")
    return AccountSpec(SERVICE_TYPES["microsoft"], login=mailbox, grant=Grant("", application=tenant))


def nextcloud_address(polydex: Polydex, login: str, password: str, server: str | None) -> str:
    """The address of a Nextcloud's address books; the account itself is one of CardDAV, as clients know it."""
    from polydex.connectors.provider import Credentials

    service = SERVICE_TYPES["nextcloud"]
    provider = next(each for each in polydex.ctx.providers.values() if service in each.services)
    return provider.prepare(service, Credentials(login, password, server or "")).server_url


def read_password() -> str:
    """A password: all of standard input, without the line end that `echo` and editors add. Raises BadRequest."""
    try:
        password = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("The password on standard input is not UTF-8") from None
    return password.removesuffix("\n").removesuffix("\r")


def _ask_login() -> str:
    if not sys.stdin.isatty():
        raise BadRequest("The login is missing: give --login")
    sys.stderr.write("Login: ")
    return sys.stdin.readline().strip()


def _ask_password(service: str) -> str:
    import getpass

    if not sys.stdin.isatty():
        raise BadRequest(
            "There is no terminal to ask for the password: give it on standard input with --password-stdin"
        )
    try:
        return getpass.getpass(_PROMPTS[service])
    except EOFError:
        raise BadRequest("No password was given") from None
