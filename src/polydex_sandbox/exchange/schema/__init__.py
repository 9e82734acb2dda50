"""The schema of Exchange Web Services: what requests and answers may hold, in tables of the sandbox's own.

Exchange validates every request before it looks at it, and answers ErrorSchemaValidation when one element stands in the
wrong order. The tables say what types.xsd and messages.xsd of Exchange 2016 say of the operations that the sandbox
knows, and what that of 2013 SP1 and before did not have yet.
"""

from __future__ import annotations

from lxml import etree

from polydex_sandbox.exchange.schema.judge import Violation, judge
from polydex_sandbox.exchange.schema.versions import FIRST, NEWEST, VERSIONS, InvalidServerVersion, agreed

__all__ = ["FIRST", "NEWEST", "VERSIONS", "InvalidServerVersion", "Violation", "agreed", "check", "judge"]


def check(element: etree._Element, version: str = NEWEST) -> str | None:
    """The text of ErrorSchemaValidation for an operation, answer or header; None when it is as the schema says.

    Args:
        element: the child of the SOAP body, or one of those of the header.
        version: whose schema holds, as `agreed` gives it.
    """
    found = judge(element, version)
    return None if found is None else f"The request failed schema validation: {found.text}"
