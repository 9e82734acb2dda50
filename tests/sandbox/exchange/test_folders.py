"""Folders: by their distinguished ids and their own, found, made, changed, moved, told of."""

from __future__ import annotations

import pytest

from tests.sandbox.exchange.api import NS, Api, Element, Refused, found, text

CONTACTS = '<t:DistinguishedFolderId Id="contacts"/>'
TOP = '<t:DistinguishedFolderId Id="msgfolderroot"/>'


async def get(api: Api, folder: str, base: str = "AllProperties") -> Element:
    message = await api.one(
        f"<m:GetFolder><m:FolderShape><t:BaseShape>{base}</t:BaseShape></m:FolderShape>"
        f"<m:FolderIds>{folder}</m:FolderIds></m:GetFolder>"
    )
    return found(message, "m:Folders")[0]


async def create(api: Api, name: str, parent: str = CONTACTS) -> str:
    """The FolderId as a request has it."""
    message = await api.one(
        f"<m:CreateFolder><m:ParentFolderId>{parent}</m:ParentFolderId><m:Folders><t:ContactsFolder>"
        f"<t:DisplayName>{name}</t:DisplayName></t:ContactsFolder></m:Folders></m:CreateFolder>"
    )
    return f'<t:FolderId Id="{found(message, ".//t:FolderId").get("Id")}"/>'


async def below(api: Api, parent: str, traversal: str, restriction: str = "") -> list[str | None]:
    message = await api.one(
        f'<m:FindFolder Traversal="{traversal}"><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape>'
        f"{restriction}<m:ParentFolderIds>{parent}</m:ParentFolderIds></m:FindFolder>"
    )
    return [one.text for one in message.iterfind(".//t:DisplayName", NS)]


async def sync(api: Api, state: str = "") -> tuple[list[tuple[str, str]], str]:
    shown = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    message = await api.one(
        "<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape>"
        f"{shown}</m:SyncFolderHierarchy>"
    )
    told = [(str(one.tag).rpartition("}")[2], text(one[0], "DisplayName") or "") for one in found(message, "m:Changes")]
    return told, found(message, "m:SyncState").text or ""


async def test_the_contacts_folder_is_one_of_contacts(api: Api) -> None:
    folder = await get(api, CONTACTS)
    assert folder.tag == f"{{{NS['t']}}}ContactsFolder"
    assert (text(folder, "FolderClass"), text(folder, "DistinguishedFolderId")) == ("IPF.Contact", "contacts")
    same = await get(api, f'<t:FolderId Id="{found(folder, "t:FolderId").get("Id")}"/>', "IdOnly")
    assert found(same, "t:FolderId").get("Id") == found(folder, "t:FolderId").get("Id")


async def test_folders_of_contacts_are_found_by_their_class(api: Api) -> None:
    await create(api, "Inner", await create(api, "Friends"))
    restriction = (
        '<m:Restriction><t:IsEqualTo><t:FieldURI FieldURI="folder:FolderClass"/><t:FieldURIOrConstant>'
        '<t:Constant Value="IPF.Contact"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>'
    )
    assert await below(api, TOP, "Deep", restriction) == ["Contacts", "Friends", "Inner"]
    assert "Inner" not in await below(api, CONTACTS, "Shallow")


async def test_folders_are_made_renamed_moved_and_deleted(api: Api) -> None:
    friends, family = await create(api, "Friends"), await create(api, "Family")
    with pytest.raises(Refused) as refused:
        await create(api, "friends")
    assert refused.value.code == "ErrorFolderExists"
    await api.one(
        f"<m:UpdateFolder><m:FolderChanges><t:FolderChange>{friends}<t:Updates><t:SetFolderField>"
        '<t:FieldURI FieldURI="folder:DisplayName"/><t:ContactsFolder><t:DisplayName>Pals</t:DisplayName>'
        "</t:ContactsFolder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>"
    )
    assert text(await get(api, friends), "DisplayName") == "Pals"
    await api.one(
        f"<m:MoveFolder><m:ToFolderId>{family}</m:ToFolderId><m:FolderIds>{friends}</m:FolderIds></m:MoveFolder>"
    )
    assert await below(api, family, "Shallow") == ["Pals"]
    item = await api.create("<t:GivenName>Ada</t:GivenName>", friends)
    await api.one(f'<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>{family}</m:FolderIds></m:DeleteFolder>')
    for gone in (friends, family):
        with pytest.raises(Refused) as refused:
            await get(api, gone)
        assert refused.value.code == "ErrorFolderNotFound"
    with pytest.raises(Refused) as refused:
        await api.get(item)
    assert refused.value.code == "ErrorItemNotFound"
    with pytest.raises(Refused) as refused:
        await api.one(f'<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>{CONTACTS}</m:FolderIds></m:DeleteFolder>')
    assert refused.value.code == "ErrorDeleteDistinguishedFolder"


async def test_changes_of_folders_are_told_once(api: Api) -> None:
    told, state = await sync(api)
    assert ("Create", "Contacts") in told
    assert (await sync(api, state))[0] == []
    friends = await create(api, "Friends")
    told, newer = await sync(api, state)
    assert told == [("Create", "Friends")]
    await api.one(f'<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>{friends}</m:FolderIds></m:DeleteFolder>')
    assert [kind for kind, _name in (await sync(api, newer))[0]] == ["Delete"]


async def test_moved_and_copied_items_have_ids_of_their_own(api: Api) -> None:
    friends = await create(api, "Friends")
    item = await api.create("<t:GivenName>Ada</t:GivenName>")
    state = (await api.sync()).state
    ids = f'<m:ItemIds><t:ItemId Id="{item.get("Id")}"/></m:ItemIds>'
    copied = await api.one(f"<m:CopyItem><m:ToFolderId>{friends}</m:ToFolderId>{ids}</m:CopyItem>")
    moved = await api.one(f"<m:MoveItem><m:ToFolderId>{friends}</m:ToFolderId>{ids}</m:MoveItem>")
    new = {found(one, ".//t:ItemId").get("Id") for one in (copied, moved)}
    assert len(new - {item.get("Id")}) == 2
    assert (await api.sync(state)).told == [("Delete", item.get("Id"))]
    assert {ident for _kind, ident in (await api.sync(folder=friends)).told} == new


async def test_other_mailboxes_are_closed(api: Api) -> None:
    await api.http.post("/control/accounts", json={"email": "bob@example.com"})
    for address, code in (("bob@example.com", "ErrorAccessDenied"), ("eve@example.com", "ErrorNonExistentMailbox")):
        box = f"<t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>"
        with pytest.raises(Refused) as refused:
            await get(api, f'<t:DistinguishedFolderId Id="contacts">{box}</t:DistinguishedFolderId>')
        assert refused.value.code == code


async def test_a_folder_that_is_gone_is_told_by_what_it_was_for(api: Api) -> None:
    item = await api.create("<t:GivenName>Ada</t:GivenName>")
    gone = await create(api, "Gone")
    await api.one(f'<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>{gone}</m:FolderIds></m:DeleteFolder>')
    ids = f'<m:ItemIds><t:ItemId Id="{item.get("Id")}"/></m:ItemIds>'
    for call, code in (
        (api.create("<t:GivenName>Bob</t:GivenName>", gone), "ErrorSavedItemFolderNotFound"),
        (api.one(f"<m:MoveItem><m:ToFolderId>{gone}</m:ToFolderId>{ids}</m:MoveItem>"), "ErrorToFolderNotFound"),
        (create(api, "Inner", gone), "ErrorParentFolderNotFound"),
        (api.sync(folder=gone), "ErrorSyncFolderNotFound"),
        (get(api, gone), "ErrorFolderNotFound"),
    ):
        with pytest.raises(Refused) as refused:
            await call
        assert refused.value.code == code


async def test_nothing_moves_to_another_mailbox(api: Api) -> None:
    item = await api.create("<t:GivenName>Ada</t:GivenName>")
    await api.http.post("/control/accounts", json={"email": "bob@example.com"})
    await api.http.put(f"/control/accounts/{api.account['id']}/exchange/settings", json={"opens": ["bob@example.com"]})
    box = "<t:Mailbox><t:EmailAddress>bob@example.com</t:EmailAddress></t:Mailbox>"
    with pytest.raises(Refused) as refused:
        await api.one(
            f'<m:MoveItem><m:ToFolderId><t:DistinguishedFolderId Id="contacts">{box}</t:DistinguishedFolderId>'
            f'</m:ToFolderId><m:ItemIds><t:ItemId Id="{item.get("Id")}"/></m:ItemIds></m:MoveItem>'
        )
    assert refused.value.code == "ErrorCrossMailboxMoveCopy"


async def test_a_folder_is_deleted_once_more_from_deleted_items(api: Api) -> None:
    friends = await create(api, "Friends")
    delete = f'<m:DeleteFolder DeleteType="MoveToDeletedItems"><m:FolderIds>{friends}</m:FolderIds></m:DeleteFolder>'
    await api.one(delete)
    assert text(await get(api, friends), "DisplayName") == "Friends"
    await api.one(delete)
    with pytest.raises(Refused) as refused:
        await get(api, friends)
    assert refused.value.code == "ErrorFolderNotFound"


async def test_an_element_that_says_its_class_is_given_no_other(api: Api) -> None:
    with pytest.raises(Refused) as refused:
        await api.one(
            f"<m:CreateFolder><m:ParentFolderId>{CONTACTS}</m:ParentFolderId><m:Folders><t:ContactsFolder>"
            "<t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>A</t:DisplayName></t:ContactsFolder></m:Folders>"
            "</m:CreateFolder>"
        )
    assert refused.value.code == "ErrorNoFolderClassOverride"
