"""The OAuth clients that this installation has registered with providers, and the way to their token endpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from polydex.connectors.provider import OAuth, Probe, Provider
from polydex.core.errors import AddressForbidden, PolydexError, TokenRefreshFailed
from polydex.engine.doctor.step import Step, failed, ok, sentence, told, warning
from polydex.net.client import Net
from polydex.net.message import Call

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


async def public(url: str | None, net: Net) -> AsyncIterator[Step]:
    """Whether providers reach this installation, as far as that can be told from here; nothing where they need not."""
    if url is None:
        return
    mend = (
        f"Let the proxy in front of Polydex answer {url}/health and pass {url}/push/ on, and have POLYDEX_PUBLIC_URL name it; "
        f"where this machine is not led back to itself, try from outside: curl {url}/health"
    )
    try:
        answer = await net.send(
            Call("GET", f"{url}/health", deadline=10.0, idempotent=True, redirects=0, label="public")
        )
    except PolydexError as error:
        yield warning("push", f"POLYDEX_PUBLIC_URL: {sentence(told(error))}", mend)
        return
    if answer.status != 200 or b'"ok"' not in answer.body[:100]:
        said = f"POLYDEX_PUBLIC_URL leads to something that does not answer as Polydex does ({answer.status})."
        yield warning("push", said, mend)
    elif not url.startswith("https://"):
        yield warning("push", "POLYDEX_PUBLIC_URL is not https, which providers on the internet insist on.", mend)
    else:
        yield ok("push", "POLYDEX_PUBLIC_URL leads to a Polydex.")


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
