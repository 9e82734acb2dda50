"""What has lost an index of its own is found by another one, and never by reading everything."""

from __future__ import annotations

from polydex.core.ids import SourceId
from polydex.store import contacts, look_ups, rows
from polydex.store.db import Database, Tx
from tests.contract.store import seed
from tests.contract.store.noting import Noting


async def test_stable_keys_and_look_ups_are_found_by_an_index(db: Database) -> None:
    def plans(tx: Tx) -> list[str]:
        if tx.dialect.name == "postgres":
            tx.run("SET LOCAL enable_seqscan = off")  # so few rows are read faster without an index
        explain = "EXPLAIN QUERY PLAN" if tx.dialect.name == "sqlite" else "EXPLAIN"
        noting = Noting(tx)
        contacts.highest_n(noting, SourceId(1), ["a", "b"])  # type: ignore[arg-type]  # a double
        rows.same_stable(noting, SourceId(1), ["a", "b"])  # type: ignore[arg-type]  # a double
        look_ups.holds(noting, 1, [(1, "e", "a")])  # type: ignore[arg-type]  # a double
        rows.unlisted(noting, SourceId(1))  # type: ignore[arg-type]  # a double
        asked = [*noting.asked, (f"DELETE FROM contact_key WHERE {contacts.ONE_KEY}", (1, "e", "a", 1))]  # noqa: S608 - ours
        asked.append(("DELETE FROM contact_key WHERE source_id = ?", (1,)))
        return [str(tx.all(f"{explain} {sql}", *params)) for sql, params in asked]

    found = await db.write(plans)
    by = [*["contact_stable", "contact_key_current"] * 2, "", "contact_unlisted"]
    assert len(found) == 8
    assert [name for plan, name in zip(found, by, strict=False) if name not in plan] == []
    assert [plan for plan in found if "SCAN contact" in plan or "Seq Scan" in plan] == []


async def test_the_highest_number_is_known_wherever_a_stable_key_is(db: Database) -> None:
    """Of a current row under its stable key, of one under another key, and of a detached one."""
    account = await db.write(seed.new_account)
    source = SourceId(await db.write(seed.source, account))
    for seq in (1, 2, 3):
        await db.write(seed.contact, account, source, ["ada"], seq)

    def arrange(tx: Tx) -> None:
        tx.run("UPDATE contact SET stable_key = '1.vcf', n = 4 WHERE seq = 2")
        tx.run("UPDATE contact SET stable_key = '1.vcf', key = '1.vcf', current = 0, live = 0, n = 9 WHERE seq = 3")

    assert await db.read(contacts.highest_n, source, ["1.vcf", "x"]) == {"1.vcf": 0}
    await db.write(arrange)
    assert await db.read(contacts.highest_n, source, ["1.vcf", "2.vcf"]) == {"1.vcf": 9}
    await db.write(lambda tx: tx.run("UPDATE contact SET n = 12 WHERE seq = 1"))
    assert await db.read(contacts.highest_n, source, ["1.vcf"]) == {"1.vcf": 12}
