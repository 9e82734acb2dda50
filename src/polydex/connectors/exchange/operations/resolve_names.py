"""ResolveNames: who is behind a login (learn.microsoft.com, web-service-reference/resolvenames-operation)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from polydex.connectors.exchange.ids import request
from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderMalformed


@dataclass(frozen=True, slots=True)
class Person:
    """An entry of the organisation's directory. ``email``: the SMTP address, None where there is none."""

    email: str | None
    name: str | None


def payload(entry: str) -> Element:
    """``entry``: a login, an address or a name. One that fits several is answered by a failure."""
    made = request("ResolveNames", ReturnFullContactData="false", SearchScope="ActiveDirectory")
    etree.SubElement(made, M + "UnresolvedEntry").text = entry
    return made


def parse(message: Element) -> Person:
    """Who it is."""
    found = message.find(f"{M}ResolutionSet/{T}Resolution/{T}Mailbox")
    if found is None:
        raise ProviderMalformed("Exchange: a name was resolved to nobody")
    smtp = found.findtext(T + "RoutingType") in (None, "SMTP")
    return Person(found.findtext(T + "EmailAddress") if smtp else None, found.findtext(T + "Name"))
