"""One emulated AWS for every test below this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.clients import Clients, clients
from local.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A running emulator in eu-central-1, shared by the session: tests need unique names."""
    log = tmp_path_factory.mktemp("emulator") / "emulator.log"
    with Emulator(log, region="eu-central-1", account="123456789012", role_seconds=0) as running:
        yield running


@pytest.fixture(scope="session")
def aws(emulator: Emulator) -> Iterator[Clients]:
    """The clients of the shared emulator."""
    with clients(emulator.endpoint, emulator.region) as made:
        yield made
