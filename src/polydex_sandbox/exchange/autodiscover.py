"""Autodiscover in plain XML ("POX"): from an e-mail address to the URL of Exchange Web Services (MS-OXDSCLI).

See https://learn.microsoft.com/exchange/client-developer/web-service-reference/pox-autodiscover-web-service-reference-for-exchange.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from lxml import etree
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from polydex_sandbox.accounts import Account, UnknownAccount
from polydex_sandbox.exchange.auth import Gate
from polydex_sandbox.quirks import Quirk
from polydex_sandbox.sandbox import Sandbox

PATH: Final = "/autodiscover/autodiscover.xml"
OPERATION: Final = "Autodiscover"
"""What quirks strike in place of a method, and what the log of requests calls it."""
REQUEST: Final = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
RESPONSE: Final = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
ENVELOPE: Final = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"

_LEARN = "https://learn.microsoft.com/exchange/client-developer/"
_HERE = frozenset({OPERATION})

QUIRKS: Final = (
    Quirk(
        "exchange-autodiscover-redirect-address",
        "Autodiscover answers that the mailbox has another address, to be looked for anew.",
        f"{_LEARN}web-service-reference/redirectaddr-pox",
        _HERE,
        {"address": "ada@example.org"},
    ),
    Quirk(
        "exchange-autodiscover-redirect-url",
        "Autodiscover answers that another URL has to be asked.",
        f"{_LEARN}web-service-reference/redirecturl-pox",
        _HERE,
        {"url": "https://autodiscover.example.org/autodiscover/autodiscover.xml"},
    ),
    Quirk(
        "exchange-autodiscover-http-redirect",
        "A GET without credentials, as clients send it over http, is answered with 302, for whomever it is.",
        f"{_LEARN}exchange-web-services/autodiscover-for-exchange",
        _HERE,
        {"url": "https://mail.example.org/autodiscover/autodiscover.xml"},
    ),
    Quirk(
        "exchange-autodiscover-error",
        "Autodiscover answers with an error, in HTTP 200: 500 does not know the address, 603 has no server of the version.",
        f"{_LEARN}web-service-reference/errorcode-pox",
        _HERE,
        {"code": 500},
        {"code": (500, 501, 600, 601, 603)},
    ),
)

_MESSAGES: Final = {
    500: "The email address can't be found.",
    501: "Bad Address",
    600: "Invalid Request",
    601: "Provider is not available",
    603: "No server of this version is available",
}
_OUTLOOK: Final = (500, 501, 603)
"""Errors of the answer itself; the others are about the request, and stand outside of the schema that it asks for."""
_DN: Final = "/o=Example/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="


class Autodiscover:
    """The service, for all accounts."""

    def __init__(self, sandbox: Sandbox, gate: Gate) -> None:
        self.sandbox, self.gate = sandbox, gate
        sandbox.quirks.add(QUIRKS)

    async def answer(self, request: Request) -> Response:
        """A request, whatever its verb: only a POST is understood."""
        request.state.operation = OPERATION
        if request.method == "GET" and "authorization" not in request.headers:
            for account in self.sandbox.accounts:
                if (there := self._strike(account, "http-redirect")) is not None:
                    return RedirectResponse(there["url"], 302)
        found = self.gate.authenticate(request)
        if isinstance(found, Response):
            return found
        request.state.account = found.id
        document = (
            self._document(found, await request.body(), str(request.base_url)) if request.method == "POST" else None
        )
        if document is None:
            document = self._error(600)
        text = etree.tostring(document, xml_declaration=True, encoding="utf-8")
        return self.gate.answered(request, Response(text, media_type="text/xml; charset=utf-8"))

    def _document(self, asking: Account, raw: bytes, base: str) -> etree._Element | None:
        """None: the request is not one."""
        try:
            asked = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError:
            return None
        address = (asked.findtext(f"{{{REQUEST}}}Request/{{{REQUEST}}}EMailAddress") or "").strip()
        wanted = asked.findtext(f"{{{REQUEST}}}Request/{{{REQUEST}}}AcceptableResponseSchema")
        if asked.tag != f"{{{REQUEST}}}Autodiscover" or not address or wanted is None:
            return None
        if wanted.strip() != RESPONSE:
            return self._error(601)
        if (error := self._strike(asking, "error")) is not None:
            return self._error(error["code"])
        if (there := self._strike(asking, "redirect-address")) is not None:
            return _redirected("redirectAddr", "RedirectAddr", there["address"])
        if (there := self._strike(asking, "redirect-url")) is not None:
            return _redirected("redirectUrl", "RedirectUrl", there["url"])
        try:
            account = self.sandbox.accounts.get(address)
        except UnknownAccount:
            return self._error(500)
        return _settings(account, base)

    def _strike(self, account: Account, quirk: str) -> dict[str, Any] | None:
        return self.sandbox.quirks.strike(account.id, f"exchange-autodiscover-{quirk}", OPERATION)

    def _error(self, code: int) -> etree._Element:
        milliseconds = self.sandbox.clock.now() % 86_400_000
        minutes, rest = divmod(milliseconds, 60_000)
        time = f"{minutes // 60:02}:{minutes % 60:02}:{rest / 1000:010.7f}"
        namespace = RESPONSE if code in _OUTLOOK else ENVELOPE
        root, response = _response(namespace)
        error = etree.SubElement(response, f"{{{namespace}}}Error", {"Time": time, "Id": "2477272013"})
        _fill(error, namespace, (("ErrorCode", str(code)), ("Message", _MESSAGES[code]), ("DebugData", "")))
        return root


def _settings(account: Account, base: str) -> etree._Element:
    ews = f"{base}EWS/Exchange.asmx"
    root, holder = _account(
        (
            ("DisplayName", account.name),
            ("LegacyDN", f"{_DN}{account.oid}"),
            ("AutoDiscoverSMTPAddress", account.email),
        ),
        (("AccountType", "email"), ("Action", "settings"), ("MicrosoftOnline", "False")),
    )
    for kind in ("EXCH", "EXPR"):
        protocol = etree.SubElement(holder, f"{{{RESPONSE}}}Protocol")
        values = [("Type", kind), ("Server", "mail.example.com"), ("ASUrl", ews), ("EwsUrl", ews), ("OOFUrl", ews)]
        if kind == "EXCH":
            values.insert(2, ("ServerVersion", "73C18A2F"))
        _fill(protocol, RESPONSE, values)
    return root


def _redirected(action: str, name: str, where: str) -> etree._Element:
    return _account((), (("Action", action), (name, where)))[0]


def _account(
    user: Sequence[tuple[str, str]], values: Iterable[tuple[str, str]]
) -> tuple[etree._Element, etree._Element]:
    """An answer, with what it says of the user and of the account; and the element of the account."""
    root, response = _response(RESPONSE)
    if user:
        _fill(etree.SubElement(response, f"{{{RESPONSE}}}User"), RESPONSE, user)
    account = etree.SubElement(response, f"{{{RESPONSE}}}Account")
    _fill(account, RESPONSE, values)
    return root, account


def _response(namespace: str) -> tuple[etree._Element, etree._Element]:
    """An empty answer: the document, and what holds all of it."""
    root = etree.fromstring(f'<Autodiscover xmlns="{ENVELOPE}"><Response xmlns="{namespace}"/></Autodiscover>')
    return root, root[0]


def _fill(element: etree._Element, namespace: str, values: Iterable[tuple[str, str]]) -> None:
    for name, value in values:
        etree.SubElement(element, f"{{{namespace}}}{name}").text = value
