"""Microsoft's schemas and the recorded requests of clients, which lie beside this repository and not in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from lxml import etree

from tests.exchange import contract

CONTRACTS: Final = contract.CONTRACTS.parent
SETS: Final = {"Exchange2013_SP1": "exchange2013_sp1", "Exchange2016": "exchange2016"}
"""The version of the tables -> the folder with the schema that it is compared with."""
TRANSCRIPTS: Final = ("exchangelib-noauth", "exchangelib-ver", "node-ews-javascript-api", "davmail-ews")
SOAP: Final = "{http://schemas.xmlsoap.org/soap/envelope/}"

present = pytest.mark.skipif(
    not (CONTRACTS / "ews").is_dir(), reason="the schemas are not beside this repository (../shared/contracts)"
)
"""Marks a module of tests that need them."""


def folder(version: str) -> Path:
    return CONTRACTS / "ews" / SETS[version]


def contracts_schema(version: str) -> etree.XMLSchema:
    """Microsoft's schema of a version."""
    return contract.schema(version.removeprefix("Exchange"))


def envelopes(client: str) -> Iterator[etree._Element]:
    """The SOAP envelopes that a client sent, in the order of its transcript."""
    text = (CONTRACTS / "transcripts" / f"{client}.txt").read_text(encoding="utf-8", errors="surrogateescape")
    for request in re.split(r"^===== REQUEST \d+ =====$", text, flags=re.MULTILINE)[1:]:
        sent = request.split("----- RESPONSE", 1)[0].partition("\n\n")[2].strip()
        if sent.startswith("<"):
            yield etree.fromstring(sent.encode("utf-8", "surrogateescape"))
