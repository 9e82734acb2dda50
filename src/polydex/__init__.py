"""Polydex: one contacts API for every address book."""

__version__ = "0.1.0"
