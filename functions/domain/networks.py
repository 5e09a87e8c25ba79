"""Where requests may come from."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network


def comes_from(address: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of the networks (CIDR); what is no address does not."""
    try:
        asked = ip_address(address)
    except ValueError:
        return False
    if isinstance(asked, IPv6Address) and asked.ipv4_mapped:
        asked = asked.ipv4_mapped
    return any(asked in ip_network(network) for network in networks)
