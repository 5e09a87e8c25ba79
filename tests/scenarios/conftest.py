"""One platform for all scenarios: the real program on the embedded AWS, with short watches."""

from collections.abc import Iterator

import pytest

from local.platform import Platform
from tests.scenarios.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The platform with its author, approver and users."""
    with Platform(tmp_path_factory.mktemp("platform"), "test", print, watch_seconds=4) as platform:
        yield World(platform)
