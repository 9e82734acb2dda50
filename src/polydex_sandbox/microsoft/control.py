"""Microsoft's part of the control API: the user's own Outlook, which sees and changes the true state, without quirks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import BaseRoute

from polydex_sandbox.control import BadInput, no_others
from polydex_sandbox.microsoft.mailbox import Mailbox

if TYPE_CHECKING:
    from polydex_sandbox.microsoft.service import Graph


def routes(_graph: Graph) -> list[BaseRoute]:
    """Below ``/control``."""
    return []


def settle(mailbox: Mailbox, given: Any) -> None:
    """Settings of a mailbox; what is not given stays.

    ``namedProperties`` (at most), ``concurrentRequests`` (at most), ``requestSeconds`` (that each takes, real ones),
    ``contactLists`` (in the default folder: counted, never shown). Raises BadInput.
    """
    if not isinstance(given, dict):
        raise BadInput("microsoft has to be an object")
    no_others(given, ("namedProperties", "concurrentRequests", "requestSeconds", "contactLists"))
    for name, attribute in _WHOLE.items():
        value = given.get(name, getattr(mailbox, attribute))
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise BadInput(f"{name} has to be a whole number")
        setattr(mailbox, attribute, value)
    seconds = given.get("requestSeconds", mailbox.duration)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST:
        raise BadInput(f"requestSeconds has to be a number from 0 to {LONGEST}")
    mailbox.duration = float(seconds)


_WHOLE = {"namedProperties": "named_limit", "concurrentRequests": "concurrent", "contactLists": "lists"}
LONGEST = 60
"""Seconds that a request can be made to take."""
