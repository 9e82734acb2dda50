"""The tour: what a client does with Polydex, step by step; each step is verified, at the CardDAV server, too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from polydex.cli.demo.dav import LOGIN, Address
from polydex.cli.demo.people import Card, contacts
from polydex.cli.demo.steps import Steps, check

_GRACE = {
    "name": {"givenName": "Grace", "familyName": "Example"},
    "emailAddresses": [{"address": "grace@example.com", "type": "work"}],
    "birthday": "--12-09",
}


@dataclass(slots=True, kw_only=True)
class Tour(Steps):
    """Walks through the API, and looks at the CardDAV server behind its back.

    Attributes:
        before: every card as the server gave it before Polydex came: URL -> bytes, for the awkward ones.
        etags: URL -> ETag of every card, then.
        touched: URLs of cards that the tour changes.
        created: URL of the card that it makes.
    """

    book: Address
    cards: list[Card]
    before: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    created: str = ""

    def run(self) -> None:
        """Every step. Raises NotVerified at the first that fails."""
        self._photograph()
        self.connect()
        self.first_sync()
        self.read_everything()
        self.search()
        contact = self.create()
        contact = self.patch(contact)
        self.conflict(contact)
        self.keep_what_is_not_understood()
        self.delta(contact)
        self.delete(contact)
        self.untouched()

    def _photograph(self) -> None:
        self.etags = self.book.list()
        for card in self.cards:
            if card.note:
                url = self._url(card.uid)
                self.before[url] = self.book.card(url) or b""
                check(bool(self.before[url]), f"the CardDAV server has the card {card.uid}")

    def connect(self) -> None:
        """Connect the address book as an account."""
        body = {
            "serviceType": "CardDAV",
            "loginString": LOGIN,
            "password": self.book.password,
            "serverUrl": self.book.server,
        }
        answer = self.call(200, "POST", "/v1/am/accounts", body, as_app=True)
        self.client.token = answer.body["accessToken"]
        self.screen.done("Connected the address book: discovery found it, its password is stored encrypted")

    def first_sync(self) -> None:
        """Wait for the first pull, with its progress."""
        self.synchronise(len(self.cards))
        self.screen.done("First synchronisation complete")

    def read_everything(self) -> None:
        """The start token yields every contact, page by page."""
        self.screen.curl(self.client.curl("GET", "/v1/contacts/sync/updated", query={"deltaToken": self.updated}))
        records, self.updated = self.feed("updated", self.updated)
        ids = {record["id"] for record in records}
        check(len(ids) == len(records), "no contact comes twice in one run")
        check(len(ids) == contacts(self.cards), f"all {contacts(self.cards)} contacts come, and no group card")
        gone, self.deleted = self.feed("deleted", self.deleted)
        check(not gone, "nothing is deleted yet")
        self.screen.done(f"Read all {len(ids)} contacts; the group cards are left alone")

    def search(self) -> None:
        """Words match by their beginnings, without regard to accents."""
        answer = self.call(200, "GET", "/v1/contacts", query={"q": "zoe label"})
        found = [record["name"]["displayName"] for record in answer.body["records"]]
        check(found == ["Zoë Labels"], "a search for 'zoe label' finds Zoë Labels alone")
        self.screen.done("Searched for 'zoe label' and found Zoë Labels")

    def create(self) -> dict[str, Any]:
        """Create a contact: it is at the CardDAV server when the call answers."""
        answer = self.call(201, "POST", "/v1/contacts", _GRACE)
        new = set(self.book.list()) - set(self.etags)
        check(len(new) == 1, "the CardDAV server has exactly one new card")
        self.created = new.pop()
        raw = self._created_card()
        check(b"grace@example.com" in raw and b"Grace" in raw, "the new card has what was sent")
        self.screen.done("Created Grace Example; the card is at the CardDAV server")
        record: dict[str, Any] = answer.body["record"]
        check(record["etag"] == answer.body["etag"], "the record carries its etag")
        self.client.named = {record["id"]: "ID", record["etag"]: "ETAG"}
        return record

    def patch(self, contact: dict[str, Any]) -> dict[str, Any]:
        """Change one field, guarded by the etag."""
        path, etag = f"/v1/contacts/{contact['id']}", contact["etag"]
        answer = self.call(200, "PATCH", path, {"nickName": "Amazing"}, headers={"If-Match": etag})
        record: dict[str, Any] = answer.body["record"]
        check(record["nickName"] == "Amazing", "the nick name is set")
        check(record["emailAddresses"] == contact["emailAddresses"], "what was not sent stays")
        check(record["etag"] != etag, "the etag is another one")
        check(b"NICKNAME:Amazing" in self._created_card(), "the card has the nick name")
        self.screen.done("Changed the nick name under If-Match; everything else stayed")
        return {**record, "oldEtag": etag}

    def conflict(self, contact: dict[str, Any]) -> None:
        """The old etag is refused, and nothing changes."""
        before = self._created_card()
        path = f"/v1/contacts/{contact['id']}"
        answer = self.call(412, "PATCH", path, {"nickName": "Overwritten"}, headers={"If-Match": contact["oldEtag"]})
        check(answer.body["code"] == "precondition.failed", "the error says why")
        check(self._created_card() == before, "nothing changed at the CardDAV server")
        self.screen.done("The same change with the old etag: refused with 412, nothing overwritten")

    def keep_what_is_not_understood(self) -> None:
        """Change a card full of things that no API has: they stay."""
        card = next(card for card in self.cards if b"X-UNHEARD-OF" in card.text.encode())
        url = self._url(card.uid)
        found = self.client.call("GET", "/v1/contacts", query={"q": "zoe label"}).body["records"][0]
        self.touched.add(url)
        self.call(200, "PATCH", f"/v1/contacts/{found['id']}", {"notes": "Met in the harbour"})
        after = set((self.book.card(url) or b"").splitlines())
        lost = set(self.before[url].splitlines()) - after
        check(not lost, "every line of the card is still there")
        check(b"NOTE:Met in the harbour" in after, "the note was added")
        self.screen.done("Added a note to a card with labels and unknown properties: every old line is still there")

    def delta(self, contact: dict[str, Any]) -> None:
        """Somebody edits a card elsewhere; the next delta brings that, our own changes, and nothing else."""
        card = next(card for card in self.cards if card.note.startswith("a name from right to left"))
        url = self._url(card.uid)
        self.touched.add(url)
        edited = (self.book.card(url) or b"").replace(b"END:VCARD", b"NICKNAME:Mimi\r\nEND:VCARD")
        check(self.book.put(url, edited) in (200, 201, 204), "the CardDAV server takes the edit")
        self.screen.curl(self.client.curl("GET", "/v1/contacts/sync/updated", query={"deltaToken": self.updated}))
        records, self.updated = self.feed("updated", self.updated)
        names = sorted(record["name"].get("givenName", "") for record in records)
        check(names == sorted(["Grace", "Zoë", "مريم"]), "the delta brings the three changed contacts and no other")
        check(any(record["id"] == contact["id"] for record in records), "the created contact is among them")
        check(any(record.get("nickName") == "Mimi" for record in records), "so is the edit made elsewhere")
        self.screen.done("A card was edited elsewhere: the delta brings it and our own two changes, nothing else")

    def delete(self, contact: dict[str, Any]) -> None:
        """Delete: gone at the CardDAV server, and in the deleted feed."""
        self.call(200, "DELETE", f"/v1/contacts/{contact['id']}")
        check(self.book.card(self.created) is None, "the card is gone at the CardDAV server")
        gone, self.deleted = self.feed("deleted", self.deleted)
        check([record["id"] for record in gone] == [contact["id"]], "the deleted feed brings its id, once")
        answer = self.client.call("GET", f"/v1/contacts/{contact['id']}")
        check(answer.status == 404, "it is not found any more")
        self.screen.curl(self.client.curl("GET", "/v1/contacts/sync/deleted", query={"deltaToken": self.deleted}))
        self.screen.done("Deleted it again; the deleted feed says so")

    def untouched(self) -> None:
        """Whatever the tour did not change is as it was, byte by byte."""
        now = self.book.list()
        kept = {url: etag for url, etag in self.etags.items() if url not in self.touched}
        check(all(now.get(url) == etag for url, etag in kept.items()), "no other card has changed")
        check(set(now) == set(self.etags), "there are as many cards as before")
        same = [url for url in self.before if url not in self.touched]
        check(all(self.book.card(url) == self.before[url] for url in same), "awkward cards are as they were")
        self.screen.done(f"All {len(kept)} other cards are untouched; the {len(same)} awkward ones byte by byte")

    def leave_one(self) -> None:
        """Make the contact that the shown lines name with ID and ETAG once more, so that each of them can be pasted."""
        answer = self.client.call("POST", "/v1/contacts", _GRACE)
        check(answer.status == 201, f"a contact can be made again: {answer.status}")
        self.client.named = {answer.body["id"]: "ID", answer.body["etag"]: "ETAG"}

    def _created_card(self) -> bytes:
        return self.book.card(self.created) or b""

    def _url(self, uid: str) -> str:
        return f"{self.book.url}{uid}.vcf"
