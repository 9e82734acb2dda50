"""Which resource serves a path."""

import pytest

from polydex.api.paths import Paths

PATHS = Paths(
    (path, path)
    for path in (
        "/",
        "/v1/contacts",
        "/v1/contacts/{id}",
        "/v1/contacts/sync",
        "/v1/am/{a}/x/{b}",
        "/v1/user{rest:path}",
    )
)


@pytest.mark.parametrize(
    ("path", "template", "values"),
    [
        ("/", "/", {}),
        ("/v1/contacts", "/v1/contacts", {}),
        ("/v1/contacts/sync", "/v1/contacts/sync", {}),
        ("/v1/contacts/sync2", "/v1/contacts/{id}", {"id": "sync2"}),
        ("/v1/contacts/a.b*\n", "/v1/contacts/{id}", {"id": "a.b*\n"}),
        ("/v1/am/1/x/2", "/v1/am/{a}/x/{b}", {"a": "1", "b": "2"}),
        ("/v1/user", "/v1/user{rest:path}", {"rest": ""}),
        ("/v1/user/a/b", "/v1/user{rest:path}", {"rest": "/a/b"}),
    ],
)
def test_a_path_finds_its_template_and_the_values(path: str, template: str, values: dict[str, str]) -> None:
    assert PATHS.find(path) == (template, values)


@pytest.mark.parametrize(
    "path", ["", "/v1", "/v1/contacts/", "/v1/contacts/a/b", "/v1xcontacts", "/v1/am//x/2", "/v1/am/1/y/2"]
)
def test_nothing_else_is_served(path: str) -> None:
    assert PATHS.find(path) is None
