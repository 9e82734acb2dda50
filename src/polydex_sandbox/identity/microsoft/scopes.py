"""The scopes that can be asked for: permissions of Graph and those of signing in.

https://learn.microsoft.com/entra/identity-platform/scopes-oidc and https://learn.microsoft.com/graph/permissions-reference
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polydex_sandbox.identity.microsoft.clients import Client
from polydex_sandbox.identity.microsoft.errors import bad_scope, missing, no_default, no_scope

GRAPH = "https://graph.microsoft.com/"
DEFAULT = f"{GRAPH}.default"
OFFLINE = "offline_access"

TEXTS = {
    "Contacts.Read": "Read your contacts",
    "Contacts.Read.Shared": "Read your and shared contacts",
    "Contacts.ReadWrite": "Have full access of your contacts",
    "Contacts.ReadWrite.Shared": "Read and write to your and shared contacts",
    "People.Read": "Read your relevant people list",
    "User.Read": "Sign you in and read your profile",
    "User.ReadBasic.All": "Read all users' basic profiles",
    "offline_access": "Maintain access to data you have given it access to",
    "openid": "Sign you in",
    "profile": "View your basic profile",
    "email": "View your email address",
}
"""Scope -> what the consent page says."""

ROLES = {
    "Contacts.Read": "Read contacts in all mailboxes",
    "Contacts.ReadWrite": "Read and write contacts in all mailboxes",
    "User.Read.All": "Read all users' full profiles",
}
"""Application permission -> what the page for administrators says."""

SIGN_IN = ("openid", "profile", "email", OFFLINE)
"""Consent to any scope includes these (https://github.com/MicrosoftDocs/azure-docs/issues/101648)."""

_BY_LOW = {name.lower(): name for name in TEXTS}


@dataclass(frozen=True)
class Scopes:
    """What a request asks for.

    Attributes:
        names: short names, once each, in order: permissions of Graph and scopes of signing in.
        whole: permissions were asked for as ``https://graph.microsoft.com/...``, and so they are answered.
    """

    names: tuple[str, ...]
    whole: bool = False

    @property
    def permissions(self) -> tuple[str, ...]:
        """Those of Graph."""
        return tuple(name for name in self.names if name not in SIGN_IN)

    @property
    def offline(self) -> bool:
        return OFFLINE in self.names


def parse(text: str, client: Client) -> Scopes:
    """Raises StsError."""
    words = text.split()
    if not words:
        raise missing("scope")
    names: list[str] = []
    # ".default" alone is Graph's, too: whoever names no resource means Graph.
    defaults = [word for word in words if word.lower() in (DEFAULT, ".default")]
    for word in words:
        low = word.lower()
        if word in defaults:
            names += client.permissions
            continue
        short = low.removeprefix(GRAPH)
        if short == low and "/" in low:
            raise bad_scope(word)
        name = _BY_LOW.get(short)
        if name is None or (name in SIGN_IN and short != low):
            raise no_scope(word.removeprefix(GRAPH), client.name)
        if defaults and name not in SIGN_IN:
            raise bad_scope(text, " .default scope can't be combined with resource-specific scopes.")
        names.append(name)
    return Scopes(tuple(dict.fromkeys(names)), any(word.lower().startswith(GRAPH) for word in words))


def check_default(text: str) -> None:
    """That an application asks for ``https://graph.microsoft.com/.default``, as it has to. Raises StsError."""
    words = text.split()
    if not words:
        raise missing("scope")
    for word in words:
        if word.lower() != DEFAULT:
            raise no_default(word) if not word.lower().endswith("/.default") else bad_scope(word)


def whole(names: Iterable[str]) -> tuple[str, ...]:
    """Permissions as a resource knows them: ``https://graph.microsoft.com/Contacts.ReadWrite``."""
    return tuple(GRAPH + name for name in names)


def told(granted: Iterable[str], asked: Scopes) -> str:
    """``scope`` of an answer: permissions in the form that they were asked for, and those of signing in.

    A token has all permissions that the user has consented to, also what was not asked for this time
    (https://github.com/microsoftgraph/microsoft-graph-docs/issues/5722).
    """
    found = tuple(sorted(name for name in granted if name not in SIGN_IN))
    signing_in = ("openid", "profile", "email") if "openid" in asked.names else ()
    return " ".join([*(whole(found) if asked.whole else found), *signing_in])
