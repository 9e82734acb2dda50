"""The odd behaviour of Exchange that can be switched on, each with where it was seen. `odd` plays them."""

from __future__ import annotations

from polydex_sandbox.quirks import Quirk

_LEARN = "https://learn.microsoft.com/exchange/client-developer/"

CATALOGUE = (
    Quirk(
        "exchange-slow",
        "An answer comes only after so many real seconds.",
        f"{_LEARN}exchange-web-services/ews-throttling-in-exchange",
        parameters={"seconds": 1.0},
    ),
    Quirk(
        "exchange-drop-before",
        "The connection is dropped before anything was done.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
    ),
    Quirk(
        "exchange-drop-after",
        "The connection is dropped after everything was done: the answer is lost.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
    ),
)
