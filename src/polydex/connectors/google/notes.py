"""biographies: the notes, of which a contact has one. HTML is read as plain text."""

from __future__ import annotations

from html.parser import HTMLParser

from polydex.connectors.google import wire
from polydex.connectors.google.entries import is_own
from polydex.connectors.google.fields import Item
from polydex.core.contact import text

_HTML = "TEXT_HTML"
_BREAKS = frozenset({"br", "div", "p", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre"})
_SILENT = frozenset({"script", "style", "head", "title"})


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


class _Text(HTMLParser):
    """Collects the text of a document; blocks begin on a line of their own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base class's signature
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br" or (tag in _BREAKS and self.lines[-1].strip()):
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKS and tag != "br" and self.lines[-1].strip():
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.lines[-1] += data


def _plain(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "\n".join(" ".join(line.split()) for line in parser.lines)
