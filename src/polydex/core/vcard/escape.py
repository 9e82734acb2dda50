r"""Escapes of vCard values: ``\\``, ``\,``, ``\;`` and ``\n`` (RFC 2426 section 4, RFC 6350 section 3.4).

Reading is lenient: ``\:`` (Apple) is a colon, any other unknown escape stays as it stands. Version 2.1 knows no
``\n``; its line breaks are quoted-printable, so a value may hold real ones.
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANING = {"n": "\n", "N": "\n", ",": ",", ";": ";", ":": ":", "\\": "\\"}
_MEANING_21 = {key: value for key, value in _MEANING.items() if key not in "nN"}
_SEMICOLON = re.compile(r"(?<!\\);")
_COMMA = re.compile(r"(?<!\\),")
_COMPONENTS = re.compile(r"(?:[^;\\]|\\.|\\$)*", re.DOTALL)
_ITEMS = re.compile(r"(?:[^,\\]|\\.|\\$)*", re.DOTALL)
_SPECIAL = re.compile(r"[\\,;]")
_BREAK = re.compile(r"\r\n|\r|\n")


def unescape(value: str, *, old: bool = False) -> str:
    """The text behind an escaped value. ``old``: by the rules of version 2.1."""
    if "\\" not in value:
        return value
    if "\\\\" not in value:
        value = value.replace("\\,", ",").replace("\\;", ";").replace("\\:", ":")
        return value if old else value.replace("\\n", "\n").replace("\\N", "\n")
    meaning = _MEANING_21 if old else _MEANING
    return _ESCAPED.sub(lambda match: meaning.get(match[1], match[0]), value)


def escape(text: str, *, old: bool = False) -> str:
    """The text as a value, one component of a structured value or one item of a list.

    ``old``: line breaks stay, for the quoted-printable of version 2.1.
    """
    if "\\" in text or "," in text or ";" in text:
        text = _SPECIAL.sub(r"\\\g<0>", text)
    if not old and ("\n" in text or "\r" in text):
        text = _BREAK.sub(r"\\n", text)
    return text


def components(value: str) -> list[str]:
    """The parts of a structured value, split at unescaped semicolons, still escaped."""
    if "\\" not in value:
        return value.split(";")
    return _split(_COMPONENTS, value) if "\\\\" in value else _SEMICOLON.split(value)


def items(value: str) -> list[str]:
    """The parts of a list value, split at unescaped commas, still escaped."""
    if "\\" not in value:
        return value.split(",")
    return _split(_ITEMS, value) if "\\\\" in value else _COMMA.split(value)


def _split(pattern: re.Pattern[str], value: str) -> list[str]:
    parts = []
    at = 0
    while True:
        match = pattern.match(value, at)
        end = match.end() if match else len(value)
        parts.append(value[at:end])
        if end >= len(value):
            return parts
        at = end + 1
