"""Applications, accounts and their tokens."""

import pytest

from polydex.core.errors import StoreFailed
from polydex.core.ids import AccountId
from polydex.store import accounts, apps, meta, tokens
from polydex.store.accounts import Details
from polydex.store.db import Database, Tx
from tests.contract.store import seed
from tests.fixtures import NOW

READ = frozenset({"Contacts.Read"})
ADA = "https://dav.example.org/principals/ada/"


async def test_an_application_is_known_by_its_credentials(db: Database) -> None:
    made = await db.write(apps.create, "Shop", "client-1", b"\x01" * 32, b"sealed", NOW)
    assert await db.read(apps.authenticate, "client-1", b"\x01" * 32) == made
    assert await db.read(apps.get, made.id) == made
    assert (made.name, made.client_id, made.signing_secret, made.created_at) == ("Shop", "client-1", b"sealed", NOW)
    assert await db.read(apps.authenticate, "client-1", b"\x02" * 32) is None
    assert await db.read(apps.authenticate, "client-1", b"") is None
    assert await db.read(apps.authenticate, "client-2", b"\x01" * 32) is None
    assert await db.read(apps.get, made.id + 1) is None
    with pytest.raises(Exception, match=r"(?i)unique"):
        await db.write(apps.create, "Other", "client-1", b"\x02" * 32, b"", NOW)
    second = await db.write(apps.create, "Shop", "client-2", b"\x01" * 32, b"", NOW)
    assert await db.read(apps.all_apps) == [made, second]
    assert "sealed" not in repr(made)


async def test_the_same_user_again_is_the_same_account(db: Database) -> None:
    app = await db.write(seed.app)
    full = Details(
        service_type="IMAP",
        scopes=seed.WRITE,
        service_provider="Fastmail",
        login="ada",
        email="ada@example.org",
        name="Ada Lovelace",
        server_url="https://dav.example.org/",
        client_org_id="org-7",
        auth_org_id="auth-7",
        timezone="Europe/London",
        region="GB",
        mailbox="team@example.org",
        auth_method="ntlm",
    )
    first = await db.write(accounts.upsert, app, "carddav", ADA, full, NOW)
    assert {name: getattr(first, name) for name in full.__slots__} == {
        name: getattr(full, name) for name in full.__slots__
    }
    await db.write(accounts.set_secret, first.id, b"sealed", NOW)
    await db.write(lambda tx: tx.run("UPDATE account SET seq = 9"))
    assert await db.write(accounts.set_status, first.id, "invalid", "refused", NOW)
    again = await db.write(accounts.upsert, app, "carddav", ADA, Details("CardDAV", READ, name="Ada King"), NOW + 5)
    assert again.id == first.id
    assert (again.service_type, again.scopes, again.name, again.email) == ("CardDAV", READ, "Ada King", first.email)
    assert (again.token_status, again.token_error, again.secret) == ("active", None, b"sealed")
    assert (again.created_at, again.updated_at, again.obtained_at) == (NOW, NOW + 5, NOW + 5)
    assert (again.mailbox, again.auth_method) == ("", "")  # what goes with the credentials is as it was said last
    assert again.generation == first.generation
    assert await db.read(lambda tx: tx.one("SELECT seq FROM account")) == (9,)
    assert await db.read(accounts.get, first.id) == again
    assert await db.read(accounts.find, app, "carddav", ADA) == again


async def test_users_are_apart_by_application_provider_and_subject(db: Database) -> None:
    one, two = await db.write(seed.app, "one"), await db.write(seed.app, "two")
    made = [
        await db.write(accounts.upsert, app, provider, subject, Details("CardDAV", READ), NOW)
        for app in (one, two)
        for provider in ("carddav", "memory")
        for subject in (ADA, ADA.upper())
    ]
    assert len({account.id for account in made}) == 8
    assert await db.read(accounts.find, one, "carddav", "nobody") is None


async def test_accounts_are_listed_by_number_and_filter(db: Database) -> None:
    def fill(tx: Tx) -> tuple[int, int]:
        app, other = seed.app(tx), seed.app(tx, "other")
        for number in range(7):
            service = "iCloud" if number % 2 else "CardDAV"
            details = Details(service, READ, auth_org_id="acme" if number < 4 else None)
            accounts.upsert(tx, app, "carddav", f"user{number}", details, NOW)
        accounts.upsert(tx, other, "carddav", "user0", Details("CardDAV", READ), NOW)
        accounts.delete(tx, AccountId(2), NOW)
        return app, other

    app, _ = await db.write(fill)

    async def listed(app: int | None, **filters: object) -> tuple[list[str], int]:
        found, total = await db.read(lambda tx: accounts.page(tx, app, **{"limit": 50, **filters}))  # type: ignore[arg-type]  # by name
        return [account.subject for account in found], total

    assert await listed(app) == (["user0", "user2", "user3", "user4", "user5", "user6"], 6)
    assert await listed(None) == (["user0", "user2", "user3", "user4", "user5", "user6", "user0"], 7)
    assert await listed(app, limit=2) == (["user0", "user2"], 6)
    assert await listed(app, limit=2, offset=4) == (["user5", "user6"], 6)
    assert await listed(app, offset=6) == ([], 6)
    assert await listed(app, service_type="iCloud") == (["user3", "user5"], 2)
    assert await listed(app, auth_org_id="acme") == (["user0", "user2", "user3"], 3)
    assert await listed(app, auth_org_id="acme", service_type="iCloud", limit=1) == (["user3"], 1)
    assert await listed(app, auth_org_id="") == ([], 0)


async def test_a_status_is_noted_unless_the_secret_has_changed_meanwhile(db: Database) -> None:
    account = await db.write(seed.new_account)
    await db.write(accounts.set_secret, account, b"old", NOW)
    old = await db.read(accounts.get, account)
    assert old is not None
    await db.write(accounts.set_secret, account, b"new", NOW)
    refused = old.credentials
    assert not await db.write(lambda tx: accounts.set_status(tx, account, "dead", "no", NOW, credentials=refused))
    stored = await db.read(accounts.get, account)
    assert stored is not None
    assert (stored.token_status, stored.token_error) == ("active", None)
    await db.write(accounts.refreshed, account, b"newer")  # the same credentials, other tokens
    refused = stored.credentials
    assert await db.write(lambda tx: accounts.set_status(tx, account, "dead", "refused", NOW + 1, credentials=refused))
    stored = await db.read(accounts.get, account)
    assert stored is not None
    assert (stored.token_status, stored.token_error, stored.updated_at) == ("dead", "refused", NOW + 1)
    assert b"new".decode() not in repr(stored)
    # Only other credentials bring it back.
    assert not await db.write(lambda tx: accounts.set_status(tx, account, "active", None, NOW + 2))
    await db.write(accounts.upsert, stored.app, stored.provider, stored.subject, Details("CardDAV", READ), NOW + 3)
    stored = await db.read(accounts.get, account)
    assert stored is not None
    assert stored.token_status == "active"


async def test_a_token_is_known_by_its_number_and_secret(db: Database) -> None:
    account = await db.write(seed.new_account)
    made = await db.write(tokens.create, account, b"\x01" * 32, seed.WRITE | READ, NOW)
    second = await db.write(tokens.create, account, b"\x02" * 32, READ, NOW)
    assert (made.account, made.scopes, made.created_at) == (account, seed.WRITE | READ, NOW)
    assert await db.read(tokens.authenticate, made.id, b"\x01" * 32) == made
    assert await db.read(tokens.authenticate, second.id, b"\x02" * 32) == second
    assert await db.read(tokens.authenticate, made.id, b"\x02" * 32) is None
    assert await db.read(tokens.authenticate, second.id + 1, b"\x02" * 32) is None
    assert await db.read(tokens.count, account) == 2
    assert await db.write(tokens.revoke_all, account, NOW) == 2
    assert await db.write(tokens.revoke_all, account, NOW) == 0
    assert await db.read(tokens.authenticate, made.id, b"\x01" * 32) is None
    assert await db.read(tokens.count, account) == 0


async def erase(db: Database, account: AccountId) -> int:
    """Erase step by step; how many steps it took."""
    steps = 1
    while not await db.write(accounts.erase, account, seed.look_ups, 3):
        steps += 1
    return steps


EVERYWHERE = (
    "SELECT (SELECT count(*) FROM contact), (SELECT count(*) FROM document), (SELECT count(*) FROM contact_key), "
    "(SELECT count(*) FROM source), (SELECT count(*) FROM token), (SELECT count(*) FROM intent), "
    "(SELECT count(*) FROM write_lease), (SELECT count(*) FROM epoch_limit)"
)


def furnish(tx: Tx, account: AccountId) -> list[int]:
    """Two address books with four contacts each, one of them a tombstone, and one row in every other table. The sources' numbers."""
    sources = [seed.source(tx, account, key) for key in ("/a/", "/b/")]
    for number, source in enumerate(sources):
        for seq in range(1, 5):
            seed.contact(tx, account, source, ["ada", f"word{seq}"], 10 * number + seq)
    (row,) = tx.all("SELECT row_id FROM contact WHERE account_id = ? AND seq = 14", account)[0]
    tx.run("UPDATE contact SET live = 0 WHERE row_id = ?", row)
    tx.run("DELETE FROM document WHERE row_id = ?", row)
    tx.run("DELETE FROM contact_key WHERE row_id = ?", row)
    tx.dialect.index_many(tx, [(row, sources[1], ["ada", "word4"], [])])
    tokens.create(tx, account, b"\x01" * 32, READ, NOW)
    tx.run(
        "INSERT INTO intent (account_id, source_id, generation, verb, body_hash, state, asked, created_at) "
        "VALUES (?, ?, 1, 'create', ?, 'open', 0, ?)",
        account,
        sources[0],
        b"h",
        NOW,
    )
    tx.run("INSERT INTO write_lease (account_id, until_ms, fence) VALUES (?, 0, 1)", account)
    tx.run("INSERT INTO epoch_limit (epoch, account_id, last_seq) VALUES (1, ?, 1)", account)
    return sources


async def test_a_deleted_account_is_gone_at_once_and_erased_in_steps(db: Database) -> None:
    app = await db.write(seed.app)
    keep = (await db.write(seed.account, app, "grace")).id
    gone = (await db.write(seed.account, app, ADA)).id
    kept_sources, gone_sources = await db.write(furnish, keep), await db.write(furnish, gone)
    await db.write(accounts.set_secret, gone, b"sealed", NOW)
    await db.write(lambda tx: tx.run("UPDATE account SET seq = 14, touch = 20"))
    assert await db.write(accounts.erase, gone, seed.look_ups)  # not deleted: nothing to do
    assert await db.read(lambda tx: tx.one(EVERYWHERE)) == (16, 14, 14, 4, 2, 2, 2, 2)

    assert await db.write(accounts.delete, gone, NOW + 1)
    assert await db.read(accounts.get, gone) is None
    assert await db.read(accounts.find, app, "carddav", ADA) is None
    assert await db.read(tokens.authenticate, 2, b"\x01" * 32) is None
    assert await db.read(lambda tx: tx.one(EVERYWHERE)) == (16, 14, 14, 4, 1, 1, 1, 2)
    assert (
        await db.read(lambda tx: tx.all("SELECT due_at, fence FROM source ORDER BY id"))
        == [(None, 0)] * 2 + [(None, 1)] * 2
    )
    assert not await db.write(accounts.delete, gone, NOW + 2)
    assert await db.read(accounts.to_erase) == [gone]

    assert await erase(db, gone) > 3
    assert await db.read(accounts.to_erase) == []
    assert await db.read(lambda tx: tx.one(EVERYWHERE)) == (8, 7, 7, 2, 1, 1, 1, 1)
    row = await db.read(
        lambda tx: tx.one(
            "SELECT subject, login, secret, generation, seq, touch, deleted_at FROM account WHERE id = ?", gone
        )
    )
    assert row == ("", None, None, 2, 14, 20, NOW + 1)
    assert len(await db.read(seed.find, kept_sources[0], "ada", "word")) == 4
    assert len(await db.read(seed.find, kept_sources[1], "ada", "word")) == 3
    for source in gone_sources:
        assert await db.read(seed.find, source, "ada") == []


async def test_the_words_of_an_erased_account_leave_the_index_of_sqlite(sqlite_db: Database) -> None:
    account = await sqlite_db.write(seed.new_account)
    sources = [await sqlite_db.write(seed.source, account, key) for key in ("/a/", "/b/")]
    for number, source in enumerate(sources):
        await sqlite_db.write(seed.contact, account, source, ["ada", "lovelace"], number + 1)
    await sqlite_db.write(accounts.delete, account, NOW)
    await erase(sqlite_db, account)

    def terms(tx: Tx) -> list[tuple[object, ...]]:
        tx.run("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab('main', 'contact_words', 'row')")
        return tx.all("SELECT term FROM vocabulary")

    assert await sqlite_db.write(terms) == []


async def test_the_user_of_a_deleted_account_gets_a_new_number(db: Database) -> None:
    app = await db.write(seed.app)
    first = await db.write(seed.account, app, ADA)
    await db.write(accounts.delete, first.id, NOW)
    await erase(db, first.id)
    second = await db.write(seed.account, app, ADA)
    assert second.id > first.id
    assert second.generation == 1
    await db.write(accounts.delete, second.id, NOW)
    await erase(db, second.id)
    assert (await db.write(seed.account, app, ADA)).id > second.id


async def test_a_database_stays_with_its_key_file(db: Database) -> None:
    await db.write(meta.bind_keys, "mark")
    await db.write(meta.bind_keys, "mark")
    with pytest.raises(StoreFailed, match="another key file"):
        await db.write(meta.bind_keys, "other")
    await db.write(meta.bind_keys, "mark")
