"""The machine over the real Google connector and Google's sandbox: the user's phone, and all oddities of Google."""

from __future__ import annotations

import base64
import io
from itertools import groupby
from typing import Any, ClassVar

from hypothesis import currently_in_test_context, note, strategies as st
from hypothesis.stateful import initialize, rule
from PIL import Image

from polydex.connectors.google.connector import SOURCE_KEY
from polydex.connectors.google.provider import GOOGLE
from polydex.core.contact import Contact
from polydex.testing.contract import content
from polydex.testing.world import Fault
from polydex_sandbox.google.contact import Contact as Stored
from tests.machine.google_sandbox import METHODS, URL_OF_GOOGLE, GoogleBook, GoogleNet
from tests.machine.machine import FEW, MANY, NAMES
from tests.machine.sandboxed import SandboxedHome, SandboxedMachine

PLENTY = 1_000_000
SHAPES = {
    "pages of two": (2, PLENTY),
    "pages of three": (3, PLENTY),
    "pages of seven": (7, PLENTY),
    "a small budget": (50, 20),
}
"""Persons on a page, and requests a minute that we allow ourselves."""
LAG = 600
"""Seconds that lists may lag at most, as the connector says."""
SYNC_TOKENS = [
    {"variant": variant, "details": details}
    for variant in ("FAILED_PRECONDITION", "INVALID_ARGUMENT", "410")
    for details in (True, False)
]
PASSING: dict[str, dict[str, Any]] = {
    "google-read-quota": {},
    "google-write-quota": {},
    "google-full-sync-quota": {},
    "google-rate-limit-403": {},
    "google-forbidden": {},
    "google-unavailable": {"retryAfter": 3},
    "google-slow": {"seconds": 30.0},
    "google-drop-before": {},
    "google-drop-after": {},
    "google-spurious-precondition": {},
    "google-page-token-expires": {},
    "google-no-next-sync-token": {},
    "google-token-unavailable": {},
    "google-token-drop-before": {},
    "google-token-drop-after": {},
}
"""Quirks that strike some calls."""
LASTING: dict[str, dict[str, Any]] = {
    "google-etag-changes": {},
    "google-no-source-etag": {},
    "google-source-etag-refused": {},
    "google-list-etag-refused": {},
    "google-duplicate-between-pages": {},
    "google-renames": {},
    "google-recompressed-photo": {},
    "google-group-rename-is-silent": {"members": True},
    "google-sync-token-expires": {"days": 1, "renews": True},
}
"""Habits that stay for a while."""
OWN_LABELS = ("chess", "work", "choir")
"""The user's; of the names that clients write some are those of Google's system groups."""
FAULTS = {Fault.FAILED: "google-drop-before", Fault.LOST: "google-drop-after", Fault.PARTLY: "google-drop-after"}
UNMODELLED = {
    "userDefined": [{"key": "Shoe size", "value": "38"}],
    "events": [{"date": {"year": 2001, "month": 2, "day": 3}}],
}


def _picture() -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (4, 4), (200, 0, 0)).save(output, "PNG")
    return output.getvalue()


class GoogleMachine(SandboxedMachine):
    """See ``SandboxedMachine``.

    Attributes:
        google: the account, and the phone.
    """

    methods = METHODS
    passing = PASSING
    lasting = LASTING
    faults = FAULTS

    photo: ClassVar[dict[str, str]] = {"content": base64.b64encode(_picture()).decode(), "mimeType": "image/png"}

    @initialize(shape=st.sampled_from(sorted(SHAPES)), first=st.integers(0, 6), warm=st.booleans())
    def begin(self, shape: str, first: int, warm: bool = False) -> None:
        if currently_in_test_context():
            note(f"Google: {shape}")
        page_size, budget = SHAPES[shape]
        self.touched: set[str] = set()
        self.google = self.book = GoogleBook(self._clock)
        self.net = GoogleNet(self.google, page_size)
        options = {
            "client_id": self.google.sandbox.client.id,
            "client_secret": self.google.sandbox.client.secret,
            "api_url": URL_OF_GOOGLE,
            "token_url": f"{URL_OF_GOOGLE}/token",
            "revoke_url": f"{URL_OF_GOOGLE}/revoke",
            "reads_per_minute": str(budget),
            "writes_per_minute": str(budget),
        }
        self.home = SandboxedHome(self.folder, self.loop, GOOGLE.configured(options), self.net, options)
        for _ in range(first):
            self._adds()
        secret = self.sealed(self.google.made["refreshToken"])
        self.open_account(self.founded("Google", [SOURCE_KEY], secret), warm=warm)

    # --- the user's phone -----------------------------------------------------------------------------------------

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
            self.google.phone("PATCH", f"contacts/{_id(stored)}", self._person())

    @rule(number=MANY)
    def phone_touches_what_is_not_modelled(self, number: int) -> None:
        if stored := self._somebody(number):
            self.google.phone("PATCH", f"contacts/{_id(stored)}", UNMODELLED)

    @rule(number=MANY)
    def phone_writes_a_nickname(self, number: int) -> None:
        if stored := self._somebody(number):
            self.values += 1
            self.google.phone("PATCH", f"contacts/{_id(stored)}", {"nicknames": [{"value": f"p{self.values % 5}"}]})

    @rule(number=MANY)
    def phone_removes(self, number: int) -> None:
        if stored := self._somebody(number):
            self.google.phone("DELETE", f"contacts/{_id(stored)}")

    @rule(keep=st.integers(0, 3))
    def phone_removes_nearly_all(self, keep: int) -> None:
        for stored in self.google.people()[keep:]:
            self.google.phone("DELETE", f"contacts/{_id(stored)}")

    @rule(number=MANY)
    def phone_takes_out_of_the_trash(self, number: int) -> None:
        trash = self.google.book.trash()
        if trash:
            stored = trash[number % len(trash)]
            self.touched.add(stored.id)
            self.google.phone("POST", f"contacts/{_id(stored)}/restore", {})

    @rule(number=MANY)
    def phone_moves(self, number: int) -> None:
        """Another resource name."""
        if stored := self._somebody(number):
            self.google.phone("POST", f"contacts/{_id(stored)}/rename", {})

    @rule(number=MANY, other=MANY)
    def phone_merges(self, number: int, other: int) -> None:
        into, away = self._somebody(number), self._somebody(other)
        if into and away and into.id != away.id:
            self.google.phone("POST", f"contacts/{_id(into)}/merge", {"with": away.name})

    @rule(number=MANY, link=st.booleans(), rename=st.booleans())
    def phone_links_a_profile(self, number: int, link: bool, rename: bool) -> None:
        if stored := self._somebody(number):
            profile = {"names": [{"givenName": "Public"}], "emailAddresses": [{"value": "public@example.org"}]}
            if link:
                self.google.phone("PUT", f"contacts/{_id(stored)}/profile", {"person": profile, "rename": rename})
            else:
                self.google.phone("DELETE", f"contacts/{_id(stored)}/profile")

    @rule(number=MANY, to=FEW)
    def phone_does_all_kinds_of_things(self, number: int, to: int) -> None:
        self.phone_edits(number=number)
        self.phone_removes(number=number + 1)
        self.phone_moves(number=number + 2)
        self.phone_merges(number=number + 3, other=number + to)
        self.phone_labels(number=number + 4, label=to, add=True)
        self.phone_adds()

    # --- labels ---------------------------------------------------------------------------------------------------

    @rule(label=FEW)
    def phone_makes_a_label(self, label: int) -> None:
        self._label(OWN_LABELS[label % 3])

    @rule(number=MANY, label=FEW, add=st.booleans())
    def phone_labels(self, number: int, label: int, add: bool) -> None:
        stored, group = self._somebody(number), self._some_label(label)
        if stored and group and (add or set(stored.groups) - {group}):  # nobody is in no group at all
            self.google.phone("PATCH", f"groups/{group}", {"add" if add else "remove": [stored.name]})

    @rule(number=FEW, to=FEW)
    def phone_renames_a_label(self, number: int, to: int) -> None:
        self.values += 1
        name, group = f"{OWN_LABELS[to % 3]}{self.values % 4}", self._some_label(number)
        if group and name not in self.google.labels.names.values():
            self.google.phone("PATCH", f"groups/{group}", {"name": name})

    @rule(number=FEW, contacts=st.sampled_from([False, False, True]))
    def phone_deletes_a_label(self, number: int, contacts: bool) -> None:
        if group := self._some_label(number):
            self.touched |= {stored.id for stored in self.google.people() if group in stored.groups}
            self.google.phone("DELETE", f"groups/{group}?contacts={str(contacts).lower()}")

    # --- Google's moods -------------------------------------------------------------------------------------------

    @rule(given=st.sampled_from(SYNC_TOKENS))
    def sync_token_dies(self, given: dict[str, Any]) -> None:
        self.google.quirk("google-sync-token-expired", **given, methods=METHODS["list"], count=1)

    @rule(seconds=st.sampled_from([1, 60, LAG // 2, LAG]))
    def lists_lag(self, seconds: int) -> None:
        self.google.quirk("google-propagation-delay", seconds=seconds)

    def is_of_tokens(self, quirk: str) -> bool:
        return quirk.startswith("google-token-")

    def readable(self) -> list[str]:
        return [stored.name for stored in self.google.people()]

    def unread(self, key: str) -> None:
        self.google.spoiler.keys ^= {key}

    # --- see Machine ----------------------------------------------------------------------------------------------

    def calm(self) -> None:
        super().calm()
        self.google.spoiler.keys.clear()
        if (
            self.refused
        ):  # what the owner kept is gone at Google; the next full list shows it, and then the owner agrees
            self.sync_token_dies(given={})

    def last_change(self) -> int:
        return self.google.book._times[-1]

    def truth(self) -> dict[str, Contact | None]:
        seen: dict[str, Contact | None] = {}
        titles = self.google.labels.names
        for stored in self.google.people():
            contact = content(self.google.contact(stored))
            assert contact is not None
            # What the mapping has made of it is looked at by itself, in part.
            assert contact.nick_name == next(iter(_nicks(stored)), None)
            assert contact.notes == _notes(stored)
            labels = {titles[f"contactGroups/{group}"] for group in stored.groups if f"contactGroups/{group}" in titles}
            assert labels <= set(contact.keywords)
            seen[stored.name] = contact
        return seen

    def ever(self, *, nick: str | None = None, notes: str | None = None) -> bool:
        return any(
            (nick is None or nick in _nicks(stored)) and notes in (None, _notes(stored))
            for versions in self.google.versions()
            for stored in versions
        )

    def demand_what_was_written(self) -> None:
        for versions in self.google.versions():
            self._demand_no_twin(versions)
            if not self.restored:  # a backup may not know what has been done, or is to be done
                self._demand_nothing_repeated(versions)
                self._demand_no_photo_forgotten(versions)

    def _demand_no_twin(self, versions: list[Stored]) -> None:
        """No create has made a second contact beside the first one, however often it was sent again.

        Where somebody else has deleted the first before we have ever seen it, the same request makes it anew.
        """
        for nick in {nick for stored in versions for nick in _nicks(stored)} & set(self.created):
            first = next(stored for stored in versions if nick in _nicks(stored))
            twins = [stored.name for stored in self.google.book.contacts.at(first.seq - 1) if nick in _nicks(stored)]
            assert twins == [], f"{nick} was created more than once: {first.name}"

    def _demand_nothing_repeated(self, versions: list[Stored]) -> None:
        """No change has come back over a later one: what each writes is written by nobody else."""
        # Two changes whose answers were both lost are found out about in their order: cleared between, it may come twice.
        notes = [text for text, _ in groupby(text for text in map(_notes, versions) if text is not None)]
        assert len(notes) == len(set(notes)), f"{versions[-1].name} was changed twice by the same request: {notes}"

    def _demand_no_photo_forgotten(self, versions: list[Stored]) -> None:
        """A create that was to have a photo has got it, unless that was refused, or somebody else wrote the contact."""
        last = versions[-1]
        if last.deleted or last.id in self.touched or self.google.happened["google-forbidden"]:
            return
        if set(_nicks(versions[0])) & set(self.pictured):
            assert last.photo is not None, f"{last.name} has lost its photo"

    # --- which ------------------------------------------------------------------------------------------------------

    def _somebody(self, number: int) -> Stored | None:
        people = self.google.people()
        if not people:
            return None
        found = people[number % len(people)]
        self.touched.add(found.id)
        return found

    def _some_label(self, number: int) -> str | None:
        groups = sorted(self.google.labels.names)
        return groups[number % len(groups)].removeprefix("contactGroups/") if groups else None

    def _label(self, name: str) -> str:
        """The resource name of a label, which is made if there is none."""
        for group, title in self.google.labels.names.items():
            if title == name:
                return group
        return str(self.google.phone("POST", "groups", {"name": name})["resourceName"])

    def _person(self) -> dict[str, Any]:
        """Few different contents."""
        self.values += 1
        name = {"givenName": NAMES[self.values % 4], "familyName": f"Phone{self.values % 3}"}
        person: dict[str, Any] = {"names": [name], "emailAddresses": [{"value": f"a{self.values % 7}@example.com"}]}
        if self.values % 2:
            group = {"contactGroupResourceName": self._label(OWN_LABELS[self.values % 3])}
            person["memberships"] = [{"contactGroupMembership": group}]
        return person

    def _adds(self) -> None:
        self.google.phone("POST", "contacts", {"people": [self._person()]})


def _id(stored: Stored) -> str:
    return stored.name.removeprefix("people/")


def _nicks(stored: Stored) -> list[str]:
    return [entry["value"] for entry in stored.fields.get("nicknames", ())]


def _notes(stored: Stored) -> str | None:
    return next((entry["value"] for entry in stored.fields.get("biographies", ())), None)
