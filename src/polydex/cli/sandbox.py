"""``polydex sandbox``. The sandbox is a program of its own: the product imports nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

from cyclopts import Parameter

from polydex.cli.common import Common, common_of
from polydex.core.errors import ConfigInvalid


def sandbox(
    *,
    host: Annotated[str, Parameter(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port to listen on; 0 takes a free one.")] = 8090,
    seed: Annotated[int, Parameter(help="Of everything that is drawn at random.")] = 0,
    tls_certificate: Annotated[str, Parameter(help="PEM file; with it the sandbox speaks https.")] = "",
    tls_key: Annotated[str, Parameter(help="PEM file of the certificate's key.")] = "",
    common: Common | None = None,
) -> None:
    """Run simulated providers until Ctrl-C or SIGTERM: Google and Microsoft, with everything in memory.

    It writes the settings that point Polydex at it.
    """
    if not 0 <= port <= 65535:
        raise ConfigInvalid("--port must be a whole number from 0 to 65535")
    command = [sys.executable, "-m", "polydex_sandbox", "--host", host, "--port", str(port), "--seed", str(seed)]
    if bool(tls_certificate) != bool(tls_key):
        raise ConfigInvalid("--tls-certificate and --tls-key belong together")
    if tls_certificate:
        command += ["--tls-certificate", tls_certificate, "--tls-key", tls_key]
    if common_of(common).json:
        command.append("--json")
    sys.stdout.flush()
    if os.name == "posix":
        # The process itself becomes the sandbox: who stops this command stops it.
        os.execv(sys.executable, command)  # noqa: S606 - our own interpreter and module
    sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - the same
