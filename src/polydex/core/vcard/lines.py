"""Content lines: every line keeps the exact text it was read from, so an untouched line is written back as it was.

Reading is lenient: CRLF, LF or CR, folds, quoted-printable soft breaks and unfolded base64 of version 2.1, byte order
mark, NULs, lines that are no property, bytes that are not UTF-8. Writing is strict: CRLF, folds at 75 octets that cut
no character (RFC 6350 section 3.2).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from polydex.core.vcard import params as parameters
from polydex.core.vcard.params import NO_PREFERENCE, Params

# Group, name, parameters and value of a line without folds and quotes; the whole of every line.
_LOGICAL = re.compile(
    r"""((?:([\w-]++)\.)?([\w-]++)((?:;[^":\r\n]*+)?):([^\r\n]*+)(?:\r(?!\n)|\r?\n)(?![ \t])"""
    r"""|[^\r\n]*+(?:(?:\r\n|\r|\n)[ \t][^\r\n]*+)*+(?:\r\n|\r|\n|\Z))""",
    re.ASCII,
)
_FOLD = re.compile(r"(?:\r\n|\r|\n)[ \t]")
_BREAK = re.compile(r"\r\n|\r|\n")
_SOFT_BREAK = re.compile(r"=(?:\r\n|\r|\n)")
_HEADER = re.compile(r'\ufeff?(?:([\w-]+)\.)?([\w-]+)((?:;[^":]*(?:"[^"]*"[^":]*)*)?):', re.ASCII)
_PLAIN_HEADER = re.compile(r"\ufeff?(?:([\w-]+)\.)?([\w-]+)((?:;[^:]*)?):", re.ASCII)
_PLAIN_HEAD = re.compile(r'(?:([\w-]+)\.)?([\w-]+)((?:;[^":]*)?)', re.ASCII)
_BASE64 = re.compile(r"[ \t]*[A-Za-z0-9+/]+={0,2}[ \t]*")
_UNSAFE_QP = re.compile(rb"[^!-<>-~ ]|(?<= ) | (?=\r|$)|^ ")
_END = re.compile(r"END:VCARD", re.IGNORECASE)
_NO_PARAMS = parameters.NONE


class Line(msgspec.Struct, eq=False, gc=False):
    """One logical line, compared by identity.

    Attributes:
        source: the exact text, with folds and line ending (bytes that are not UTF-8 as lone surrogates).
        group: what stands before the dot (``item1``), as written, or "".
        name: the property's name in upper case; "" for a line that is no property.
        params: its parameters.
        value: the value, unfolded, decoded from quoted-printable and charset, still escaped.
    """

    source: str
    group: str
    name: str
    params: Params
    value: str

    @classmethod
    def make(cls, name: str, value: str, version: str, *, params: Params = _NO_PARAMS, group: str = "") -> Line:
        """A new line. ``value`` is escaped already; no character of it can begin another line."""
        params = params.without("CHARSET") if params.charset else params
        if params.encoding not in ("", "base64"):
            params = params.without("ENCODING")
        head = f"{group}.{name}" if group else name
        if version == "2.1" and params.encoding != "base64" and not _plain(value):
            extra = ";CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE"
            source = _quoted_printable(f"{head}{_clean(str(params))}{extra}:", value)
            return cls(source, group, name.upper(), parameters.parse(f"{params}{extra}"), value)
        if "\r" in value or "\n" in value:
            value = _BREAK.sub(r"\\n", value)
        return cls(fold(f"{head}{_clean(str(params))}:{value}"), group, name.upper(), params, value)

    def revised(self, version: str, *, value: str | None = None, params: Params | None = None) -> Line:
        """The line with another value or other parameters; group and name stay, as they are written."""
        match = _HEADER.match(self.source)
        return Line.make(
            match[2] if match else self.name,
            self.value if value is None else value,
            version,
            params=self.params if params is None else params,
            group=self.group,
        )

    @property
    def pref(self) -> int:
        """1 (first) to 100, or NO_PREFERENCE."""
        return self.params.pref

    def __repr__(self) -> str:
        return f"<Line {self.name or '(none)'}>"


def parse(raw: bytes) -> list[Line]:
    """The lines of a document; joined again by :func:`render` they are the same bytes."""
    try:
        text, mend = raw.decode(), False
    except UnicodeDecodeError:
        text, mend = raw.decode("utf-8", "surrogateescape"), True
    return (None if mend else _parse_plain(text)) or _parse(text, mend=mend)


def _parse_plain(text: str) -> list[Line] | None:
    """The lines of a document that needs no mending, as most are; None when it is not so plain.

    Plain is: every line ends in CRLF, is not folded, and begins with a name and parameters without quotes. What stands
    before the colon is then one of few texts, read once and remembered, in half the time of the general way.
    """
    sources = text.split("\r\n")
    if sources.pop() or "\r\n " in text or "\r\n\t" in text or not len(sources) == text.count("\n") == text.count("\r"):
        return None
    lines = []
    for source in sources:
        head, colon, value = source.partition(":")
        found = _head(head) if colon and len(head) <= 80 else None
        if found is None:
            return None
        group, name, params = found
        lines.append(Line(source + "\r\n", group, name, params, value))
    return lines


@lru_cache(maxsize=2048)
def _head(head: str) -> tuple[str, str, Params] | None:
    """Group, upper-case name and parameters; None for what is no plain head, or whose value is not on the line as is."""
    match = _PLAIN_HEAD.fullmatch(head)
    if match is None:
        return None
    group, name, rest = match.groups("")
    params = parameters.parse(rest) if rest else _NO_PARAMS
    return None if params.encoding == "quoted-printable" else (group, name.upper(), params)


def _parse(text: str, *, mend: bool) -> list[Line]:
    """The lines of any document. ``mend``: some of its bytes are not UTF-8."""
    lines: list[Line] = []
    found = _LOGICAL.findall(text)
    at, end = 0, len(found) - 1  # the last match is the empty one at the end
    while at < end:
        source, group, name, head, value = found[at]
        at += 1
        if not name:
            unfolded = source.rstrip("\r\n")
            if "\n" in unfolded or "\r" in unfolded:
                unfolded = _FOLD.sub("", unfolded)
            match = _HEADER.match(unfolded) or _PLAIN_HEADER.match(unfolded)
            if match is None:
                if lines and lines[-1].params.encoding == "base64" and _BASE64.fullmatch(unfolded):
                    first = at - 1
                    while at < end and not found[at][2] and _BASE64.fullmatch(found[at][0].rstrip("\r\n")):
                        at += 1
                    lines[-1].source += "".join([piece[0] for piece in found[first:at]])
                    lines[-1].value += "".join(
                        [unfolded, *(piece[0].rstrip("\r\n") for piece in found[first + 1 : at])]
                    )
                else:
                    lines.append(Line(source, "", "", _NO_PARAMS, unfolded))
                continue
            group, name, head = match.groups("")
            value = unfolded[match.end() :]
        params = parameters.parse(head) if head else _NO_PARAMS
        if params.encoding == "quoted-printable":
            # A trailing "=" says that the line goes on (RFC 2045 section 6.7); white space after it is text, no fold.
            pieces = [source]
            while _goes_on(pieces[-1]) and at < end and not _END.match(found[at][0]):
                pieces.append(found[at][0])
                at += 1
            source = "".join(pieces)
            joined = _FOLD.sub("", _SOFT_BREAK.sub("", source)).rstrip("\r\n")
            match = _HEADER.match(joined) or _PLAIN_HEADER.match(joined)
            value = _from_quoted_printable(joined[match.end() :] if match else value, params.charset)
        elif mend and not value.isascii():
            value = _text(value.encode("utf-8", "surrogateescape"), params.charset)
        lines.append(Line(source, group, name.upper(), params, value))
    return lines


def render(lines: Iterable[Line]) -> bytes:
    """The document made of these lines."""
    return "".join([line.source for line in lines]).encode("utf-8", "surrogateescape")


def finish(line: Line, following: Line) -> None:
    """Let the line end before ``following``, which has come there: it may have been the last one of a card cut off.

    Without an ending the two would be one, as they would with a soft break that only the end of the card kept short.
    """
    if not line.source.endswith(("\n", "\r")):
        line.source += "\r\n"
    if line.params.encoding == "quoted-printable" and _goes_on(line.source) and not _END.match(following.source):
        text = line.source.rstrip("\r\n")
        line.source = text.removesuffix("=") + line.source[len(text) :]


def fold(text: str) -> str:
    """The logical line as physical ones of at most 75 octets, each ended by CRLF."""
    if len(text) <= 75 and text.isascii():
        return text + "\r\n"
    octets = text.encode("utf-8", "surrogateescape")
    parts = []
    at, room = 0, 75
    while len(octets) - at > room:
        end = at + room
        while octets[end] & 0xC0 == 0x80 and end > at + 70:  # inside a character
            end -= 1
        parts.append(octets[at:end])
        at, room = end, 74
    parts.append(octets[at:])
    return b"\r\n ".join(parts).decode("utf-8", "surrogateescape") + "\r\n"


def preferred(lines: list[Line]) -> list[Line]:
    """Lines in order of preference: PREF first, else as they stand."""
    if len(lines) < 2:
        return lines
    for line in lines:
        if line.params.pref != NO_PREFERENCE:
            return sorted(lines, key=lambda line: line.params.pref)
    return lines


def _goes_on(source: str) -> bool:
    """Whether a quoted-printable line ends in a soft break; an empty line behind it ends it."""
    return source.removesuffix("\n").removesuffix("\r").endswith("=")


def _clean(head: str) -> str:
    """Parameters without a line break, whatever they were made of."""
    return _BREAK.sub(" ", head) if "\r" in head or "\n" in head else head


def _plain(value: str) -> bool:
    return value.isascii() and "\n" not in value and "\r" not in value


def _from_quoted_printable(value: str, charset: str) -> str:
    octets = binascii.a2b_qp(value.encode("utf-8", "surrogateescape"))
    try:
        text = octets.decode(charset or "utf-8")
    except (ValueError, LookupError):  # a charset with a NUL in it is a ValueError
        text = _text(octets, "")
    return _BREAK.sub("\n", text)


def _quoted_printable(head: str, value: str) -> str:
    """A line of version 2.1 with soft breaks, none of them before white space."""
    octets = _BREAK.sub("\r\n", value).encode("utf-8", "surrogateescape")
    text = _UNSAFE_QP.sub(lambda match: b"=%02X" % match[0][0], octets).decode("ascii")
    parts = []
    room = max(74 - len(head), 8)
    while len(text) > room:
        cut = room
        while "=" in text[cut - 2 : cut] or text[cut] == " ":
            cut -= 1
        parts.append(text[:cut])
        text, room = text[cut:], 74
    return head + "=\r\n".join([*parts, text]) + "\r\n"


def _text(octets: bytes, charset: str) -> str:
    """Text in UTF-8, else in the named charset, else in Windows' superset of Latin-1."""
    for encoding in ("utf-8", charset or "cp1252"):
        try:
            return octets.decode(encoding)
        except (ValueError, LookupError):
            continue
    return octets.decode("latin-1")
