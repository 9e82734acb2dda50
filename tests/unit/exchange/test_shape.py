"""What is asked of a contact, and the fields in the order of the schema."""

from __future__ import annotations

from copy import deepcopy

import pytest
from lxml import etree

from polydex.connectors.exchange import paths, wire
from polydex.connectors.exchange.fields import CONTACT, EXTENDED, ITEM
from polydex.connectors.exchange.paths import Path
from polydex.connectors.exchange.shape import SHAPE
from polydex.connectors.outlook import mapi
from tests.exchange import contract
from tests.exchange.store import address


def test_the_shape_asks_for_everything_that_is_read() -> None:
    request = etree.Element(f"{wire.M}GetItem")
    request.append(deepcopy(SHAPE))
    etree.SubElement(etree.SubElement(request, f"{wire.M}ItemIds"), f"{wire.T}ItemId", Id="AAMk1=")
    base, body, additional = SHAPE
    assert (base.text, body.text) == ("AllProperties", "Text")
    asked = [address(path) for path in additional]
    assert len(asked) == len(set(asked)) == len(EXTENDED)
    assert {"0x3a45/String", f"{{{mapi.GUID}}}/PolydexMark/String"} < set(asked)
    assert b"UniqueBody" not in etree.tostring(SHAPE)
    contract.element(contract.parsed(etree.tostring(request)), "2013_SP1")


@pytest.mark.parametrize(("kind", "names"), [("ItemType", ITEM), ("ContactItemType", CONTACT)])
def test_fields_are_in_the_order_of_the_schema(kind: str, names: tuple[str, ...]) -> None:
    contract.schema("2013_SP1")
    types = etree.parse(str(contract.CONTRACTS / "exchange2013_sp1" / "types.xsd"))
    xs = "{http://www.w3.org/2001/XMLSchema}"
    (found,) = (one for one in types.iter(f"{xs}complexType") if one.get("name") == kind)
    (sequence,) = found.iter(f"{xs}sequence")
    assert tuple(one.get("name") for one in sequence) == names


@pytest.mark.parametrize(
    ("id_", "attributes"),
    [
        ("String 0x3A50", {"PropertyTag": "0x3A50"}),
        (
            "String {00062004-0000-0000-C000-000000000046} Id 0x804a",
            {"DistinguishedPropertySetId": "Address", "PropertyId": "32842"},
        ),
        (f"String {{{mapi.GUID}}} Name A b", {"PropertySetId": mapi.GUID, "PropertyName": "A b"}),
    ],
)
def test_ids_of_extended_properties(id_: str, attributes: dict[str, str]) -> None:
    assert paths.extended(id_) == attributes | {"PropertyType": "String"}
    made = paths.element(Path(id_))
    assert {name: made.get(name) for name in attributes} == attributes


def test_what_is_no_id() -> None:
    with pytest.raises(ValueError):
        paths.extended("String 3A50")
