"""One installation per test."""

from tests.contract.server.conftest import house

__all__ = ["house"]
