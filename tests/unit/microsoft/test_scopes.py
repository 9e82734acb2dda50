"""What is asked for, and what is understood of what was granted."""

import pytest

from polydex.connectors.microsoft.scopes import asked, own, resource, short, writes

API = "https://graph.microsoft.com"
WRITE, READ, USER = (f"{API}/{name}" for name in ("Contacts.ReadWrite", "Contacts.Read", "User.Read"))


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        (None, [f"{WRITE} {USER}", WRITE, f"{READ} {USER}", READ]),
        ({"Contacts.ReadWrite", "User.Read"}, [f"{WRITE} {USER}", WRITE, f"{READ} {USER}", READ]),
        ({"Contacts.ReadWrite"}, [WRITE, READ]),
        ({"Contacts.Read", "User.Read", "Mail.Read"}, [f"{READ} {USER}", READ]),
        ({READ, USER}, [f"{READ} {USER}", READ]),
        ({"contacts.readwrite"}, [WRITE, READ]),
        ({"Mail.Read"}, [WRITE, READ]),
    ],
)
def test_what_was_granted_is_asked_for_and_then_less(granted: set[str] | None, expected: list[str]) -> None:
    given = None if granted is None else frozenset(granted)
    assert list(asked(given, API)) == [f"{each} offline_access" for each in expected]


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        (None, True),
        ({"Contacts.ReadWrite", "openid"}, True),
        ({"https://graph.microsoft.com/contacts.readwrite"}, True),
        ({"Contacts.Read"}, False),
        ({"Contacts.ReadWrite.Shared"}, None),
        ({"Mail.Read"}, None),
        (set(), None),
    ],
)
def test_whether_contacts_may_be_changed(granted: set[str] | None, expected: bool | None) -> None:
    assert writes(None if granted is None else frozenset(granted)) is expected


def test_permissions_have_short_names() -> None:
    assert short([WRITE, "User.Read", "openid"]) == {"Contacts.ReadWrite", "User.Read", "openid"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://graph.microsoft.com", API),
        ("http://127.0.0.1:8090", API),
        ("https://graph.microsoft.us", "https://graph.microsoft.us"),
        ("https://microsoftgraph.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
        ("https://graph.microsoft.us.example.com", API),
    ],
)
def test_permissions_are_those_of_the_cloud(url: str, expected: str) -> None:
    assert resource(url) == expected
    assert own(url) == f"{expected}/.default"
