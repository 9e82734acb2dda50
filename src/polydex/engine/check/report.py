"""What a check has found: for each rule whether it holds, and where it does not. No contact data, no secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from polydex.engine.check.rules import RULES, Rule

SHOWN = 20
"""Findings of one rule that are kept; the others are counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that breaks a rule.

    Attributes:
        detail: what is wrong, in words without any stored value that could be of a person.
        account: its number, if the row is of an account.
        table, row: where; for the file as a whole there is none.
    """

    detail: str
    account: int | None = None
    table: str | None = None
    row: int | None = None


@dataclass(slots=True)
class Outcome:
    """Of one rule.

    Attributes:
        count: findings, however many.
        findings: the first of them.
        skipped: why the rule was not looked at; empty: it was.
    """

    count: int = 0
    findings: list[Finding] = field(default_factory=list)
    skipped: str = ""


@dataclass(slots=True)
class Report:
    """Of one check.

    Attributes:
        outcomes: of every rule.
        contacts: rows of contacts that were looked at, tombstones included.
        suspects: rows whose derived data are to be built anew.
    """

    outcomes: Mapping[Rule, Outcome] = field(default_factory=lambda: {rule: Outcome() for rule in RULES})
    contacts: int = 0
    suspects: set[int] = field(default_factory=set)

    @property
    def sound(self) -> bool:
        """Whether every rule that was looked at holds."""
        return self.count == 0

    @property
    def count(self) -> int:
        """Findings in all."""
        return sum(outcome.count for outcome in self.outcomes.values())

    def add(self, rule: Rule, finding: Finding) -> None:
        """Note a finding."""
        outcome = self.outcomes[rule]
        outcome.count += 1
        if len(outcome.findings) < SHOWN:
            outcome.findings.append(finding)
        if rule.derived and finding.row is not None:
            self.suspects.add(finding.row)

    def skip(self, reason: str, *rules: Rule) -> None:
        """Note that rules cannot be looked at, unless there are findings already."""
        for rule in rules:
            outcome = self.outcomes[rule]
            if not outcome.count and not outcome.skipped:
                outcome.skipped = reason

    def broken(self) -> dict[str, int]:
        """The names of the rules that do not hold, with the number of findings."""
        return {rule.name: outcome.count for rule, outcome in self.outcomes.items() if outcome.count}
