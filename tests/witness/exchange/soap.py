"""The plainest client of Exchange Web Services: it sends an operation and shows the contacts that come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import httpx
from lxml import etree

NAMESPACES: Final = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
}
T: Final = f"{{{NAMESPACES['t']}}}"
_NAMES: Final = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMESPACES.items())


@dataclass(frozen=True)
class Soap:
    """Operations by HTTP Basic at this URL."""

    http: httpx.AsyncClient
    url: str
    login: str
    password: str

    async def ask(self, operation: str) -> etree._Element:
        """The Body of the answer to an operation (XML text with the prefixes m and t), which has to be a success."""
        envelope = (
            f'<s:Envelope {_NAMES}><s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></s:Header>'
            f"<s:Body>{operation}</s:Body></s:Envelope>"
        )
        answer = await self.http.post(
            self.url,
            content=envelope.encode(),
            headers={"Content-Type": "text/xml; charset=utf-8"},
            auth=(self.login, self.password),
        )
        assert answer.status_code == 200, answer.text
        body = etree.fromstring(answer.content)[-1]
        for code in body.iterfind(".//m:ResponseCode", NAMESPACES):
            assert code.text == "NoError", answer.text
        return body

    async def contacts(self) -> list[dict[str, str]]:
        """All contacts of the folder, by names: ``GivenName``, ``PhoneNumbers/MobilePhone``, ``Categories``."""
        found = await self.ask(
            '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>'
            '<m:ParentFolderIds><t:DistinguishedFolderId Id="contacts"/></m:ParentFolderIds></m:FindItem>'
        )
        ids = "".join(f'<t:ItemId Id="{one.get("Id")}"/>' for one in found.iter(f"{T}ItemId"))
        if not ids:
            return []
        shown = await self.ask(
            "<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape><t:BodyType>Text</t:BodyType></m:ItemShape>"
            f"<m:ItemIds>{ids}</m:ItemIds></m:GetItem>"
        )
        return [fields(contact) for contact in shown.iter(f"{T}Contact")]


def fields(contact: etree._Element) -> dict[str, str]:
    """What a contact has, by its elements' names; entries of dictionaries by their keys."""
    found: dict[str, str] = {}
    for one in contact:
        name = etree.QName(one).localname
        entries = one.findall(f"{T}Entry")
        for entry in entries:
            inner = {etree.QName(part).localname: part.text or "" for part in entry}
            found |= {f"{name}/{entry.get('Key')}/{part}": text for part, text in inner.items()}
            if not inner:
                found[f"{name}/{entry.get('Key')}"] = entry.text or ""
        if not entries:
            found[name] = "|".join(text for text in map(str.strip, map(str, one.itertext())) if text)
    return found
