"""The check of a database: ``check`` judges it by the rules of ``rules.py``, ``mend`` builds derived data anew."""

from polydex.engine.check.report import Finding, Outcome, Report
from polydex.engine.check.rules import RULES, Rule
from polydex.engine.check.run import check

__all__ = ["RULES", "Finding", "Outcome", "Report", "Rule", "check"]
