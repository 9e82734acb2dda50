"""The OAuth clients that this installation has registered with providers, and the way to their token endpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from polydex.connectors.provider import OAuth, Probe, Provider
from polydex.core.errors import AddressForbidden, TokenRefreshFailed
from polydex.engine.doctor.step import Step, failed, ok, sentence, told, warning

ALLOW = (
    "If it is meant, name its network in POLYDEX_ALLOW_PRIVATE_NETWORKS, such as 192.168.1.0/24, for the server and the "
    "commands."
)


async def examine(providers: Mapping[str, Provider], net: object) -> AsyncIterator[Step]:
    """The steps of every provider whose client is set, such as ``google.client``."""
    for name, provider in providers.items():
        if isinstance(provider, OAuth):
            async for probe in provider.examine(net):
                yield _step(name, probe)


def _step(provider: str, probe: Probe) -> Step:
    name, prefix = f"{provider}.{probe.step}", f"POLYDEX_{provider.upper()}"
    copy = f"Copy the id and the secret of the OAuth client into {prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET, for the server and the commands."
    special = probe.mend.format(again=f"polydex accounts add {provider} --tokens-stdin")
    if probe.warning:
        return warning(name, probe.warning, special or copy)
    if probe.error is None:
        return ok(name, probe.found)
    if special:
        mend = special
    elif isinstance(probe.error, TokenRefreshFailed):
        mend = copy
    elif isinstance(probe.error, AddressForbidden):
        mend = ALLOW
    else:
        mend = f"Check this machine's way to the internet, and the addresses of {prefix}_* (polydex config); then try again."
    return failed(name, sentence(told(probe.error)), mend)
