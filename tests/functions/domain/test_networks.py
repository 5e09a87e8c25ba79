"""Networks from which requests are accepted."""

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.networks import comes_from


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
