"""Who may be what a create has made."""

import json
from typing import Any

import pytest

from polydex.connectors.microsoft.draft import create
from polydex.connectors.microsoft.likeness import may_be
from polydex.core.contact import Contact, Email, Name
from polydex.testing.contract import ALICE, BOB, FULL


def stripped(draft: Contact, **changes: Any) -> bytes:
    """The document of what a create has made in a mailbox that keeps no extended properties."""
    body = json.loads(create(draft, "mark", {}).body)
    body.pop("singleValueExtendedProperties", None)
    return json.dumps({"contact": {**body, "id": "AAA", "@odata.etag": "1", **changes}}).encode()


@pytest.mark.parametrize("draft", [ALICE, BOB, FULL, Contact(notes="only")])
def test_what_a_create_has_made_may_be_it(draft: Contact) -> None:
    assert may_be(stripped(draft), draft)
    body = create(draft, "mark", {}).body.decode()
    assert may_be(f'{{"contact":{{"id":"AAA",{body[1:]}}}'.encode(), draft), "also where nothing was lost"
    assert not may_be(stripped(draft, nickName="another"), draft)
    assert not may_be(stripped(Contact(nick_name="another")), draft)


def test_what_microsoft_makes_up_does_not_matter() -> None:
    draft = Contact(name=Name(given_name="Ada"), email_addresses=(Email(address="ada@example.org"),))
    emails = [{"name": "Ada (ada@example.org)", "address": "ada@example.org"}]
    assert may_be(stripped(draft, displayName="Ada", fileAs="Ada", emailAddresses=emails), draft)


def test_a_name_that_was_sent_does() -> None:
    draft = Contact(name=Name(display_name="Ada"))
    assert may_be(stripped(draft), draft)
    assert not may_be(stripped(draft, displayName="Bo"), draft)
