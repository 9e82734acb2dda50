"""Damage, as SQL made of constants: for each rule of ``polydex check`` at least one way to break it alone."""
# ruff: noqa: S608

from __future__ import annotations

ENGINES = ("sqlite", "postgres")

ONE = "(SELECT min(row_id) FROM contact WHERE live = 1 AND seq IS NOT NULL AND pending_delete IS NULL)"
TWO = f"(SELECT min(row_id) FROM contact WHERE live = 1 AND seq IS NOT NULL AND row_id > {ONE})"
HELD = "(SELECT min(row_id) FROM contact WHERE pending_delete IS NOT NULL)"
GONE = "(SELECT min(row_id) FROM contact WHERE live = 0 AND seq IS NOT NULL AND current = 1)"
GROUP = "(SELECT min(row_id) FROM contact WHERE live = 1 AND seq IS NULL)"


def on(which: str, assignment: str) -> list[str]:
    return [f"UPDATE contact SET {assignment} WHERE row_id = {which}"]


OTHER_ACCOUNT = (
    "INSERT INTO account (app_id, provider, service_type, subject, scopes, seq, touch, created_at, updated_at, "
    "obtained_at) SELECT app_id, provider, service_type, 'other', scopes, seq, touch, 0, 0, 0 FROM account"
)


# (rule, script, findings of other rules that the same damage means, engines)
DAMAGES: list[tuple[str, list[str], dict[str, int], tuple[str, ...]]] = [
    ("schema", ["DROP INDEX contact_mark"], {}, ENGINES),
    ("schema", ["UPDATE meta SET schema_version = 99"], {}, ENGINES),
    ("schema", ["ALTER TABLE source DROP COLUMN walk_total"], {}, ENGINES),
    ("schema", ["DROP TABLE write_lease"], {}, ENGINES),
    ("keys", ["UPDATE meta SET key_mark = 'another'"], {}, ENGINES),
    ("epoch", ["UPDATE meta SET epoch = 0"], {}, ENGINES),
    ("epoch", ["INSERT INTO epoch_limit SELECT 5, id, seq + 1 FROM account"], {}, ENGINES),
    ("epoch", ["INSERT INTO epoch_limit SELECT epoch, 1, 1 FROM meta"], {}, ENGINES),
    ("numbers", ["UPDATE sqlite_sequence SET seq = 1 WHERE name = 'contact'"], {}, ("sqlite",)),
    ("numbers", ["ALTER SEQUENCE contact_row_id_seq RESTART"], {}, ("postgres",)),
    ("numbers", ["DELETE FROM sqlite_sequence WHERE name = 'account'"], {}, ("sqlite",)),
    ("references", ["UPDATE account SET app_id = 77"], {}, ENGINES),
    ("references", ["INSERT INTO document (row_id, raw) VALUES (10000, NULL)"], {}, ENGINES),
    ("references", ["INSERT INTO epoch_limit VALUES (5, 77, 1)"], {}, ENGINES),
    ("references", ["UPDATE intent SET row_id = 9999 WHERE id = 1"], {}, ENGINES),
    ("references", ["INSERT INTO write_lease (account_id, until_ms, fence) VALUES (77, 0, 0)"], {}, ENGINES),
    ("values", on(ONE, "touch = 'x'"), {}, ("sqlite",)),
    ("values", ["UPDATE intent SET due_at = 'soon' WHERE id = 1"], {}, ("sqlite",)),
    ("secrets", ["UPDATE account SET secret = app.secret_hash FROM app"], {}, ENGINES),
    ("secrets", ["UPDATE app SET client_id = 'another'"], {}, ENGINES),
    ("hashes", ["UPDATE app SET secret_hash = signing_secret"], {}, ENGINES),
    (
        "hashes",
        ["INSERT INTO token (account_id, hash, scopes, created_at) SELECT 1, signing_secret, '', 0 FROM app"],
        {},
        ENGINES,
    ),
    ("accounts", ["UPDATE account SET token_status = 'odd'"], {}, ENGINES),
    ("accounts", ["UPDATE account SET generation = 0"], {"intents": 4}, ENGINES),
    ("accounts", ["UPDATE account SET refresh_until = 5"], {}, ENGINES),
    ("deleted-accounts", ["UPDATE account SET deleted_at = 5, secret = NULL, login = NULL, subject = ''"], {}, ENGINES),
    ("default-source", ["UPDATE source SET is_default = 0"], {}, ENGINES),
    (
        "default-source",
        ["INSERT INTO source (account_id, key, is_default, due_at) VALUES (1, 'second', 1, 5)"],
        {},
        ENGINES,
    ),
    ("schedule", ["UPDATE source SET due_at = NULL"], {}, ENGINES),
    ("sources", ["UPDATE source SET ready_at = NULL"], {}, ENGINES),
    ("sources", ["UPDATE source SET lease_until = 5"], {}, ENGINES),
    ("sources", ["UPDATE source SET fence = -1"], {}, ENGINES),
    ("sources", ["UPDATE source SET halted_count = 0"], {}, ENGINES),
    ("walks", ["UPDATE source SET walk_mode = 'odd'"], {}, ENGINES),
    ("walks", ["UPDATE source SET walk_cursor = 'somewhere'"], {}, ENGINES),
    ("walks", ["UPDATE source SET cursor = ''"], {}, ENGINES),
    ("walks", ["UPDATE source SET last_sweep = 100000"], {}, ENGINES),
    ("walks", ["UPDATE source SET walk_done = -1"], {}, ENGINES),
    ("held-deletions", on(HELD, "pending_delete = 1000"), {}, ENGINES),
    ("held-deletions", on(GONE, "pending_delete = 1"), {}, ENGINES),
    (
        "held-deletions",
        [
            f"UPDATE contact SET pending_delete = NULL WHERE row_id <> {HELD}",
            "UPDATE source SET halted_walk = NULL, halted_count = 0",
        ],
        {},
        ENGINES,
    ),
    (
        "owners",
        [
            OTHER_ACCOUNT,
            "INSERT INTO source (account_id, key, is_default, due_at) VALUES (2, 'other', 1, 0)",
            *on(GROUP, "account_id = 2"),
        ],
        {},
        ENGINES,
    ),
    ("journal", ["UPDATE account SET seq = seq - 1"], {}, ENGINES),
    ("journal", on(ONE, "created_seq = NULL"), {}, ENGINES),
    ("journal", on(ONE, "created_seq = seq + 1"), {}, ENGINES),
    ("journal", on(GONE, "created_seq = 0"), {}, ENGINES),
    (
        "journal-once",
        [
            "DROP INDEX contact_seq",
            *on(TWO, f"seq = (SELECT o.seq FROM contact o WHERE o.row_id = {ONE}), created_seq = 1"),
        ],
        {"schema": 1},
        ENGINES,
    ),
    ("ids", on(ONE, "public_id = 'abcdefghijklmnopqrstuvwxyz'"), {"bodies": 1}, ENGINES),
    ("ids", on(ONE, "stable_key = 'another'"), {}, ENGINES),
    ("ids", on(GONE, "n = n + 1"), {}, ENGINES),
    (
        "ids-once",
        [
            "DROP INDEX contact_public",
            *on(TWO, f"public_id = (SELECT o.public_id FROM contact o WHERE o.row_id = {ONE})"),
        ],
        {"schema": 1, "ids": 1, "bodies": 1},
        ENGINES,
    ),
    (
        "ids-once",
        on(TWO, f"stable_key = (SELECT o.stable_key FROM contact o WHERE o.row_id = {ONE})"),
        {"ids": 1},
        ENGINES,
    ),
    (
        "addresses-once",
        ["DROP INDEX contact_key_current", *on(GROUP, f"key = (SELECT o.key FROM contact o WHERE o.row_id = {ONE})")],
        {"schema": 1},
        ENGINES,
    ),
    ("tombstones", on(GONE, "rev = '5'"), {}, ENGINES),
    ("tombstones", on(GONE, "deleted_at = NULL"), {}, ENGINES),
    (
        "tombstones",
        [f"INSERT INTO document SELECT {GONE}, body, raw FROM document WHERE row_id = {ONE}"],
        {},
        ENGINES,
    ),
    ("live-contacts", [f"DELETE FROM document WHERE row_id = {GROUP}"], {}, ENGINES),
    ("live-contacts", on(GROUP, "deleted_at = 5"), {}, ENGINES),
    ("live-contacts", on(GROUP, "etag = 'x'"), {}, ENGINES),
    ("live-contacts", on(GROUP, "current = 0"), {}, ENGINES),
    ("live-contacts", on(GROUP, "live = 7"), {"live-contacts": 1, "tombstones": 1}, ENGINES),
    ("live-contacts", on(ONE, "created_ms = NULL"), {}, ENGINES),
    ("counters", on(ONE, "touch = 100000"), {}, ENGINES),
    ("counters", on(ONE, "seen_walk = 100000"), {}, ENGINES),
    ("counters", on(ONE, "gone_walk = 100000"), {}, ENGINES),
    ("doubts", on("(SELECT min(row_id) FROM contact WHERE current = 0)", "verify_due = 5"), {}, ENGINES),
    ("bodies", on(ONE, "modified_ms = modified_ms + 1"), {}, ENGINES),
    ("bodies", on(ONE, "photo_hash = 'x'"), {"bodies": 2, "etags": 1}, ENGINES),
    (
        "bodies",
        [f"UPDATE document SET body = raw WHERE row_id = {ONE}"],
        {},
        ENGINES,
    ),
    ("etags", on(ONE, "etag = 'x'"), {"bodies": 1}, ENGINES),
    (
        "documents",
        [f"UPDATE document SET raw = (SELECT o.raw FROM document o WHERE o.row_id = {TWO}) WHERE row_id = {ONE}"],
        {},
        ENGINES,
    ),
    ("documents", [f"UPDATE document SET raw = body WHERE row_id = {ONE}"], {}, ENGINES),
    (
        "documents",
        [f"UPDATE document SET raw = (SELECT secret_hash FROM app) WHERE row_id = {ONE}"],
        {},
        ENGINES,
    ),
    ("look-ups", [f"DELETE FROM contact_key WHERE row_id = {ONE} AND kind = 'e'"], {}, ENGINES),
    ("look-ups", [f"INSERT INTO contact_key VALUES (1, 'e', 'x@example.com', {GONE})"], {}, ENGINES),
    ("look-ups", ["INSERT INTO contact_key VALUES (1, 'e', 'x@example.com', 9999)"], {"references": 1}, ENGINES),
    ("intents", ["UPDATE intent SET state = 'open' WHERE id = 1"], {}, ENGINES),
    ("intents", ["UPDATE intent SET state = 'odd' WHERE id = 1"], {}, ENGINES),
    ("intents", ["UPDATE intent SET due_at = 5 WHERE id = 1"], {}, ENGINES),
    ("intents", ["UPDATE intent SET asked = 100000 WHERE id = 1"], {}, ENGINES),
    ("intents", ["UPDATE intent SET mark = NULL WHERE id = 1"], {}, ENGINES),
    ("write-leases", ["UPDATE write_lease SET until_ms = 5"], {}, ENGINES),
    ("references", ["INSERT INTO watch (source_id) VALUES (77)"], {}, ENGINES),
    (
        "watches",
        ["INSERT INTO watch (source_id, channel, url) VALUES (1, 'c', 'https://polydex.example.com')"],
        {},
        ENGINES,
    ),
    ("watches", ["INSERT INTO watch (source_id, channel, expires_at) VALUES (1, 'c', 5)"], {}, ENGINES),
    ("watches", ["INSERT INTO watch (source_id, lease_until) VALUES (1, 5)"], {}, ENGINES),
    ("watches", ["INSERT INTO watch (source_id, due_at) VALUES (1, -1)"], {}, ENGINES),
]
