"""Is the process alive, is it ready for traffic, and how does it fare."""

from __future__ import annotations

from polydex import metrics
from polydex.api import reply
from polydex.api.operation import Answer, Call, Operation, Who
from polydex.api.reply import Reply
from polydex.core.errors import PolydexError, StoreFailed, Unavailable
from polydex.log import logger

TAG = "Operation"
log = logger(__name__)
_EXAMPLE = '# TYPE polydex_http_requests_total counter\npolydex_http_requests_total{method="GET",status="200"} 1.0\n'


async def health(_call: Call) -> Reply:
    return reply.answer({"status": "ok"})


async def ready(call: Call) -> Reply:
    passed: dict[str, str] = {}
    for name, check in call.services.checks.items():
        try:
            await check()
        except (PolydexError, OSError, TimeoutError) as error:
            log.warning("ready.failed", check=name, error=type(error).__name__, detail=getattr(error, "detail", None))
            reason = f": {error.message}" if isinstance(error, StoreFailed) else ""
            raise Unavailable(f"Not ready: {name}{reason}") from error
        passed[name] = "ok"
    return reply.answer({"status": "ready", "checks": passed})


async def figures(_call: Call) -> Reply:
    return Reply(metrics.render(), media=metrics.CONTENT_TYPE)


OPERATIONS = (
    Operation(
        "GET",
        "/health",
        "health",
        TAG,
        "The process is alive",
        health,
        who=Who.ANYONE,
        answers={200: Answer("Health", "Alive.")},
        text="Answers as long as the process can answer at all; looks at nothing else.",
    ),
    Operation(
        "GET",
        "/ready",
        "ready",
        TAG,
        "The server can do its work",
        ready,
        who=Who.ANYONE,
        answers={200: Answer("Ready", "Ready.")},
        text="Tries what every request needs: the database is written to, and its disk has to have room. 503 otherwise, "
        "naming what fails and why.",
    ),
    Operation(
        "GET",
        "/metrics",
        "metrics",
        TAG,
        "Metrics in the Prometheus text format",
        figures,
        who=Who.ANYONE,
        answers={200: Answer(None, "Metrics.", media="text/plain", example=_EXAMPLE)},
        text="Counters and durations of requests, pulls and provider calls. No label holds contact data.",
    ),
)
