"""ReadResults: the results of the build, judged (W6)."""

import json
from typing import Any

import pytest

from functions.adapters.builds import BuildEnd
from functions.domain.errors import BadInputError
from functions.handler import encode
from tests.functions.stack import BUCKET, Stack

GOOD = {
    "head": "1" * 40,
    "tasks": [{"task": "1", "title": "Say it", "outcome": "done", "seconds": 1.5, "files": ["src/a.py"]}],
    "doneBefore": 0,
    "tests": {"total": 3, "failed": [], "skipped": 0},
    "testsProblem": "",
    "coverage": {"lines": 91, "branches": 85.5},
    "coverageProblem": "",
    "problems": [],
    "files": ["src/a.py"],
    "tail": "done",
}


def read(stack: Stack, results: Any = None, outcome: Any = "succeeded") -> Any:
    """Run the handler on these results."""
    if results is not None:
        body = results if isinstance(results, bytes) else json.dumps(results).encode()
        stack.client("s3").put_object(Bucket=BUCKET, Key="test/w/results.json", Body=body)
    event = {"workId": "w", "build": encode(BuildEnd(outcome, "", "https://log")), "artifact": "test/w"}
    return stack.run("work_item.read_results", event)


def test_good_results_pass(stack: Stack) -> None:
    """Tasks, tests and coverage, each with its verdict."""
    answer = read(stack, GOOD)
    assert (answer["outcome"], answer["reason"]) == ("passed", "")
    assert [gate["name"] for gate in answer["gates"]] == ["tasks", "tests", "coverage"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tests": {"total": 3, "failed": ["a.b"], "skipped": 0}}, "1 of 3 tests failed: a.b"),
        ({"tests": {"total": 0, "failed": [], "skipped": 0}}, "no test ran"),
        ({"tests": None, "testsProblem": "the tests left no junit.xml"}, "the tests left no junit.xml"),
        ({"coverage": {"lines": 91, "branches": 79}}, "branches 79.0 % covered, 80 % demanded"),
        ({"coverage": None, "coverageProblem": "nothing measured"}, "nothing measured"),
        ({"tasks": [{**GOOD["tasks"][0], "outcome": "timed out"}]}, "task 1 (Say it) timed out"),  # type: ignore[index]
        ({"problems": ["checkout failed 3 times"]}, "checkout failed 3 times"),
    ],
)
def test_each_failure_has_its_reason(stack: Stack, change: dict[str, Any], said: str) -> None:
    """The reason names the values."""
    answer = read(stack, {**GOOD, **change})
    assert answer["outcome"] == "failed"
    assert said in answer["reason"]


@pytest.mark.parametrize("outcome", ["stopped", "timed out", "failed"])
def test_a_build_without_results_failed(stack: Stack, outcome: str) -> None:
    """The reason is the end of the build."""
    answer = read(stack, None, outcome)
    assert answer["outcome"] == "failed"
    assert outcome in answer["reason"]


def test_good_results_of_a_failed_build_do_not_pass(stack: Stack) -> None:
    """Something failed after they were written."""
    assert read(stack, GOOD, "failed")["outcome"] == "failed"


@pytest.mark.parametrize("head", ["main", "1" * 39, f"{'1' * 40}/../../../other/x/statuses/{'2' * 40}", "A" * 40])
def test_a_head_is_a_commit(stack: Stack, head: str) -> None:
    """A head becomes part of an address of GitHub, so that nothing else may be one."""
    with pytest.raises(BadInputError, match="expected a full commit id"):
        read(stack, {**GOOD, "head": head})


@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"tasks": 5}', b"[" * 100_000])
def test_results_in_another_format_are_refused(stack: Stack, body: bytes) -> None:
    """The build is not trusted."""
    with pytest.raises(BadInputError):
        read(stack, body)
