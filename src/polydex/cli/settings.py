"""``polydex config``."""

from __future__ import annotations

import sys

from polydex.cli.common import Common, common_of, note, write, write_json, write_table


def settings(*, common: Common | None = None) -> None:
    """List every setting: its variable, its value, whether it is set, and what it is for."""
    common = common_of(common)
    config = common.config()
    found = config.describe()
    if common.json:
        write_json(
            {
                each.variable: {"value": each.value, "default": each.default, "given": each.given, "doc": each.doc}
                for each in found
            }
        )
    elif sys.stdout.isatty():  # three facts and a sentence fit no table that a terminal has room for
        for each in found:
            write(f"{each.variable}={each.value}{'' if each.given else '  (default)'}\n    {each.doc}")
    else:
        rows = [(each.variable, each.value, "set" if each.given else "default", each.doc) for each in found]
        write_table(("Variable", "Value", "", "What it is for"), rows, "")
    for variable in config.unknown:
        note(f"{variable} is set but means nothing: misspelt?")
