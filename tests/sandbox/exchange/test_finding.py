"""FindItem: restrictions, orders, pages; and what rows of a table do not have."""

from __future__ import annotations

import pytest

from tests.sandbox.exchange.api import NS, Api, Element, Refused, found, text

PEOPLE = (("Ada", "Byron", "1815-12-10"), ("Alan", "Turing", "1912-06-23"), ("Grace", "Hopper", "1906-12-09"))


async def people(api: Api) -> None:
    for given, surname, born in PEOPLE:
        await api.create(
            f"<t:Categories><t:String>{surname[0]}</t:String><t:String>All</t:String></t:Categories>"
            f"<t:DisplayName>{given} {surname}</t:DisplayName><t:GivenName>{given}</t:GivenName>"
            f'<t:PhoneNumbers><t:Entry Key="HomePhone">{len(given)}</t:Entry></t:PhoneNumbers>'
            f"<t:Birthday>{born}T11:59:00Z</t:Birthday><t:Surname>{surname}</t:Surname>"
        )


async def find(api: Api, middle: str = "", base: str = "AllProperties", more: str = "") -> Element:
    """The RootFolder."""
    properties = f"<t:AdditionalProperties>{more}</t:AdditionalProperties>" if more else ""
    message = await api.one(
        f'<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>{base}</t:BaseShape>{properties}</m:ItemShape>'
        f'{middle}<m:ParentFolderIds><t:DistinguishedFolderId Id="contacts"/></m:ParentFolderIds></m:FindItem>'
    )
    return found(message, "m:RootFolder")


def names(root: Element) -> list[str]:
    return [text(one, "GivenName") or "" for one in found(root, "t:Items")]


def where(expression: str) -> str:
    return f"<m:Restriction>{expression}</m:Restriction>"


def compared(how: str, path: str, value: str) -> str:
    return f'<t:{how}>{path}<t:FieldURIOrConstant><t:Constant Value="{value}"/></t:FieldURIOrConstant></t:{how}>'


def holds(mode: str, comparison: str, path: str, value: str) -> str:
    how = f'ContainmentMode="{mode}" ContainmentComparison="{comparison}"'
    return f'<t:Contains {how}>{path}<t:Constant Value="{value}"/></t:Contains>'


GIVEN, SURNAME, BORN = (f'<t:FieldURI FieldURI="contacts:{name}"/>' for name in ("GivenName", "Surname", "Birthday"))
TAG = '<t:ExtendedFieldURI PropertyTag="0x3A11" PropertyType="String"/>'


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (compared("IsEqualTo", GIVEN, "ada"), {"Ada"}),
        (compared("IsEqualTo", TAG, "Turing"), {"Alan"}),
        (compared("IsNotEqualTo", SURNAME, "Turing"), {"Ada", "Grace"}),
        (compared("IsGreaterThan", BORN, "1900-01-01T00:00:00Z"), {"Alan", "Grace"}),
        (compared("IsLessThanOrEqualTo", BORN, "1815-12-10T11:59:00Z"), {"Ada"}),
        (compared("IsEqualTo", '<t:FieldURI FieldURI="item:Sensitivity"/>', "Private"), set()),
        (
            compared("IsEqualTo", '<t:IndexedFieldURI FieldURI="contacts:PhoneNumber" FieldIndex="HomePhone"/>', "5"),
            {"Grace"},
        ),
        (
            holds("Prefixed", "Exact", GIVEN, "A"),
            {"Ada", "Alan"},
        ),
        (
            holds("Substring", "IgnoreCase", SURNAME, "OP"),
            {"Grace"},
        ),
        (
            holds("FullString", "Exact", '<t:FieldURI FieldURI="item:Categories"/>', "All"),
            {"Ada", "Alan", "Grace"},
        ),
        (f"<t:Exists>{TAG}</t:Exists>", {"Ada", "Alan", "Grace"}),
        ('<t:Exists><t:FieldURI FieldURI="contacts:JobTitle"/></t:Exists>', set()),
        (
            f"<t:Or>{compared('IsEqualTo', GIVEN, 'Ada')}{compared('IsEqualTo', GIVEN, 'Grace')}</t:Or>",
            {"Ada", "Grace"},
        ),
        (
            f"<t:And><t:Not>{compared('IsEqualTo', GIVEN, 'Ada')}</t:Not><t:Exists>{GIVEN}</t:Exists></t:And>",
            {"Alan", "Grace"},
        ),
    ],
)  # fmt: skip
async def test_restrictions_choose_items(api: Api, expression: str, expected: set[str]) -> None:
    await people(api)
    assert set(names(await find(api, where(expression)))) == expected


MINUTES = '<t:FieldURI FieldURI="item:ReminderMinutesBeforeStart"/>'


def masked(path: str, mask: str) -> str:
    return f'<t:Excludes>{path}<t:Bitmask Value="{mask}"/></t:Excludes>'


def with_field(how: str, path: str, other: str) -> str:
    return f"<t:{how}>{path}<t:FieldURIOrConstant>{other}</t:FieldURIOrConstant></t:{how}>"


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        (masked(MINUTES, ""), "ErrorInvalidExcludesRestriction"),
        (masked(MINUTES, "0x"), "ErrorInvalidExcludesRestriction"),
        (masked(MINUTES, "0x100000000"), "ErrorInvalidExcludesRestriction"),
        (masked(GIVEN, "1"), "ErrorInvalidExcludesRestriction"),
        (compared("IsEqualTo", BORN, "true"), "ErrorInvalidValueForProperty"),
        (compared("IsEqualTo", MINUTES, "soon"), "ErrorInvalidValueForProperty"),
        (compared("IsEqualTo", '<t:FieldURI FieldURI="item:Sensitivity"/>', "Secret"), "ErrorInvalidValueForProperty"),
        (compared("IsEqualTo", '<t:FieldURI FieldURI="item:ReminderIsSet"/>', "maybe"), "ErrorInvalidValueForProperty"),
        (with_field("IsEqualTo", MINUTES, GIVEN), "ErrorUnsupportedPathForQuery"),
        (with_field("IsEqualTo", GIVEN, '<t:FieldURI FieldURI="contacts:Children"/>'), "ErrorUnsupportedPathForQuery"),
        ('<t:Exists><t:FieldURI FieldURI="contacts:CompleteName"/></t:Exists>', "ErrorUnsupportedPathForQuery"),
        (holds("Prefixed", "Exact", MINUTES, "1"), "ErrorContainsFilterWrongType"),
        (
            f"<t:Or>{compared('IsEqualTo', GIVEN, 'Ada') * 255}</t:Or>",
            "ErrorRestrictionTooLong",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("empty", [True, False])
async def test_restrictions_that_are_none_are_refused_whether_or_not_anybody_is_there(
    api: Api, expression: str, code: str, empty: bool
) -> None:
    if not empty:
        item = await api.create("<t:GivenName>Ada</t:GivenName>")
        uri = "item:ReminderMinutesBeforeStart"
        member = "<t:ReminderMinutesBeforeStart>5</t:ReminderMinutesBeforeStart>"
        await api.update(
            item, f'<t:SetItemField><t:FieldURI FieldURI="{uri}"/><t:Contact>{member}</t:Contact></t:SetItemField>'
        )
    with pytest.raises(Refused) as refused:
        await find(api, where(expression))
    assert (refused.value.http, refused.value.code) == (200, code)


async def test_bits_can_be_asked_for(api: Api) -> None:
    tag = '<t:ExtendedFieldURI PropertyTag="0x0e07" PropertyType="Integer"/>'
    await people(api)
    for mask, count in (("0x1", 0), ("010", 3), ("2", 3)):
        assert len(names(await find(api, where(masked(tag, mask))))) == count


async def test_tags_are_numbers_however_they_are_written(api: Api) -> None:
    await people(api)
    tag = '<t:ExtendedFieldURI PropertyTag="014865" PropertyType="String"/>'
    assert names(await find(api, where(compared("IsEqualTo", tag, "Turing")))) == ["Alan"]
    custom = '<t:ExtendedFieldURI PropertyTag="0x8000" PropertyType="String"/>'
    with pytest.raises(Refused) as refused:
        await find(api, where(f"<t:Exists>{custom}</t:Exists>"))
    assert refused.value.code == "ErrorNoPropertyTagForCustomProperties"


async def test_words_are_not_searched_for(api: Api) -> None:
    with pytest.raises(Refused) as refused:
        await api.one(
            '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>'
            '<m:ParentFolderIds><t:DistinguishedFolderId Id="contacts"/></m:ParentFolderIds>'
            "<m:QueryString>Ada</m:QueryString></m:FindItem>"
        )
    assert refused.value.code == "ErrorInvalidRequest"


async def test_no_answer_has_more_rows_than_the_policy_allows(api: Api) -> None:
    base = f"/control/accounts/{api.account['id']}/exchange"
    await api.http.post(f"{base}/contacts", json={"count": 1001, "seed": 1})
    view = '<m:IndexedPageItemView MaxEntriesReturned="5000" Offset="0" BasePoint="Beginning"/>'
    named = where(f"<t:Exists>{SURNAME}</t:Exists>")
    for middle, limit in (("", 1000), (named, 250)):
        with pytest.raises(Refused) as refused:
            await find(api, middle, base="IdOnly")
        assert refused.value.code == "ErrorExceededFindCountLimit"
        assert refused.value.values == {"PolicyLimit": str(limit)}
        root = await find(api, view + middle, base="IdOnly")
        assert len(found(root, "t:Items")) == limit
        assert (root.get("IncludesLastItemInRange"), root.get("IndexedPagingOffset")) == ("false", str(limit))
    root = await find(api, '<m:ContactsView MaxEntriesReturned="5000"/>', base="IdOnly")
    assert (len(found(root, "t:Items")), root.get("IncludesLastItemInRange")) == (1000, "false")
    rest = view.replace('Offset="0"', 'Offset="1000"')
    root = await find(api, rest, base="IdOnly")
    assert (len(found(root, "t:Items")), root.get("IncludesLastItemInRange")) == (1, "true")


async def test_items_come_in_the_order_that_is_asked_for(api: Api) -> None:
    await people(api)
    order = f'<m:SortOrder><t:FieldOrder Order="Descending">{SURNAME}</t:FieldOrder></m:SortOrder>'
    assert names(await find(api, order)) == ["Alan", "Grace", "Ada"]
    assert names(await find(api, order.replace("Descending", "Ascending"))) == ["Ada", "Grace", "Alan"]


async def test_pages_are_counted_from_either_end(api: Api) -> None:
    await people(api)
    order = f'<m:SortOrder><t:FieldOrder Order="Ascending">{GIVEN}</t:FieldOrder></m:SortOrder>'

    async def page(view: str) -> tuple[list[str], dict[str, str]]:
        root = await find(api, f"<m:{view}/>{order}")
        return names(root), {str(name): str(value) for name, value in root.items()}

    shown, told = await page('IndexedPageItemView MaxEntriesReturned="2" Offset="0" BasePoint="Beginning"')
    assert shown == ["Ada", "Alan"]
    assert told == {"IndexedPagingOffset": "2", "TotalItemsInView": "3", "IncludesLastItemInRange": "false"}
    shown, told = await page('IndexedPageItemView MaxEntriesReturned="2" Offset="2" BasePoint="Beginning"')
    assert (shown, told["IncludesLastItemInRange"]) == (["Grace"], "true")
    shown, _told = await page('IndexedPageItemView MaxEntriesReturned="2" Offset="0" BasePoint="End"')
    assert shown == ["Alan", "Grace"]
    shown, _told = await page('FractionalPageItemView MaxEntriesReturned="1" Numerator="1" Denominator="3"')
    assert shown == ["Alan"]
    root = await find(api, '<m:ContactsView MaxEntriesReturned="5" InitialName="Alan" FinalName="Grace Hopper"/>')
    assert names(root) == ["Alan", "Grace"]
    with pytest.raises(Refused) as refused:
        await page('IndexedPageItemView MaxEntriesReturned="0" Offset="0" BasePoint="Beginning"')
    assert refused.value.code == "ErrorInvalidPagingMaxRows"
    with pytest.raises(Refused) as refused:
        await find(api, '<m:ContactsView MaxEntriesReturned="-1"/>')
    assert refused.value.code == "ErrorInvalidPagingMaxRows"


async def test_rows_have_short_texts_and_no_body(api: Api) -> None:
    item = await api.create(
        f'<t:Body BodyType="Text">Text</t:Body><t:GivenName>{"x" * 300}</t:GivenName>'
        '<t:PhoneNumbers><t:Entry Key="HomePhone">1</t:Entry></t:PhoneNumbers>'
    )
    row = found(await find(api), "t:Items")[0]
    assert len(text(row, "GivenName") or "") == 255
    assert text(row, "Body") is None
    assert len(text(await api.get(item), "GivenName") or "") == 300
    with pytest.raises(Refused) as refused:
        await find(api, more='<t:FieldURI FieldURI="item:Body"/>')
    assert refused.value.code == "ErrorInvalidPropertyRequest"


async def test_only_what_a_shape_asks_for_is_shown(api: Api) -> None:
    await people(api)
    row = found(await find(api, base="IdOnly"), "t:Items")[0]
    assert [one.tag for one in row] == [f"{{{NS['t']}}}ItemId"]
    row = found(await find(api, base="IdOnly", more=GIVEN + TAG), "t:Items")[0]
    assert text(row, "GivenName") == "Grace"
    assert found(row, "t:ExtendedProperty/t:ExtendedFieldURI").get("PropertyTag") == "0x3A11"
