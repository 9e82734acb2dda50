"""Which addresses are public, and what the operator's list adds."""

from ipaddress import ip_address

import pytest

from polydex.net.addresses import Purpose, is_allowed, is_public, parse_networks

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]
NOT_PUBLIC = [
    # unspecified, private, shared, loopback, link-local
    "0.0.0.0",  # noqa: S104 - nothing listens there
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    # special blocks, multicast, reserved, broadcast
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    # metadata services, one of them within public space
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    # IPv6: unspecified, loopback, link-local, unique-local, site-local, multicast, documentation, discard-only
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "5f00::1",
    # IPv4 inside IPv6: mapped, compatible, NAT64, local NAT64, 6to4, Teredo
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "2001:0:7f00:1::1",
    "2001::1",
]


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_addresses_that_are_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_without_a_list_nothing_is_allowed(text: str) -> None:
    assert not is_allowed(ip_address(text), "provider", parse_networks(""))


@pytest.mark.parametrize(
    ("networks", "address", "purpose", "allowed"),
    [
        ("127.0.0.0/8, ::1/128", "127.3.2.1", "provider", True),
        ("127.0.0.0/8, ::1/128", "::1", "webhook", True),
        ("127.0.0.0/8 ::1/128", "::1", "photo", True),
        ("127.0.0.0/8", "::ffff:127.0.0.1", "provider", True),
        ("127.0.0.0/8", "10.0.0.1", "provider", False),
        ("10.0.0.0/8=provider", "10.0.0.1", "provider", True),
        ("10.0.0.0/8=provider", "10.0.0.1", "webhook", False),
        ("10.0.0.0/8=provider|webhook", "10.0.0.1", "webhook", True),
        ("10.0.0.0/8=provider|webhook", "10.0.0.1", "photo", False),
        ("10.0.0.0/8=provider,10.1.0.0/16=photo", "10.1.0.1", "photo", True),
        # A network as a whole does not open the metadata service within; that takes its own address.
        ("169.254.0.0/16", "169.254.1.1", "provider", True),
        ("169.254.0.0/16", "169.254.169.254", "provider", False),
        ("169.254.169.254/32", "169.254.169.254", "provider", True),
        ("fd00::/8", "fd00:ec2::254", "provider", False),
        ("fe80::/10", "fe80::1%eth0", "provider", False),
        # Nor does the translation of a private address get in with it.
        ("10.0.0.0/8", "64:ff9b::a00:1", "provider", False),
    ],
)
def test_the_operators_networks(networks: str, address: str, purpose: Purpose, allowed: bool) -> None:
    assert is_allowed(ip_address(address), purpose, parse_networks(networks)) is allowed


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("127.0.0.1/8", "127.0.0.1/8"),
        ("localhost", "localhost"),
        ("10.0.0.0/8, nonsense", "nonsense"),
        ("10.0.0.0/8=providers", "providers"),
        ("10.0.0.0/8=", "unknown purpose"),
    ],
)
def test_a_list_that_cannot_be_read_names_the_item(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        parse_networks(text)
