"""An emulated AWS for the tests that need tables only."""

from collections.abc import Iterator

import pytest

from local.clients import Clients, clients
from local.emulator import Emulator


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """The clients of a running emulator, shared by the session."""
    log = tmp_path_factory.mktemp("emulator") / "emulator.log"
    with Emulator(log, account="123456789012") as running, clients(running.endpoint, running.region) as made:
        yield made
