"""DavMail, unmodified, between CardDAV and the simulated Exchange: it knows contacts as MAPI properties alone.

What it writes has to be found under the names that Exchange Web Services gives to the same properties, and the other way
round.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from lxml import etree

from tests.servers.process import (
    LOOPBACK,
    ServerUnavailableError,
    free_port,
    listening,
    program,
    running,
    workspace,
)
from tests.witness.exchange.soap import Soap
from tests.witness.exchange.world import ADDRESS, PASSWORD, World, world

JAR = Path("/usr/share/davmail/davmail.jar")
"""Of Debian's package davmail-server."""
PROPERTIES = """\
davmail.server=true
davmail.mode=EWS
davmail.url={url}
davmail.caldavPort={port}
davmail.imapPort=
davmail.ldapPort=
davmail.popPort=
davmail.smtpPort=
davmail.bindAddress=127.0.0.1
davmail.allowRemote=false
davmail.disableUpdateCheck=true
davmail.logFilePath={folder}/davmail.log
log4j.rootLogger=WARN
log4j.logger.davmail=WARN
"""
CARD = """\
BEGIN:VCARD
VERSION:3.0
UID:one
N:Lovelace;Ada;Augusta;;
FN:Ada Lovelace
NICKNAME:Countess
ORG:Engines;Analysis
TITLE:Analyst
ROLE:Mathematician
BDAY:1815-12-10
NOTE:Two lines\\nof a note
TEL;TYPE=cell:+44 1
TEL;TYPE=work:+44 2
TEL;TYPE=home:+44 3
TEL;TYPE=fax:+44 4
TEL;TYPE=pager:+44 5
EMAIL;TYPE=work:ada@example.com
EMAIL;TYPE=home:ada@example.org
URL;TYPE=work:https://example.com/
ADR;TYPE=home:;;Main Street 1;London;Middlesex;W1;England
ADR;TYPE=work:;;Mill 2;Leeds;;LS1;England
CATEGORIES:Friends,Engines
X-MANAGER:Charles
X-ASSISTANT:Mary
X-SPOUSE:William
END:VCARD
""".replace("\n", "\r\n")


@contextmanager
def davmail(made: World) -> Iterator[str]:
    """The URL of the address book that DavMail makes of the account's contacts."""
    try:
        java = program("java")
    except ServerUnavailableError as error:
        pytest.skip(str(error))
    if not JAR.exists():
        pytest.skip("davmail-server is not installed")
    port = free_port()
    with workspace("davmail") as folder:
        settings = folder / "davmail.properties"
        settings.write_text(PROPERTIES.format(url=made.url, port=port, folder=folder), encoding="utf-8")
        argv = [java, "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-jar", str(JAR), "-server", str(settings)]
        with running(argv, log=folder / "log", answers=lambda: listening(port)):
            yield f"http://{LOOPBACK}:{port}/users/{ADDRESS}/contacts/"


WRITTEN = {
    "Subject": "Ada Lovelace",
    "Body": "Two lines\nof a note",
    "Categories": "Friends|Engines",
    "FileAs": "Ada Lovelace",
    "DisplayName": "Ada Lovelace",
    "GivenName": "Ada",
    "MiddleName": "Augusta",
    "Surname": "Lovelace",
    "Nickname": "Countess",
    "CompanyName": "Engines",
    "Department": "Analysis",
    "JobTitle": "Analyst",
    "Profession": "Mathematician",
    "Manager": "Charles",
    "AssistantName": "Mary",
    "SpouseName": "William",
    "Birthday": "1815-12-10T00:00:00Z",
    "BusinessHomePage": "https://example.com/",
    "EmailAddresses/EmailAddress1": "ada@example.com",
    "EmailAddresses/EmailAddress2": "ada@example.org",
    "PhoneNumbers/MobilePhone": "+44 1",
    "PhoneNumbers/BusinessPhone": "+44 2",
    "PhoneNumbers/HomePhone": "+44 3",
    "PhoneNumbers/BusinessFax": "+44 4",
    "PhoneNumbers/Pager": "+44 5",
    "PhysicalAddresses/Home/Street": "Main Street 1",
    "PhysicalAddresses/Home/City": "London",
    "PhysicalAddresses/Home/State": "Middlesex",
    "PhysicalAddresses/Home/CountryOrRegion": "England",
    "PhysicalAddresses/Home/PostalCode": "W1",
    "PhysicalAddresses/Business/Street": "Mill 2",
    "PhysicalAddresses/Business/City": "Leeds",
    "PhysicalAddresses/Business/CountryOrRegion": "England",
    "PhysicalAddresses/Business/PostalCode": "LS1",
}
"""What `CARD` is under the names of Exchange Web Services."""
NAMED = """<m:CreateItem><m:SavedItemFolderId><t:DistinguishedFolderId Id="contacts"/></m:SavedItemFolderId><m:Items>
<t:Contact><t:Subject>Grace Hopper</t:Subject><t:Body BodyType="Text">a note</t:Body>
<t:Categories><t:String>Navy</t:String></t:Categories><t:FileAs>Hopper, Grace</t:FileAs>
<t:DisplayName>Grace Hopper</t:DisplayName><t:GivenName>Grace</t:GivenName><t:MiddleName>Brewster</t:MiddleName>
<t:Nickname>Amazing</t:Nickname><t:CompanyName>Computers</t:CompanyName>
<t:EmailAddresses><t:Entry Key="EmailAddress1">grace@example.com</t:Entry></t:EmailAddresses>
<t:PhysicalAddresses><t:Entry Key="Other"><t:Street>Pier 1</t:Street><t:City>Norfolk</t:City></t:Entry>
</t:PhysicalAddresses><t:PhoneNumbers><t:Entry Key="CarPhone">+1 1</t:Entry><t:Entry Key="MobilePhone">+1 2</t:Entry>
<t:Entry Key="HomeFax">+1 3</t:Entry></t:PhoneNumbers><t:AssistantName>Jean</t:AssistantName>
<t:Birthday>1906-12-09T11:59:00Z</t:Birthday><t:Department>Languages</t:Department><t:JobTitle>Admiral</t:JobTitle>
<t:Profession>Programmer</t:Profession><t:SpouseName>Vincent</t:SpouseName><t:Surname>Hopper</t:Surname></t:Contact>
</m:Items></m:CreateItem>"""
LINES = {
    "FN:Grace Hopper", "N:Hopper;Grace;Brewster;;", "TEL;TYPE=cell:+1 2", "EMAIL;TYPE=work:grace@example.com",
    "ADR;TYPE=other:;;Pier 1;Norfolk;;;", "ORG:Computers;Languages", "TITLE:Admiral", "NOTE:a note", "ROLE:Programmer",
    "NICKNAME:Amazing", "BDAY:1906-12-09", "CATEGORIES:Navy", "X-ASSISTANT:Jean", "X-SPOUSE:Vincent",
}  # fmt: skip
"""Of the card that DavMail makes of `NAMED`."""


async def test_a_property_and_the_named_field_are_one_value(tmp_path: Path) -> None:
    async with world(tmp_path) as made, httpx.AsyncClient(auth=(ADDRESS, PASSWORD), timeout=60) as http:
        soap = Soap(http, made.url, ADDRESS, PASSWORD)
        with davmail(made) as book:
            etag = await written(http, book, CARD)
            [contact] = await soap.contacts()
            assert {name: contact.get(name) for name in WRITTEN} == WRITTEN
            changed = CARD.replace("TEL;TYPE=home:+44 3\r\n", "").replace("Countess", "Enchantress")
            await written(http, book, changed, etag)
            [contact] = await soap.contacts()
            other = {**WRITTEN, "Nickname": "Enchantress", "PhoneNumbers/HomePhone": None}
            assert {name: contact.get(name) for name in other} == other
            assert (await http.delete(f"{book}one.vcf")).status_code == 200
            assert await soap.contacts() == []
            await soap.ask(NAMED)
            card = await http.get(f"{book}{await only(http, book)}")
            assert card.status_code == 200, (book, await only(http, book), card.text)
            assert set(card.text.splitlines()) >= LINES
    assert made.judge.faults == []
    assert {"CreateItem", "UpdateItem", "FindItem", "GetItem", "DeleteItem"} <= made.judge.seen


async def written(http: httpx.AsyncClient, book: str, card: str, etag: str | None = None) -> str:
    """Put a card as one.vcf, over that of this etag; its etag."""
    headers = {"Content-Type": "text/vcard"} | ({"If-Match": etag} if etag else {"If-None-Match": "*"})
    answer = await http.put(f"{book}one.vcf", content=card, headers=headers)
    assert answer.status_code == (200 if etag else 201), answer.text
    return answer.headers["ETag"]


async def only(http: httpx.AsyncClient, book: str) -> str:
    """The name of the only card."""
    ask = '<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
    answer = await http.request("PROPFIND", book, content=ask, headers={"Depth": "1", "Content-Type": "text/xml"})
    hrefs = [one.text or "" for one in etree.fromstring(answer.content).iter("{DAV:}href")]
    [name] = [href.rpartition("/")[2] for href in hrefs if not href.endswith("/")]
    return name
