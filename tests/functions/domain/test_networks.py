"""Networks from which requests are accepted."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.networks import comes_from, may_serve


@given(st.ip_addresses(v=4) | st.ip_addresses(network="2000::/3"), st.integers(0, 32))
def test_an_address_comes_from_every_network_around_it(address: object, bits: int) -> None:
    """An address is in every network around it, whatever its size, and in none if there are no networks."""
    around = ip_network(f"{address}/{bits}", strict=False)
    assert comes_from(str(address), ["10.0.0.0/32", str(around)])
    assert not comes_from(str(address), [])


@given(st.text())
def test_what_is_no_address_comes_from_nowhere(text: str) -> None:
    """A text that is not an address is in no network."""
    try:
        ip_address(text)
    except ValueError:
        assert not comes_from(text, ["0.0.0.0/0", "::/0"])


@pytest.mark.parametrize("address", ["10.0.0.5", "52.95.110.1", "fd12::1", "2600:1f18::1"])
def test_a_service_may_be_in_a_network_of_its_own(address: str) -> None:
    """A service is at a public address, or at a private one of a network that the functions reach."""
    assert may_serve(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "169.254.169.254", "169.254.170.2", "fe80::1", "fd00:ec2::254"],  # noqa: S104
)
def test_no_service_is_at_an_address_of_aws_or_of_this_machine(address: str) -> None:
    """Loopback, links and AWS's metadata, and what is no address."""
    assert not may_serve(address)
    assert not may_serve("localhost")
    assert not may_serve("")
