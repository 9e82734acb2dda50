"""A Hypothesis strategy for cards as no specification has them, but as programs write them: lines of many products and
versions, put together in any order, with any line ends and folds.

Each property stands for itself or with the lines of its group. All people and addresses are made up.
"""

from __future__ import annotations

from hypothesis import strategies as st

PIXEL = "/9j/4AAQSkZJRgABAQAAAQABAAD"  # the beginning of a JPEG, without padding

NAMES = (
    ("N:Example;Ann;;;", "FN:Ann Example"),
    ("n:Example;Ann", "fn:Ann"),  # too few components
    ("N:Example;Ann;M,N;Dr.,Prof.;Jr.;Second;III;more", "FN:Dr. Ann"),  # RFC 9554 and beyond
    ("N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;", "FN;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg"),
    ("N;LANGUAGE=ja;ALTID=1:\u5c71\u7530;\u592a\u90ce;;;", "N;ALTID=1;PHONETIC=ipa:jamada;taro;;;", "FN:\u592a\u90ce"),
    (
        'N;LANGUAGE=ja;ALTID=1;SORT-AS="Yamada,Taro":\u5c71\u7530;\u592a\u90ce;;;',
        "FN;ALTID=1;LANGUAGE=ja:\u592a\u90ce",
        "FN;ALTID=1:Taro",
    ),
    ("N:;;;;", "FN:"),
    ("FN:Ann", "FN;PREF=1:Annie"),
    ("FN:no N",),
    ("N:no FN;;;;",),
    (),
    ("N:Exam\\,ple\\;x;An\\n;\\,;\\\\;\\", "FN:Exam\\,ple\\x\\"),
    ('N;JSCOMPS=";1;0":Example;Ann;;;;;', "FN;DERIVED=TRUE:Ann Example"),
)

ENTRIES = (
    # iOS, macOS
    ("item1.EMAIL;type=INTERNET;type=pref:ann@example.com", "item1.X-ABLabel:Lab"),
    ("item2.EMAIL;type=INTERNET:ann@example.com", "item2.X-ABLabel:_$!<Other>!$_"),
    ("EMAIL;type=INTERNET;type=HOME;type=pref:ANN@example.com",),
    ("TEL;type=IPHONE;type=CELL;type=VOICE;type=pref:+1 555 0100",),
    ("item3.TEL:+1 555 0101", "item3.X-ABLabel:_$!<HomeFAX>!$_"),
    ("item4.TEL;type=pref:+1 555 0101", "item4.X-ABLabel:Boat\\, blue"),
    ("item5.ADR;type=HOME;type=pref:;;1 Main St\\nFlat 2;Town;ST;00001;Land", "item5.X-ABADR:us"),
    ("item6.ADR:;;2 Main St;;;;", "item6.X-ABADR:de", "item6.X-ABLabel:Cabin"),
    ("item7.URL;type=pref:http\\://www.example.com/", "item7.X-ABLabel:_$!<HomePage>!$_"),
    ("item8.X-ABRELATEDNAMES;type=pref:Mia", "item8.X-ABLabel:_$!<Child>!$_"),
    ("item9.X-ABRELATEDNAMES:Max", "item9.X-ABLabel:_$!<Spouse>!$_"),
    ("item10.X-ABDATE;type=pref:2001-02-03", "item10.X-ABLabel:_$!<Anniversary>!$_"),
    ("X-SOCIALPROFILE;type=twitter;x-user=ann:http://twitter.example/ann",),
    ("IMPP;X-SERVICE-TYPE=Skype;type=HOME;type=pref:skype:ann",),
    ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29",),
    ("PHOTO;X-ABCROP-RECTANGLE=ABClipRect_1&0&0&9&9&ab+c==;ENCODING=b;TYPE=JPEG:" + PIXEL,),
    ("X-ABShowAs:COMPANY",),
    ("X-PHONETIC-FIRST-NAME:an", "X-PHONETIC-LAST-NAME:ekz", "X-PHONETIC-ORG:ekzco"),
    ("ITEM11.email:loose@example.com", "Item11.x-ablabel:", "item11.X-OTHER:1"),
    ("item12.EMAIL:shared@example.com", "item12.TEL:12", "item12.X-ABLabel:Shared"),
    # Google, Android, Samsung
    ("item13.URL:http\\://example.com/me", "item13.X-ABLabel:PROFILE"),
    ("TEL;WORK;VOICE:555-0102",),
    ("TEL;TYPE=X-Custom(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=C3=A4):555-0103",),
    ("TEL;X-Mobile:555-0104",),
    ("TEL;CELL;PREF:555-0105",),
    ("X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;Annie;1;;;;;;;;;;;;;",),
    ("X-ANDROID-CUSTOM;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:vnd.android.cursor.item/relation;=C3=84nn;=\r\n1;;",),
    ("BDAY;VALUE=text;CALSCALE=gregorian:circa 1980",),
    ("NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:caf=C3=A9=0D=0Atwo=\r\n lines=3B=\r\n",),
    ("PHOTO;ENCODING=BASE64;JPEG:" + PIXEL + "\r\n " + PIXEL + "\r\n",),
    ("PHOTO;JPEG;BASE64:" + PIXEL + "\r\nAAAA\r\n",),
    ("CATEGORIES:myContacts,Fri\\,ends, spaced ,,myContacts",),
    ("ADR;HOME;ENCODING=QUOTED-PRINTABLE:;;stra=C3=9Fe 1;;;;",),
    # Outlook
    ("TEL;HOME;FAX:555-0106",),
    ('TEL;TYPE="work,fax":555-0107',),
    (
        "ADR;WORK;PREF:;Room 1;3 Main St;Town;;;Land",
        "LABEL;WORK;PREF;ENCODING=QUOTED-PRINTABLE:3 Main St=0D=0A=\r\nTown",
    ),
    ("LABEL;TYPE=HOME:4 Main St\\nTown",),
    ("X-MS-OL-DEFAULT-POSTAL-ADDRESS:2",),
    ("EMAIL;TLX:telex@example.com",),
    ("EMAIL;PREF;INTERNET:outlook@example.com",),
    ('X-MS-OL-DESIGN;CHARSET=utf-8:<card xmlns="http://example.com/" ver="1.0"><img/></card>',),
    ("KEY;X509;ENCODING=BASE64:MIIB\r\n AAAA",),
    # Thunderbird, Evolution, KDE, Nextcloud, Fastmail, DAVx5, Sailfish
    ("EMAIL;PREF=1:bird@example.com",),
    ("TEL;TYPE=work;VALUE=TEXT:555-0108",),
    ("URL;TYPE=work;VALUE=URL:https://example.com/work",),
    ("X-EVOLUTION-FILE-AS:Example\\, Ann", "X-EVOLUTION-SPOUSE:Max", "X-EVOLUTION-MANAGER:Mo"),
    ("TEL;X-EVOLUTION-UI-SLOT=1;TYPE=X-EVOLUTION-CALLBACK:555-0109",),
    ("X-EVOLUTION-BLOG-URL:https://blog.example.com",),
    ("X-KADDRESSBOOK-X-SpousesName:Max",),
    ("CATEGORIES:a", "CATEGORIES;X=1:b,a"),
    ("BDAY;VALUE=date:19800203",),
    ("BDAY:1980-02-03T00:00:00Z",),
    ("BDAY;VALUE=DATE:--0229", "BDAY:1999-01-01"),
    ("TEL;TYPE=cell,x-jolla;PREF=50:+1-555-0110",),
    ("RELATED;TYPE=spouse;VALUE=text:Max", "RELATED;TYPE=friend:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    ("X-NICKNAME:x", "NICKNAME:Annie,Nan", "NICKNAME;TYPE=work:Boss"),
    ('GROUP1.EMAIL;TYPE=home,x-a;X-B="c;d:e":grouped@example.com', "GROUP1.X-ABLABEL:Own"),
    # RFC 6350, RFC 9554
    ('TEL;VALUE=uri;PREF=1;TYPE="voice,home":tel:+1-555-0111;ext=5',),
    ('ADR;LABEL="5 Main St^nTown";GEO="geo:1,2";TYPE=home:;;;;;;',),
    ("ADR;TYPE=work;PREF=2:;;6 Main St;Town;;;Land;;;;;;;;;;;",),
    ("ADR;ALTID=9;LANGUAGE=de:;;Gasse 7;Stadt;;;", "ADR;ALTID=9;LANGUAGE=en:;;7 Lane;City;;;"),
    (
        'ORG;SORT-AS="Example":Example Ltd;Dep;Room;Desk',
        "TITLE;ALTID=1;LANGUAGE=en:Boss",
        "TITLE;ALTID=1;LANGUAGE=fr:Patron",
    ),
    ("ORG:;;;", "ORG:Second Ltd"),
    ("ORG;ALTID=2:One Ltd", "ORG;ALTID=2;LANGUAGE=el:Two Ltd"),
    ("TITLE:", "ROLE:Lead"),
    ("NOTE;ALTID=1;LANGUAGE=en:note\\, one", "NOTE;ALTID=1;LANGUAGE=de:Notiz"),
    ("NOTE:", "NOTE:\\n", "NOTE:a\\Nb\\"),
    ("PHOTO;MEDIATYPE=image/jpeg:https://example.com/ann.jpg", "PHOTO:data:image/gif;base64,R0lGODlhAQABAAAAADs="),
    ("PHOTO:", "PHOTO;ENCODING=b:!"),
    ("ANNIVERSARY:20010203", "GENDER:O;it", "LANG;PREF=1:fr", "TZ:-0500", "GEO:geo:1,2"),
    (
        "CREATED:20200102T030405Z",
        "PRONOUNS;LANGUAGE=en:they/them",
        "GRAMGENDER:neuter",
        "SOCIALPROFILE;SERVICE-TYPE=X:https://example.com/x",
    ),
    ("SOUND;ENCODING=b;TYPE=WAVE:AAAA", "LOGO;VALUE=uri:https://example.com/l.png", "CALURI:https://example.com/c"),
    ("REV:2020-01-02T03:04:05Z",),
    ("SORT-STRING:Key",),
    # Things that happen
    ("AGENT:", "BEGIN:VCARD", "VERSION:2.1", "TEL:inner", "END:VCARD"),
    ("TEL:", "EMAIL;TYPE=work:", "URL:", "ADR:", "ADR:;;;;;;"),
    ("ADR;TYPE=home:too few",),
    ("ADR;TYPE=home:;;8;;;;;;;;;;;;;;;;;;;too many",),
    ("EMAIL:twice@example.com", "EMAIL:twice@example.com"),
    ("EMAIL;TYPE=work:label@example.com", "EMAIL;TYPE=home:label@example.com"),
    ("no property at all", ":", ";:x", "=", " ", ""),
    ('TEL;TYPE="work:unbalanced',),
    ("NOTE:" + "long \u00e4\u20ac\U0001f600" * 60,),
    ("NOTE:nul\0 bell\x07 sep\u2028 nel\x85",),
    ("TEL;TYPE=home;TYPE=;:555-0112",),
    ("NOTE;CHARSET=no such\0;ENCODING=QUOTED-PRINTABLE:=E4",),
    ("NOTE;ENCODING=QUOTED-PRINTABLE:ends in a soft break=",),
    ("X-LATIN:caf\udce9",),
    ("NICKNAME;CHARSET=ISO-8859-1:caf\udce9",),
    ('EMAIL;X-UC-NAME="caf\udcc3\udca9":latin@example.com',),
)
"""Groups of lines; lone surrogates stand for single bytes that are no UTF-8."""

_VERSIONS = ("2.1", "3.0", "4.0")


def _fold(line: str, width: int, ending: str, mark: str) -> bytes:
    """The line cut every ``width`` octets, also within a character; quoted-printable stays as it is."""
    octets = line.replace("\r\n", ending).encode("utf-8", "surrogateescape")
    if width and "QUOTED-PRINTABLE" not in line.upper() and "\r\n" not in line:
        octets = f"{ending}{mark}".encode().join(octets[at : at + width] for at in range(0, len(octets), width))
    return octets + ending.encode()


@st.composite
def foreign_cards(draw: st.DrawFn, most: int = 8) -> bytes:
    """A whole card of at most ``most`` blocks; some have no END, a byte order mark in front or another card behind."""
    version = draw(st.sampled_from(_VERSIONS))
    ending = draw(st.sampled_from(("\r\n", "\r\n", "\n", "\r")))
    mark = draw(st.sampled_from((" ", "\t")))
    width = draw(st.sampled_from((0, 75, 75, 31)))
    blocks = [draw(st.sampled_from(NAMES)), *draw(st.lists(st.sampled_from(ENTRIES), max_size=most))]
    uid = draw(st.sampled_from((("UID:u-1",), ("PRODID:-//Example//EN", "UID:urn:uuid:1"), ())))
    head = draw(st.sampled_from((("BEGIN:VCARD", f"VERSION:{version}"), ("begin:vcard", f"version:{version} "))))
    lines = [line for block in (head, uid, *blocks) for line in block]
    tail = draw(
        st.sampled_from((("END:VCARD",), ("END:VCARD",), ("end:vcard ", "", "BEGIN:VCARD", "TEL:2", "END:VCARD"), ()))
    )
    raw = b"".join(_fold(line, width, ending, mark) for line in (*lines, *tail))
    if draw(st.booleans()):
        raw = raw.removesuffix(ending.encode())
    return draw(st.sampled_from((b"", b"", b"\xef\xbb\xbf"))) + raw
