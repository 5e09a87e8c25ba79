"""The ports of a laptop run on loopback: the same ones at each start, so that addresses can be written down."""

import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass

from local.emulator import HOST


@dataclass(frozen=True, slots=True)
class Ports:
    """The port of each server of a platform; 0 is any free one."""

    console: int = 0
    aws: int = 0
    github: int = 0
    codebuild: int = 0
    ecs: int = 0


ANY = Ports()
FIXED = Ports(console=8490, aws=8491, github=8492, codebuild=8493, ecs=8494)


def usable(wanted: Ports, say: Callable[[str], None]) -> Ports:
    """The wanted ports; a port that another program listens on is replaced by any free one, which is said."""
    found = asdict(wanted)
    for server, port in found.items():
        if _taken(port):
            say(f"port {port} is taken, so {server} gets another one")
            found[server] = 0
    return Ports(**found)


def _taken(port: int) -> bool:
    """Whether somebody listens there; a port whose last connections are still closing is free, as for the servers."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False
