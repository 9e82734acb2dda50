"""When a repetition makes sense: the Retry-After header (RFC 9110, 10.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

# A day: who means more is asked once a day, and a slip of a server's stops an account no longer than that.
_LONGEST = 86_400.0


def retry_after(headers: Mapping[str, str], now_ms: int) -> float | None:
    """Seconds to wait, a day at most, from delay-seconds or an HTTP-date; None when the header is absent or unreadable.

    Args:
        headers: of an answer, looked up without regard to case.
        now_ms: unix milliseconds.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST)
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    # A date without a zone, and the "-0000" of e-mail, are UTC in HTTP (RFC 9110, 5.6.7).
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, moment.timestamp() - now_ms / 1000), _LONGEST)
