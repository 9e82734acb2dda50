"""About 500 made-up people as vCards, the same ones each time, with the awkward data that real address books hold.

Nothing here uses the product's own vCard code: what only agrees with itself proves nothing.
"""

from __future__ import annotations

import base64
import random
import struct
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

COUNT = 500
_SEED = 20_260_101
_NAMESPACE = uuid.UUID("8f5b0b5e-5d8a-4b0e-9b6e-0d6f3f0f7a11")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_GIVEN = _words(
    "Ada Alan Amara Anil Anneliese Astrid Ayşe Beatriz Björn Chloé Dagny Đặng Elif Emeka Éowyn Farid Fiona Giulia Göran "
    "Hedwig Ingeborg Ioana Jarosław Jürgen Kofi Kwame Lena Łukasz Malika Marie-Claire Mateus Nadia Noor Oisín Olena Pádraig "
    "Pilar Quentin Ragnhild Rūta Saoirse Sinéad Søren Tamás Thi Ulrike Valentina Wanjiru Xóchitl Yusuf Zoë Žofia"
)
_FAMILY = _words(
    "Adeyemi Ångström Blackwood Çelik Delacroix Dvořák Eriksen Fernández García-Márquez Grünwald Hernández Ivanova Jansen "
    "Karlsson Kowalczyk Lindqvist MacAllister Müller N'Diaye Nakamura Nguyễn O'Brien O'Sullivan Østergaard Petrović Quispe "
    "Rossi Schröder Šimůnek Tanaka Tremblay Ugarte Vandenberghe Węgrzyn Xiao Yildiz Zbořil de.la.Cruz van.der.Berg"
)
_COMPANIES = (
    ("Example Logistics", "Freight; Customs"),
    ("Quarry & Sons, Ltd.", ""),
    ("Ωmega Instruments", "Calibration"),
    ("Blue Door Bakery", ""),
    ('The "Quoted" Agency', "Copy\\Edit"),
    ("Northwind Example", "Sales, EMEA"),
)
_TITLES = ("Engineer", "Head of Something", "Baker", "Ärztin", "Directrice générale", "Consultant, external")
_STREETS = ("12 Example Street", "Musterstraße 5", "1 Rue de l'Exemple", "Calle Ejemplo 3, 2º", "Przykładowa 7/9")
_CITIES = (
    ("Sampletown", "CA", "90000", "United States"),
    ("Musterstadt", "", "12345", "Deutschland"),
    ("Exempleville", "", "75000", "France"),
    ("Ciudad Ejemplo", "", "28000", "España"),
)
_GROUPS = ("Friends", "Family", "Book club", "Suppliers, old", "Läufer")
# Ranges that the numbering plans keep for fiction.
_NUMBERS: tuple[Callable[[random.Random], str], ...] = (
    lambda r: f"+1 202-555-{r.randrange(100, 200):04d}",
    lambda r: f"+44 20 7946 {r.randrange(1000):04d}",
    lambda r: f"+49 30 23125 {r.randrange(1000):03d}",
    lambda r: f"+33 1 99 00 {r.randrange(100):02d} {r.randrange(100):02d}",
    lambda r: f"(415) 555-{r.randrange(100, 200):04d} ext. {r.randrange(1, 99)}",
)


@dataclass(frozen=True, slots=True)
class Card:
    """One vCard.

    Attributes:
        uid: names the card; also its file name.
        text: the card, with CRLF.
        group: a group card, which is no contact.
        note: what is awkward about it, for people; empty for an ordinary one.
    """

    uid: str
    text: str
    group: bool = False
    note: str = ""


def book() -> list[Card]:
    """The whole address book: awkward cards, ordinary ones, and groups."""
    chance = random.Random(_SEED)  # noqa: S311 - made-up people, the same ones each time
    cards = list(_awkward())
    cards.extend(_ordinary(chance, number) for number in range(COUNT - len(cards)))
    cards.extend(_groups(chance, [card.uid for card in cards]))
    return cards


def contacts(cards: list[Card]) -> int:
    """How many of them are contacts."""
    return sum(not card.group for card in cards)


def _card(name: str, *lines: str, version: str = "3.0", note: str = "") -> Card:
    uid = str(uuid.uuid5(_NAMESPACE, name))
    return Card(uid, _document(version, uid, lines), note=note)


def _document(version: str, uid: str, lines: tuple[str, ...] | list[str]) -> str:
    return "\r\n".join(
        _fold(line) for line in ("BEGIN:VCARD", f"VERSION:{version}", f"UID:{uid}", *lines, "END:VCARD", "")
    )


def _fold(line: str) -> str:
    """RFC 2425, 5.8.1: at most 75 octets a line, never through a character."""
    pieces, room, piece = [], 75, ""
    for character in line:
        if len((piece + character).encode()) > room:
            pieces.append(piece)
            piece, room = "", 74  # the space of the next line counts
        piece += character
    return "\r\n ".join([*pieces, piece])


def _text(value: str) -> str:
    return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _picture(seed: int, size: int = 48) -> str:
    """A small symmetric pattern as PNG, base64."""
    chance = random.Random(seed)  # noqa: S311 - made-up people, no secret
    color = bytes(chance.randrange(40, 220) for _ in range(3))
    half = [[chance.random() < 0.5 for _ in range(4)] for _ in range(8)]
    rows = b""
    for y in range(size):
        cells = half[y * 8 // size]
        cells = cells + cells[::-1]
        rows += b"\0" + b"".join(color if cells[x * 8 // size] else b"\xf4\xf4\xf0" for x in range(size))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return base64.b64encode(png).decode("ascii")


def _ordinary(chance: random.Random, number: int) -> Card:
    given = chance.choice(_GIVEN)
    family = chance.choice(_FAMILY).replace(".", " ")
    lines = [f"FN:{_text(f'{given} {family}')}", f"N:{_text(family)};{_text(given)};;;"]
    login = f"person{number}"
    for kind in chance.sample(("HOME", "WORK", "INTERNET"), chance.choice((0, 1, 1, 1, 2, 3))):
        domain = chance.choice(("com", "org", "net"))
        lines.append(f"EMAIL;TYPE={kind}:{login}.{kind.lower()}@example.{domain}")
    for kind in chance.sample(("CELL", "HOME,VOICE", "WORK,VOICE", "WORK,FAX", "MAIN"), chance.choice((0, 1, 1, 2, 3))):
        number_of = chance.choice(_NUMBERS)
        lines.append(f"TEL;TYPE={kind}:{number_of(chance)}")
    if chance.random() < 0.4:
        company, unit = chance.choice(_COMPANIES)
        lines.append(f"ORG:{_text(company)}" + (f";{_text(unit)}" if unit else ""))
        lines.append(f"TITLE:{_text(chance.choice(_TITLES))}")
    if chance.random() < 0.3:
        city, state, code, country = chance.choice(_CITIES)
        kind = chance.choice(("HOME", "WORK"))
        lines.append(f"ADR;TYPE={kind}:;;{_text(chance.choice(_STREETS))};{city};{state};{code};{country}")
    if chance.random() < 0.3:
        year, month, day = chance.randrange(1930, 2015), chance.randrange(1, 13), chance.randrange(1, 29)
        lines.append(
            f"BDAY;X-APPLE-OMIT-YEAR=1604:1604-{month:02d}-{day:02d}"
            if chance.random() < 0.4
            else f"BDAY:{year}-{month:02d}-{day:02d}"
        )
    if chance.random() < 0.2:
        lines.append(f"NOTE:{_text('Met at the fair.' + chr(10) + 'Likes tea; and biscuits, too.')}")
    if chance.random() < 0.2:
        lines.append("CATEGORIES:" + ",".join(_text(group) for group in chance.sample(_GROUPS, 2)))
    if chance.random() < 0.15:
        lines.append(f"PHOTO;ENCODING=b;TYPE=PNG:{_picture(number)}")
    return _card(f"ordinary {number}", *lines)


def _awkward() -> Iterator[Card]:
    yield _card(
        "labels",
        "FN:Zoë Labels",
        "N:Labels;Zoë;;;",
        "item1.EMAIL;TYPE=INTERNET:zoe.sailing@example.org",
        "item1.X-ABLABEL:Sailing club",
        "item2.TEL:+44 20 7946 0123",
        "item2.X-ABLABEL:Harbour (summer only)",
        "item3.X-ABDATE;TYPE=pref:2011-06-04",
        "item3.X-ABLABEL:_$!<Anniversary>!$_",
        "X-SOCIALPROFILE;TYPE=example:https://social.example.com/@zoe",
        "X-UNHEARD-OF;X-PARAM=1:kept as it is",
        note="grouped properties with labels, and properties that nobody knows",
    )
    yield _card(
        "many mails",
        "FN:Marie-Claire Many-Mails",
        "N:Many-Mails;Marie-Claire;;;",
        *(f"EMAIL;TYPE={'PREF,' * (n == 3)}INTERNET:mc{n}@example.com" for n in range(1, 13)),
        note="twelve e-mail addresses, the third preferred",
    )
    yield _card(
        "emoji",
        "FN:🦊 Foxy 👩‍👩‍👧‍👦 Family",
        "N:Family;🦊 Foxy;;;",
        "NICKNAME:✨🦄",
        "NOTE:🇪🇺 flags\\, 👍🏽 skin tones and a Zalgo: Z̷̡͔a̵͖͝l̶̗͌g̸͕̚ọ̷͝",
        note="emoji with joiners, in every place",
    )
    yield _card(
        "rtl",
        "FN:مريم الحسيني",
        "N:الحسيني;مريم;;د.;",
        "ORG:شركة المثال",
        "TEL;TYPE=CELL:+1 202-555-0142",
        note="a name from right to left",
    )
    yield _card(
        "hebrew",
        "FN:נועה לוי",
        "N:לוי;נועה;;;",
        "NOTE:mixed עברית and English\\, with 123 in between",
        note="both directions in one line",
    )
    yield _card(
        "japanese",
        "FN:山田 太郎",
        "N:山田;太郎;;;",
        "X-PHONETIC-FIRST-NAME:たろう",
        "X-PHONETIC-LAST-NAME:やまだ",
        "ORG:例株式会社;営業部",
        note="phonetic names",
    )
    yield _card(
        "no year",
        "FN:Yearless Birthday",
        "N:Birthday;Yearless;;;",
        "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29",
        note="born on 29 February of no year",
    )
    yield _card(
        "separators",
        "FN:Semi\\;colon\\, Back\\\\slash",
        "N:Back\\\\slash;Semi\\;colon;;;",
        "ORG:A\\;B\\, C\\\\D;R&D\\; Labs",
        "NOTE:first line\\nsecond line\\n\\nfourth line",
        "ADR;TYPE=HOME:;Flat 3\\, rear;1 Example Lane\\nbehind the mill;Sampletown;;;",
        note="every separator, escaped",
    )
    yield _card(
        "long line",
        "FN:Long Fold",
        "N:Fold;Long;;;",
        "NOTE:" + "ünïcödé-ohne-Leerzeichen-" * 40,
        note="a line of a thousand characters without a space",
    )
    yield _card(
        "fax",
        "FN:Fax Machine",
        "N:Machine;Fax;;;",
        "TEL;TYPE=WORK;TYPE=FAX:+49 30 23125 001",
        "TEL;TYPE=HOME,FAX:+49 30 23125 002",
        "TEL;TYPE=PAGER:+49 30 23125 003",
        "TEL;TYPE=CAR:+49 30 23125 004",
        "TEL;TYPE=CELL,PREF:+49 30 23125 005",
        note="telephone types in every spelling",
    )
    yield _card(
        "only company",
        "FN:Blue Door Bakery",
        "N:;;;;",
        "ORG:Blue Door Bakery",
        "X-ABSHOWAS:COMPANY",
        "URL:https://bakery.example.com/?q=bread&page=2",
        note="a company without a person",
    )
    yield _card("only name", "FN:Mononym", "N:Mononym;;;;", note="one name and nothing else")
    yield _card(
        "photo",
        "FN:Photo Grapher",
        "N:Grapher;Photo;;;",
        f"PHOTO;ENCODING=b;TYPE=PNG:{_picture(9, 160)}",
        note="a larger photo",
    )
    yield _card(
        "related",
        "FN:Manager Ofmany",
        "N:Ofmany;Manager;;;",
        "item1.X-ABRELATEDNAMES:Assistant Alex",
        "item1.X-ABLABEL:_$!<Assistant>!$_",
        "item2.X-ABRELATEDNAMES:Spouse Sam",
        "item2.X-ABLABEL:_$!<Spouse>!$_",
        "item3.X-ABRELATEDNAMES:Hamster Hugo",
        "item3.X-ABLABEL:Pet",
        note="relations, one of a kind that no list has",
    )
    yield _card(
        "quoted printable",
        "FN:Quoted Printable",
        "N:Printable;Quoted;;;",
        "NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Caf=C3=A9 =3D coffee from an old telephone",
        note="quoted-printable, as old telephones wrote it (Radicale decodes it when it is stored)",
    )
    yield _card(
        "version four",
        "FN:Version Four",
        "N:Four;Version;;;",
        "EMAIL;PREF=1;TYPE=work:v4@example.com",
        'TEL;VALUE=uri;TYPE="cell,voice":tel:+1-202-555-0177',
        "BDAY:--0412",
        "RELATED;TYPE=spouse;VALUE=text:Version Three",
        version="4.0",
        note="a vCard 4.0 among those of 3.0",
    )
    yield _card(
        "twin a", "FN:Chris Twin", "N:Twin;Chris;;;", "EMAIL:chris@example.com", note="two different people of one name"
    )
    yield _card("twin b", "FN:Chris Twin", "N:Twin;Chris;;;", "EMAIL:chris@example.org")


def _groups(chance: random.Random, uids: list[str]) -> Iterator[Card]:
    for name in _GROUPS[:3]:
        uid = str(uuid.uuid5(_NAMESPACE, f"group {name}"))
        members = [f"X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{member}" for member in chance.sample(uids, 12)]
        lines = [f"FN:{name}", f"N:{name};;;;", "X-ADDRESSBOOKSERVER-KIND:group", *members]
        yield Card(uid, _document("3.0", uid, lines), group=True, note="a group")
