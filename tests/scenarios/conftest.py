"""One platform for all scenarios of a pytest worker: the real program on the embedded AWS, with short watches."""

from collections.abc import Iterator

import pytest

from local.platform import Platform
from tests.local.github.support import as_described
from tests.scenarios.driver import PlatformDriver

REGION = "us-east-1"
# Scenarios with faults have them in `test`, so the other environments have no watch. Production is in another region.
ENVIRONMENTS = [
    {"name": "test", "watchSeconds": 4, "stabiliseSeconds": 1},
    {"name": "staging", "watchSeconds": 0, "stabiliseSeconds": 1},
    {"name": "production", "region": REGION, "watchSeconds": 0, "stabiliseSeconds": 1, "approval": True},
]


@pytest.fixture(scope="package")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformDriver]:
    """A platform with author and approver; it is stopped before other packages, which its threads would disturb."""
    changes = {"environments": ENVIRONMENTS}
    made = Platform(tmp_path_factory.mktemp("platform"), "test", print, changes=changes)
    with made as platform, as_described(platform.github):
        yield PlatformDriver(platform)
