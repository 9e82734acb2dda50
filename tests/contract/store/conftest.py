from tests.fixtures import db, open_db, sqlite_db

__all__ = ["db", "open_db", "sqlite_db"]
