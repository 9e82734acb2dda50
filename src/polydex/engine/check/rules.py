"""What must hold in every database of Polydex, at every moment: each rule with what it demands and what mends it."""

from __future__ import annotations

from dataclasses import dataclass

RESTORE = "Restore a backup that is sound; what changed since comes with the next pulls."
TELL = "Nothing is lost by it yet, but it is a fault of Polydex: please report it with the output of this command."
REBUILD = "polydex check --mend builds it anew out of the stored contacts."


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: short, for programs.
        demand: what must hold, as one sentence.
        mend: what an operator does when it does not hold.
        derived: the data can be made anew out of other stored data, so ``--mend`` does it.
    """

    name: str
    demand: str
    mend: str = RESTORE
    derived: bool = False


FILE = Rule("file", "The file is whole by the database's own check.")
SCHEMA = Rule("schema", "Every table, column and index of this version's schema is there.")
KEYS = Rule(
    "keys",
    "The database was made with the installation's key file.",
    "Put back the key file that was beside this database (POLYDEX_KEYS_FILE names another place).",
)
EPOCH = Rule("epoch", "The journal has an epoch, and no older epoch reaches beyond an account's journal.")
NUMBERS = Rule("numbers", "No number of an account, a contact or any other row can be given out a second time.")
REFERENCES = Rule("references", "Every reference leads to a row that exists.")
VALUES = Rule("values", "Every value is of its column's type.")
SECRETS = Rule(
    "secrets",
    "Every stored secret can be decrypted with the key file.",
    "Put back the key that is missing; or connect the account again, with polydex accounts add.",
)
HASHES = Rule("hashes", "Client secrets and access tokens are stored as hashes of 32 bytes.")
ACCOUNTS = Rule(
    "accounts",
    "Every account has a known state, counters that have counted up, and no end of a refresh that nobody does.",
)
DELETED = Rule(
    "deleted-accounts", "A deleted account keeps no credentials, no personal data, no tokens and no intents."
)
DEFAULT = Rule("default-source", "Every account has exactly one default address book.")
SCHEDULE = Rule(
    "schedule",
    "The default address book of every connected account is due for a pull at some time.",
    "polydex sync ACCOUNT pulls it now, and makes it due again.",
)
SOURCES = Rule("sources", "An address book's readiness, lease and halt agree with themselves.", TELL)
WALKS = Rule("walks", "A walk's state is one that can be resumed, and none of its counters is ahead of the account's.")
HELD = Rule(
    "held-deletions",
    "A deletion that waits for approval is of a live contact, was found by a walk that there was, and is either "
    "halted or being verified.",
    "polydex accounts approve ACCOUNT --refuse forgets it; the next pull decides anew.",
)
OWNERS = Rule("owners", "Every contact belongs to the account of its address book.")
JOURNAL = Rule("journal", "A contact's journal numbers are within the account's, and come with its public id.")
JOURNAL_ONCE = Rule("journal-once", "No number of an account's journal is given to two contacts.")
IDS = Rule("ids", "Every public id is the one derived from the account, the address book and the contact's stable key.")
IDS_ONCE = Rule("ids-once", "No public id is given to two contacts, and no stable key has the same number twice.")
KEYS_ONCE = Rule("addresses-once", "No address at the provider has two current rows.")
TOMBSTONES = Rule("tombstones", "A tombstone has forgotten everything but what consumers need to hear of the deletion.")
LIVE = Rule("live-contacts", "A live contact has its documents; it is shown exactly when it has an ETag and a number.")
COUNTERS = Rule("counters", "No contact was touched, or seen by a walk, later than its account has counted.")
DOUBTS = Rule(
    "doubts",
    "Only a current row waits for a fetch.",
    TELL,
)
BODIES = Rule("bodies", "A contact's stored JSON can be read, names its own id and ETag, and encodes to itself again.")
ETAGS = Rule("etags", "A contact's ETag is the digest of its content.")
DOCUMENTS = Rule("documents", "The provider's document, mapped anew, gives the contact that is served.")
LOOK_UPS = Rule(
    "look-ups", "A contact is found by exactly its e-mail addresses and phone numbers.", REBUILD, derived=True
)
WORDS = Rule("words", "The search index holds exactly the words of the live contacts.", REBUILD, derived=True)
INTENTS = Rule(
    "intents",
    "A write whose outcome is open is due to be found out; one whose outcome is known has ended.",
    TELL,
)
LEASES = Rule("write-leases", "A write lease that nobody holds has no end.", TELL)
WATCHES = Rule(
    "watches", "A channel at a provider has an address and an end; a lease that nobody holds has none.", TELL
)

RULES: tuple[Rule, ...] = (
    FILE, SCHEMA, KEYS, EPOCH, NUMBERS, REFERENCES, VALUES, SECRETS, HASHES, ACCOUNTS, DELETED, DEFAULT, SCHEDULE,
    SOURCES, WALKS, HELD, OWNERS, JOURNAL, JOURNAL_ONCE, IDS, IDS_ONCE, KEYS_ONCE, TOMBSTONES, LIVE, COUNTERS, DOUBTS,
    BODIES, ETAGS, DOCUMENTS, LOOK_UPS, WORDS, INTENTS, LEASES, WATCHES,
)  # fmt: skip
"""Every rule, in the order in which they are told."""
