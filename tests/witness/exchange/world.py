"""A simulated Exchange for clients in processes of their own, with everything that passes judged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from polydex_sandbox.app import build
from polydex_sandbox.clock import Clock
from polydex_sandbox.sandbox import Sandbox
from tests.contract.net.servers import CHAIN, certify
from tests.exchange.judge import Judge
from tests.providers.serving import serving

ROOT = Path(__file__).parents[3]
ADDRESS, PASSWORD = "ada@example.com", "correct horse"
SECONDS = 120
"""After which a client is taken for dead."""


@dataclass
class World:
    """An account of ada@example.com with one folder of contacts below the default one.

    Attributes:
        judge: around the sandbox; judges requests by the schemas of 2016, as these clients speak it.
        url: of the service, ``https://127.0.0.1:.../EWS/Exchange.asmx``.
        control: of the control API.
        environment: of a process that has to trust the server.
    """

    judge: Judge
    url: str
    control: str
    environment: dict[str, str] = field(default_factory=dict)

    async def observed(self, command: Sequence[str]) -> dict[str, Any]:
        """What a client wrote: one JSON object."""
        pipe = asyncio.subprocess.PIPE
        environment = {**os.environ, **self.environment}
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe)
        try:
            output, errors = await asyncio.wait_for(process.communicate(), SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, errors.decode()[-6000:]
        found: dict[str, Any] = json.loads(output)
        return found


@contextlib.asynccontextmanager
async def world(folder: Path, *, tls: bool = False, **settings: Any) -> AsyncIterator[World]:
    """``settings``: of the account at Exchange, besides its password."""
    environment, chain, shown = {}, None, None
    if tls:
        bundle = str(certify(folder, "127.0.0.1").bundle)
        environment = {"REQUESTS_CA_BUNDLE": bundle, "SSL_CERT_FILE": bundle, "NODE_EXTRA_CA_CERTS": bundle}
        chain = folder / CHAIN
        shown = x509.load_pem_x509_certificates(chain.read_bytes())[0].public_bytes(Encoding.DER)
    judge = Judge(build(Sandbox(Clock()), shown), version="2016", lenient=True)
    async with serving(judge, chain) as url, serving(judge) as plain, httpx.AsyncClient() as http:
        given = {"email": ADDRESS, "name": "Ada Example", "exchange": {"password": PASSWORD, **settings}}
        answer = await http.post(f"{plain}/control/accounts", json=given)
        assert answer.status_code == 201, answer.text
        folders = f"{plain}/control/accounts/{answer.json()['id']}/exchange/folders"
        assert (await http.post(folders, json={"name": "Choir"})).status_code == 201
        yield World(judge, f"{url}/EWS/Exchange.asmx", f"{plain}/control", environment)
