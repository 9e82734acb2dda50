"""Text as it is searched: words, e-mail addresses and phone numbers, folded alike when stored and when asked for.

The databases only store and compare what comes from here, so both engines find the same contacts. Changing a rule
changes what must be stored: it comes with a rebuild of the word index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter

from polydex.core.contact import Address, Company, Contact, Name

_LONGEST_WORD = 64
"""Characters of a word that count; stored words and words of a query are cut alike."""

# Letters that people leave out the stroke of, and that no Unicode decomposition knows.
_LETTERS = str.maketrans(
    {
        "\u0131": "i",  # dotless i, as in Turkish
        "\u00f8": "o",
        "\u0142": "l",
        "\u0111": "d",
        "\u00f0": "d",
        "\u0127": "h",
        "\u00e6": "ae",
        "\u0153": "oe",
        "\u00fe": "th",
    }
)
# ASCII, lower-cased, with a blank for everything but letters and digits.
_ASCII_WORDS = bytes(ord(chr(c).lower()) if chr(c).isascii() and chr(c).isalnum() else 0x20 for c in range(256))
# Japanese and Chinese are written without spaces: each character is a word of its own, so that a part of a name finds
# it. (Kana, ideographs, compatibility ideographs, the supplementary planes of ideographs.)
_IDEOGRAPHS = (
    "\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(f"[{_IDEOGRAPHS}]|[^\\W_{_IDEOGRAPHS}]+")


def fold(text: str) -> str:
    """Text without case, accents and width: what differs only in these is the same.

    Compatibility decomposition and full case folding (Unicode 15, 3.13, D146 and D147), and then without any mark. In
    scripts whose vowels are marks this finds a little more than was asked for; dropping less would lose matches.
    Idempotent, and the same for a character wherever it stands.
    """
    return (text if text.isascii() else _RUN.sub(_fold_run, text)).lower()


# Folding looks at one character at a time, so runs may be cut: short ones come again and are remembered.
_RUN = re.compile(r"[^\x00-\x7f]{1,8}")


def _fold_run(found: re.Match[str]) -> str:
    return _fold(found[0])


@lru_cache(maxsize=4096)
def _fold(run: str) -> str:
    run = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", run).casefold()).casefold()
    return "".join([c for c in run if unicodedata.category(c)[0] != "M"]).translate(_LETTERS)


def words(contact: Contact) -> list[str]:
    """The folded words that find a contact, each once: letters and digits only, in the order of first occurrence.

    They come from every text of the contact but types, the birthday and the photo.
    """
    texts: list[str | None] = [contact.nick_name, contact.file_as, contact.notes, *contact.keywords]
    if contact.name is not None:
        texts += _NAME_TEXTS(contact.name)
    if contact.company is not None:
        texts += _COMPANY_TEXTS(contact.company)
    for email in contact.email_addresses:
        texts += (email.address, email.name)
    for address in contact.addresses:
        texts += _ADDRESS_TEXTS(address)
    texts += [phone.number for phone in contact.phone_numbers]
    texts += [url.href for url in contact.urls]
    texts += [relation.name for relation in contact.relations]
    return query_words("\n".join([text for text in texts if text is not None]))


_NAME_TEXTS: Callable[[Name], tuple[str | None, ...]] = attrgetter(*Name.__struct_fields__)
_COMPANY_TEXTS: Callable[[Company], tuple[str | None, ...]] = attrgetter(*Company.__struct_fields__)
_ADDRESS_TEXTS: Callable[[Address], tuple[str | None, ...]] = attrgetter(
    *(member for member in Address.__struct_fields__ if member != "type")
)


def query_words(query: str) -> list[str]:
    """The folded words of a query, each once. A query without any letter or digit has none."""
    if query.isascii():
        found = query.encode().translate(_ASCII_WORDS).decode().split()
    else:  # the ranges of ideographs have holes
        found = [word for word in _WORD.findall(fold(query)) if word.isalnum()]
    once = dict.fromkeys(found)
    if once and max(map(len, once)) > _LONGEST_WORD:  # hardly ever
        once = dict.fromkeys([word[:_LONGEST_WORD] for word in once])
    return list(once)


def email_key(address: str) -> str:
    """An e-mail address as it is compared: NFC and without case, blanks around it and a ``mailto:`` before it.

    The part before the ``@`` may differ by case (RFC 5321, 2.4), but no provider in use makes that difference.
    """
    address = address.strip()
    if address.isascii():  # there is nothing to compose
        return address.lower().removeprefix("mailto:").strip()
    key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", address).casefold())
    return key.removeprefix("mailto:").strip()


_KEY_DIGITS = 7
_PLAIN_NUMBER = re.compile(r"[0-9+ ()./-]*")
_SEPARATORS = b"+ ()./-"
# What follows is no part of the number: an extension ("ext. 12", "x12", "#12"), parameters (RFC 3966), a pause.
_EXTENSION = re.compile(r"(?<=[\d)])\s*(?:(?:ext\w*|x|durchwahl|dw)[.:\s]*\d|[#;,pw]).*", re.DOTALL)


def _digits(number: str) -> str:
    """The digits that are dialled, in ASCII; ``+`` in front of them for an international number."""
    if _PLAIN_NUMBER.fullmatch(number) and "(0)" not in number:  # most numbers, in a fifth of the time
        digits = number.encode().translate(None, _SEPARATORS).decode()
    else:
        number = unicodedata.normalize("NFKC", number).strip().lower().removeprefix("tel:").strip()
        digits = "".join([str(int(c)) for c in _EXTENSION.sub("", number).replace("(0)", "") if c.isdecimal()])
    if not digits:
        return ""
    if number.lstrip("( ").startswith("+"):
        return "+" + digits
    return "+" + digits[2:] if digits.startswith("00") and len(digits) > 2 else digits


def phone_key(number: str) -> str | None:
    """The last seven digits of a number (fewer when it has fewer), None without any digit.

    Numbers that :func:`phone_matches` have the same key, so the key finds the candidates.
    """
    return _digits(number).lstrip("+")[-_KEY_DIGITS:] or None


def phone_matches(query: str, number: str, canonical: str | None = None) -> bool:
    """Whether a number that is asked for is a stored one, written differently.

    Two international numbers are equal or not. Otherwise the shorter one, as it is or without the trunk prefix 0, has at
    least seven digits and ends the longer one; a shorter number (an extension, an emergency number) is only equal to
    itself.

    Args:
        canonical: the stored number in E.164, when it could be understood.
    """
    asked = _digits(query)
    return any(_same_number(asked, _digits(stored)) for stored in (number, canonical) if stored)


def _same_number(a: str, b: str) -> bool:
    if not a or not b:
        return False
    if a == b or (a[0] == "+" and b[0] == "+"):
        return a == b
    short, long = sorted((a.lstrip("+"), b.lstrip("+")), key=len)
    return any(len(end) >= _KEY_DIGITS and long.endswith(end) for end in (short, short.lstrip("0")))
