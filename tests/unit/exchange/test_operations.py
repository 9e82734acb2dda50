"""Every operation: what is sent is as the schema has it, and what comes back is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from polydex.connectors.exchange import soap
from polydex.connectors.exchange.ids import ItemId
from polydex.connectors.exchange.operations import (
    create_attachment,
    create_item,
    delete_attachment,
    delete_item,
    find_folder,
    find_item,
    get_attachment,
    get_folder,
    get_item,
    get_streaming_events,
    resolve_names,
    subscribe,
    sync_folder_items,
    unsubscribe,
    update_item,
)
from polydex.connectors.exchange.operations.attachments import Attached
from polydex.connectors.exchange.operations.folders import Folder
from polydex.connectors.exchange.operations.get_streaming_events import News
from polydex.connectors.exchange.operations.resolve_names import Person
from polydex.connectors.exchange.operations.sync_folder_items import Changes, Entry
from polydex.connectors.exchange.operations.update_item import Change
from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderMalformed
from polydex.core.ids import RemoteKey, Rev
from tests.exchange import contract
from tests.unit.exchange.answers import contact, message

KEY, OTHER = RemoteKey("AAMkAGQ+/x="), RemoteKey("AAMkAGR+/y=")
ITEM = ItemId(KEY, Rev("EQAAABY="))
FOLDER = "AAMkAGfolder="
MARK = etree.Element(
    T + "ExtendedFieldURI",
    PropertySetId="aa59d48a-551f-427a-9156-8aa86e3dbbc7",
    PropertyName="PolydexMark",
    PropertyType="String",
)
NAME = "<t:GivenName>Ada</t:GivenName>"
UPDATE = (
    f'<t:SetItemField><t:FieldURI FieldURI="contacts:GivenName"/><t:Contact>{NAME}</t:Contact></t:SetItemField>'
    '<t:DeleteItemField><t:FieldURI FieldURI="contacts:Surname"/></t:DeleteItemField>'
)
SHAPE = etree.Element(M + "ItemShape")
etree.SubElement(SHAPE, T + "BaseShape").text = "AllProperties"
etree.SubElement(SHAPE, T + "BodyType").text = "Text"
etree.SubElement(SHAPE, T + "AdditionalProperties").append(MARK)

STATE = "<m:SyncState>s</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>"

PAYLOADS: list[tuple[str, Callable[[], Element]]] = [
    ("CreateAttachment", lambda: create_attachment.payload(ITEM, b"\xff\xd8\xffJPEG")),
    ("CreateAttachment", lambda: create_attachment.payload(ItemId(KEY), b"")),
    ("CreateItem", lambda: create_item.payload("contacts", [contact(NAME), contact(NAME)])),
    ("CreateItem", lambda: create_item.payload(FOLDER, [contact(NAME)])),
    ("DeleteAttachment", lambda: delete_attachment.payload("AAMkatt=", "AAMkatu=")),
    ("DeleteItem", lambda: delete_item.payload([ITEM, ItemId(OTHER)])),
    ("FindFolder", lambda: find_folder.payload("msgfolderroot", "deleteditems", most=500)),
    ("FindItem", lambda: find_item.payload(["contacts"], most=1, property_=MARK, values=["m1"])),
    ("FindItem", lambda: find_item.payload([FOLDER, "contacts"], most=9, property_=MARK, values=["m1", "m2"])),
    ("FindItem", lambda: find_item.payload(["contacts"], most=20)),
    ("GetAttachment", lambda: get_attachment.payload("AAMkatt=")),
    ("GetFolder", lambda: get_folder.payload("msgfolderroot", FOLDER)),
    ("GetItem", lambda: get_item.payload([KEY, OTHER])),
    ("GetItem", lambda: get_item.payload([KEY], SHAPE)),
    ("GetStreamingEvents", lambda: get_streaming_events.payload("subscription", 30)),
    ("ResolveNames", lambda: resolve_names.payload("EXAMPLE\\ada")),
    ("Subscribe", lambda: subscribe.payload("contacts", FOLDER)),
    ("SyncFolderItems", lambda: sync_folder_items.payload("contacts", None)),
    ("SyncFolderItems", lambda: sync_folder_items.payload(FOLDER, "H4sIAAA=", 1)),
    ("Unsubscribe", lambda: unsubscribe.payload("subscription")),
    (
        "UpdateItem",
        lambda: update_item.payload(
            [Change(ITEM, list(contact(UPDATE))), Change(ItemId(OTHER), list(contact(UPDATE)))]
        ),
    ),
]


@pytest.mark.parametrize(("name", "payload"), PAYLOADS)
def test_what_is_sent_is_as_the_schema_of_2013_sp1_has_it(name: str, payload: Callable[[], Element]) -> None:
    assert contract.request(soap.envelope(payload())) == name


def test_a_shape_can_be_sent_more_than_once() -> None:
    first = etree.tostring(get_item.payload([KEY], SHAPE))
    assert etree.tostring(get_item.payload([KEY], SHAPE)) == first
    assert (
        etree.tostring(find_item.payload(["contacts"], most=1, property_=MARK, values=["a", "b"])).count(b"PolydexMark")
        == 2
    )


def test_an_update_never_overwrites() -> None:
    assert update_item.payload([Change(ITEM, list(contact(UPDATE)))]).get("ConflictResolution") == "NeverOverwrite"


def test_a_deletion_goes_to_deleted_items() -> None:
    assert delete_item.payload([ITEM]).get("DeleteType") == "MoveToDeletedItems"


def test_a_list_of_changes() -> None:
    found = sync_folder_items.parse(
        message(
            "SyncFolderItems",
            "<m:SyncState>H4s2</m:SyncState><m:IncludesLastItemInRange>false</m:IncludesLastItemInRange><m:Changes>"
            '<t:Create><t:Contact><t:ItemId Id="new" ChangeKey="1"/></t:Contact></t:Create>'
            '<t:Update><t:Contact><t:ItemId Id="old" ChangeKey="2"/></t:Contact></t:Update>'
            '<t:Create><t:DistributionList><t:ItemId Id="list" ChangeKey="3"/></t:DistributionList></t:Create>'
            '<t:Delete><t:ItemId Id="gone" ChangeKey="4"/></t:Delete>'
            '<t:ReadFlagChange><t:ItemId Id="read"/><t:IsRead>true</t:IsRead></t:ReadFlagChange></m:Changes>',
        )
    )
    assert (found.state, found.last) == ("H4s2", False)
    assert [(entry.item.key, entry.item.rev, entry.gone) for entry in found.entries] == [
        ("new", "1", False),
        ("old", "2", False),
        ("list", "3", False),
        ("gone", None, True),
    ]
    assert [entry.element is not None for entry in found.entries] == [False, False, True, False]


def test_a_list_without_changes() -> None:
    assert sync_folder_items.parse(message("SyncFolderItems", STATE + "<m:Changes/>")) == Changes((), "s", last=True)
    assert Entry(ItemId(KEY)).element is None


@pytest.mark.parametrize(
    "content",
    [
        "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>",
        "<m:SyncState>s</m:SyncState>",
        STATE + "<m:Changes><t:Create/></m:Changes>",
        STATE + "<m:Changes><t:Update><t:Contact/></t:Update></m:Changes>",
    ],
)
def test_a_list_that_says_too_little_is_refused(content: str) -> None:
    with pytest.raises(ProviderMalformed):
        sync_folder_items.parse(message("SyncFolderItems", content))


def test_items_and_their_versions() -> None:
    items = '<m:Items><t:Contact><t:ItemId Id="k" ChangeKey="v"/></t:Contact></m:Items>'
    assert create_item.parse(message("CreateItem", items)) == ItemId(RemoteKey("k"), Rev("v"))
    assert update_item.parse(message("UpdateItem", items)) == ItemId(RemoteKey("k"), Rev("v"))
    assert get_item.parse(message("GetItem", items)).tag == T + "Contact"


@pytest.mark.parametrize("content", ["", "<m:Items/>", "<m:Items><t:Contact/><t:Contact/></m:Items>"])
def test_an_answer_without_its_item_is_refused(content: str) -> None:
    with pytest.raises(ProviderMalformed):
        create_item.parse(message("CreateItem", content))


def test_who_is_found() -> None:
    root = '<m:RootFolder TotalItemsInView="2" IncludesLastItemInRange="{}"><t:Items>{}</t:Items></m:RootFolder>'
    one = '<t:Contact><t:ItemId Id="k" ChangeKey="v"/></t:Contact>'
    found = find_item.parse(message("FindItem", root.format("true", one)))
    assert (found.items, found.last) == ((ItemId(RemoteKey("k"), Rev("v")),), True)
    found = find_item.parse(message("FindItem", root.format("false", "")))
    assert (found.items, found.last) == ((), False)
    with pytest.raises(ProviderMalformed):
        find_item.parse(message("FindItem"))


def test_folders() -> None:
    rights = (
        "<t:EffectiveRights><t:CreateContents>{0}</t:CreateContents><t:Delete>{0}</t:Delete>"
        "<t:Modify>{0}</t:Modify></t:EffectiveRights>"
    )
    folder = (
        '<t:ContactsFolder><t:FolderId Id="f" ChangeKey="1"/><t:ParentFolderId Id="p" ChangeKey="1"/>'
        f"<t:FolderClass>IPF.Contact</t:FolderClass><t:DisplayName>Friends</t:DisplayName>{rights}</t:ContactsFolder>"
    )
    whole = folder.format("true")
    expected = Folder("f", "p", "IPF.Contact", "Friends", writable=True)
    assert get_folder.parse(message("GetFolder", f"<m:Folders>{whole}</m:Folders>")) == expected
    read_only = get_folder.parse(message("GetFolder", f"<m:Folders>{folder.format('false')}</m:Folders>"))
    assert not read_only.writable
    root = f'<m:RootFolder IncludesLastItemInRange="true"><t:Folders>{whole}</t:Folders></m:RootFolder>'
    found = find_folder.parse(message("FindFolder", root))
    assert (found.folders, found.last) == ((expected,), True)
    for content in ("", "<m:Folders/>", "<m:Folders><t:Folder/></m:Folders>"):
        with pytest.raises(ProviderMalformed):
            get_folder.parse(message("GetFolder", content))
    with pytest.raises(ProviderMalformed):
        find_folder.parse(message("FindFolder"))


def test_photos() -> None:
    id_ = '<t:AttachmentId Id="a" RootItemId="k" RootItemChangeKey="v2"/>'
    made = f"<m:Attachments><t:FileAttachment>{id_}</t:FileAttachment></m:Attachments>"
    assert create_attachment.parse(message("CreateAttachment", made)) == Attached("a", Rev("v2"))
    gone = '<m:RootItemId RootItemId="k" RootItemChangeKey="v3"/>'
    assert delete_attachment.parse(message("DeleteAttachment", gone)) == Attached("k", Rev("v3"))
    read = f"<m:Attachments><t:FileAttachment>{id_}<t:Content>/9j/SlBF\nRw==</t:Content></t:FileAttachment></m:Attachments>"
    assert get_attachment.parse(message("GetAttachment", read)) == b"\xff\xd8\xffJPEG"
    with pytest.raises(ProviderMalformed):
        create_attachment.parse(message("CreateAttachment", "<m:Attachments/>"))
    with pytest.raises(ProviderMalformed):
        delete_attachment.parse(message("DeleteAttachment"))
    with pytest.raises(ProviderMalformed):
        get_attachment.parse(message("GetAttachment", read.replace("Rw==", "R")))
    with pytest.raises(ProviderMalformed):
        get_attachment.parse(message("GetAttachment", "<m:Attachments/>"))


def test_who_is_behind_a_login() -> None:
    resolution = (
        '<m:ResolutionSet TotalItemsInView="1" IncludesLastItemInRange="true"><t:Resolution><t:Mailbox>'
        "<t:Name>Ada Example</t:Name><t:EmailAddress>{}</t:EmailAddress><t:RoutingType>{}</t:RoutingType>"
        "<t:MailboxType>Mailbox</t:MailboxType></t:Mailbox></t:Resolution></m:ResolutionSet>"
    )
    smtp = resolution.format("ada@example.com", "SMTP")
    assert resolve_names.parse(message("ResolveNames", smtp)) == Person("ada@example.com", "Ada Example")
    legacy = resolution.format("/o=Example/cn=ada", "EX")
    assert resolve_names.parse(message("ResolveNames", legacy)) == Person(None, "Ada Example")
    with pytest.raises(ProviderMalformed):
        resolve_names.parse(message("ResolveNames", "<m:ResolutionSet/>"))


def test_what_a_stream_tells() -> None:
    made = message("Subscribe", "<m:SubscriptionId>one</m:SubscriptionId>")
    assert subscribe.parse(made) == "one"
    with pytest.raises(ProviderMalformed):
        subscribe.parse(message("Subscribe"))
    events = (
        "<m:Notifications><m:Notification><t:SubscriptionId>one</t:SubscriptionId>"
        "<t:{0}><t:Watermark>w</t:Watermark></t:{0}></m:Notification></m:Notifications>"
    )
    stream = "GetStreamingEvents"
    for event, expected in [
        (events.format("CreatedEvent"), News(changed=True, closed=False)),
        (events.format("StatusEvent"), News(changed=False, closed=False)),
        (events.format("DeletedEvent").replace("m:Notification>", "t:Notification>"), News(changed=True, closed=False)),
        ("<m:ConnectionStatus>OK</m:ConnectionStatus>", News(changed=False, closed=False)),
        ("<m:ConnectionStatus>Closed</m:ConnectionStatus>", News(changed=False, closed=True)),
    ]:
        assert get_streaming_events.parse(message(stream, event)) == expected
