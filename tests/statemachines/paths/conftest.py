"""One emulator with the workflows, for every path test of a pytest worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.clients import clients
from local.emulator import Emulator
from local.pulumi.handlers.lambda_ import HAS_RUNTIME_CLIENT
from tests.statemachines.paths.runner import WorkflowRunner

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkflowRunner]:
    """The workflows as written, with scripted handlers; retry sleeps and Wait states take no time."""
    if not HAS_RUNTIME_CLIENT:
        pytest.skip("named errors need AWS's runtime client, which has no wheel for this platform")
    folder = tmp_path_factory.mktemp("paths")
    (folder / "scripts").mkdir()
    with (
        Emulator(folder / "emulator.log", account="123456789012", wait_scale=0.001, role_seconds=0) as emulator,
        clients(emulator.endpoint, emulator.region) as aws,
    ):
        yield WorkflowRunner(aws, folder / "scripts")
