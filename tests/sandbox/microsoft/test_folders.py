"""Folders: the default one, those in it, and what is in them."""

from __future__ import annotations

from tests.sandbox.microsoft.api import Api


async def test_the_default_folder_is_not_listed(api: Api) -> None:
    assert (await api.get("/me/contactFolders"))["value"] == []
    default = await api.get("/me/contactFolders/contacts")
    assert default["displayName"] == "Contacts"
    assert await api.get(f"/me/contactFolders/{default['id']}") == default
    assert await api.get("/me/contactFolders('contacts')") == default
    assert default["parentFolderId"] != default["id"]


async def test_a_folder_lives(api: Api) -> None:
    default = (await api.get("/me/contactFolders/contacts"))["id"]
    made = await api.create({"displayName": "Friends"}, "/me/contactFolders")
    assert made["parentFolderId"] == default
    assert {name: value for name, value in made.items() if "@" not in name} == (
        (await api.get("/me/contactFolders"))["value"][0]
    )
    path = f"/me/contactFolders/{made['id']}"
    renamed = await api.call("PATCH", path, {"displayName": "Best friends"})
    assert (renamed["displayName"], renamed["id"]) == ("Best friends", made["id"])
    assert await api.get(path) == renamed
    assert await api.call("DELETE", path) == {}
    error = await api.refused("GET", path)
    assert (error.http, error.code) == (404, "ErrorFolderNotFound")
    assert (await api.get("/me/contactFolders"))["value"] == []


async def test_folders_in_folders(api: Api) -> None:
    above = await api.create({"displayName": "A"}, "/me/contactFolders")
    below = await api.create({"displayName": "B"}, f"/me/contactFolders/{above['id']}/childFolders")
    assert below["parentFolderId"] == above["id"]
    assert [one["displayName"] for one in (await api.get("/me/contactFolders"))["value"]] == ["A"]
    listed = (await api.get(f"/me/contactFolders/{above['id']}/childFolders"))["value"]
    assert [one["id"] for one in listed] == [below["id"]]
    deep = f"/me/contactFolders/{above['id']}/childFolders/{below['id']}"
    made = await api.create({"givenName": "Ada"}, f"/me/contactFolders/{below['id']}/contacts")
    assert made["parentFolderId"] == below["id"]
    assert [one["id"] for one in (await api.get(f"/me/contactFolders/{below['id']}/contacts"))["value"]] == [made["id"]]
    # That the path of a child may be written out is documented; Microsoft's description stops at the second level.
    answer = await api.http.get(f"/v1.0{deep}/contacts/{made['id']}", headers={"Authorization": "Bearer tok"})
    assert answer.json()["givenName"] == "Ada"
    moved = await api.call("PATCH", f"/me/contactFolders/{below['id']}", {"parentFolderId": "contacts"})
    assert moved["id"] == below["id"]
    assert {one["displayName"] for one in (await api.get("/me/contactFolders"))["value"]} == {"A", "B"}
    assert (await api.get(f"/me/contacts/{made['id']}"))["id"] == made["id"]


async def test_a_folder_cannot_be_below_itself(api: Api) -> None:
    above, below = await api.folder("A"), ""
    below = await api.folder("B", parent=above)
    for target in (above, below):
        error = await api.refused("PATCH", f"/me/contactFolders/{above}", {"parentFolderId": target})
        assert (error.http, error.code) == (400, "ErrorMoveCopyFailed")


async def test_contacts_of_a_folder_only(api: Api) -> None:
    folder = await api.folder("Friends")
    ada = await api.create({"givenName": "Ada"})
    bob = await api.create({"givenName": "Bob"}, f"/me/contactFolders/{folder}/contacts")
    for path in ("/me/contacts", "/me/contactFolders/contacts/contacts"):
        assert [one["id"] for one in (await api.get(path))["value"]] == [ada["id"]]
    listed = (await api.get(f"/me/contactFolders/{folder}/contacts"))["value"]
    assert [one["id"] for one in listed] == [bob["id"]]


async def test_a_contact_is_found_by_its_id_in_whatever_folder(api: Api) -> None:
    folder = await api.folder("Friends")
    bob = await api.create({"givenName": "Bob"}, f"/me/contactFolders/{folder}/contacts")
    for path in ("/me/contacts", "/me/contactFolders/contacts/contacts", f"/me/contactFolders/{folder}/contacts"):
        assert (await api.get(f"{path}/{bob['id']}"))["givenName"] == "Bob"
    await api.control("PUT", "/quirks/graph-folder-in-path", {"checked": True})
    assert (await api.refused("GET", f"/me/contactFolders/contacts/contacts/{bob['id']}")).code == "ErrorItemNotFound"
    for path in ("/me/contacts", f"/me/contactFolders/{folder}/contacts"):
        assert (await api.get(f"{path}/{bob['id']}"))["givenName"] == "Bob"


async def test_what_is_in_a_deleted_folder_is_gone(api: Api) -> None:
    above = await api.folder("A")
    below = await api.folder("B", parent=above)
    bob = await api.create({"givenName": "Bob"}, f"/me/contactFolders/{below}/contacts")
    await api.call("DELETE", f"/me/contactFolders/{above}")
    assert (await api.refused("GET", f"/me/contacts/{bob['id']}")).code == "ErrorItemNotFound"
    for folder in (above, below):
        for path in (f"/me/contactFolders/{folder}", f"/me/contactFolders/{folder}/contacts"):
            assert (await api.refused("GET", path)).code == "ErrorFolderNotFound"
    again = await api.create({"displayName": "A"}, "/me/contactFolders")
    assert again["id"] != above


async def test_a_folder_is_deleted_for_ever(api: Api) -> None:
    folder = await api.folder("A")
    below = await api.folder("B", parent=folder)
    await api.create({"givenName": "Bob"}, f"/me/contactFolders/{below}/contacts")
    assert await api.call("POST", f"/me/contactFolders/{folder}/permanentDelete") == {}
    assert (await api.control("GET", "/microsoft/contacts"))["contacts"] == []
    assert [one["name"] for one in (await api.control("GET", "/microsoft/folders"))["folders"]] == ["Contacts"]


async def test_names_are_taken_once(api: Api) -> None:
    folder = await api.folder("Friends")
    error = await api.refused("POST", "/me/contactFolders", {"displayName": "friends"})
    assert (error.http, error.code) == (409, "ErrorFolderExists")
    other = await api.create({"displayName": "friends"}, f"/me/contactFolders/{folder}/childFolders")
    error = await api.refused("PATCH", f"/me/contactFolders/{other['id']}", {"parentFolderId": "contacts"})
    assert error.http == 409
    assert (await api.call("PATCH", f"/me/contactFolders/{folder}", {"displayName": "FRIENDS"}))[
        "displayName"
    ] == "FRIENDS"


async def test_what_is_no_folder(api: Api) -> None:
    for body, code in (
        ({}, "ErrorInvalidRequest"),
        ({"displayName": ""}, "ErrorInvalidRequest"),
        ({"displayName": None}, "ErrorInvalidRequest"),
        ({"displayName": 5}, "RequestBodyRead"),
        ({"displayName": "x", "id": "x"}, "BadRequest"),
        ({"displayName": "x", "wellKnownName": "x"}, "RequestBodyRead"),
    ):
        error = await api.refused("POST", "/me/contactFolders", body)
        assert (error.http, error.code) == (400, code)
    error = await api.refused("POST", "/me/contactFolders", {"displayName": "x", "wellKnownName": "x"})
    assert "does not exist on type 'microsoft.graph.contactFolder'" in error.message


async def test_the_default_folder_stays(api: Api) -> None:
    for verb, path, body in (
        ("DELETE", "", None),
        ("POST", "/permanentDelete", None),
        ("PATCH", "", {"displayName": "x"}),
    ):
        error = await api.refused(verb, f"/me/contactFolders/contacts{path}", body)
        assert error.http == 400
    assert (await api.get("/me/contactFolders/contacts"))["displayName"] == "Contacts"


async def test_folders_come_in_pages(api: Api) -> None:
    for number in range(25):
        await api.folder(f"F{number:02}")
    first = await api.get("/me/contactFolders?$count=true&$select=displayName")
    assert first["@odata.count"] == 25
    assert len(first["value"]) == 10
    assert set(first["value"][0]) == {"id", "displayName"}
    assert [one["displayName"] for one in await api.whole("/me/contactFolders?$top=7")] == [
        f"F{number:02}" for number in range(25)
    ]
    assert (await api.send("GET", "/me/contactFolders/$count")).text == "25"
    for query in ("$filter=displayName eq 'F01'", "$orderby=displayName", "$search=x", "$expand=contacts"):
        assert (await api.refused("GET", f"/me/contactFolders?{query}")).http == 400


async def test_changes_of_folders(api: Api) -> None:
    one, two = await api.folder("One"), await api.folder("Two")
    found, link = await api.delta("/me/contactFolders/delta")
    assert [folder["id"] for folder in found] == [one, two]
    assert (await api.delta(link))[0] == []
    below = await api.folder("Below", parent=one)
    await api.call("PATCH", f"/me/contactFolders/{two}", {"displayName": "Second"})
    found, link = await api.delta(link)
    assert {folder["displayName"] for folder in found} == {"Below", "Second"}
    await api.call("DELETE", f"/me/contactFolders/{one}")
    gone = await api.folder("Short")
    await api.call("DELETE", f"/me/contactFolders/{gone}")
    found, link = await api.delta(link)
    assert [folder["id"] for folder in found] == [one]
    assert found[0]["@removed"] == {"reason": "deleted"}
    assert (await api.refused("GET", f"/me/contactFolders/{below}")).code == "ErrorFolderNotFound"


async def test_changes_of_the_folders_in_a_folder(api: Api) -> None:
    above = await api.folder("Above")
    below = await api.folder("Below", parent=above)
    deep = await api.folder("Deep", parent=below)
    await api.folder("Beside")
    found, link = await api.delta(f"/me/contactFolders/{above}/childFolders/delta")
    assert [folder["id"] for folder in found] == [below, deep]
    await api.call("PATCH", f"/me/contactFolders/{deep}", {"parentFolderId": "contacts"})
    await api.call("PATCH", f"/me/contactFolders/{above}", {"displayName": "Higher"})
    found, link = await api.delta(link)
    assert [(folder["id"], "@removed" in folder) for folder in found] == [(deep, True)]
    token = link.partition("$deltatoken=")[2]
    assert (await api.refused("GET", f"/me/contactFolders/delta?$deltatoken={token}")).message == "Badly formed token."
