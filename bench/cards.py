"""Made-up cards."""

from __future__ import annotations


def card(number: int) -> bytes:
    """A typical card with a name, two addresses, two numbers, a postal address and a note."""
    return (
        "BEGIN:VCARD\r\nVERSION:3.0\r\n"
        f"UID:card-{number}\r\nFN:Person {number} Example\r\nN:Example;Person {number};;;\r\n"
        f"ORG:Company {number % 50};Sales\r\nTITLE:Manager\r\n"
        f"EMAIL;TYPE=WORK:p{number}@example.com\r\nEMAIL;TYPE=HOME:h{number}@example.org\r\n"
        f"TEL;TYPE=CELL:+49170{1_000_000 + number}\r\nTEL;TYPE=WORK,VOICE:+4930{1_000_000 + number}\r\n"
        f"ADR;TYPE=HOME:;;Main Street {number};Berlin;;10115;Germany\r\n"
        f"NOTE:Met at conference {number % 100}\r\nURL:https://example.com/{number}\r\n"
        "REV:2024-01-01T00:00:00Z\r\nEND:VCARD\r\n"
    ).encode()
