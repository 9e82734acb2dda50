"""The command line. Commands are imported when they are called, so that help and completion stay fast."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from cyclopts import App, CycloptsError, Parameter

from polydex import __version__

_HELP = """One contacts API for every address book, on your own machine.

Begin with: polydex demo. Then, for your own address book: polydex apps create, polydex accounts add, polydex serve."""

_EXIT_CODES = (
    "Exit codes: 0 done, 1 failed, 2 wrong command line, input or setting, 3 not found, 4 changed meanwhile, "
    "5 try again later, 6 refused by the provider, 130 Ctrl-C."
)

_COMMANDS = (
    ("serve", "polydex.cli.serve:serve", "Run the server."),
    (
        "demo",
        "polydex.cli.demo.command:demo",
        "Try it: a real CardDAV server with made-up contacts, and Polydex on top.",
    ),
    ("apps", "polydex.cli.apps:app", "Applications: the back ends that use the API."),
    ("accounts", "polydex.cli.accounts:app", "Accounts: connected address books."),
    ("sync", "polydex.cli.sync:sync", "Bring an account up to date, and watch it."),
    ("contacts", "polydex.cli.contacts:app", "Contacts of an account."),
    ("backup", "polydex.cli.backup:backup", "Make a checked copy of the database."),
    ("restore", "polydex.cli.restore:restore", "Put a backup in the place of the database."),
    ("check", "polydex.cli.check:check", "Judge the database by Polydex's own rules."),
    ("doctor", "polydex.cli.doctor.command:doctor", "Find out what is wrong, and how to mend it."),
    ("sandbox", "polydex.cli.sandbox:sandbox", "Run simulated providers, for tests and to try things out."),
    ("config", "polydex.cli.settings:settings", "List every setting with its value."),
)


def build() -> App:
    """The command line as a Cyclopts application."""
    app = App(
        name="polydex",
        help=_HELP,
        help_epilogue=_EXIT_CODES,
        version=__version__,
        default_parameter=Parameter(negative=(), show_default=_shown),
        help_format="plaintext",
    )
    for name, target, help_text in _COMMANDS:
        app.command(target, name=name, help=help_text)
    return app


def _shown(default: Any) -> Any:
    """How help shows a default: not at all for an option that is simply absent."""
    return None if default is False or default is None else default


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """The console script ``polydex``. Ends the process with an exit code of ``cli.errors``."""
    from polydex.cli import errors

    try:
        _run(argv)
    finally:
        try:
            if sys.stderr is not None:
                sys.stderr.flush()
        except OSError:
            # The disk of the log is full, or its reader gone: the end of the interpreter would take that for a failure.
            sys.stderr = None
    sys.exit(errors.OK)


def _run(argv: Sequence[str] | None) -> None:
    """A command. Raises SystemExit, unless all went well."""
    from polydex.cli import common, errors

    words = sys.argv[1:] if argv is None else list(argv)
    as_json = "--json" in words
    common.prepare_streams(as_json=as_json)
    try:
        errors.check_text(words)
        build()(words, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        sys.exit(errors.usage(str(error), as_json=as_json))
    except KeyboardInterrupt:
        sys.exit(errors.INTERRUPTED)
    except BrokenPipeError:
        # Who reads our output has seen enough (`polydex contacts list | head`).
        sys.stdout = None
        sys.exit(errors.OK)
    except Exception as error:  # noqa: BLE001 - the outermost place: one clear line in place of a traceback
        sys.exit(errors.tell(error, as_json=as_json))
