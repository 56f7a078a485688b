"""Ranges of addresses, and whom a set of rules lets in."""

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_network,
)
from typing import Final, TypeAlias, cast

from ngrok_async._shown import shown

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address

# Of an address in IPv6 that stands for one in IPv4: https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


def range_of(cidr: object, name: str) -> Network:
    """Return the range that a rule is for.

    Args:
        cidr: A text in CIDR notation, or a network of `ipaddress`.
        name: The argument it is in, for messages.

    Raises:
        ValueError: It is none; says what was probably meant.
    """
    if isinstance(cidr, IPv4Network | IPv6Network):
        found: Network = cidr
    else:
        found = _parsed(cidr, name)
    if _is_mapped(found):
        raise ValueError(f"{name}: write {plain(found)} instead of {found}, which is the same")
    return found


def addresses_of(text: object, name: str) -> Network:
    """Return one address, or a range of them, as a range.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(text, str | IPv4Address | IPv6Address | IPv4Network | IPv6Network):
        try:
            return plain(ip_network(text))
        except ValueError as error:
            hint = "; leave the mask out for one address" if "host bits" in str(error) else ""
            raise ValueError(f"{name}: {error}{hint}") from None
    raise ValueError(f"{name} must be an address, got {shown(text)}")


def written(cidr: str) -> str:
    """Return a range that ngrok has answered with in the one form that all are compared in."""
    try:
        return str(ip_network(cidr, strict=False))
    except ValueError:
        return cidr


def admits(allowed: Iterable[str], denied: Iterable[str], addresses: Network) -> bool:
    """Tell whether rules let all of these addresses in: some allow has each, and no deny any."""
    if any(addresses.overlaps(each) for each in _networks(denied, addresses)):
        return False
    return any(
        cast("IPv4Network", addresses).subnet_of(each)
        for each in collapse_addresses(_networks(allowed, addresses))
    )


def plain(network: Network) -> Network:
    """Return the range of IPv4 that one of IPv6 stands for, or the range as it is."""
    if not _is_mapped(network):
        return network
    first = cast("IPv6Address", network.network_address).ipv4_mapped
    return ip_network((str(first), network.prefixlen - _MAPPED.prefixlen))


def _parsed(cidr: object, name: str) -> Network:
    try:
        found = ip_network(cidr if isinstance(cidr, str) else "", strict=False)
    except ValueError:
        raise ValueError(
            f"{name} must be a range such as '203.0.113.0/24', or an IPRule('203.0.113.0/24', "
            f"description=...), got {shown(cidr)}"
        ) from None
    cidr = cast("str", cidr)
    if "/" not in cidr:
        raise ValueError(f"{name}: {shown(cidr)} has no mask; for this one address write '{found}'")
    address = cidr.partition("/")[0]
    if ip_network(address).network_address != found.network_address:
        one = ip_network(address)
        raise ValueError(
            f"{name}: {shown(cidr)} is not the lowest address of its range; write '{found}' for"
            f" the range, or '{one}' for the one address"
        )
    return found


def _is_mapped(network: Network) -> bool:
    return isinstance(network, IPv6Network) and network.subnet_of(_MAPPED)


def _networks(cidrs: Iterable[str], like: Network) -> list[IPv4Network]:
    """Return the ranges of the same version of IP."""
    found = [plain(ip_network(cidr)) for cidr in cidrs]
    return [cast("IPv4Network", each) for each in found if each.version == like.version]
