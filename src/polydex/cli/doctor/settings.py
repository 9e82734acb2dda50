"""The settings: understood, spelt as they are meant, and not at odds with each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

from polydex.config import PREFIX, Config
from polydex.core.errors import ConfigInvalid
from polydex.engine.context import Settings
from polydex.engine.doctor.step import Step, failed, ok, warning
from polydex.engine.keys import FILE

_NETWORKS = f"{PREFIX}ALLOW_PRIVATE_NETWORKS"
_WRITE_SECONDS = Settings().write_deadline


def load(env: Mapping[str, str], data_dir: Path | None) -> tuple[Config, list[Step]]:
    """The settings as far as they can be understood, and what is wrong with them.

    Args:
        env: the environment.
        data_dir: of the command line; in front of POLYDEX_DATA_DIR.
    """
    problems: dict[str, str] = {}
    for variable in sorted(env):
        if variable.startswith(PREFIX):
            # Addresses are judged by the networks that are allowed, whose name comes first in the alphabet.
            networks = {} if _NETWORKS in problems else {_NETWORKS: env.get(_NETWORKS, "")}
            try:
                Config.load({**networks, variable: env[variable]})
            except ConfigInvalid as error:
                problems[variable] = error.message
    config = Config.load({name: value for name, value in env.items() if name not in problems})
    if data_dir is not None:
        config = dataclasses.replace(config, data_dir=data_dir)
    mend = "Correct it where the server gets its environment; polydex config lists every setting."
    steps = [failed("settings", f"{problem}.", mend) for problem in problems.values()]
    steps += [
        warning(
            "settings",
            f"{variable} is set but means nothing.",
            "Correct its spelling, or unset it; polydex config lists every setting.",
        )
        for variable in config.unknown
    ]
    steps += [warning("settings", said, mend) for said, mend in _contradictions(config)]
    return config, steps or [ok("settings", f"{len(config.given)} settings are given, and understood.")]


def _contradictions(config: Config) -> Iterator[tuple[str, str]]:
    if config.database_url is not None and config.database_path.exists():
        yield (
            f"POLYDEX_DATABASE_URL is set, so the database {config.database_path} is not used.",
            "Unset POLYDEX_DATABASE_URL to use it, or move the file away if it is no longer needed.",
        )
    own = config.data_dir / FILE
    if config.keys_file is not None and own.exists() and not _same(own, config.keys_file):
        yield (
            f"POLYDEX_KEYS_FILE is set, so the key file {own} is not used.",
            "Unset POLYDEX_KEYS_FILE to use it; remove the one that does not fit the database.",
        )
    if config.request_timeout <= _WRITE_SECONDS:
        yield (
            f"POLYDEX_REQUEST_TIMEOUT is {config.request_timeout:g} s, and a write may take {_WRITE_SECONDS:g} s.",
            f"Set POLYDEX_REQUEST_TIMEOUT to more than {_WRITE_SECONDS:g}.",
        )


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
