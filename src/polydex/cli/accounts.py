"""``polydex accounts``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from polydex.cli.apps import credentials_of, write_credentials
from polydex.cli.common import (
    AccountNumber,
    Common,
    account_of,
    common_of,
    confirmed,
    note,
    run,
    write,
    write_json,
    write_table,
)
from polydex.cli.credentials import (
    HAVE_TOKENS,
    Method,
    Service,
    nextcloud_address,
    of_application,
    with_password,
    with_tokens,
)
from polydex.core.errors import BadRequest, Internal, NotFound

if TYPE_CHECKING:
    from polydex.app import Polydex
    from polydex.engine.accounts import AccountSpec

app = App(name="accounts", help="Accounts: connected address books.", help_format="plaintext")

_DEFAULT_APP = "default"


@app.command
def add(
    service: Annotated[Service, Parameter(help="What kind of service it is; carddav is any server.")],
    /,
    *,
    server: Annotated[
        str | None,
        # The second name is that of the interface (serverUrl).
        Parameter(
            name=("--server", "--server-url"),
            help="Address of the server; iCloud and Fastmail have a fixed one, that of Exchange is found by an e-mail address.",
        ),
    ] = None,
    login: Annotated[str | None, Parameter(help="Login name at the service; asked for when it is left out.")] = None,
    app_name: Annotated[
        str | None,
        Parameter(
            name="--app", help="Client id or name of the application that owns it; needed when there are several."
        ),
    ] = None,
    region: Annotated[
        str | None, Parameter(help="Two letters, for phone numbers without a country code, such as US or DE.")
    ] = None,
    password_stdin: Annotated[bool, Parameter(help="Read the password from standard input.")] = False,
    tokens_stdin: Annotated[
        bool,
        Parameter(
            help="Read the tokens of a Google or Microsoft account from standard input: the JSON that the token endpoint "
            "answered, or an authorized_user file."
        ),
    ] = False,
    tenant: Annotated[
        str | None,
        Parameter(
            help="Microsoft: the tenant (id or domain) whose administrator has given the application itself access; with "
            "--mailbox, in place of tokens."
        ),
    ] = None,
    mailbox: Annotated[
        str | None,
        Parameter(
            help="Microsoft: the mailbox in that tenant, by its user name. Exchange: the address of another mailbox than "
            "the login's own, which it may impersonate."
        ),
    ] = None,
    auth: Annotated[
        Method | None,
        Parameter(help="Exchange: how the login is proven; auto takes the best that the server offers."),
    ] = None,
    common: Common | None = None,
) -> None:
    """Connect an address book and show an access token for it, this once.

    The password is asked for, or read from standard input; it is tried at the service before anything is stored, and so
    are tokens.
    """
    common = common_of(common)
    if region is not None and not (len(region) == 2 and region.isascii() and region.isalpha()):
        raise BadRequest("--region must be two letters, such as US or DE")
    if service != "microsoft" and tenant is not None:
        raise BadRequest("--tenant is for microsoft")
    if service not in ("microsoft", "exchange") and mailbox is not None:
        raise BadRequest("--mailbox is for microsoft and exchange")
    if service != "exchange" and auth is not None:
        raise BadRequest("--auth is for exchange")
    if service in HAVE_TOKENS:
        if server is not None or login is not None or password_stdin:
            raise BadRequest(f"{service} takes tokens: --server, --login and --password-stdin are for other services")
        if tenant is None and mailbox is None:
            given = with_tokens(common, service, tokens_stdin)
        else:
            given = of_application(tenant, mailbox, tokens_stdin)
    elif tokens_stdin:
        raise BadRequest(f"--tokens-stdin is for google and microsoft; {service} takes a login and a password")
    else:
        given = replace(with_password(service, server, login, password_stdin), mailbox=mailbox, method=auth)

    async def work(polydex: Polydex) -> dict[str, Any]:
        spec = replace(given, region=region.upper() if region else None)
        if service == "nextcloud":
            spec = replace(spec, server_url=nextcloud_address(polydex, spec.login or "", spec.password, server))
        owner, made = await _owner(polydex, app_name, spec)
        saved = await polydex.accounts.upsert(owner, spec)
        return {"accountId": saved.account_id, "accessToken": saved.access_token, **made}

    try:
        saved = run(common, work, new=True)
    except BadRequest as error:
        # The rest of the product knows the option by its name in the API.
        raise BadRequest(error.message.replace("serverUrl", "--server").replace("authMethod", "--auth")) from None
    if common.json:
        write_json(saved)
        return
    if "application" in saved:
        note(f"There was no application yet, so one was made: {_DEFAULT_APP}. Its secrets are not shown again either.")
        write_credentials(saved["application"])
    write(f"Account       {saved['accountId']}")
    write(f"Access token  {saved['accessToken']}")
    note(f"Keep the token now: it is not shown again. Next: polydex sync {saved['accountId']}")


@app.command(name="list")
def list_(*, common: Common | None = None) -> None:
    """List the accounts with their state."""
    common = common_of(common)

    async def work(polydex: Polydex) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = await polydex.accounts.list(None, limit=500, offset=len(found))
            found += [await _shown(polydex, int(account.id)) for account in page.accounts]
            if not page.accounts or len(found) >= page.total:
                return found

    found = run(common, work)
    if common.json:
        write_json(found)
        return
    rows = [(str(a["id"]), a["serviceType"], a.get("loginString", ""), str(_contacts(a)), _state(a)) for a in found]
    write_table(("Id", "Service", "Login", "Contacts", "State"), rows, "No account yet: polydex accounts add SERVICE")


@app.command
def show(account: AccountNumber, /, *, common: Common | None = None) -> None:
    """Show one account with its address books."""
    common = common_of(common)

    async def work(polydex: Polydex) -> dict[str, Any]:
        return await _shown(polydex, account)

    shown = run(common, work)
    if common.json:
        write_json(shown)
        return
    write(f"Account   {shown['id']}  {shown['serviceType']}  {shown.get('loginString', '')}")
    if "serverUrl" in shown:
        write(f"Server    {shown['serverUrl']}")
    if "mailbox" in shown:
        write(f"Mailbox   {shown['mailbox']}")
    if "authMethod" in shown:
        write(f"Login by  {shown['authMethod']}")
    write(f"State     {_state(shown)}")
    if "tokens" in shown:
        write(f"Tokens    {_tokens(shown['tokens'])}")
    for source in shown["sync"]["sources"]:
        mark = " (default)" if source["default"] else " (not synchronised)"
        write(f"Book      {source.get('name') or 'unnamed'}{mark}: {source['contacts']} contacts")
        if source["deferred"]:
            write(f"          {source['deferred']} could not be read, or are looked at again")
        if source["halted"]:
            write(f"          {source['halted']} deletions await approval: polydex accounts approve {shown['id']}")
        if "error" in source and not source["default"]:  # that of the default book is in the state
            write(f"          {source['error']['message']}")
        if "push" in source:
            write(f"          {_push(source['push'])}")


@app.command
def approve(
    account: AccountNumber,
    /,
    *,
    refuse: Annotated[bool, Parameter(help="Keep the contacts.")] = False,
    common: Common | None = None,
) -> None:
    """Decide about deletions that were held back because they were so many.

    Approved, each contact is looked up once more, and deleted here when the provider really has it no longer.
    """
    common = common_of(common)

    async def work(polydex: Polydex) -> int:
        await account_of(polydex, account)
        return await polydex.accounts.approve(account, refuse=refuse)

    count = run(common, work)
    if common.json:
        write_json({"accountId": account, "contacts": count, "approved": not refuse})
    elif count == 0:
        write("Nothing awaits approval.")
    else:
        write(
            f"{count} deletions {'refused: the contacts stay' if refuse else 'approved: they are checked one by one'}."
        )


@app.command
def remove(
    account: AccountNumber,
    /,
    *,
    yes: Annotated[bool, Parameter(help="Do not ask.")] = False,
    common: Common | None = None,
) -> None:
    """Delete an account here: its mirror, journal, tokens and password. Nothing changes at the provider."""
    common = common_of(common)
    if not yes and not confirmed(f"Delete account {account} and everything stored of it? [y/N] "):
        raise BadRequest("Nothing was deleted; confirm with y, or give --yes")

    async def work(polydex: Polydex) -> None:
        await account_of(polydex, account)
        await polydex.accounts.delete(account)

    run(common, work)
    if common.json:
        write_json({"accountId": account, "removed": True})
    else:
        write(f"Account {account} is deleted.")


async def _owner(polydex: Polydex, wanted: str | None, spec: AccountSpec) -> tuple[int, dict[str, object]]:
    """The application that is to own the account: the one that is named, or the only one, or a first one made now.

    The second value is what is to be shown of one that is made: ``{"application": its credentials}``.
    """
    apps = await polydex.accounts.list_apps()
    if wanted is not None:
        named = [each for each in apps if wanted in (each.client_id, each.name)]
        if not named:
            raise NotFound(f"There is no application {wanted!r}; polydex apps list shows them")
        if len(named) > 1:
            raise BadRequest(f"Several applications are named {wanted!r}: give --app the client id of one")
        return named[0].id, {}
    if len(apps) > 1:
        raise BadRequest("There are several applications: name the owner with --app; polydex apps list shows them")
    if apps:
        return apps[0].id, {}
    # Its secrets are shown with the account, so it is not made when the credentials turn out to be wrong.
    await polydex.accounts.check(0, spec)
    made = await polydex.accounts.create_app(_DEFAULT_APP)
    return made.id, {"application": credentials_of(made)}


async def _shown(polydex: Polydex, account_id: int) -> dict[str, Any]:
    from polydex.api.shapes import account_out, time as time_out

    account = await account_of(polydex, account_id)
    status = await polydex.accounts.status(account_id)
    shown = account_out(account, status, daemon=polydex.accounts.is_daemon(account))
    try:
        grant = polydex.accounts.grant(account)
    except Internal:  # a damaged secret: the doctor says more, and the other accounts are listed all the same
        grant = None
    if grant is not None:
        ends = {"accessEndsAt": grant.expires_at, "refreshEndsAt": grant.refresh_expires_at}
        shown["tokens"] = {
            "refreshable": grant.renewable,
            **({} if grant.application is None else {"tenant": grant.application}),
            **{name: time_out(moment) for name, moment in ends.items() if moment is not None},
        }
    return shown


def _tokens(tokens: dict[str, Any]) -> str:
    """Whose access an OAuth account lives on, and how long it lasts."""
    if "tenant" in tokens:
        return f"of the application itself, in the tenant {tokens['tenant']}"
    if not tokens["refreshable"]:
        return f"no refresh token: the access ends {tokens.get('accessEndsAt', 'some time')}"
    access = f"; the present access token ends {tokens['accessEndsAt']}" if "accessEndsAt" in tokens else ""
    if "refreshEndsAt" in tokens:
        return f"the refresh token ends {tokens['refreshEndsAt']} (testing mode?): polydex doctor says more{access}"
    return f"renewed by themselves{access}"


def _push(push: dict[str, Any]) -> str:
    if push["active"] and "until" not in push:
        return "the provider tells of changes by itself, over a connection that is held open"
    if push["active"]:
        return f"the provider tells of changes by itself, until {push['until']} (renewed before)"
    return f"the provider does not tell of changes by itself: {push['message']}"


def _contacts(account: dict[str, Any]) -> int:
    sources: list[dict[str, Any]] = account["sync"]["sources"]
    return sum(int(source["contacts"]) for source in sources if source["default"])


def _state(account: dict[str, Any]) -> str:
    default: dict[str, Any] = next((each for each in account["sync"]["sources"] if each["default"]), {})
    if account["tokenStatus"] != "active":
        return f"{account['tokenStatus']}: {account.get('tokenError', 'the credentials were refused')}"
    if default.get("halted"):
        return f"halted: {default['halted']} deletions await approval"
    if "error" in default:
        return f"failing: {default['error']['message']}"
    if not default.get("ready"):
        return "first synchronisation"
    return f"up to date as of {default['pulledAt']}"
