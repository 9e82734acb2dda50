"""Which resource serves a path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

_PARAMETER = re.compile(r"\{(\w+)(:path)?\}")


_Match = Callable[[str], re.Match[str] | None]


class Paths(Generic[T]):
    """Path templates and what stands behind each.

    A parameter ``{contId}`` is one segment, ``{rest:path}`` any number of them, none included.

    Looked up, not tried one after the other: thirty expressions cost as much as reading a page from the database. What
    has a name of its own comes before what stands for any name: ``/v1/contacts/sync`` is no contact.
    """

    def __init__(self, served: Iterable[tuple[str, T]]) -> None:
        self.templates: list[str] = []
        self._exact: dict[str, T] = {}
        self._patterns: dict[int, list[tuple[_Match, T]]] = {}
        self._open: list[tuple[_Match, T]] = []
        for template, found in sorted(served, key=lambda each: each[0]):
            self.templates.append(template)
            if "{" not in template:
                self._exact[template] = found
                continue
            expression, end = "", 0
            for parameter in _PARAMETER.finditer(template):
                name, many = parameter.groups()
                expression += re.escape(template[end : parameter.start()]) + f"(?P<{name}>{'.*' if many else '[^/]+'})"
                end = parameter.end()
            pattern = re.compile(expression + re.escape(template[end:]), re.DOTALL).fullmatch
            within = self._open if ":path}" in template else self._patterns.setdefault(template.count("/"), [])
            within.append((pattern, found))

    def find(self, path: str) -> tuple[T, dict[str, str]] | None:
        """What serves a path, with the values of its parameters; None for nothing."""
        found = self._exact.get(path)
        if found is not None:
            return found, {}
        for pattern, each in (*self._patterns.get(path.count("/"), ()), *self._open):
            match = pattern(path)
            if match is not None:
                return each, match.groupdict()
        return None
