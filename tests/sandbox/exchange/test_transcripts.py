"""What unmodified clients send is as the tables say."""

from __future__ import annotations

import pytest
from lxml import etree

from polydex_sandbox.exchange import schema
from tests.sandbox.exchange.contracts import SOAP, TRANSCRIPTS, envelopes, present

pytestmark = present
VERSION = "{http://schemas.microsoft.com/exchange/services/2006/types}RequestServerVersion"


@pytest.mark.parametrize("client", TRANSCRIPTS)
def test_requests_of_clients(client: str) -> None:
    seen = 0
    for envelope in envelopes(client):
        asked = envelope.find(f"{SOAP}Header/{VERSION}")
        version = schema.agreed(None if asked is None else asked.get("Version"))
        for one in envelope.iterfind(f"{SOAP}*/*"):
            assert schema.check(one, version) is None, etree.tostring(one, encoding="unicode")
            seen += 1
    assert seen > 10
