"""One platform for all scenarios of a pytest worker: the real program on the embedded AWS, with short watches."""

from collections.abc import Iterator

import pytest

from local.platform import Platform
from tests.local.github.support import as_described
from tests.scenarios.driver import PlatformDriver

REGION = "us-east-1"
# The first day has tests after deployments (`test_first_day.py`), and so have the gates' own scenarios.
_ALWAYS = {"stabiliseSeconds": 1, "demandedGates": ["tests", "coverage", "security"]}
# Scenarios with faults have them in `test`, so the others have no watch. Production is in another region, and
# one scenario removes it.
ENVIRONMENTS = [
    {"name": "test", "watchSeconds": 4, **_ALWAYS},
    {"name": "staging", "watchSeconds": 0, "protected": False, **_ALWAYS},
    {"name": "production", "region": REGION, "watchSeconds": 0, "approval": True, **_ALWAYS},
]


@pytest.fixture(scope="package")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformDriver]:
    """A platform with author and approver; it is stopped before other packages, which its threads would disturb."""
    changes = {"environments": ENVIRONMENTS}
    made = Platform(tmp_path_factory.mktemp("platform"), "test", print, changes=changes)
    with made as platform, as_described(platform.github):
        driver = PlatformDriver(platform)
        driver.leave_out_suites()
        yield driver
