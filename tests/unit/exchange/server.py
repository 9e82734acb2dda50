"""A server that answers each operation as a test wants it, in order, and notes what it was asked."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from lxml import etree

from polydex.connectors.exchange.connector import ExchangeConnector
from polydex.connectors.exchange.wire import S, T
from polydex.connectors.exchange.xml import Element, parse
from tests.exchange import contract
from tests.microsoft.scripted import Asked, Reply, scripted
from tests.unit.exchange.answers import answered, failed, success
from tests.unit.exchange.test_api import api_of


@dataclass
class Server:
    """``replies``: by operation; the last one is given again and again. ``asked``: the operations, as they came."""

    replies: dict[str, list[Reply]]
    asked: list[Element] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        if contract.present():
            contract.request(asked.body)
        [operation] = parse(asked.body).iterfind(f"{S}Body/*")
        self.asked.append(operation)
        left = self.replies[etree.QName(operation).localname]
        return left.pop(0) if len(left) > 1 else left[0]

    @property
    def names(self) -> list[str]:
        return [etree.QName(one).localname for one in self.asked]

    def versions(self, name: str) -> list[str | None]:
        """The ChangeKeys in the requests of one operation, in order."""
        return [
            item.get("ChangeKey")
            for one in self.asked
            if etree.QName(one).localname == name
            for item in one.iter(T + "ItemId", "{*}ParentItemId")
        ]


@contextlib.asynccontextmanager
async def served(**replies: Reply | list[Reply]) -> AsyncIterator[tuple[Server, ExchangeConnector]]:
    """A server, and a connector to it."""
    server = Server({name: one if isinstance(one, list) else [one] for name, one in replies.items()})
    async with scripted(Reply()) as behind, api_of(behind) as api:
        behind.handler = server
        yield server, ExchangeConnector(api)


def said(operation: str, *contents: str) -> Reply:
    """An answer whose every message is a success."""
    return Reply(answered(operation, *(success(operation, content) for content in contents)))


def refused(operation: str, *codes: str) -> Reply:
    """An answer in which everything failed."""
    return Reply(answered(operation, *(failed(operation, code) for code in codes)))


def items(*keys: str, version: str = "1") -> list[str]:
    """Contents with one item each, as GetItem has them; a given name is the key."""
    return [
        f'<m:Items><t:Contact><t:ItemId Id="{key}" ChangeKey="{version}"/><t:GivenName>{key}</t:GivenName>'
        "</t:Contact></m:Items>"
        for key in keys
    ]


def pictured(key: str, *photos: str, version: str = "1") -> str:
    """Content with an item that has these attachments for photos, and a file that is none."""
    file = (
        '<t:FileAttachment><t:AttachmentId Id="{}"/><t:Name>ContactPicture.jpg</t:Name><t:Size>1</t:Size>'
        "<t:IsContactPhoto>{}</t:IsContactPhoto></t:FileAttachment>"
    )
    files = file.format("other", "false") + "".join(file.format(photo, "true") for photo in photos)
    return (
        f'<m:Items><t:Contact><t:ItemId Id="{key}" ChangeKey="{version}"/><t:Attachments>{files}</t:Attachments>'
        f"<t:GivenName>{key}</t:GivenName></t:Contact></m:Items>"
    )


def attached(version: str) -> Reply:
    """The answer to a new photo."""
    id_ = f'<t:AttachmentId Id="new" RootItemId="k" RootItemChangeKey="{version}"/>'
    return said("CreateAttachment", f"<m:Attachments><t:FileAttachment>{id_}</t:FileAttachment></m:Attachments>")


def detached(*versions: str) -> Reply:
    """The answer to photos that are removed."""
    root = '<m:RootItemId RootItemId="k" RootItemChangeKey="{}"/>'
    return said("DeleteAttachment", *(root.format(version) for version in versions))


def found(*keys: str, last: bool = True) -> str:
    """Content of an answer to a search."""
    entries = "".join(f'<t:Contact><t:ItemId Id="{key}" ChangeKey="1"/></t:Contact>' for key in keys)
    return f'<m:RootFolder IncludesLastItemInRange="{str(last).lower()}"><t:Items>{entries}</t:Items></m:RootFolder>'
