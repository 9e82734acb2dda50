"""Which addresses the server may connect to.

Public is what the IANA special-purpose registries (RFC 6890) leave over; the tables stand here because ``ipaddress``
changed its answers between patch releases of Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Literal, TypeAlias, get_args

Purpose: TypeAlias = Literal["provider", "webhook", "photo"]
Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

PURPOSES: Final[frozenset[str]] = frozenset(get_args(Purpose))

# https://www.iana.org/assignments/iana-ipv4-special-registry, multicast (RFC 5771) and class E (RFC 1112) added.
_NOT_PUBLIC_V4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Of IPv6 only 2000::/3 is global unicast (RFC 4291, 2.4); from it go the special blocks:
# https://www.iana.org/assignments/iana-ipv6-special-registry. 2001::/23 holds Teredo, 2002::/16 is 6to4 (RFC 7526).
_GLOBAL_UNICAST_V6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_V6: Final = tuple(
    IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3ffe::/16", "3fff::/20")
)
# What DNS64 makes of an IPv4 address on a network without IPv4 (RFC 6052, 2.1).
_NAT64: Final = IPv6Network("64:ff9b::/96")
# Where cloud machines ask for their own secrets. Some lie in networks that an operator may well allow as a whole
# (fd00::/8, 169.254.0.0/16), one is a public address: they are reachable only when named alone.
METADATA: Final[frozenset[Address]] = frozenset(
    ip_address(text)
    for text in (
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.253",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "192.0.0.192",
        "fd00:ec2::23",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)


@dataclass(frozen=True, slots=True)
class AllowedNetwork:
    """A network that is not public and may be reached all the same, for some purposes."""

    network: Network
    purposes: frozenset[str] = PURPOSES


def parse_networks(text: str) -> tuple[AllowedNetwork, ...]:
    """The networks of ``127.0.0.0/8, 10.0.0.0/8=provider|webhook``; without a suffix for every purpose.

    Raises:
        ValueError: names the item that is not a network or the purpose that does not exist.
    """
    return tuple(_parse_items(text))


def _parse_items(text: str) -> Iterator[AllowedNetwork]:
    for item in text.replace(",", " ").split():
        network_text, equals, purposes_text = item.partition("=")
        try:
            network = ip_network(network_text)
        except ValueError as error:
            raise ValueError(f"{item!r} is not a network such as 10.0.0.0/8: {error}") from None
        purposes = frozenset(purposes_text.split("|")) if equals else PURPOSES
        if unknown := purposes - PURPOSES:
            raise ValueError(f"{item!r}: unknown purpose {min(unknown)!r}, known are {', '.join(sorted(PURPOSES))}")
        yield AllowedNetwork(network, purposes)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet and to nobody's metadata service."""
    if isinstance(address, IPv6Address):
        # The kernel connects to the IPv4 address inside.
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(address.packed[-4:]))
        return (
            address in _GLOBAL_UNICAST_V6
            and not any(address in network for network in _NOT_PUBLIC_V6)
            and address not in METADATA
        )
    return address not in METADATA and not any(address in network for network in _NOT_PUBLIC_V4)


def is_allowed(address: Address, purpose: Purpose, networks: tuple[AllowedNetwork, ...]) -> bool:
    """Whether the operator allows an address that is not public."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
    alone = address in METADATA
    return any(
        purpose in allowed.purposes
        and address.version == allowed.network.version
        and address in allowed.network
        and (not alone or allowed.network.num_addresses == 1)
        for allowed in networks
    )
