"""The simulated Exchange as a test calls it: every answer obeys Microsoft's schema, where that is at hand."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import httpx
from lxml import etree

from tests.exchange import contract

Json = dict[str, Any]
Element = etree._Element

M = "http://schemas.microsoft.com/exchange/services/2006/messages"
T = "http://schemas.microsoft.com/exchange/services/2006/types"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
NS = {"m": M, "t": T, "s": SOAP, "e": "http://schemas.microsoft.com/exchange/services/2006/errors"}


WRAPPED = ("GetUserConfigurationResponse",)
"""Answers that hold messages although the schema says that they are one: exchangelib's ``get_user_configuration.py``."""


def valid(element: Element) -> None:
    """Raises Broken: an answer is none of Microsoft's schema, which is not part of this project."""
    if etree.QName(element).localname in WRAPPED:
        message = element[0][0]
        message.tag = element.tag
        element = message
    if contract.present():
        # A document of its own: lxml looks at no part of one.
        contract.element(etree.fromstring(etree.tostring(element)))


@dataclass
class Refused(Exception):
    """An error: of the whole call, or of its only part."""

    http: int
    code: str
    message: str
    values: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Api:
    """A client of one account."""

    http: httpx.AsyncClient
    account: Json
    password: str = "secret"
    version: str = "Exchange2013_SP1"

    async def post(self, operation: str, *, headers: str = "", **more: Any) -> httpx.Response:
        """An operation, as text with the prefixes `m` and `t`; the answer as it came."""
        version = f'<t:RequestServerVersion Version="{self.version}"/>'
        text = (
            f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}" xmlns:m="{M}" xmlns:t="{T}">'
            f"<s:Header>{version}{headers}</s:Header><s:Body>{operation}</s:Body></s:Envelope>"
        )
        sent = {"auth": (self.account["email"], self.password), "headers": {"Content-Type": "text/xml; charset=utf-8"}}
        return await self.http.post("/EWS/Exchange.asmx", **{"content": text.encode(), **sent, **more})

    async def call(self, operation: str, **more: Any) -> Element:
        """The answer's element. Raises Refused: the whole call."""
        answer = await self.post(operation, **more)
        parser = etree.XMLParser(recover=True)
        root = etree.fromstring(answer.content, parser)
        if answer.status_code != 200:
            code = root.findtext(".//e:ResponseCode", "", NS)
            text = root.findtext(".//faultstring", "")
            raise Refused(answer.status_code, code, text, values(root), answer.content)
        body = found(root, "s:Body")
        valid(deepcopy(body[0]))
        return body[0]

    async def messages(self, operation: str, **more: Any) -> list[Element]:
        return list(found(await self.call(operation, **more), "m:ResponseMessages"))

    async def one(self, operation: str, **more: Any) -> Element:
        """The only message. Raises Refused: it is an error."""
        answer = await self.call(operation, **more)
        several = answer.find("m:ResponseMessages", NS)
        message = answer if several is None else several[0]
        if message.get("ResponseClass") == "Error":
            code = message.findtext("m:ResponseCode", "", NS)
            raise Refused(
                200, code, message.findtext("m:MessageText", "", NS), values(message), etree.tostring(message)
            )
        return message

    # -- what most tests begin with

    async def create(self, members: str, folder: str = '<t:DistinguishedFolderId Id="contacts"/>') -> Element:
        """The ItemId of a new contact with these members."""
        message = await self.one(
            f'<m:CreateItem MessageDisposition="SaveOnly"><m:SavedItemFolderId>{folder}</m:SavedItemFolderId>'
            f"<m:Items><t:Contact>{members}</t:Contact></m:Items></m:CreateItem>"
        )
        return found(message, ".//t:ItemId")

    async def get(self, item: Element, more: str = "", base: str = "AllProperties", body: str = "Text") -> Element:
        """The element of an item."""
        properties = f"<t:AdditionalProperties>{more}</t:AdditionalProperties>" if more else ""
        message = await self.one(
            f"<m:GetItem><m:ItemShape><t:BaseShape>{base}</t:BaseShape><t:BodyType>{body}</t:BodyType>{properties}"
            f'</m:ItemShape><m:ItemIds><t:ItemId Id="{item.get("Id")}"/></m:ItemIds></m:GetItem>'
        )
        return found(message, "m:Items")[0]

    async def update(
        self, item: Element, updates: str, resolution: str = "NeverOverwrite", key: str | None = None
    ) -> Element:
        """The ItemId after updates."""
        known = item.get("ChangeKey") if key is None else key
        shown = f' ChangeKey="{known}"' if known else ""
        message = await self.one(
            f'<m:UpdateItem ConflictResolution="{resolution}" MessageDisposition="SaveOnly"><m:ItemChanges>'
            f'<t:ItemChange><t:ItemId Id="{item.get("Id")}"{shown}/><t:Updates>{updates}</t:Updates></t:ItemChange>'
            f"</m:ItemChanges></m:UpdateItem>"
        )
        return found(message, ".//t:ItemId")

    async def delete(self, item: Element, how: str = "MoveToDeletedItems") -> None:
        await self.one(
            f'<m:DeleteItem DeleteType="{how}"><m:ItemIds><t:ItemId Id="{item.get("Id")}" '
            f'ChangeKey="{item.get("ChangeKey")}"/></m:ItemIds></m:DeleteItem>'
        )

    async def sync(
        self,
        state: str = "",
        most: int = 100,
        *,
        base: str = "IdOnly",
        folder: str = '<t:DistinguishedFolderId Id="contacts"/>',
        ignore: str = "",
    ) -> Synced:
        message = await self.one(
            f"<m:SyncFolderItems><m:ItemShape><t:BaseShape>{base}</t:BaseShape></m:ItemShape>"
            f"<m:SyncFolderId>{folder}</m:SyncFolderId>{f'<m:SyncState>{state}</m:SyncState>' if state else ''}"
            f"{f'<m:Ignore>{ignore}</m:Ignore>' if ignore else ''}<m:MaxChangesReturned>{most}</m:MaxChangesReturned>"
            f"</m:SyncFolderItems>"
        )
        changes = list(found(message, "m:Changes"))
        last = found(message, "m:IncludesLastItemInRange").text == "true"
        return Synced(changes, found(message, "m:SyncState").text or "", last)


@dataclass
class Synced:
    """One answer of SyncFolderItems."""

    changes: list[Element]
    state: str
    last: bool

    @property
    def told(self) -> list[tuple[str, str]]:
        """What happened to which item: the change's name, the item's id."""
        return [(etree.QName(one).localname, found(one, ".//t:ItemId").get("Id", "")) for one in self.changes]


def found(element: Element, path: str) -> Element:
    """Raises AssertionError: there is none."""
    one = element.find(path, NS)
    assert one is not None, f"{path} in {etree.tostring(element).decode()}"
    return one


def text(element: Element, name: str) -> str | None:
    """Of a member of an item."""
    return element.findtext(f"t:{name}", None, NS)


def values(element: Element) -> dict[str, str]:
    """What is in MessageXml."""
    return {one.get("Name", ""): one.text or "" for one in element.iterfind(".//t:Value[@Name]", NS)}


def entry(element: Element, dictionary: str, key: str) -> Element | None:
    """An entry of a dictionary."""
    return element.find(f"t:{dictionary}/t:Entry[@Key='{key}']", NS)
