"""Networks from which requests are accepted."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network

# Nothing here is a delivered service: the addresses of this machine, where Lambda's own interface listens
# (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, AWS_LAMBDA_RUNTIME_API), and those of links, among
# them the metadata of instances and containers in IPv4 (169.254.169.254, 169.254.170.2) and IPv6 (fd00:ec2::254):
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
_LOOPBACK = ("127.0.0.0/8", "::1/128")
_NO_SERVICES = ("0.0.0.0/8", "169.254.0.0/16", "::/128", "fe80::/10", "fd00:ec2::/32")


def is_loopback(address: str) -> bool:
    """Whether an IP address is one of this machine."""
    return comes_from(address, _LOOPBACK)


def may_serve(address: str) -> bool:
    """Whether a delivered service may have this IP address; False for loopback, links, and the metadata of AWS."""
    return is_address(address) and not comes_from(address, (*_LOOPBACK, *_NO_SERVICES))


def is_address(text: str) -> bool:
    """Whether the text is an IP address; IPv6 without a zone."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def comes_from(address: str, networks: Iterable[str]) -> bool:
    """Whether an IP address is in one of the networks (CIDR); False for a text that is not an address."""
    try:
        sender = ip_address(address)
    except ValueError:
        return False
    if isinstance(sender, IPv6Address) and sender.ipv4_mapped:
        sender = sender.ipv4_mapped
    return any(sender in ip_network(network) for network in networks)
