"""Faults in what nobody calls: each is written into a copy of the code, and its test must fail (F3).

An alarm with a misspelt metric, a wrong budget or a name that nobody looks for breaks no program. That the tests named
here notice them is shown by `make faults`; `make test` only compares the table with the code.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "build", ".local", "reports", "__pycache__", ".*_cache")


@dataclass(frozen=True, slots=True)
class Mutation:
    """`old` in a file is replaced by `new`, and `test` must fail."""

    file: str
    old: str
    new: str
    test: str


_MONITORING, _ALARMS = "components/platform/monitoring.py", "components/platform/alarms.py"
_TABLE = "tests/components/platform/test_alarm_table.py::test_the_stack_has_these_alarms_and_no_others"
_BUDGET = "tests/components/platform/test_monitoring.py::test_the_budget_notifies_a_topic_or_an_address"
_SECRETS = "tests/components/stack/test_secrets.py::test_parameters_are_found_by_path"
MUTATIONS = {
    "limit of build failures": Mutation(_MONITORING, '"build-failures", 50, 300', '"build-failures", 60, 300', _TABLE),
    "window of build failures": Mutation(
        _MONITORING, '"build-failures-warning", 25, 600', '"build-failures-warning", 25, 300', _TABLE
    ),
    "metric of failed builds": Mutation(_MONITORING, '"FailedBuilds"', '"SucceededBuilds"', _TABLE),
    "metric of failed deployments": Mutation(
        _ALARMS, '        "ExecutionsFailed",', '        "ExecutionsAborted",', _TABLE
    ),
    "metric of started rollbacks": Mutation(_ALARMS, '"ExecutionsStarted"', '"ExecutionsSucceeded"', _TABLE),
    "spelling of failed rollbacks": Mutation(_ALARMS, '"RollbackFailed"', '"RollbackFailure"', _TABLE),
    "spelling of throttled requests": Mutation(_ALARMS, "ThrottleEvents", "ThrottledRequests", _TABLE),
    "metric of dead letters": Mutation(
        _ALARMS, '"ApproximateNumberOfMessagesVisible"', '"NumberOfMessagesSent"', _TABLE
    ),
    "limit of errors of functions": Mutation(
        "components/functions/python_function.py", "threshold=10,", "threshold=50,", _TABLE
    ),
    "threshold of the budget": Mutation(_MONITORING, '("ACTUAL", 80)', '("ACTUAL", 180)', _BUDGET),
    "tag of the budget": Mutation(_MONITORING, 'f"user:Environment$', 'f"user:Stack$', _BUDGET),
    "cost of polls": Mutation(_ALARMS, "        2500,", "        25000,", _TABLE),
    "metric of the cost of polls": Mutation(
        "functions/events/poll_board.py",
        '"BoardPollCost"',
        '"PollCost"',
        "tests/components/platform/test_alarm_table.py::test_a_metric_of_the_platform_is_published_under_its_name",
    ),
    "throttle of the API": Mutation(
        "components/platform/endpoints.py",
        "_BURST, _PER_SECOND = 50, 25",
        "_BURST, _PER_SECOND = 5000, 2500",
        "tests/components/platform/test_endpoints.py::test_the_stage_is_throttled_and_logged_without_query_strings",
    ),
    "an output": Mutation(
        "components/platform/outputs.py",
        '"waitsTable": storage.waits.name',
        '"waitsTable": storage.locks.name',
        "tests/program/test_test.py::test_the_outputs_hold_what_an_operator_needs",
    ),
    "name of a parameter": Mutation(
        "components/stack/naming.py", 'f"/kiro-{family}/{self.stack}/{name}"', 'f"/kiro-{family}/{name}"', _SECRETS
    ),
    "type of a parameter": Mutation("components/stack/secrets.py", 'type="SecureString"', 'type="String"', _SECRETS),
    "time reserve of the worker": Mutation(
        "functions/buildspecs/work_item/settings.py",
        "_WORKING_SHARE = 0.75",
        "_WORKING_SHARE = 1.0",
        "tests/functions/buildspecs/test_work_item_settings.py::test_the_last_quarter_of_the_time_is_for_tests_and_pushes",
    ),
    "setting that is never copied": Mutation(
        "components/stack/environment_settings.py",
        "    skippable: bool = False\n",
        "    skippable: bool = False\n    colour: str = ''\n",
        "tests/components/functions/test_resources.py::test_every_setting_of_an_environment_is_carried_or_listed_as_not",
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_a_mutation_fits_the_code_and_names_a_test(mutation: Mutation) -> None:
    """Its text is there once, and so is its test."""
    assert (ROOT / mutation.file).read_text("utf-8").count(mutation.old) == 1
    file, _, name = mutation.test.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the code."""
    copied = tmp_path_factory.mktemp("mutations") / "tree"
    shutil.copytree(ROOT, copied, ignore=_LEFT_OUT)
    for name in (".venv", "build"):
        if (ROOT / name).exists():
            (copied / name).symlink_to((ROOT / name).resolve())
    yield copied
    shutil.rmtree(copied)


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_a_mutation_fails_its_test(mutation: Mutation, tree: Path) -> None:
    """And by an assertion: code that does not run would show nothing."""
    file = tree / mutation.file
    right = file.read_text("utf-8")
    file.write_text(right.replace(mutation.old, mutation.new), "utf-8")
    try:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", mutation.test]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
        ended = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    finally:
        file.write_text(right, "utf-8")
    assert (ended.returncode, "AssertionError" in ended.stdout) == (1, True), ended.stdout
