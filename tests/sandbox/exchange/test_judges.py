"""The tables and Microsoft's schemas judge the same documents alike, the broken ones and the others."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import assume, given, settings, strategies as st
from lxml import etree

from polydex_sandbox.exchange import schema
from polydex_sandbox.exchange.schema.notation import MESSAGES
from polydex_sandbox.exchange.schema.tables import TABLES
from tests.sandbox.exchange.contracts import SETS, contracts_schema, present
from tests.sandbox.exchange.madeup import Maker, broken
from tests.soak import SOAK

pytestmark = [present, pytest.mark.soak]

ROOTS = [name for name in TABLES.elements if MESSAGES in name and "GetUserConfigurationResponse" not in name]
"""That one the set of 2016 describes in another way (test_tables)."""


@pytest.mark.parametrize("version", SETS)
@given(seed=st.integers(0, 2**32), root=st.sampled_from(ROOTS))
@settings(max_examples=20_000 if SOAK else 300)
def test_documents_as_the_tables_allow(version: str, seed: int, root: str) -> None:
    random = Random(seed)
    document = Maker(random, version).document(root)
    said = schema.check(document, version)
    assume(said is None or "incomplete content" not in said)
    assert said is None
    theirs = contracts_schema(version)
    assert theirs.validate(document), (theirs.error_log, etree.tostring(document))


@pytest.mark.parametrize("version", SETS)
@given(seed=st.integers(0, 2**32), root=st.sampled_from(ROOTS), times=st.integers(1, 2))
@settings(max_examples=20_000 if SOAK else 600)
def test_broken_documents(version: str, seed: int, root: str, times: int) -> None:
    random = Random(seed)
    document = Maker(random, version).document(root)
    for _ in range(times):
        broken(document, random)
    document = etree.fromstring(etree.tostring(document))
    theirs = contracts_schema(version)
    valid = theirs.validate(document)
    said = schema.check(document, version)
    # libxml2 overlooks what is no base64, and is stricter with URLs than .NET.
    assume("base64Binary" not in str(said) and "anyURI" not in str(theirs.error_log))
    assert (said is None) == valid, (said, theirs.error_log, etree.tostring(document))
