"""Addresses: who the client is behind trusted proxies, and how much of it to show. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What identifies a household or a site rather than a person (S-127).
COARSE_PREFIX = {4: 24, 6: 48}


def parse_address(text: str | None) -> Address | None:
    """Return the address in this text, IPv4 out of its IPv6 mapping, or None."""
    try:
        address = ipaddress.ip_address((text or "").strip())
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id:
            return None
        return address.ipv4_mapped or address
    return address


def parse_network(text: str) -> Network:
    """Return the network in this text; a single address is a network of one.

    Raises ValueError with a plain sentence.
    """
    try:
        if "%" in text:
            raise ValueError
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(
            f"{text[:60]!r} is not an address or a network such as 192.0.2.0/24"
        ) from None
    first = network.network_address
    if isinstance(first, ipaddress.IPv6Address) and first.ipv4_mapped and network.prefixlen >= 96:
        return ipaddress.ip_network((first.ipv4_mapped, network.prefixlen - 96))
    return network


def is_trusted(address: Address | None, trusted: Sequence[Network]) -> bool:
    """Tell whether an address belongs to one of the trusted proxies."""
    return address is not None and any(
        address.version == network.version and address in network for network in trusted
    )


def client_address(
    peer: str | None, forwarded_for: str | None, trusted: Sequence[Network]
) -> Address | None:
    """Return the client's address: the nearest one that is not a trusted proxy.

    ``forwarded_for`` is read from its end, since only what a trusted proxy appended is true
    (S-133); it is not read at all unless the peer itself is trusted.
    """
    address = parse_address(peer)
    for hop in reversed((forwarded_for or "").split(",")):
        if not is_trusted(address, trusted):
            break
        named = parse_address(hop)
        if named is None:
            break
        address = named
    return address


def coarse(address: Address) -> Address:
    """Return the address with its host part set to zero (/24, /48)."""
    prefix = COARSE_PREFIX[address.version]
    return ipaddress.ip_network((address, prefix), strict=False).network_address


def masked(address: Address | None) -> str:
    """Return the address as shown without ``pii:view``: ``203.0.113.x``, ``2001:db8:1::x``."""
    if address is None:
        return "unknown"
    text = str(coarse(address))
    if address.version == 4:
        return text.removesuffix(".0") + ".x"
    return text.removesuffix("::") + "::x"


def shown(address: Address | None, *, full: bool) -> str:
    """Return the address in full or masked."""
    return str(address) if full and address is not None else masked(address)
