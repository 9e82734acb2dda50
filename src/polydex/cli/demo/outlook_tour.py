"""The tour once more with a mailbox of Microsoft's, in the cloud or on a server of one's own: verified in the user's Outlook, too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from polydex.cli.demo.steps import Steps, check

_FOUR = [{"address": f"hedy{number}@example.com"} for number in range(1, 5)]


class Outlook(Protocol):
    """The user's Outlook: the control API of the sandbox (docs/reference/sandbox.md)."""

    @property
    def service(self) -> str:
        """Who has the mailbox, for the screen."""
        ...

    @property
    def count(self) -> int:
        """Contacts at the beginning."""
        ...

    @property
    def credentials(self) -> dict[str, str]:
        """What connects the account."""
        ...

    @property
    def original(self) -> str:
        """Id of the contact with everything that the public interface does not have."""
        ...

    @property
    def kept(self) -> tuple[str, ...]:
        """The names of that."""
        ...

    def contacts(self) -> dict[str, dict[str, Any]]:
        """Every contact as it truly is, by id."""
        ...

    def contact(self, key: str) -> dict[str, Any]: ...

    def note(self, key: str) -> str: ...

    def rename(self, key: str, nickname: str) -> None: ...

    def delete(self, key: str) -> None: ...

    def addresses(self, key: str) -> int:
        """How many e-mail addresses Outlook shows."""
        ...

    def lose_sync_state(self) -> None:
        """From now on the provider has forgotten what it told whom: the next request for changes is refused, once."""
        ...


@dataclass(slots=True, kw_only=True)
class OutlookTour(Steps):
    """Walks through the API with such an account, and looks into the sandbox behind its back.

    Attributes:
        before: every contact as Outlook had it before Polydex came, by id.
    """

    outlook: Outlook
    before: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self) -> None:
        """Every step. Raises NotVerified at the first that fails."""
        self.before = self.outlook.contacts()
        self.connect()
        self.read_everything()
        self.more_than_fits()
        self.keep_what_is_not_understood()
        self.delta()
        self.after_a_reset()

    def connect(self) -> None:
        """Connect the account with the refresh token that OAuth gave, or with its password."""
        answer = self.call(200, "POST", "/v1/am/accounts", self.outlook.credentials, as_app=True)
        self.client.token = answer.body["accessToken"]
        self.screen.done(f"Connected the {self.outlook.service} account; from here on, the same calls as before")

    def read_everything(self) -> None:
        """The start token yields every contact."""
        count = self.outlook.count
        self.synchronise(count)
        self.screen.curl(self.client.curl("GET", "/v1/contacts/sync/updated", query={"deltaToken": self.updated}))
        records, self.updated = self.feed("updated", self.updated)
        check(len({record["id"] for record in records}) == len(records) == count, f"all {count} contacts come, once")
        self.screen.done(f"First synchronisation complete: all {count} contacts of the {self.outlook.service} mailbox")

    def more_than_fits(self) -> None:
        """Outlook has three addresses a contact, no place for a type, and birthdays with a year: nothing is dropped."""
        draft = {
            "name": {"givenName": "Hedy", "familyName": "Example"},
            "emailAddresses": [{**_FOUR[0], "type": "work"}, *_FOUR[1:]],
            "birthday": "--11-09",
        }
        made = self.client.call("POST", "/v1/contacts", draft)
        check(made.status == 201, f"POST /v1/contacts answers 201, not {made.status}")
        (new,) = set(self.outlook.contacts()) - set(self.before)
        check(self.outlook.addresses(new) == 3, "Outlook shows three addresses")
        record = self.client.call("GET", f"/v1/contacts/{made.body['id']}").body
        check(record["emailAddresses"] == draft["emailAddresses"], "all four are there, and the type")
        check(record["birthday"] == draft["birthday"], "the birthday has no year")
        gone = self.client.call("DELETE", f"/v1/contacts/{made.body['id']}")
        check(gone.status == 200 and new not in self.outlook.contacts(), "it is gone in Outlook")
        records, self.updated = self.feed("updated", self.updated)
        deleted, self.deleted = self.feed("deleted", self.deleted)
        check(not records and [each["id"] for each in deleted] == [made.body["id"]], "the deleted feed brings its id")
        self.screen.done(
            "Created Hedy Example with four addresses where Outlook has three, and read all four again; deleted it"
        )

    def keep_what_is_not_understood(self) -> None:
        """Change a contact full of things that the public interface does not have: they stay."""
        found = self.client.call("GET", "/v1/contacts", query={"q": "orson original"}).body["records"][0]
        self.call(200, "PATCH", f"/v1/contacts/{found['id']}", {"notes": "Met in the harbour"})
        before, after = self.before[self.outlook.original], self.outlook.contact(self.outlook.original)
        for name in self.outlook.kept:
            check(after[name] == before[name], f"{name} are as they were")
        check(self.outlook.note(self.outlook.original) == "Met in the harbour", "the note was added")
        self.screen.done("Added a note to a contact with chat addresses, children and a profession: all still there")

    def delta(self) -> None:
        """Outlook edits one and deletes another: the feeds bring that, our own change, and nothing else."""
        others = [key for key in self.before if key != self.outlook.original]
        self.outlook.rename(others[0], "Mimi")
        self.outlook.delete(others[1])
        self.screen.curl(self.client.curl("GET", "/v1/contacts/sync/updated", query={"deltaToken": self.updated}))
        records, self.updated = self.feed("updated", self.updated)
        said = sorted(record.get("nickName") or record.get("notes", "") for record in records)
        check(said == ["Met in the harbour", "Mimi"], "the delta brings the two changed contacts and no other")
        deleted, self.deleted = self.feed("deleted", self.deleted)
        check(len(deleted) == 1, "the deleted feed brings the one that Outlook deleted")
        self.screen.done("Outlook edited one contact and deleted another: the feeds bring both, and nothing else")

    def after_a_reset(self) -> None:
        """The provider has forgotten what it told us; a client's delta token goes on."""
        self.outlook.lose_sync_state()
        self.outlook.rename(next(iter(self.before)), "Momo")
        records, self.updated = self.feed("updated", self.updated)
        check([record.get("nickName") for record in records] == ["Momo"], "the delta brings the one change since")
        deleted, self.deleted = self.feed("deleted", self.deleted)
        check(not deleted, "nothing is reported as deleted that is there")
        self.screen.done(
            f"{self.outlook.service} lost its synchronisation state: the same delta token brings the one real change"
        )
