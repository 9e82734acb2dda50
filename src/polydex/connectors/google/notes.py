"""biographies: the notes, of which a contact has one. HTML is read as plain text."""

from __future__ import annotations

import re
from html import unescape

from polydex.connectors.google import wire
from polydex.connectors.google.entries import is_own
from polydex.connectors.google.fields import Item
from polydex.core.contact import text

_HTML = "TEXT_HTML"
_BREAKS = frozenset({"br", "div", "p", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre"})
_SILENT = frozenset({"script", "style", "head", "title"})
_RAW = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style")}
"""Elements in which nothing but their own end is a tag."""
_TAG = re.compile(r"(/?)([a-zA-Z][^\s/<>]*)")
_REST_OF_TAG = re.compile(r"""(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")
_LONG_NUMBER = re.compile(r"&#([0-9]{8,});?")
"""Of a character reference: beyond all that there are, or padded with zeros."""


def read(entries: tuple[wire.Biography, ...] | None) -> str | None:
    """The notes as plain text."""
    for entry in entries or ():
        if is_own(entry):
            value = entry.value
            if value and entry.content_type == _HTML:
                value = _plain(value)
            return text(value, multiline=True)
    return None


def edit(items: list[Item], value: str | None) -> list[Item]:
    """The contact's biographies with these notes."""
    if value is None:
        return []
    item = dict(items[0]) if items else {}
    item["value"], item["contentType"] = value, "TEXT_PLAIN"
    return [item]


class _Text:
    """Collects the text of a document; blocks begin on a line of their own."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = [[]]
        self._begun = False  # there is something on the last line
        self._silent = 0

    def text(self, data: str) -> None:
        if data and not self._silent:
            piece = unescape(_LONG_NUMBER.sub(_short, data))
            self.lines[-1].append(piece)
            self._begun = self._begun or not piece.isspace()

    def start(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br" or (tag in _BREAKS and self._begun):
            self._break()

    def end(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKS and tag != "br" and self._begun:
            self._break()

    def _break(self) -> None:
        self.lines.append([])
        self._begun = False


def _plain(html: str) -> str:
    """The text of a document, whatever is wrong with it, in one pass.

    Not by ``html.parser``: it reads on to the end, for every tag that does not end, and fails at some (``<![Ann]``).
    """
    found = _Text()
    ends = _Ends(html)
    at = 0
    while (begin := html.find("<", at)) >= 0:
        found.text(html[at:begin])
        tag = _TAG.match(html, begin + 1)
        at = ends.of_tag(tag.end()) if tag else ends.of_other(begin)
        if at < 0:  # a plain character
            found.text("<")
            at = begin + 1
        elif tag:
            name = tag[2].lower()
            (found.end if tag[1] else found.start)(name)
            if name in _RAW and not tag[1]:
                closing = _RAW[name].search(html, at)
                at = closing.start() if closing else len(html)
    found.text(html[at:])
    return "\n".join(" ".join("".join(line).split()) for line in found.lines)


class _Ends:
    """Where tags and comments end; -1: nowhere. What was looked for in vain up to the end is not looked for again."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._quotes = self._comments = self._any = True

    def of_tag(self, at: int) -> int:
        """``at``: behind its name. A ">" in quotes is none, if they end."""
        if self._quotes:
            rest = _REST_OF_TAG.match(self._html, at)
            if rest:
                return rest.end()
            self._quotes = False
        return self._next(at)

    def of_other(self, begin: int) -> int:
        """Of a comment, a declaration or the like that begins here."""
        if self._html.startswith("<!--", begin) and self._comments:
            end = self._html.find("-->", begin + 4)
            if end >= 0:
                return end + 3
            self._comments = False
        return self._next(begin) if self._html.startswith(("<!", "<?", "</"), begin) else -1

    def _next(self, at: int) -> int:
        end = self._html.find(">", at) if self._any else -1
        self._any = end >= 0
        return end + 1 if end >= 0 else -1


def _short(reference: re.Match[str]) -> str:
    number = reference[1].lstrip("0") or "0"
    return f"&#{number};" if len(number) < 8 else "\N{REPLACEMENT CHARACTER}"
