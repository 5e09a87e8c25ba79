"""How the tests are shared among workers: a file stays together, and so do the scenarios that share a platform."""

import pytest
from xdist.scheduler import LoadFileScheduling

# A platform costs half a minute of one core, so there are few; these groups take about as long as each other.
PLATFORMS = {
    "tests/scenarios/test_board.py": "platform-1",
    "tests/scenarios/test_order.py": "platform-2",
    "tests/scenarios/test_reconcile.py": "platform-2",
    "tests/scenarios/test_gates.py": "platform-3",
    "tests/scenarios/test_release.py": "platform-3",
    "tests/scenarios/test_teardown.py": "platform-3",
}


class Sharing(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """Files as a whole, platforms as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return PLATFORMS.get(file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Sharing:
    """The hook by which xdist asks."""
    return Sharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The scenarios first: they wait much and compute little, so the rest runs beside them.

    Coverage is that of the functions by their own tests, and costs those alone.
    """
    items.sort(key=lambda item: "scenarios" not in item.path.parts)
    for item in items:
        if "functions" not in item.path.parts:
            item.add_marker(pytest.mark.no_cover)
