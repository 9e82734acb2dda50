"""Finds the providers: every package may bring some, through the entry-point group ``polydex.providers``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

from polydex.connectors.provider import Provider
from polydex.core.errors import ConfigInvalid

GROUP = "polydex.providers"


def load(
    options: Callable[[str], Mapping[str, str]] = lambda _: {}, *, found: Iterable[EntryPoint] | None = None
) -> dict[str, Provider]:
    """The installed providers by their names.

    Args:
        options: of the installation, by the provider's name; see ``Provider.configured``.
        found: entry points to take in place of those that are installed.

    Raises:
        ConfigInvalid: a package cannot be imported, what it names is no provider, or two have one name; the message
            names the entry point.
    """
    providers: dict[str, Provider] = {}
    for point in sorted(entry_points(group=GROUP) if found is None else found):
        try:
            provider = point.load()
        except Exception as error:
            raise ConfigInvalid(f"The provider {point.name!r} ({point.value}) cannot be loaded: {error}") from error
        if not isinstance(provider, Provider):
            raise ConfigInvalid(f"The provider {point.name!r} ({point.value}) does not have what a provider needs")
        if provider.name in providers:
            raise ConfigInvalid(f"Two installed packages bring a provider named {provider.name!r}")
        providers[provider.name] = provider.configured(options(provider.name))
    if not providers:
        raise ConfigInvalid("No provider is installed; install the package polydex again")
    return providers
