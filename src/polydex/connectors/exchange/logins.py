"""How an account proves who it is: what its credentials say, as the outbound client takes it."""

from __future__ import annotations

from typing import Final, TypeAlias, cast, get_args

from polydex.connectors.provider import Credentials
from polydex.core.errors import BadRequest
from polydex.net.auth import BearerAuth
from polydex.net.bound import BoundAuth, Method

AUTO: Final = "auto"
BEARER: Final = "bearer"
METHODS: Final = (AUTO, *get_args(Method), BEARER)
"""Of ``Credentials.method``; none is the same as ``auto``."""
NAMES: Final = {"ntlm": "NTLM", "negotiate": "Negotiate", "basic": "Basic", BEARER: "a bearer token"}

Login: TypeAlias = BoundAuth | BearerAuth


def login_of(credentials: Credentials, *, asks: bool = False) -> Login:
    """The login; where the method is ``bearer``, the password is an access token. Raises BadRequest.

    ``asks``: no password is sent before the server has asked for it.
    """
    method = credentials.method or AUTO
    if method not in METHODS:
        raise BadRequest(f"authMethod is not one of {', '.join(METHODS)}")
    if method == BEARER:
        return BearerAuth(credentials.password)
    named = None if method == AUTO else cast("Method", method)
    return BoundAuth(credentials.login, credentials.password, named, asks=asks)
