"""The strong ETag of a contact, and the If-Match header.

The tag is over the content that clients can write and nothing derived (JOURNAL.md, J16): it stays when a provider
renumbers its revisions or a phone number is understood better, and it changes whenever a client would see other
content. Clients store tags, so the canonical bytes are an interface: a new member of Contact is left out when it is
not set, and the order of the existing ones never changes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

import msgspec

from polydex.core.contact import Contact, content
from polydex.core.errors import BadRequest

_encoder = msgspec.json.Encoder()


def content_bytes(contact: Contact) -> bytes:
    """The canonical JSON bytes of the content of a contact in normal form; equal exactly when the contents are."""
    return _encoder.encode(content(contact))


def etag_of(contact: Contact) -> str:
    """The ETag, without quotes: 22 characters of base64url, 128 bits of the SHA-256 of the canonical bytes.

    ``contact`` is in normal form (other contacts may hold text that no encoding carries).
    """
    digest = hashlib.sha256(content_bytes(contact)).digest()[:16]
    return base64.urlsafe_b64encode(digest)[:22].decode("ascii")


# One element of the list: RFC 9110, 8.8.3 (entity-tag), or bare as it stands in the JSON body.
_TAG = re.compile(r'[ \t]*(?:(?:[Ww]/)?"([^"]*)"|([^\s",]+))[ \t]*(?:,|$)|[ \t]*,|[ \t]+$')


@dataclass(frozen=True, slots=True)
class IfMatch:
    """An If-Match header, understood.

    Attributes:
        tags: the entity tags, without quotes and weakness.
        any: the header was ``*`` and matches every version.
    """

    tags: frozenset[str]
    any: bool = False

    @classmethod
    def parse(cls, header: str) -> IfMatch:
        """Read a header value: quoted, weak, bare, a list of such, or ``*``.

        Weak tags count like strong ones, against RFC 9110 13.1.1: proxies that compress weaken the tags of passing
        answers, and ours are over content, not over bytes on the wire. Several header lines are joined by commas
        before (RFC 9110 5.3).

        Raises:
            BadRequest: there is no entity tag in it, or something else is.
        """
        tags, position = set[str](), 0
        while position < len(header):
            match = _TAG.match(header, position)
            if match is None:
                raise BadRequest("Header If-Match: not a list of entity tags")
            tag = match[1] if match[1] is not None else match[2]
            if tag:
                tags.add(tag)
            position = match.end()
        if not tags:
            raise BadRequest("Header If-Match: there is no entity tag in it")
        return cls(frozenset(tags), any="*" in tags)

    def matches(self, etag: str) -> bool:
        """Whether the header allows the version with this (unquoted) tag."""
        return self.any or etag in self.tags
