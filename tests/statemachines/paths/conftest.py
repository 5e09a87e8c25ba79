"""One emulator with the workflows on it, for every path test of a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.emulator import Emulator, clients
from local.pulumi.handlers.lambda_ import HAS_RUNTIME_CLIENT
from tests.statemachines.paths.house import House

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The workflows as written, their handlers played by actors; retry sleeps and Wait states take no time."""
    if not HAS_RUNTIME_CLIENT:
        pytest.skip("named errors need AWS's runtime client, which has no wheel for this platform")
    folder = tmp_path_factory.mktemp("paths")
    (folder / "scripts").mkdir()
    with (
        Emulator(folder / "emulator.log", account="123456789012", wait_scale=0.001, role_seconds=0) as emulator,
        clients(emulator.endpoint, emulator.region) as aws,
    ):
        yield House(aws, folder / "scripts")
