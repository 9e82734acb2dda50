"""The same tour, shorter, with a Google account: the same calls, another provider; verified at Google's side, too."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from polydex.cli.demo.google import COUNT, WEEK, Phone
from polydex.cli.demo.steps import Steps, check

_KEPT = ("phoneNumbers", "events", "imClients", "relations", "userDefined")
_TOKEN_LIFE = timedelta(seconds=3599)


@dataclass(slots=True, kw_only=True)
class GoogleTour(Steps):
    """Walks through the API with a Google account, and looks into the sandbox behind its back.

    Attributes:
        before: every contact as Google had it before Polydex came, by resource name.
    """

    phone: Phone
    before: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self) -> None:
        """Every step. Raises NotVerified at the first that fails."""
        self.before = self.phone.contacts()
        self.connect()
        self.read_everything()
        self.create_and_delete()
        self.keep_what_is_not_understood()
        self.delta()
        self.after_a_week()

    def connect(self) -> None:
        """Connect the account with the tokens that OAuth gave."""
        access, refresh = self.phone.tokens
        body = {
            "serviceType": "Google",
            "authString1": access,
            "authString2": refresh,
            "authExpiresAt": (datetime.now(UTC) + _TOKEN_LIFE).isoformat(timespec="seconds"),
        }
        answer = self.call(200, "POST", "/v1/am/accounts", body, as_app=True)
        self.client.token = answer.body["accessToken"]
        self.screen.done("Connected the Google account; from here on, the same calls as before")

    def read_everything(self) -> None:
        """The start token yields every contact."""
        self.synchronise(COUNT)
        self.screen.curl(self.client.curl("GET", "/v1/contacts/sync/updated", query={"deltaToken": self.updated}))
        records, self.updated = self.feed("updated", self.updated)
        check(len({record["id"] for record in records}) == len(records) == COUNT, f"all {COUNT} contacts come, once")
        self.screen.done(f"First synchronisation complete: all {COUNT} contacts of the Google account")

    def create_and_delete(self) -> None:
        """A contact is at Google when the call answers, with a label for each keyword; and it is gone again."""
        draft = {
            "name": {"givenName": "Hedy", "familyName": "Example"},
            "emailAddresses": [{"address": "hedy@example.com", "type": "work"}],
            "keywords": ["Inventors"],
            "fileAs": "Example, Hedy",
        }
        made = self.client.call("POST", "/v1/contacts", draft)
        check(made.status == 201, f"POST /v1/contacts answers 201, not {made.status}")
        new = set(self.phone.contacts()) - set(self.before)
        check(len(new) == 1, "Google has exactly one new contact")
        record = self.client.call("GET", f"/v1/contacts/{made.body['id']}").body
        check(record["keywords"] == ["Inventors"], "the keyword is a label")
        check(record["fileAs"] == "Example, Hedy", "what Google has no field for is kept")
        gone = self.client.call("DELETE", f"/v1/contacts/{made.body['id']}")
        check(gone.status == 200 and not new & set(self.phone.contacts()), "it is gone at Google")
        records, self.updated = self.feed("updated", self.updated)
        deleted, self.deleted = self.feed("deleted", self.deleted)
        check(not records and [each["id"] for each in deleted] == [made.body["id"]], "the deleted feed brings its id")
        self.screen.done(
            "Created Hedy Example at Google, with a label and a fileAs that Google has no field for; deleted it"
        )

    def keep_what_is_not_understood(self) -> None:
        """Change a contact full of things that the public interface does not have: they stay."""
        found = self.client.call("GET", "/v1/contacts", query={"q": "olive original"}).body["records"][0]
        self.call(200, "PATCH", f"/v1/contacts/{found['id']}", {"notes": "Met in the harbour"})
        before, after = self.before[self.phone.original], self.phone.contact(self.phone.original)
        for name in _KEPT:
            check(_bare(after[name]) == _bare(before[name]), f"{name} are as they were")
        check({"key": "another-program", "value": "keep me"} in _bare(after["clientData"]), "so is foreign data")
        check(after["biographies"][0]["value"] == "Met in the harbour", "the note was added")
        self.screen.done(
            "Added a note to a contact with events, chat names and labels of its own: all of them are still there"
        )

    def delta(self) -> None:
        """The phone edits one and deletes another: the feeds bring that, our own change, and nothing else."""
        others = [name for name in self.before if name != self.phone.original]
        self.phone.edit(others[0], {"nicknames": [{"value": "Mimi"}]})
        self.phone.delete(others[1])
        self.screen.curl(self.client.curl("GET", "/v1/contacts/sync/updated", query={"deltaToken": self.updated}))
        records, self.updated = self.feed("updated", self.updated)
        said = sorted(record.get("nickName") or record.get("notes", "") for record in records)
        check(said == ["Met in the harbour", "Mimi"], "the delta brings the two changed contacts and no other")
        deleted, self.deleted = self.feed("deleted", self.deleted)
        check(len(deleted) == 1, "the deleted feed brings the one that the phone deleted")
        self.screen.done(
            "The phone edited one contact and deleted another: the feeds bring both, our own change, nothing else"
        )

    def after_a_week(self) -> None:
        """Google's sync token has died meanwhile, and the access token, too; a client's delta token has not."""
        name = next(iter(self.before))
        self.phone.wait(WEEK)
        self.phone.edit(name, {"nicknames": [{"value": "Momo"}]})
        records, self.updated = self.feed("updated", self.updated)
        check(
            [record.get("nickName") for record in records] == ["Momo"], "the delta brings the one change of that week"
        )
        deleted, self.deleted = self.feed("deleted", self.deleted)
        check(not deleted, "nothing is reported as deleted that is there")
        self.screen.done(
            "Eight days later Google's sync token is dead: the same delta token still brings the one real change"
        )


def _bare(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries without what Google says about them."""
    return [{name: value for name, value in entry.items() if name != "metadata"} for entry in entries]
