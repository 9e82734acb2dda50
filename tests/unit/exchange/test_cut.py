"""Documents that are cut out of an answer: the same as those that are written anew."""

from __future__ import annotations

import pytest
from lxml import etree

from polydex.connectors.exchange import wire
from polydex.connectors.exchange.cut import Cutting
from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element, parse
from polydex.core.ids import RemoteKey

NAMES = f'xmlns:m="{wire.MESSAGES}" xmlns:t="{wire.TYPES}"'
PLAIN = '<t:{kind}><t:ItemId Id="{key}" ChangeKey="c"/><t:DisplayName>Zo\u00eb &amp; {key}\r\n&#xD;</t:DisplayName></t:{kind}>'


def contact(key: str, kind: str = "Contact") -> str:
    return PLAIN.format(key=key, kind=kind)


def answer(*items: str, prolog: str = '<?xml version="1.0" encoding="utf-8"?>', names: str = NAMES) -> bytes:
    return f"{prolog}<m:Answer {names}>{''.join(f'<m:Items>{item}</m:Items>' for item in items)}</m:Answer>".encode()


def items_of(sent: bytes) -> list[Element]:
    return [items[0] for items in parse(sent).iter(M + "Items")]


def documents(sent: bytes, *keys: str) -> list[bytes]:
    cutting = Cutting(sent)
    return [cutting.document(item, RemoteKey(key)) for item, key in zip(items_of(sent), keys, strict=True)]


def canonical(document: bytes) -> bytes:
    return etree.tostring(parse(document), method="c14n", exclusive=True)


def written(sent: bytes) -> list[bytes]:
    return [wire.document(item) for item in items_of(sent)]


def test_items_are_cut_out_as_they_stand() -> None:
    sent = answer(contact("A="), contact("B=", "DistributionList"), contact("C="))
    cut = documents(sent, "A=", "B=", "C=")
    assert cut != written(sent)  # an empty line, and a carriage return, are as they came
    assert list(map(canonical, cut)) == list(map(canonical, written(sent)))
    assert [parse(one).nsmap for one in cut] == [item.nsmap for item in items_of(sent)]
    for one in cut:
        inner = one.partition(b">")[2]
        assert inner in sent


def test_one_that_failed_between_others_is_passed_over() -> None:
    sent = answer(contact("A="), contact("B="), contact("C="))
    first, _, last = items_of(sent)
    cutting = Cutting(sent)
    assert b'Id="A="' in cutting.document(first, RemoteKey("A="))
    # What is not in its turn is written anew, and those after it are not taken for others.
    assert cutting.document(last, RemoteKey("C=")) == wire.document(last)


OUTER = '<t:Contact x="1"><t:ItemId Id="A="/><t:Attachments>{}</t:Attachments></t:Contact>'


@pytest.mark.parametrize(
    "item",
    [
        f"<t:Contact><!-- {contact('A=')} --><t:ItemId Id='A='/></t:Contact>",
        f"<t:Contact><t:ItemId Id='A='/><t:Body><![CDATA[{contact('A=')}]]></t:Body></t:Contact>",
        f"<t:Contact><?x {contact('A=')} ?><t:ItemId Id='A='/></t:Contact>",
        '<t:Contact><t:ItemId Id="A="/><!-- </t:Contact> --><t:Body>b</t:Body></t:Contact>',
        '<t:Contact><t:ItemId Id="A="/><?x </t:Contact> ?><t:Body>b</t:Body></t:Contact>',
        f"<t:Contact><t:ItemId Id='A='/><t:Attachments>{contact('B=')}</t:Attachments></t:Contact>",
        f'<t:Contact><t:ItemId Id="A="/><t:Attachments>{contact("B=")}</t:Attachments></t:Contact>',
        OUTER.format(contact("B=")),
        '<t:Contact ><t:ItemId Id="A="/></t:Contact >',
        '<t:Contact><t:ItemId Id="A="/></t:Contact\n>',
        '<t:Contact>\n<t:ItemId Id="A="/></t:Contact>',
        '<t:Contact><t:ItemId ChangeKey="c" Id="A="/></t:Contact>',
        f'<Contact xmlns="{wire.TYPES}"><ItemId Id="A="/></Contact>',
        f'<x:Contact xmlns:x="{wire.TYPES}"><x:ItemId Id="A="/></x:Contact>',
        "<t:Contact/>",
    ],
)
def test_what_is_written_in_another_way_is_written_anew(item: str) -> None:
    sent = answer(item)
    assert documents(sent, "A=") == written(sent)


def test_after_one_that_is_written_anew_the_next_is_right() -> None:
    sent = answer(OUTER.format(contact("B=")), contact("C="))
    assert list(map(canonical, documents(sent, "A=", "C="))) == list(map(canonical, written(sent)))


def test_prefixes_that_an_item_has_from_around_it_go_with_it() -> None:
    names = f'{NAMES} xmlns:q="urn:a&amp;b"'
    sent = answer('<t:Contact><t:ItemId Id="A="/><q:Other/></t:Contact>', names=names)
    [cut] = documents(sent, "A=")
    assert [child.tag for child in parse(cut)] == [T + "ItemId", "{urn:a&b}Other"]
