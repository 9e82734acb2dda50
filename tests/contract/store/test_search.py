"""Both engines find the same: every word of the query is the beginning of a word of the contact, in one source."""

import random

import pytest

from polydex.store.db import Database, Tx
from polydex.store.dialect import POSTGRES, SQLITE, Dialect
from tests.contract.store import seed

BOOK = {
    "ada": ["ada", "lovelace", "london", "1815"],
    "adam": ["adam", "müller", "köln", "42nd"],
    "kana": ["山田", "太郎", "やまだ", "tokyo"],
    "mixed": ["x", "1x2", "12", "naïve", "straße", "ﬁne", "क्षेत्र", "𠮷野", "ǆ"],
}


async def shelve(db: Database) -> tuple[int, int, dict[str, int]]:
    """Two sources with the same contacts; the ids of the first one's rows by their names."""

    def work(tx: Tx) -> tuple[int, int, dict[str, int]]:
        account = seed.new_account(tx)
        first, second = seed.source(tx, account, "/a/"), seed.source(tx, account, "/b/")
        rows = {name: seed.contact(tx, account, first, words, n) for n, (name, words) in enumerate(BOOK.items(), 1)}
        for n, words in enumerate(BOOK.values(), 100):
            seed.contact(tx, account, second, words, n)
        return first, second, rows

    return await db.write(work)


QUERIES: dict[str, set[str]] = {
    "ada": {"ada", "adam"},
    "adam": {"adam"},
    "ad lo": {"ada"},
    "lo lon": {"ada"},
    "lovelace müller": set(),
    "dam": set(),
    "4": {"adam"},
    "mü": {"adam"},
    "mu": set(),  # folding is done before
    "山": {"kana"},
    "やまだ 太": {"kana"},
    "x": {"mixed"},
    "1": {"ada", "mixed"},
    "1x2": {"mixed"},
    "क्षे": {"mixed"},
    "𠮷": {"mixed"},
    "nai": set(),
    "and": set(),
    "or": set(),
    "not": set(),
    "near": set(),
}


async def test_every_word_by_its_beginning(db: Database) -> None:
    first, _, rows = await shelve(db)
    found = {query: await db.read(seed.find, first, *query.split()) for query in QUERIES}
    assert found == {query: sorted(rows[name] for name in names) for query, names in QUERIES.items()}


async def test_a_source_whose_number_begins_like_another_is_apart(db: Database) -> None:
    """Source 1 and a word that begins with a digit look like source 11."""

    def work(tx: Tx) -> list[int]:
        account = seed.new_account(tx)
        for number, name in ((1, "/1/"), (11, "/11/"), (111, "/111/")):
            tx.run("INSERT INTO source (id, account_id, key) VALUES (?, ?, ?)", number, account, name)
            seed.contact(tx, account, number, ["1xada", "x1", "ada"], number)
        return [len(seed.find(tx, source, "1xa")) for source in (1, 11, 111)] + [
            len(seed.find(tx, source, word)) for source in (1, 11) for word in ("1", "11", "1x1", "x11", "a")
        ]

    assert await db.write(work) == [1, 1, 1] + [1, 0, 0, 0, 1] * 2


async def test_other_words_take_the_place_of_the_old_ones(db: Database) -> None:
    first, second, rows = await shelve(db)

    def change(tx: Tx) -> None:
        tx.dialect.index_many(tx, [(rows["ada"], first, BOOK["ada"], ["ada", "king"])])
        tx.dialect.index_many(tx, [(rows["adam"], first, BOOK["adam"], [])])
        tx.dialect.index_many(tx, [(rows["kana"], first, BOOK["kana"], list(reversed(BOOK["kana"])))])

    await db.write(change)
    assert await db.read(seed.find, first, "ad") == [rows["ada"]]
    assert await db.read(seed.find, first, "king") == [rows["ada"]]
    assert await db.read(seed.find, first, "lovelace") == []
    assert await db.read(seed.find, first, "山田") == [rows["kana"]]
    assert len(await db.read(seed.find, second, "ad")) == 2


async def test_words_as_long_as_a_book_are_cut_alike_when_stored_and_when_asked_for(db: Database) -> None:
    long, wide = "a" * 10_000, "山" * 5000

    def work(tx: Tx) -> tuple[int, int]:
        account = seed.new_account(tx)
        source = seed.source(tx, account)
        return source, seed.contact(tx, account, source, [long, wide, "end"], 1)

    source, row = await db.write(work)
    for query in (long, wide, "end", "aaa"):
        assert await db.read(seed.find, source, query) == [row]


async def test_more_words_than_an_index_takes(db: Database) -> None:
    """PostgreSQL takes a megabyte of words; the rest of a very long note is not found, on both engines alike."""
    words = [f"w{number:06}{'山' * 80}" for number in range(6000)]

    def work(tx: Tx) -> tuple[int, int]:
        account = seed.new_account(tx)
        source = seed.source(tx, account)
        return source, seed.contact(tx, account, source, words, 1)

    source, row = await db.write(work)
    assert await db.read(seed.find, source, words[0]) == [row]
    found = [number for number in range(0, 6000, 100) if await db.read(seed.find, source, f"w{number:06}")]
    assert found == list(range(0, 2000, 100))
    await db.write(lambda tx: tx.dialect.index_many(tx, [(row, source, words, ["short"])]))
    assert await db.read(seed.find, source, words[0]) == []
    assert await db.read(seed.find, source, "short") == [row]


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRES], ids=["sqlite", "postgres"])
@pytest.mark.parametrize("query", ["a b", "", 'a"', "a*", "a'", "a:", "-a", "a\\", "(a", "a|b", "a&b", "\0"])
def test_what_is_no_word_is_refused_before_it_is_a_query(dialect: Dialect, query: str) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        dialect.search_clause(1, ["ok", query])
    with pytest.raises(ValueError, match="letters and digits"):
        dialect.search_clause(1, [])


async def test_random_books_against_a_plain_model(db: Database) -> None:
    """Insert, change, remove and search at random; a plain dictionary says what is to be found."""
    chance = random.Random(20_260)

    def words() -> list[str]:
        return ["".join(chance.choices("ab1é山", k=chance.randint(1, 4))) for _ in range(chance.randint(0, 6))]

    def setup(tx: Tx) -> tuple[int, list[int]]:
        account = seed.new_account(tx)
        return account, [seed.source(tx, account, f"/{number}/") for number in range(3)]

    account, sources = await db.write(setup)
    model: dict[int, tuple[int, list[str]]] = {}

    def some_changes(tx: Tx) -> None:
        for _ in range(5):
            if not model or chance.random() < 0.6:
                source, new = chance.choice(sources), words()
                model[seed.contact(tx, account, source, new, len(model) + 1)] = (source, new)
            else:
                row = chance.choice(list(model))
                source, old = model[row]
                model[row] = (source, words())
                tx.dialect.index_many(tx, [(row, source, old, model[row][1])])

    for _ in range(40):
        await db.write(some_changes)
        source = chance.choice(sources)
        query = [word[: chance.randint(1, 4)] for word in words()] or ["a"]
        expected = [
            row
            for row, (home, stored) in sorted(model.items())
            if home == source and all(any(word.startswith(part) for word in stored) for part in query)
        ]
        assert await db.read(seed.find, source, *query) == expected


async def test_the_index_of_sqlite_is_sound_after_changes(sqlite_db: Database) -> None:
    first, _, rows = await shelve(sqlite_db)

    def change(tx: Tx) -> None:
        tx.dialect.index_many(tx, [(rows["ada"], first, BOOK["ada"], ["ada"])])
        tx.dialect.index_many(tx, [(rows["adam"], first, BOOK["adam"], [])])
        tx.run("INSERT INTO contact_words (contact_words) VALUES ('integrity-check')")
        tx.run("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab('main', 'contact_words', 'row')")

    await sqlite_db.write(change)
    terms = await sqlite_db.write(lambda tx: [row[0] for row in tx.all("SELECT term FROM vocabulary")])
    mine = sorted(term for term in terms if term.startswith(f"{first}x"))
    assert mine == sorted(f"{first}x{word}" for word in ["ada", *BOOK["kana"], *BOOK["mixed"]])
