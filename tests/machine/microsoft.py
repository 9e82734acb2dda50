"""The machine over the real Microsoft connector and Graph's sandbox: the user's Outlook, notifications, and all oddities."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from itertools import groupby
from typing import Any, ClassVar

from hypothesis import currently_in_test_context, note, strategies as st
from hypothesis.stateful import initialize, rule
from PIL import Image

from polydex.connectors.microsoft.folders import DEFAULT
from polydex.connectors.microsoft.provider import MICROSOFT
from polydex.connectors.tokens import Grant
from polydex.core.contact import Contact
from polydex.engine import grants
from polydex.store import accounts, sources
from polydex.store.db import Tx
from polydex.testing.contract import content
from polydex.testing.world import Fault
from polydex_sandbox.identity.microsoft.clients import DEFAULT as CLIENT
from polydex_sandbox.microsoft.contact import Contact as Stored
from polydex_sandbox.microsoft.mailbox import CONTACTS
from tests.machine.application import KEYS
from tests.machine.machine import FEW, MANY, NAMES, SETTINGS
from tests.machine.microsoft_sandbox import METHODS, OURS, URL_OF_GRAPH, MicrosoftBook, MicrosoftNet, outlook_contact
from tests.machine.rest import ACCOUNT
from tests.machine.sandboxed import SandboxedHome, SandboxedMachine
from tests.microsoft.world import ALIEN, ALIEN_EXTENDED

PAGES = (2, 3, 7, 200)
"""Contacts on a page of a delta query."""
LAG = 600
"""Seconds that a change is told late at most, as the connector says."""
FRESH = 120
"""Seconds that a new contact is not found by its id at most."""
STATES = [
    {"code": code, "on": on, "status": status, "location": location}
    for code, on, status, location in (
        ("SyncStateNotFound", "deltaLink", 410, True),
        ("syncStateNotFound", "any", 410, False),
        ("SyncStateInvalid", "nextLink", 410, True),
        ("SyncStateNotFound", "nextLink", 400, False),
        ("resyncRequired", "deltaLink", 410, True),
        ("ResyncRequired", "any", 400, False),
    )
]
PASSING: dict[str, dict[str, Any]] = {
    "graph-throttled": {},
    "graph-unavailable": {"retryAfter": 3},
    "graph-forbidden": {},
    "graph-token-refused": {},
    "graph-slow": {"seconds": 30.0},
    "graph-drop-before": {},
    "graph-drop-after": {},
    "graph-spurious-conflict": {},
    "graph-photo-not-stored": {},
    "graph-stale-answer": {},
    "graph-delta-empty-page": {},
    "graph-delta-endless": {},
    "identity-microsoft-unavailable": {},
    "identity-microsoft-throttled": {"retryAfter": 0},
    "identity-microsoft-drop-before": {},
}
"""Quirks that strike some calls. Of ``identity-microsoft-drop-after`` see ``token_answers_are_lost``."""
LASTING: dict[str, dict[str, Any]] = {
    "graph-delta-repeats": {},
    "graph-delta-replays": {"most": 3, "old": True},
    "graph-deleted-item-answers": {},
    "graph-email-names": {},
    "graph-null-keeps-property": {},
    "graph-no-delete-notification": {},
    "graph-created-and-updated": {},
    "graph-notification-repeats": {},
    "graph-notification-delay": {"seconds": 60},
    "graph-endless-missed": {},
    "graph-subscription-vanishes": {},
    "graph-create-drops-properties": {"everywhere": True},
    "graph-folder-in-path": {"checked": True},
    "identity-microsoft-keeps-refresh-token": {},
    "identity-microsoft-strict-rotation": {"family": True},
}
"""Habits that stay for a while."""
FAULTS = {Fault.FAILED: "graph-drop-before", Fault.LOST: "graph-drop-after", Fault.PARTLY: "graph-throttled"}
STRICT = "identity-microsoft-strict-rotation"


def _picture(shade: int) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, 0, 0)).save(output, "JPEG")
    return output.getvalue()


class MicrosoftMachine(SandboxedMachine):
    """See ``SandboxedMachine``.

    Attributes:
        graph: the mailbox, and Outlook.
        other: the id of another folder, which is a source as well.
        deaf: the address for notifications answers nobody.
    """

    methods = METHODS
    passing = PASSING
    lasting = LASTING
    faults = FAULTS
    photo: ClassVar[dict[str, str]] = {"content": base64.b64encode(_picture(200)).decode(), "mimeType": "image/jpeg"}

    @initialize(
        page_size=st.sampled_from(PAGES), first=st.integers(0, 6), strict=st.sampled_from([False, False, True]), push=st.booleans(),
        warm=st.booleans(),
    )  # fmt: skip
    def begin(self, page_size: int, first: int, strict: bool = False, push: bool = True, warm: bool = False) -> None:
        if currently_in_test_context():
            note(f"Microsoft: pages of {page_size}{', strict rotation' * strict}{', notifications' * push}")
        self.touched: set[str] = set()
        self.deaf = False
        self.graph = self.book = MicrosoftBook(self._clock)
        self.graph.letterbox.hear = self._heard_of
        self.net = MicrosoftNet(self.graph, page_size)
        options = {
            "client_id": CLIENT.id,
            "client_secret": CLIENT.secret,
            "api_url": URL_OF_GRAPH,
            "token_url": f"{URL_OF_GRAPH}/common/oauth2/v2.0/token",
        }
        settings = replace(SETTINGS, public_url=OURS) if push else SETTINGS
        provider = MICROSOFT.configured(options)
        self.home = SandboxedHome(self.folder, self.loop, provider, self.net, options, settings)
        for _ in range(first):
            self._adds()
        self.other = self.graph.phone("POST", "folders", {"name": "Club"})["id"]
        self.graph.phone("POST", "contacts", {"contacts": [self._person()], "folder": self.other})
        if strict:
            self.graph.quirk(STRICT, **LASTING[STRICT])
        token = self.graph.made["microsoftRefreshToken"]
        self.open_account(self.founded("Office365", [DEFAULT, self.other], self.sealed(token)), warm=warm)

    # --- the user's Outlook ---------------------------------------------------------------------------------------

    @rule()
    def phone_adds(self) -> None:
        self._adds()

    @rule()
    def phone_adds_many(self) -> None:
        for _ in range(24):
            self._adds()

    @rule(number=MANY)
    def phone_edits(self, number: int) -> None:
        if stored := self._somebody(number):
            self.graph.phone("PATCH", f"contacts/{self.graph.id_of(stored)}", self._person())

    @rule(number=MANY)
    def outlook_writes_what_is_not_modelled(self, number: int) -> None:
        if stored := self._somebody(number):
            extended = [{"id": name, "value": value} for name, value in ALIEN_EXTENDED.items()]
            body = {**ALIEN, "singleValueExtendedProperties": extended}
            self.graph.phone("PATCH", f"contacts/{self.graph.id_of(stored)}", body)

    @rule(number=MANY)
    def outlook_fills_the_slots(self, number: int) -> None:
        """As many addresses and numbers as Outlook has room for."""
        if stored := self._somebody(number):
            body = {
                "emailAddresses": [{"address": f"slot{at}@example.net"} for at in range(3)],
                "businessPhones": ["+1 202 555 0001", "+1 202 555 0002"],
                "homePhones": ["+1 202 555 0003", "+1 202 555 0004"],
                "imAddresses": ["slot@im.example.com"],
            }
            self.graph.phone("PATCH", f"contacts/{self.graph.id_of(stored)}", body)

    @rule(number=MANY)
    def outlook_writes_a_nickname(self, number: int) -> None:
        if stored := self._somebody(number):
            self.values += 1
            self.graph.phone("PATCH", f"contacts/{self.graph.id_of(stored)}", {"nickName": f"p{self.values % 5}"})

    @rule(number=MANY, away=st.booleans())
    def outlook_changes_a_photo(self, number: int, away: bool) -> None:
        """And something else with it: of a photo alone no delta query tells."""
        if stored := self._somebody(number):
            self.values += 1
            path = f"contacts/{self.graph.id_of(stored)}"
            if away:
                self.graph.phone("DELETE", f"{path}/photo")
            else:
                self.graph.phone("PUT", f"{path}/photo", _picture(self.values % 200))
            self.graph.phone("PATCH", path, {"jobTitle": f"pictured {self.values}"})

    @rule(number=MANY, forever=st.booleans())
    def phone_removes(self, number: int, forever: bool = False) -> None:
        if stored := self._somebody(number):
            self.graph.phone("DELETE", f"contacts/{self.graph.id_of(stored)}?forever={str(forever).lower()}")

    @rule(keep=st.integers(0, 3))
    def phone_removes_nearly_all(self, keep: int) -> None:
        for stored in self.graph.people()[keep:]:
            self.graph.phone("DELETE", f"contacts/{self.graph.id_of(stored)}")

    @rule(number=MANY)
    def outlook_restores(self, number: int) -> None:
        """Out of Deleted Items, where the contact has kept its immutable id."""
        if deleted := self.graph.phone("GET", "deleted")["contacts"]:
            found = deleted[number % len(deleted)]["id"]
            self.touched.add(found)
            self.graph.phone("POST", f"contacts/{found}/restore", {})

    @rule()
    def outlook_empties_deleted_items(self) -> None:
        self.graph.phone("DELETE", "deleted")

    @rule(number=MANY)
    def outlook_moves_to_the_other_folder(self, number: int) -> None:
        if stored := self._somebody(number):
            self.graph.phone("POST", f"contacts/{self.graph.id_of(stored)}/move", {"folder": self.other})

    @rule(number=MANY)
    def outlook_moves_back(self, number: int) -> None:
        if found := self.graph.phone("GET", f"contacts?folder={self.other}")["contacts"]:
            moved = found[number % len(found)]["id"]
            self.touched.add(moved)
            self.graph.phone("POST", f"contacts/{moved}/move", {"folder": DEFAULT})

    @rule(number=MANY)
    def outlook_renames_the_other_folder(self, number: int) -> None:
        self.graph.phone("PATCH", f"folders/{self.other}", {"name": f"Club {number}"})

    @rule(number=MANY, to=FEW)
    def phone_does_all_kinds_of_things(self, number: int, to: int) -> None:
        self.phone_edits(number=number)
        self.phone_removes(number=number + 1)
        self.outlook_moves_to_the_other_folder(number=number + 2)
        self.outlook_restores(number=number + to)
        self.outlook_moves_back(number=number + 3)
        self.phone_adds()

    # --- Microsoft's moods ----------------------------------------------------------------------------------------

    @rule(given=st.sampled_from(STATES), count=st.integers(1, 3))
    def state_of_synchronisation_is_lost(self, given: dict[str, Any], count: int = 1) -> None:
        self.graph.quirk("graph-sync-state-expired", **given, methods=METHODS["list"], count=count)

    @rule(seconds=st.sampled_from([1, 60, LAG // 2, LAG]))
    def changes_are_told_late(self, seconds: int) -> None:
        self.graph.quirk("graph-delta-lag", seconds=seconds)

    @rule(seconds=st.sampled_from([5, FRESH]))
    def new_contacts_are_not_found(self, seconds: int) -> None:
        self.graph.quirk("graph-fresh-id-unknown", seconds=seconds)

    @rule(count=st.integers(1, 2))
    def token_answers_are_lost(self, count: int) -> None:
        self.graph.quirk("identity-microsoft-drop-after", count=count)

    @rule(really=st.sampled_from([False, False, False, True]))
    def sign_in_is_ended(self, really: bool) -> None:
        """By the user, or an administrator. Rarely: an account that is dead does little."""
        if really:
            self.graph.ask("POST", "microsoft/revokeSignInSessions", {})
            self.access_tokens_end(revoked=True)

    @rule()
    def owner_looks(self) -> None:
        self.processes[0].life.fuse = None
        self.owner_sees_to_it()

    # --- notifications --------------------------------------------------------------------------------------------

    @rule(process=st.integers(0, 1), number=FEW, times=st.integers(1, 2), together=st.booleans())
    def notifications_come(self, process: int, number: int, times: int, together: bool) -> None:
        """Late or at once, once or twice, in whatever order."""
        due = [letter for letter in self.graph.letterbox.letters if letter.due <= self._clock()]
        if not due or self.deaf:
            return
        self.listener = process
        picked = due if together else [due[number % len(due)]]
        self.graph.letterbox.come(picked, times)
        self.happened["notified"] += 1
        mine = self.processes[process]
        self._begin(process, mine.hints.flush())
        self.worker_runs(process=process)

    @rule(process=st.integers(0, 1))
    def push_arrives(self, process: int) -> None:
        """A real one, where there is one."""
        self.notifications_come(process=process, number=0, times=1, together=True)
        super().push_arrives(process=process)

    @rule(number=FEW, known=st.booleans())
    def notification_never_comes(self, number: int, known: bool) -> None:
        if letters := self.graph.letterbox.letters:
            letter = letters[number % len(letters)]
            if known:
                self.graph.letterbox.lose(letter)
            else:
                letters.remove(letter)
            self.happened["notification lost"] += 1

    @rule(deaf=st.booleans())
    def address_cannot_be_reached(self, deaf: bool) -> None:
        self.deaf = deaf

    @rule(event=st.sampled_from(["reauthorizationRequired", "subscriptionRemoved", "missed"]))
    def lifecycle(self, event: str) -> None:
        self.graph.phone("POST", "lifecycle", {"event": event})

    listener = 0

    def _heard_of(self, query: dict[str, str], body: bytes) -> str | None:
        if self.deaf or not hasattr(self, "processes"):
            return None
        return self.processes[self.listener].hints.hear("microsoft", query, body)

    # --- see SandboxedMachine -------------------------------------------------------------------------------------

    def is_of_tokens(self, quirk: str) -> bool:
        return quirk.startswith("identity-")

    def readable(self) -> list[str]:
        return [self.graph.id_of(stored) for stored in self.graph.people()]

    def unread(self, key: str) -> None:
        self.graph.spoiler.keys ^= {key}

    def calm(self) -> None:
        super().calm()
        self.graph.spoiler.keys.clear()
        self.deaf = False
        if self.refused:  # what the owner kept is gone; the next full list shows it, and then the owner agrees
            self.state_of_synchronisation_is_lost(given=STATES[0])

    def owner_sees_to_it(self) -> None:
        """Signs in once more, when the account is dead. As the pages do it in the end: new tokens, and it lives."""
        if self.processes[0].account.token_status == "active":
            return
        self.happened["signed in again"] += 1
        access, refresh = self.graph.signed_in()
        now = self._clock()
        grant = Grant(access, refresh, expires_at=now + 3_599_000)

        def revive(tx: Tx) -> None:
            accounts.set_secret(tx, ACCOUNT, grants.seal(KEYS, ACCOUNT, grant, now), now)
            accounts.revive(tx, ACCOUNT, now)
            for source in sources.of_account(tx, ACCOUNT):
                sources.make_due(tx, source.id, now)

        self._run(0, self.processes[0].db.write(revive))

    # --- see Machine ----------------------------------------------------------------------------------------------

    def last_change(self) -> int:
        return max((versions[-1].at for versions in self.graph.versions()), default=0)

    def truth(self) -> dict[str, Contact | None]:
        seen: dict[str, Contact | None] = {}
        for stored in self.graph.people():
            contact = content(self.graph.contact(stored))
            assert contact is not None
            # What the mapping has made of it is looked at by itself, in part.
            assert contact.nick_name == _nick(stored)
            assert contact.notes == _notes(stored)
            assert set(contact.keywords) >= set(stored.fields["categories"])
            seen[self.graph.id_of(stored)] = contact
        return seen

    def ever(self, *, nick: str | None = None, notes: str | None = None) -> bool:
        return any(
            nick in (None, _nick(stored)) and notes in (None, _notes(stored))
            for versions in self.graph.versions()
            for stored in versions
        )

    @property
    def finds_marks(self) -> bool:
        """A mailbox that has lost the extended properties of a create may have lost its mark: nobody can know."""
        return not self.graph.happened["graph-create-drops-properties"]

    def demand_what_was_written(self) -> None:
        for versions in self.graph.versions():
            if self.finds_marks:
                self._demand_no_twin(versions)
            if not self.restored:  # a backup may not know what has been done, or is to be done
                self._demand_nothing_repeated(versions)
                if self.finds_marks:
                    self._demand_no_photo_forgotten(versions)

    def _demand_no_twin(self, versions: list[Stored]) -> None:
        """No create has made a second contact beside the first one, however often it was sent again.

        Where somebody else has deleted the first before we have ever seen it, or has moved it away, the same request makes
        it anew.
        """
        for nick in {_nick(stored) for stored in versions} & set(self.created):
            first = next(stored for stored in versions if _nick(stored) == nick)
            before = self.graph.mailbox.contacts.at(first.seq - 1)
            twins = [stored.key for stored in before if stored.folder == CONTACTS and _nick(stored) == nick]
            assert twins == [], f"{nick} was created more than once: {first.key}"

    def _demand_nothing_repeated(self, versions: list[Stored]) -> None:
        """No change has come back over a later one: what each writes is written by nobody else."""
        # Two changes whose answers were both lost are found out about in their order: cleared between, it may come twice.
        notes = [text for text, _ in groupby(text for text in map(_notes, versions) if text is not None)]
        assert len(notes) == len(set(notes)), f"{versions[-1].key} was changed twice by the same request: {notes}"

    def _demand_no_photo_forgotten(self, versions: list[Stored]) -> None:
        """A create that was to have a photo has got it, unless that was refused, or somebody else wrote the contact."""
        last = versions[-1]
        if last.deleted or last.folder != CONTACTS or self.graph.id_of(last) in self.touched:
            return
        if self.graph.happened["graph-forbidden"] or self.graph.happened["graph-photo-not-stored"]:
            return
        if _nick(versions[0]) in self.pictured:
            assert last.key in self.graph.mailbox.photos, f"{last.key} has lost its photo"

    # --- which ------------------------------------------------------------------------------------------------------

    def _somebody(self, number: int) -> Stored | None:
        people = self.graph.people()
        if not people:
            return None
        found = people[number % len(people)]
        self.touched.add(self.graph.id_of(found))
        return found

    def _person(self) -> dict[str, Any]:
        self.values += 1
        return outlook_contact(self.values, NAMES)

    def _adds(self) -> None:
        self.graph.phone("POST", "contacts", {"contacts": [self._person()]})


def _nick(stored: Stored) -> str | None:
    return stored.fields.get("nickName") or None


def _notes(stored: Stored) -> str | None:
    return stored.fields.get("personalNotes") or None
