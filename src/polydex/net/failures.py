"""What went wrong on the wire, as errors of ours."""

from __future__ import annotations

from typing import Final

import aiohttp

from polydex.core.errors import ProviderError, ProviderMalformed, ProviderUnavailable

# Every one of these is raised before a byte of the request was written.
_NOT_CONNECTED: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_BROKEN_TLS: Final = (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)


class ConnectionDropped(aiohttp.ClientError):
    """A connection that was there is gone. A class of its own, because aiohttp would send PUT and DELETE again by
    itself after the ones it raises.
    """


def failure(error: Exception, host: str) -> ProviderError:
    """The error for an exception of aiohttp.

    Args:
        error: what aiohttp raised.
        host: of the URL, for the log.
    """
    detail = f"{host}: {type(error.__cause__ or error).__name__}"
    match error:
        case aiohttp.ClientConnectorDNSError():
            return ProviderUnavailable("The provider's host name cannot be resolved", sent=False, detail=detail)
        # Neither of the two has the other's base; the certificate error is not a connector error of aiohttp's.
        case _ if isinstance(error, _BROKEN_TLS):
            return ProviderUnavailable("No secure connection to the provider is possible", sent=False, detail=detail)
        case _ if isinstance(error, _NOT_CONNECTED):
            return unreachable(detail)
        case aiohttp.ClientResponseError() | aiohttp.InvalidURL() | ValueError():
            return ProviderMalformed(detail=detail)
        case _:
            return ProviderUnavailable("The connection to the provider broke off", sent=True, detail=detail)


def unreachable(detail: str) -> ProviderUnavailable:
    return ProviderUnavailable("The provider cannot be reached", sent=False, detail=detail)
