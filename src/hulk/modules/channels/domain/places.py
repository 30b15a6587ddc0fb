"""Which addresses are here, or in a private network. Pure rules."""

from ipaddress import IPv4Address, IPv6Address, ip_network

_HOME = tuple(map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10")))
"""Loopback, RFC 1918, RFC 4193, and the link of IPv6. That of IPv4 (169.254.0.0/16) is left out: clouds answer there."""


def at_home(address: IPv4Address | IPv6Address) -> bool:
    """Whether what goes there stays on this machine or in a private network."""
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain in network for network in _HOME)
