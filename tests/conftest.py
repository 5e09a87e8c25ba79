"""How the tests are shared among workers, and which of them are measured."""

from collections.abc import Generator, Iterator
from functools import cache

import coverage
import pytest
from botocore.loaders import JSONFileLoader
from xdist.scheduler import LoadFileScheduling

# A platform costs half a minute of one core, the whole program a quarter, the played workflows as much: what shares one
# stays together. The first group that a file's path begins with counts; any other file is a group of its own.
GROUPS = {
    "tests/scenarios/test_board.py": "platform 1",
    "tests/scenarios/test_order.py": "platform 2",
    "tests/scenarios/test_reconcile.py": "platform 2",
    "tests/scenarios/": "platform 3",
    "tests/faults/test_rows.py": "platform 1",
    "tests/program/": "program",
    "tests/components/": "program",
    "tests/statemachines/paths/test_any_room.py": "played 1",
    "tests/statemachines/paths/test_second_reading.py": "played 1",
    "tests/statemachines/paths/test_stage.py": "played 1",
    "tests/statemachines/": "played 2",
}


class Sharing(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """Files as a whole, and groups of them."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return next((group for start, group in GROUPS.items() if file.startswith(start)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Sharing:
    """The hook by which xdist asks."""
    return Sharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits much and computes little comes first, so that the rest runs beside it."""
    items.sort(key=lambda item: not {"scenarios", "faults", "statemachines", "local"} & set(item.path.parts))
    items.sort(key=lambda item: not {"scenarios", "faults"} & set(item.path.parts))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Coverage is that of the functions by their own tests; tracing would only slow the others down."""
    measured = coverage.Coverage.current()
    if measured is None or "functions" in item.path.parts:
        return (yield)
    measured.stop()
    try:
        return (yield)
    finally:
        measured.start()


@pytest.fixture(scope="session", autouse=True)
def _read_once() -> Iterator[None]:
    """The SDK reads its descriptions of AWS once and not once per session: a tenth of a second for every new client."""
    read = cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
        yield
