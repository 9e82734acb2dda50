"""Addresses of Exchange servers: what people write, completed; and those of Exchange Online, refused."""

from __future__ import annotations

import re
from typing import Final

from yarl import URL

from polydex.core.errors import AddressForbidden, BadRequest
from polydex.net.guard import literal, parse_url

PATH: Final = "/EWS/Exchange.asmx"
# Of other services of the same server, as people copy them from the browser.
_OTHERS: Final = frozenset(("/owa", "/ecp", "/ews", "/mapi", "/autodiscover"))
# Exchange Online, and its clouds of the United States and of China: hosts of EWS and of autodiscover.
_ONLINE: Final = (
    "outlook.com",
    "office365.com",
    "outlook.office.com",
    "office365.us",
    "outlook.office.mil",
    "apps.mil",
    "outlook.cn",
    "onmicrosoft.com",  # of addresses: those of tenants
)
_ADDRESS: Final = re.compile(
    r"[^\s@<>\"\x00-\x1f\x7f\ufffe\uffff]{1,64}@([^\s@<>\"/?#:\\\[\]\x00-\x1f\x7f\ufffe\uffff]{1,255})"
)

ONLINE: Final = (
    "The mailbox is in Exchange Online, which gives up Exchange Web Services (until 1 April 2027): connect it as "
    "Office365 (polydex accounts add microsoft)"
)
LEADS_ONLINE: Final = (
    "autodiscover leads to Exchange Online, which gives up Exchange Web Services (until 1 April 2027): connect the mailbox "
    "as Office365 (polydex accounts add microsoft), or give the address of your own server"
)


def ews_url(text: str) -> str:
    """The address of Exchange Web Services on a server.

    Args:
        text: a host, the address of the server, or that of one of its services.

    Raises:
        BadRequest: it is no address, or one of Exchange Online.
    """
    text = text.strip()
    try:
        url = parse_url(text if "://" in text else f"https://{text}").with_query(None)
    except AddressForbidden:
        raise BadRequest("serverUrl is not an address such as https://mail.example.com/") from None
    if is_online(url.raw_host or ""):
        raise BadRequest(f"serverUrl: {ONLINE}")
    return str(_completed(url))


def is_address(text: str) -> bool:
    """Whether it is an e-mail address, of a domain that can be the name of a host."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return False
    try:
        return literal(parse_url(f"https://{found[1]}/").raw_host or "") is None
    except AddressForbidden:
        return False


def is_online(host: str) -> bool:
    """Whether a host belongs to Exchange Online."""
    host = host.lower().rstrip(".")
    return any(host == name or host.endswith(f".{name}") for name in _ONLINE)


def _completed(url: URL) -> URL:
    path = url.raw_path.rstrip("/")
    if path.lower().endswith(".asmx"):
        return url.with_path(path, encoded=True)
    first = f"/{path[1:].partition('/')[0]}".lower()
    return url.with_path(PATH if first in _OTHERS else path + PATH, encoded=True)
