"""One ECS endpoint for every test below this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local.ecs.support import Workbench, workbench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.emulator import Emulator


@pytest.fixture(scope="session")
def ecs_workbench(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """One endpoint for the session."""
    with workbench(emulator, tmp_path_factory.mktemp("ecs")) as made:
        yield made


@pytest.fixture
def bench(ecs_workbench: Workbench) -> Workbench:
    """The session's endpoint."""
    return ecs_workbench
