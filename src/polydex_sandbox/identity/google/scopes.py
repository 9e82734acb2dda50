"""The scopes that can be asked for: those of the People API and of signing in.

https://developers.google.com/identity/protocols/oauth2/scopes#people
"""

from __future__ import annotations

from collections.abc import Iterable

SCOPE = "https://www.googleapis.com/auth/"
EMAIL = f"{SCOPE}userinfo.email"
PROFILE = f"{SCOPE}userinfo.profile"

TEXTS = {
    f"{SCOPE}contacts": "See, edit, download, and permanently delete your contacts",
    f"{SCOPE}contacts.other.readonly": 'See and download contact info automatically saved in your "Other contacts"',
    f"{SCOPE}contacts.readonly": "See and download your contacts",
    f"{SCOPE}directory.readonly": "See and download your organization's Google Workspace directory",
    f"{SCOPE}user.addresses.read": "View your street addresses",
    f"{SCOPE}user.birthday.read": "See and download your exact date of birth",
    f"{SCOPE}user.emails.read": "See and download all of your Google Account email addresses",
    f"{SCOPE}user.gender.read": "See your gender",
    f"{SCOPE}user.organization.read": "See your education, work history and org info",
    f"{SCOPE}user.phonenumbers.read": "See and download your personal phone numbers",
    EMAIL: "See your primary Google Account email address",
    PROFILE: "See your personal info, including any personal info you've made publicly available",
    "openid": "Associate you with your personal info on Google",
}
"""Scope -> what the consent page says, as in the discovery document of the People API."""

SIGN_IN = frozenset({"openid", EMAIL, PROFILE})
"""Scopes that are given with the account and never asked for one by one."""

_SAME = {"email": EMAIL, "profile": PROFILE}


def parse(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The scopes of a parameter, once each, in order: those that there are, and those that there are not.

    `email` and `profile` become the long names that Google answers with.
    """
    asked = list(dict.fromkeys(_SAME.get(word, word) for word in text.split()))
    return tuple(scope for scope in asked if scope in TEXTS), tuple(scope for scope in asked if scope not in TEXTS)


def signing_in(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes that a user is asked for: those of signing in bring `openid` with them.

    So a client may be given other scopes than it asked for (https://github.com/oauthlib/oauthlib/issues/562).
    """
    return union(scopes, ("openid",)) if SIGN_IN.intersection(scopes) else scopes


def union(*many: Iterable[str]) -> tuple[str, ...]:
    """All of them, once each, in order."""
    return tuple(dict.fromkeys(scope for scopes in many for scope in scopes))
