"""How accounts are let in to the whole simulator, as their settings say."""

from __future__ import annotations

import hashlib
import ssl
from typing import Any

import httpx
import pytest
from lxml import etree

from polydex_sandbox.app import build
from polydex_sandbox.exchange.auth import EWS_SCOPE
from polydex_sandbox.exchange.autodiscover import PATH, RESPONSE
from polydex_sandbox.sandbox import Sandbox
from tests.providers.serving import serving
from tests.sandbox.exchange.api import Api
from tests.sandbox.exchange.conftest import opened
from tests.sandbox.exchange.test_autodiscover import asking
from tests.sandbox.exchange.test_gate import connected, offers, shaken
from tests.servers.sandbox import serve

EWS = "/EWS/Exchange.asmx"
FOLDER = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>"
    '<t:DistinguishedFolderId Id="contacts"/></m:FolderIds></m:GetFolder>'
)


async def settle(api: Api, **given: Any) -> httpx.Response:
    return await api.http.put(f"/control/accounts/{api.account['id']}/exchange/settings", json=given)


async def test_settings(api: Api) -> None:
    told = (await settle(api, methods=["basic", "bearer"], extendedProtection="allow")).json()
    assert (told["methods"], told["extendedProtection"]) == (["basic", "bearer"], "allow")
    # What is not given stays.
    told = (await settle(api, methods=["ntlm"], password="another")).json()
    assert (told["methods"], told["extendedProtection"]) == (["ntlm"], "allow")


@pytest.mark.parametrize(
    "given",
    [
        {"methods": "basic"},
        {"methods": ["digest"]},
        {"extendedProtection": "off"},
        {"extendedProtection": None},
        {"password": "a:b"},
        {"password": "a\nb"},
    ],
)
async def test_settings_that_are_none(api: Api, given: dict[str, Any]) -> None:
    assert (await settle(api, **given)).status_code == 400


async def test_methods_of_an_account(api: Api) -> None:
    assert (await api.post(FOLDER)).status_code == 200
    assert (await settle(api, methods=["basic"], password="a:b")).status_code == 200
    api.password = "a:b"
    assert (await api.post(FOLDER)).status_code == 200
    assert (await settle(api, methods=["bearer"])).status_code == 200
    answer = await api.post(FOLDER)
    assert answer.status_code == 401
    assert [one.partition(" ")[0] for one in offers(answer)] == ["Bearer"]


async def test_a_bearer_token(sandbox: Sandbox, api: Api) -> None:
    await settle(api, methods=["bearer"])
    token = sandbox.issue(sandbox.accounts.get("ada@example.com"), [f"https://mail.example.com/{EWS_SCOPE}"]).token

    def bearer(request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    assert (await api.post(FOLDER, auth=bearer)).status_code == 200


async def test_from_autodiscover_to_the_mailbox(api: Api) -> None:
    answer = await api.http.post(PATH.replace("a", "A"), content=asking(), auth=("ada@example.com", "secret"))
    url = etree.fromstring(answer.content).findtext(f".//{{{RESPONSE}}}EwsUrl")
    assert url == "http://sandbox/EWS/Exchange.asmx"
    log = (await api.http.get("/control/requests")).json()["requests"]
    assert [(one["operation"], one["account"], one["status"]) for one in log] == [("Autodiscover", "1", 200)]


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
async def test_a_proven_connection(scheme: str) -> None:
    async with serving(build(Sandbox())) as url, connected(url) as client:
        api = await opened(client, email="ada@example.com", exchange={"password": "other", "login": "ada.l"})
        # A GET is let in, and redirected to the description of the service.
        answer = await shaken(client, "EXAMPLE\\ada.l", "other", scheme, path=EWS)
        assert answer.status_code == 302
        answer = await api.post(FOLDER, auth=None)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"


async def test_extended_protection_of_a_process() -> None:
    with serve(https=True) as server:
        assert server.authority is not None
        email = server.new_account(exchange={"extendedProtection": "require"})["email"]
        trusting = ssl.create_default_context(cafile=str(server.authority))
        host, port = server.url.removeprefix("https://").split(":")
        der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port))))
        binding = b"tls-server-end-point:" + hashlib.sha256(der).digest()
        async with connected(server.url, trusting) as client:
            assert (await shaken(client, email, "secret", binding=binding, path=EWS)).status_code == 302
            assert (await shaken(client, email, "secret", path=EWS)).status_code == 401
