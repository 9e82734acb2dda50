"""SyncFolderItems: what was told is told again only when it changed."""

from __future__ import annotations

import pytest

from tests.sandbox.exchange.api import Api, Refused


async def test_changes_are_told_once_with_the_newest_state(api: Api) -> None:
    first, second = await api.create("<t:GivenName>A</t:GivenName>"), await api.create("<t:GivenName>B</t:GivenName>")
    synced = await api.sync()
    assert synced.told == [("Create", second.get("Id")), ("Create", first.get("Id"))]
    assert synced.last
    assert (await api.sync(synced.state)).told == []
    again = await api.update(
        first,
        '<t:SetItemField><t:FieldURI FieldURI="contacts:GivenName"/><t:Contact><t:GivenName>C</t:GivenName>'
        "</t:Contact></t:SetItemField>",
    )
    await api.delete(second)
    later = await api.sync(synced.state)
    assert later.told == [("Update", again.get("Id")), ("Delete", second.get("Id"))]
    assert (await api.sync(later.state)).told == []


async def test_what_came_and_went_between_two_syncs_is_never_told(api: Api) -> None:
    state = (await api.sync()).state
    item = await api.create("<t:GivenName>A</t:GivenName>")
    await api.delete(item, "HardDelete")
    assert (await api.sync(state)).told == []


async def test_pages_go_on_where_the_state_says(api: Api) -> None:
    made = [(await api.create(f"<t:GivenName>{number}</t:GivenName>")).get("Id") for number in range(5)]
    state, told, pages = "", [], 0
    last = False
    while not last:
        synced = await api.sync(state, 2)
        state, last = synced.state, synced.last
        told += [ident for _kind, ident in synced.told]
        pages += 1
    assert (told, pages) == (made[::-1], 3)


async def test_a_state_is_good_for_its_folder_alone(api: Api) -> None:
    state = (await api.sync()).state
    for wrong, folder in ((state, "inbox"), ("AAAA", "contacts"), (state[:-8], "contacts")):
        with pytest.raises(Refused) as refused:
            await api.sync(wrong, folder=f'<t:DistinguishedFolderId Id="{folder}"/>')
        assert refused.value.code == "ErrorInvalidSyncStateData"
        assert b"<m:SyncState" in refused.value.body
