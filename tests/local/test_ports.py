"""The ports of a laptop run."""

import socket

from local.emulator import HOST
from local.ports import FIXED, Ports, usable


def test_a_port_that_is_taken_is_replaced_and_said() -> None:
    """The others stay as they are."""
    said: list[str] = []
    with socket.create_server((HOST, 0)) as taken, socket.create_server((HOST, 0)) as ended:
        port, free = taken.getsockname()[1], ended.getsockname()[1]
        ended.close()
        assert usable(Ports(console=free, github=port), said.append) == Ports(console=free)
    assert said == [f"port {port} is taken, so github gets another one"]


def test_a_port_whose_connections_are_still_closing_is_free() -> None:
    """Otherwise a platform that starts right after another one would get other addresses: Linux keeps them a minute."""
    server = socket.create_server((HOST, 0))
    port = server.getsockname()[1]
    client = socket.create_connection((HOST, port))
    served, _ = server.accept()
    served.close()  # the side that closes first waits
    client.close()
    server.close()
    assert usable(Ports(aws=port), print).aws == port


def test_every_server_has_a_port_of_its_own() -> None:
    """Documents name them."""
    ports = {getattr(FIXED, name) for name in Ports.__slots__}
    assert (len(ports), min(ports)) == (len(Ports.__slots__), 8490)
