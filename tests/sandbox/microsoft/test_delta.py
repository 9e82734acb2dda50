"""Delta queries: whoever follows their links has what is in the folder."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.sandbox.microsoft.api import Api, Json

FOLDER = "/me/contactFolders/contacts/contacts/delta"
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


def told(found: list[Json]) -> list[tuple[str, str]]:
    """Given name of what is there, "-" and id of what was removed."""
    return [("-", one["id"]) if "@removed" in one else (one["givenName"], one["id"]) for one in found]


async def test_a_first_round_and_the_next_ones(api: Api) -> None:
    ada = await api.create({"givenName": "Ada"})
    bob = await api.create({"givenName": "Bob"})
    found, link = await api.delta(FOLDER)
    assert told(found) == [("Ada", ada["id"]), ("Bob", bob["id"])]
    assert found[0] == {name: value for name, value in ada.items() if name != "@odata.context"}
    again, same = await api.delta(link)
    assert again == []
    changed = await api.update(bob["id"], {"surname": "Byron"})
    await api.call("DELETE", f"/me/contacts/{ada['id']}")
    eve = await api.create({"givenName": "Eve"})
    found, link = await api.delta(same)
    assert found == [
        {name: value for name, value in changed.items() if name != "@odata.context"},
        {"@odata.type": "#microsoft.graph.contact", "id": ada["id"], "@removed": {"reason": "deleted"}},
        {name: value for name, value in eve.items() if name != "@odata.context"},
    ]
    # A link can be followed again: it tells the same.
    assert (await api.delta(same))[0] == found
    assert (await api.delta(link))[0] == []


@pytest.mark.parametrize("end", ["delta", "delta()", "microsoft.graph.delta()"])
@pytest.mark.parametrize(
    "path", ["/me/contacts", "/me/contactFolders/contacts/contacts", "/me/contactFolders('contacts')/contacts"]
)
async def test_how_it_is_called(api: Api, path: str, end: str) -> None:
    await api.create({"givenName": "Ada"})
    page = await api.get(f"{path}/{end}")
    assert [one["givenName"] for one in page["value"]] == ["Ada"]
    assert page["@odata.deltaLink"].startswith("http://sandbox/v1.0/me/")
    assert (await api.get(page["@odata.deltaLink"]))["value"] == []


async def test_links_lead_to_the_host_that_was_asked(api: Api) -> None:
    await api.seed(*({"givenName": f"P{number}"} for number in range(3)))
    headers = {"Authorization": "Bearer tok", "Host": "graph.example.com", "Prefer": "odata.maxpagesize=2"}
    page = (await api.http.get(f"/v1.0{FOLDER}", headers=headers)).json()
    assert page["@odata.nextLink"].startswith(
        "http://graph.example.com/v1.0/me/contactFolders/contacts/contacts/delta?"
    )


async def test_pages(api: Api) -> None:
    ids = await api.seed(*({"givenName": f"P{number:02}"} for number in range(23)))
    prefer = 'IdType="ImmutableId", odata.maxpagesize=5'
    page, sizes, seen = await api.get(FOLDER, Prefer=prefer), [], []
    while True:
        sizes.append(len(page["value"]))
        seen += [one["id"] for one in page["value"]]
        if "@odata.nextLink" not in page:
            break
        assert "@odata.deltaLink" not in page
        page = await api.get(page["@odata.nextLink"], Prefer=prefer)
    assert sizes == [5, 5, 5, 5, 3]
    assert seen == ids
    assert len((await api.get(FOLDER))["value"]) == 10
    many = await api.send("GET", FOLDER, Prefer="odata.maxpagesize=100000")
    assert len(many.json()["value"]) == 23


async def test_another_kind_of_id_does_not_disturb_a_link(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    _, link = await api.delta(FOLDER)
    stays = (await api.get(f"/me/contacts/{made['id']}", **IMMUTABLE))["id"]
    await api.update(made["id"], {"surname": "x"})
    assert told((await api.delta(link, **IMMUTABLE))[0]) == [("Ada", stays)]
    assert told((await api.delta(link))[0]) == [("Ada", made["id"])]


async def test_a_round_tells_the_newest_state(api: Api) -> None:
    ids = await api.seed(*({"givenName": f"P{number}"} for number in range(4)))
    prefer = 'IdType="ImmutableId", odata.maxpagesize=2'
    page = await api.get(FOLDER, Prefer=prefer)
    assert [one["givenName"] for one in page["value"]] == ["P0", "P1"]
    # One that was told already, and one that was not; one that was told goes away, and so does one that was not.
    await api.update(ids[0], {"givenName": "again"})
    await api.update(ids[2], {"givenName": "late"})
    await api.call("DELETE", f"/me/contacts/{ids[1]}")
    await api.call("DELETE", f"/me/contacts/{ids[3]}")
    found, link = await api.delta(page["@odata.nextLink"], Prefer=prefer)
    assert ("again", ids[0]) in told(found)
    assert ("late", ids[2]) in told(found)
    assert ("-", ids[1]) in told(found)
    assert {one for name, one in told(found) if name != "-"} == {ids[0], ids[2]}
    assert (await api.delta(link, Prefer=prefer))[0] == []


async def test_what_came_and_went_between_rounds_is_not_told(api: Api) -> None:
    _, link = await api.delta(FOLDER)
    made = await api.create({"givenName": "Ada"})
    await api.call("DELETE", f"/me/contacts/{made['id']}")
    assert (await api.delta(link))[0] == []


async def test_a_move_looks_like_a_deletion(api: Api) -> None:
    folder = await api.folder("Friends")
    (ada,) = await api.seed({"givenName": "Ada"})
    _, here = await api.delta(FOLDER, **IMMUTABLE)
    _, there = await api.delta(f"/me/contactFolders/{folder}/contacts/delta", **IMMUTABLE)
    await api.update(ada, {"parentFolderId": folder})
    found, here = await api.delta(here, **IMMUTABLE)
    assert told(found) == [("-", ada)]
    assert found[0]["@removed"] == {"reason": "deleted"}
    found, there = await api.delta(there, **IMMUTABLE)
    assert told(found) == [("Ada", ada)]
    # Back again: it is there as if new.
    await api.update(ada, {"parentFolderId": "contacts"})
    assert told((await api.delta(here, **IMMUTABLE))[0]) == [("Ada", ada)]
    assert told((await api.delta(there, **IMMUTABLE))[0]) == [("-", ada)]


async def test_there_and_back_between_two_rounds(api: Api) -> None:
    folder = await api.folder("Friends")
    made = await api.create({"givenName": "Ada"})
    _, link = await api.delta(FOLDER)
    moved = await api.update(made["id"], {"parentFolderId": folder})
    back = await api.update(moved["id"], {"parentFolderId": "contacts"})
    assert told((await api.delta(link))[0]) == [("-", made["id"]), ("Ada", back["id"])]
    stays = (await api.get(f"/me/contacts/{back['id']}", **IMMUTABLE))["id"]
    assert told((await api.delta(link, **IMMUTABLE))[0]) == [("Ada", stays)]


async def test_out_of_deleted_items_it_is_told_again(api: Api) -> None:
    (ada,) = await api.seed({"givenName": "Ada"})
    _, link = await api.delta(FOLDER, **IMMUTABLE)
    await api.call("DELETE", f"/me/contacts/{ada}")
    found, link = await api.delta(link, **IMMUTABLE)
    assert told(found) == [("-", ada)]
    await api.control("DELETE", "/microsoft/deleted")
    assert (await api.delta(link, **IMMUTABLE))[0] == []
    (bob,) = await api.seed({"givenName": "Bob"})
    await api.control("DELETE", f"/microsoft/contacts/{bob}")
    await api.control("POST", f"/microsoft/contacts/{bob}/restore", {})
    assert told((await api.delta(link, **IMMUTABLE))[0]) == [("Bob", bob)]


async def test_a_photo_is_not_told(api: Api, jpeg: bytes) -> None:
    made = await api.create({"givenName": "Ada"})
    _, link = await api.delta(FOLDER)
    await api.send("PUT", f"/me/contacts/{made['id']}/photo/$value", content=jpeg, Content_Type="image/jpeg")
    assert (await api.delta(link))[0] == []


async def test_select_narrows_what_is_told(api: Api) -> None:
    ada = await api.create({"givenName": "Ada"})
    found, link = await api.delta(f"{FOLDER}?$select=givenName,emailAddresses")
    assert [set(one) for one in found] == [{"@odata.etag", "id", "givenName", "emailAddresses"}]
    await api.update(ada["id"], {"surname": "Lovelace", "birthday": "1815-12-10T00:00:00Z"})
    found, link = await api.delta(link)
    assert found == []
    await api.update(ada["id"], {"emailAddresses": [{"address": "a@example.com"}]})
    found, link = await api.delta(link)
    assert told(found) == [("Ada", ada["id"])]
    assert set(found[0]) == {"@odata.etag", "id", "givenName", "emailAddresses"}
    # Back and forth within a round: the client may have seen the state in between.
    await api.update(ada["id"], {"givenName": "Augusta"})
    await api.update(ada["id"], {"givenName": "Ada"})
    found, link = await api.delta(link)
    assert told(found) == [("Ada", ada["id"])]
    await api.call("DELETE", f"/me/contacts/{ada['id']}")
    assert told((await api.delta(link))[0]) == [("-", ada["id"])]


async def test_select_misses_nothing_in_a_long_first_round(api: Api) -> None:
    ids = await api.seed(*({"givenName": f"P{number}"} for number in range(4)))
    prefer = 'IdType="ImmutableId", odata.maxpagesize=2'
    page = await api.get(f"{FOLDER}?$select=givenName", Prefer=prefer)
    await api.update(ids[3], {"surname": "later"})
    found, _ = await api.delta(page["@odata.nextLink"], Prefer=prefer)
    assert {one["id"] for one in (*page["value"], *found)} == set(ids)


@pytest.mark.parametrize("name", ["orderby", "filter", "search", "top"])
async def test_options_that_do_not_go_with_changes(api: Api, personal: Api, name: str) -> None:
    for client in (api, personal):
        error = await client.refused("GET", f"{FOLDER}?${name}=5")
        assert (error.http, error.code) == (400, "ErrorInvalidUrlQuery")
        assert error.message == (
            "The following parameters are not supported with change tracking over the 'Contacts' resource: '$orderby, "
            "$filter, $select, $expand, $search, $top'."
        )


async def test_personal_mailboxes_select_and_expand_nothing(api: Api, personal: Api) -> None:
    for option in ("$select=givenName", "$expand=singleValueExtendedProperties"):
        error = await personal.refused("GET", f"{FOLDER}?{option}")
        assert (error.http, error.code) == (400, "ErrorInvalidUrlQuery")
    assert (await api.get(f"{FOLDER}?$select=givenName"))["value"] == []
    expand = quote("singleValueExtendedProperties($filter=id eq 'String 0x3A21')")
    error = await api.refused("GET", f"{FOLDER}?$expand={expand}")
    assert (error.http, error.message) == (500, "Value cannot be null.\r\nParameter name: type")


@pytest.mark.parametrize("token", ["latest", "x", "", "bogus=", "é"])
async def test_what_is_no_token(api: Api, token: str) -> None:
    for name in ("$deltatoken", "$skiptoken"):
        error = await api.refused("GET", f"{FOLDER}?{name}={token}")
        assert (error.http, error.code, error.message) == (400, "BadRequest", "Badly formed token.")


async def test_a_token_is_good_for_one_list(api: Api, personal: Api) -> None:
    folder = await api.folder("Friends")
    _, link = await api.delta(FOLDER)
    token = link.partition("$deltatoken=")[2]
    for path in (f"/me/contactFolders/{folder}/contacts/delta", "/me/contactFolders/delta"):
        assert (await api.refused("GET", f"{path}?$deltatoken={token}")).message == "Badly formed token."
    assert (await api.refused("GET", f"{FOLDER}?$skiptoken={token}")).message == "Badly formed token."
    assert (await personal.refused("GET", f"{FOLDER}?$deltatoken={token}")).message == "Badly formed token."
    assert (await api.get(f"/me/contacts/delta?$deltatoken={token}"))["value"] == []


async def test_a_deleted_folder_has_no_changes(api: Api) -> None:
    folder = await api.folder("Friends")
    _, link = await api.delta(f"/me/contactFolders/{folder}/contacts/delta")
    await api.call("DELETE", f"/me/contactFolders/{folder}")
    assert (await api.refused("GET", link)).code == "ErrorFolderNotFound"


async def test_time_that_goes_back_disturbs_nothing(api: Api) -> None:
    ada = await api.create({"givenName": "Ada"})
    _, link = await api.delta(FOLDER)
    await api.pass_time(-3600)
    changed = await api.update(ada["id"], {"surname": "x"})
    assert changed["lastModifiedDateTime"] >= ada["lastModifiedDateTime"]
    assert told((await api.delta(link))[0]) == [("Ada", ada["id"])]
