"""Distribution of the tests among pytest workers, and measurement of their coverage."""

import gc
from collections.abc import Generator
from pathlib import Path
from typing import Any, Literal, get_args

import coverage
import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from functions.domain.manifests import Kind, Part
from local.prefork import preload
from tests.tracing import import_all, measured_call, measuring

# Tests never assert times: a busy machine is slower than Hypothesis expects.
settings.register_profile("usual", deadline=None, max_examples=25)
settings.register_profile("thorough", deadline=None, max_examples=100)  # `make test-all`
settings.load_profile("usual")

# A type is read by the annotations it has when it is first decoded, so the kind that tests register is known from the
# start (tests/functions/targets/parameter.py).
Part.__annotations__["kind"] = Literal[(*get_args(Kind), "parameter")]

SCENARIOS = Path(__file__).with_name("scenarios")
MEASURED = pytest.StashKey[coverage.Coverage]()
# A platform costs half a minute of one core, the program and the workflows a quarter of a minute each, so tests that
# share one run on the same worker: platform 3 has all scenarios of `make test`. A file belongs to the first group whose
# key its path begins with; any other file is a group of its own.
GROUPS = {
    "tests/scenarios/test_approve_command.py": "platform 1",
    "tests/scenarios/test_order.py": "platform 1",
    "tests/scenarios/test_reconcile.py": "platform 1",
    "tests/scenarios/test_steps.py": "platform 1",
    "tests/scenarios/test_table_restored.py": "platform 1",
    "tests/scenarios/test_regions.py": "platform 2",
    "tests/scenarios/test_add_repository.py": "platform 2",
    "tests/scenarios/test_removed_environment.py": "platform 2",
    "tests/scenarios/test_first_day.py": "platform 4",
    "tests/scenarios/test_images.py": "platform 4",
    "tests/scenarios/test_migrate_": "migrations",
    "tests/scenarios/": "platform 3",
    "tests/faults/test_cases.py": "platform 5",
    "tests/program/": "program",
    "tests/components/": "program",
    "tests/tools/": "program",
    "tests/cli/aws/test_expected.py": "program",
    "tests/attackers/test_build_roles.py": "program",
    "tests/attackers/test_operator.py": "program",
    "tests/attackers/test_stranger_roles.py": "program",
    "tests/statemachines/paths/test_second_reading.py": "paths 1",
    "tests/statemachines/paths/": "paths 2",
}


class Sharing(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """Files as a whole, and groups of them: pytest 9.2 does not see the marks of xdist 3.8's own groups."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(super()._split_scope(nodeid))


def group_of(file: str) -> str:
    """The group of a file; a file without one is its own."""
    return next((group for start, group in GROUPS.items() if file.startswith(start)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Sharing:
    """The hook by which xdist takes a scheduler."""
    return Sharing(config, log)


# What changes the settings of the stack, decides without the approver, or damages it, comes after what expects them.
# Its end is last: with fewer workers than platforms, a worker that destroyed its platform gets no other group that
# needs it.
LATER = {
    "test_damage": 3,
    "test_regions": 3,
    "test_add_repository": 4,
    "test_removed_environment": 4,
    "test_teardown": 5,
}


def _turn(item: pytest.Item) -> int:
    """The place of a test among the groups that begin first."""
    if "scenarios" in item.path.parts:
        last = group_of(item.nodeid) == group_of("tests/scenarios/test_teardown.py")
        return LATER.get(item.path.stem, 2 if last else 1)
    return 0 if "faults" in item.path.parts else 5


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that mostly wait come first, so that the others run beside them."""
    items.sort(key=lambda item: not {"scenarios", "faults", "statemachines", "local"} & set(item.path.parts))
    items.sort(key=_turn)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Measure the coverage of the functions by their own tests: it starts when one of them is called."""
    if session.config.pluginmanager.hasplugin("dsession"):  # with xdist, workers call the tests
        return (yield)
    gc.disable()  # until all is imported
    measured = coverage.Coverage.current()
    if measured:
        measured.stop()
    # Otherwise the SDK would read its service models for every session: 0.1 s for every new client.
    preload()
    if measured:
        with measuring(measured):
            import_all()
        session.config.stash[MEASURED] = measured
    return (yield)


def pytest_collection_finish() -> None:
    """Exclude all imported objects from garbage collection, which would take up to a fifth of some tests' time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """When every scenario has passed, the permissions that none has used must have a reason."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(session.config, "workerinput") or not reporter or session.exitstatus:
        return
    ran = {Path(one.nodeid.partition("::")[0]).name for one in reporter.stats.get("passed", ()) if one.when == "call"}
    if not ran >= {file.name for file in SCENARIOS.glob("test_*.py")} or session.config.option.keyword:
        return
    from tests.scenarios.permissions import unexplained, unused  # with what a platform imports

    base: Path = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    without_reason = unexplained(unused(base))
    if without_reason:
        reporter.write_line("\nNo scenario uses these, and tests/scenarios/unused_permissions.py has no reason:")
        reporter.write_line("\n".join(without_reason), red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_itemcollected(item: pytest.Item) -> None:
    """Measure a property test example by example."""
    measured, property_ = item.config.stash.get(MEASURED, None), getattr(getattr(item, "obj", None), "hypothesis", None)
    # a function with parameters is many items
    if measured and property_ and "functions" in item.path.parts and not hasattr(property_, "measured_call"):
        property_.inner_test = measured_call(measured, property_.inner_test)
        property_.measured_call = True


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Measure only the test itself, without its fixtures."""
    measured = pyfuncitem.config.stash.get(MEASURED, None)
    if measured is None or "functions" not in pyfuncitem.path.parts or hasattr(pyfuncitem.obj, "hypothesis"):
        return (yield)
    if pyfuncitem.get_closest_marker("unmeasured"):  # pytest-cov's own `no_cover` would start measuring again
        return (yield)
    with measuring(measured):
        return (yield)
