"""What schemathesis needs to know of our credentials; loaded by it (SCHEMATHESIS_HOOKS)."""

import base64
import itertools
import json
import os
import urllib.request
from typing import Any

import schemathesis

_served = json.loads(os.environ["POLYDEX_SERVED"])
_basic = "Basic " + base64.b64encode(f"{_served['client_id']}:{_served['client_secret']}".encode()).decode()
_numbers = itertools.count()
_ENDING = {("DELETE", "/v1/account"), ("DELETE", "/v1/account/token")}


@schemathesis.auth(refresh_interval=None)
class Credentials:
    """The credentials that each operation wants; those that end an account get one of their own each time."""

    def get(self, case: Any, context: Any) -> str | None:
        operation = context.operation
        needed = operation.definition.raw.get("security", [])
        if not needed:
            return None
        if all("AppAuth" in each for each in needed):
            return _basic
        if (operation.method.upper(), operation.path) in _ENDING:
            return f"Bearer {_new_account()}"
        return f"Bearer {_served['token']}"

    def set(self, case: Any, data: str | None, context: Any) -> None:
        if data is not None:
            case.headers["Authorization"] = data


def _new_account() -> str:
    body = {"serviceType": "CardDAV", "loginString": f"passing{next(_numbers)}@example.org", "password": "secret"}
    request = urllib.request.Request(  # noqa: S310 - the server under test, on loopback
        f"{_served['url']}/v1/am/accounts", json.dumps(body).encode(), {"Authorization": _basic}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - of our own server
        return str(json.load(answer)["accessToken"])
