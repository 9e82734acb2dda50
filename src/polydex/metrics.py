"""Counters for ``/metrics``, in a registry of our own. No label ever holds an account, an address or a path."""

from __future__ import annotations

from functools import cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
REGISTRY: Final = CollectorRegistry(auto_describe=True)

_SECONDS: Final = (0.005, 0.02, 0.1, 0.5, 2.5, 10.0, 30.0)

_http_requests = Counter("polydex_http_requests", "Requests answered", ("route", "method", "status"), registry=REGISTRY)
_http_seconds = Histogram(
    "polydex_http_request_seconds", "Time to answer a request", ("route",), buckets=_SECONDS, registry=REGISTRY
)
_provider_requests = Counter(
    "polydex_provider_requests", "Calls to providers", ("provider", "status"), registry=REGISTRY
)
_provider_seconds = Histogram(
    "polydex_provider_request_seconds",
    "Time of a call to a provider",
    ("provider",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
_hints = Counter("polydex_hints", "Notifications of providers, by what became of them", ("outcome",), registry=REGISTRY)
_watches = Gauge(
    "polydex_watches", "Address books whose providers tell of changes, by state", ("state",), registry=REGISTRY
)
_streams = Gauge("polydex_streams", "Connections that this process holds open to be told of changes", registry=REGISTRY)


def http_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count one answered request. ``route`` is the path template, never a path."""
    requests, duration = _http(route, method, status)
    requests.inc()
    duration.observe(seconds)


@cache
def _http(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    # Looking a child up costs more than counting; there are as many as there are time series anyway.
    return _http_requests.labels(route, method, str(status)), _http_seconds.labels(route)


def provider_request(provider: str, status: str, seconds: float) -> None:
    """Count one outbound call. ``status`` is the HTTP status or the code of our error."""
    requests, duration = _provider(provider, status)
    requests.inc()
    duration.observe(seconds)


@cache
def _provider(provider: str, status: str) -> tuple[Counter, Histogram]:
    return _provider_requests.labels(provider, status), _provider_seconds.labels(provider)


def hint(outcome: str) -> None:
    """Count what came to a notification address, or over a stream.

    ``accepted``, ``merged`` (with one that waits), ``handshake``, ``forged``, ``malformed`` or ``dropped`` (too many wait).
    """
    _hints.labels(outcome).inc()


def watches(state: str, count: int) -> None:
    """Set how many watches are in a state: ``active``, ``waiting``, ``failed`` or ``off``."""
    _watches.labels(state).set(count)


def streams(count: int) -> None:
    """Set how many streams this process holds open, or is about to open."""
    _streams.set(count)


def render() -> bytes:
    """All metrics in the Prometheus text format, of ``CONTENT_TYPE``."""
    return generate_latest(REGISTRY)
