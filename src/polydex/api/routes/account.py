"""The account itself: its state, its end, the end of its tokens."""

from __future__ import annotations

from polydex.api import parameters as p, reply
from polydex.api.operation import Answer, Call, Operation
from polydex.api.reply import Reply
from polydex.api.shapes import account_out

TAG = "Account"

PING = p.boolean("pingProvider", "Ask the provider whether it still accepts the credentials.", default=False)
PROVIDER_AUTH = p.absent("includeProviderAuth", schema={"type": "boolean"}, unless=("false", "0", "no", "off"))


async def show(call: Call) -> Reply:
    accounts = call.services.accounts
    account = call.caller.account
    if call[PING]:
        account = await accounts.ping(account)
    return reply.answer(account_out(account, await accounts.status(account.id), daemon=accounts.is_daemon(account)))


async def remove(call: Call) -> Reply:
    await call.services.accounts.delete(call.caller.account.id)
    return Reply(b"{}")


async def remove_token(call: Call) -> Reply:
    await call.services.accounts.delete_token(call.caller.account.id)
    return Reply(b"{}")


OPERATIONS = (
    Operation(
        "GET",
        "/v1/account",
        "getMyAccount",
        TAG,
        "Get the account and the state of its synchronisation",
        show,
        parameters=(PING, PROVIDER_AUTH),
        answers={200: Answer("ApiAccountOutDto", "The account.")},
        errors=(429, 502, 504),
        text="Of the account whose token was sent, or that `X-Aurinko-Account-Id` names.",
    ),
    Operation(
        "DELETE",
        "/v1/account",
        "deleteAccount",
        TAG,
        "Delete the account and everything that is stored of it",
        remove,
        answers={200: Answer("Nothing", "Deleted here; nothing changes at the provider.")},
        text="Its contacts, history, tokens and credentials are erased here and cannot be brought back.",
        writes=True,
        alive=False,
    ),
    Operation(
        "DELETE",
        "/v1/account/token",
        "deleteToken",
        TAG,
        "End the account's tokens and forget its credentials",
        remove_token,
        answers={200: Answer("Nothing", "Ended: pulls stop, the stored contacts stay until the account is deleted.")},
        text="Every token of the account ends. Connect it again with the same login, and its synchronisation goes on.",
        writes=True,
        alive=False,
    ),
)
