"""One platform for all scenarios of a run: the real program on the embedded AWS, with short watches."""

from collections.abc import Iterator

import pytest

from local.platform import Platform
from tests.scenarios.world import World

# Where something goes wrong in these scenarios, it does so in `test`; the others are not waited for.
ENVIRONMENTS = [
    {"name": "test", "watchSeconds": 4, "stabiliseSeconds": 1},
    {"name": "staging", "watchSeconds": 0, "stabiliseSeconds": 1},
    {"name": "production", "watchSeconds": 0, "stabiliseSeconds": 1, "approval": True},
]


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The platform with its author, approver and users; gone when others begin, which its threads would disturb."""
    changes = {"environments": ENVIRONMENTS}
    with Platform(tmp_path_factory.mktemp("platform"), "test", print, changes=changes) as platform:
        yield World(platform)
