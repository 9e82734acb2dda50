"""Quirks: odd behaviour of real providers that can be switched on per account."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any


@dataclass(frozen=True)
class Quirk:
    """One kind of odd behaviour, in the catalogue of its provider.

    Attributes:
        id: ``provider-what``.
        text: what happens, in one sentence.
        source: where it was seen or is documented.
        methods: the methods that it can strike; empty for all of the provider.
        parameters: name -> default; a given value has to be of the default's type.
        choices: name -> the values that a parameter may have, where not every one is good.
        always: it is part of the simulation and cannot be switched off.
    """

    id: str
    text: str
    source: str
    methods: frozenset[str] = frozenset()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    always: bool = False


_WHEN = frozenset({"methods", "probability", "seed", "skip", "count"})


class UnknownQuirk(Exception):
    """No provider has a quirk of this id."""


class BadSetting(Exception):
    """A quirk was given something that it cannot take; the text says what."""


@dataclass
class Setting:
    """A quirk that is switched on for an account.

    Attributes:
        quirk: what.
        methods: which methods it strikes; empty for all that it can.
        probability: 0 to 1, drawn from `seed`.
        skip: so many times it could strike it does not.
        count: so many times it still strikes; None without end.
        parameters: every parameter of the quirk.
        struck: how often it has struck.
    """

    quirk: Quirk
    methods: frozenset[str]
    probability: float
    seed: int
    skip: int
    count: int | None
    parameters: dict[str, Any]
    struck: int = 0

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311 - to be repeatable

    def strikes(self, method: str) -> bool:
        """Whether it strikes this call; counts it when it does."""
        if method not in (self.methods or self.quirk.methods or {method}) or self.count == 0:
            return False
        if self.probability < 1 and self._random.random() >= self.probability:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.count is not None:
            self.count -= 1
        self.struck += 1
        return True


class Quirks:
    """The catalogue of all providers, and what is switched on where."""

    def __init__(self) -> None:
        self.catalogue: dict[str, Quirk] = {}
        self._on: dict[str, dict[str, Setting]] = {}

    def add(self, quirks: Iterable[Quirk]) -> None:
        self.catalogue |= {quirk.id: quirk for quirk in quirks}

    def of(self, account_id: str) -> dict[str, Setting]:
        """What is switched on for an account."""
        return self._on.get(account_id, {})

    def switch_on(self, account_id: str, quirk_id: str, given: Mapping[str, Any]) -> Setting:
        """Switch a quirk on, in place of an earlier setting of it.

        Args:
            account_id: for whom.
            quirk_id: which.
            given: any of ``methods``, ``probability``, ``seed``, ``skip``, ``count``, and parameters of the quirk.

        Raises:
            UnknownQuirk: there is none of this id.
            BadSetting: something is unknown, of the wrong type, or says when a quirk that is always on shall strike.
        """
        quirk = self._quirk(quirk_id)
        rest = dict(given)
        if quirk.always and (useless := _WHEN.intersection(rest)):
            raise BadSetting(f"{quirk.id} is always on: it takes no {', '.join(sorted(useless))}")
        setting = Setting(
            quirk=quirk,
            methods=_methods(quirk, rest.pop("methods", [])),
            probability=_number(rest.pop("probability", 1), "probability", 0, 1),
            seed=int(_number(rest.pop("seed", 0), "seed")),
            skip=int(_number(rest.pop("skip", 0), "skip", 0)),
            count=None if (count := rest.pop("count", None)) is None else int(_number(count, "count", 0)),
            parameters=dict(quirk.parameters),
        )
        for name, value in rest.items():
            setting.parameters[name] = _parameter(quirk, name, value)
        self._on.setdefault(account_id, {})[quirk_id] = setting
        return setting

    def switch_off(self, account_id: str, quirk_id: str) -> None:
        """Raises UnknownQuirk."""
        self._quirk(quirk_id)
        self._on.get(account_id, {}).pop(quirk_id, None)

    def forget(self, account_id: str) -> None:
        """Switch everything off for an account."""
        self._on.pop(account_id, None)

    def strike(self, account_id: str, quirk_id: str, method: str) -> dict[str, Any] | None:
        """The parameters of the quirk when it strikes this call, else None."""
        setting = self._on.get(account_id, {}).get(quirk_id)
        return setting.parameters if setting is not None and setting.strikes(method) else None

    def parameters(self, account_id: str, quirk_id: str) -> dict[str, Any] | None:
        """The parameters of a quirk that is a state of the account rather than something that strikes a call."""
        setting = self._on.get(account_id, {}).get(quirk_id)
        return None if setting is None else setting.parameters

    def _quirk(self, quirk_id: str) -> Quirk:
        if quirk_id not in self.catalogue:
            raise UnknownQuirk(quirk_id)
        return self.catalogue[quirk_id]


def _methods(quirk: Quirk, given: Any) -> frozenset[str]:
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise BadSetting("methods has to be a list of names")
    if quirk.methods and not quirk.methods.issuperset(given):
        raise BadSetting(f"{quirk.id} can strike {', '.join(sorted(quirk.methods))}")
    return frozenset(given)


def _number(given: Any, name: str, low: float | None = None, high: float | None = None) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise BadSetting(f"{name} has to be a number")
    if (low is not None and given < low) or (high is not None and given > high):
        raise BadSetting(f"{name} is out of range")
    return given


def _parameter(quirk: Quirk, name: str, value: Any) -> Any:
    if name not in quirk.parameters:
        raise BadSetting(f"{quirk.id} has no parameter {name}")
    default = quirk.parameters[name]
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(value, bool) != isinstance(default, bool) or not isinstance(value, type(default)):
        raise BadSetting(f"{name} has to be of the type of {default!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadSetting(f"{name} has to be a number")
    if name in quirk.choices and value not in quirk.choices[name]:
        raise BadSetting(f"{name} has to be one of {', '.join(map(str, quirk.choices[name]))}")
    return value
