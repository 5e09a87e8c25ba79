"""Networks from which requests are accepted."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network


def comes_from(address: str, networks: Iterable[str]) -> bool:
    """Whether an IP address is in one of the networks (CIDR); False for a text that is not an address."""
    try:
        sender = ip_address(address)
    except ValueError:
        return False
    if isinstance(sender, IPv6Address) and sender.ipv4_mapped:
        sender = sender.ipv4_mapped
    return any(sender in ip_network(network) for network in networks)
