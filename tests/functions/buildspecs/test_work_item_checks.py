"""The worker's program with the tests and coverage of repositories, and the task for failed checks (W5)."""

import json
import shutil
import sys

import pytest

from tests.functions.buildspecs.conftest import BRANCH, DESIGN, SPEC, Make

# Each test is a whole build. `make test` has test_work_item.py and the board.
pytestmark = pytest.mark.long


def test_failing_tests_are_named(make: Make) -> None:
    """The build succeeds, because the workflow judges."""
    build = make(DESIGN.replace("hour >= 18", "hour > 18"))
    results = build.run()
    assert results["tests"]["failed"] == ["tests.test_hours.test_evening"]


REPAIR = (
    DESIGN
    + """
## Task 3

```python write=src/hours.py
def salutation(hour):
    return "Good evening" if hour >= 18 else "Good day"
```
"""
)


FINISHED = {
    "tasks": "- [x] 1. Say it\n- [x] 2. Test it\n",
    "src/hours.py": "def salutation(hour):\n    return 'Good evening' if hour > 18 else 'Good day'\n",
    "tests/test_hours.py": DESIGN.partition("write=tests/test_hours.py\n")[2].removesuffix("```\n"),
}


def test_failed_checks_of_a_finished_list_become_a_task(make: Make) -> None:
    """An attempt adds a task with the failed tests, commits its correction and tests again."""
    build = make(REPAIR, **FINISHED)
    results = build.run()
    ((task, outcome),) = [(one["task"], one["outcome"]) for one in results["tasks"]]
    assert (task, outcome, results["tests"]["failed"]) == ("3", "done", [])
    title = "Correct what the checks found: 1 of 2 tests fail: tests.test_hours.test_evening"
    assert build.branch(f"{SPEC}/tasks.md").splitlines()[-1] == f"- [x] 3. {title}"
    assert build.log()[0] == f"feat: {title}"
    assert not [name for name in results["files"] if "cache" in name or name.endswith(".xml")]


def test_a_repair_that_fails_is_tried_again_under_the_same_number(make: Make) -> None:
    """A failed correction commits nothing."""
    build = make(**FINISHED)
    before = build.log()
    for name in ("first", "second"):
        build.folder = build.folder.with_name(name)
        (task,) = build.run()["tasks"]
        assert (task["task"], task["outcome"]) == ("3", "failed")
    assert build.log() == ["chore: steering files of version 1", *before]


def test_too_little_coverage_becomes_a_task(make: Make) -> None:
    """With the minimum that the workflow demands."""
    build = make(tasks="- [x] 1. Say it\n", **{"src/a.py": "def a():\n    return 1\n\n\ndef b():\n    return 2\n"})
    build.copy.commit(
        "test: a",
        {"tests/test_a.py": "import sys\nsys.path.insert(0, 'src')\nimport a\n\n\ndef test_a():\n    a.a()\n"},
    )
    build.copy.push("origin", BRANCH)
    (task,) = build.run()["tasks"]
    assert "lines 75.0 % covered, 80 % demanded" in task["title"]


def test_a_report_of_an_earlier_run_is_not_believed(make: Make) -> None:
    """A report on the branch does not count for this build."""
    told = {"test": ["true"], "junit": "j.xml", "coverage": "c.xml"}
    old = {"j.xml": '<testsuite><testcase name="a"/></testsuite>', "c.xml": '<coverage line-rate="1"/>'}
    build = make(tasks="", **{".kiro/worker.json": json.dumps(told), **old})
    results = build.run()
    assert (results["testsProblem"], results["coverageProblem"]) == (
        "the tests left no j.xml",
        "the tests left no c.xml",
    )


NODE_TEST = """const test = require("node:test");
const assert = require("node:assert");
const { salutation } = require("../hours.js");

test("evening", () => assert.equal(salutation(18), "Good evening"));
test("noon", () => assert.equal(salutation(12), "Good noon"));
"""
NODE = (
    "mkdir -p reports coverage && node --test --experimental-test-coverage"
    " --test-reporter=junit --test-reporter-destination=reports/junit.xml"
    " --test-reporter=lcov --test-reporter-destination=coverage/lcov.info"
)


@pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="node and npm are not on this machine")
def test_an_npm_repository_is_tested_by_its_own_script(make: Make) -> None:
    """`npm install`, `npm test`, JUnit and LCOV as node writes them, without settings."""
    design = """
## Task 1

```js write=hours.js
exports.salutation = (hour) =>
  hour >= 18
    ? "Good evening"
    : "Good day";
```
"""
    package = {"name": "hours", "version": "1.0.0", "private": True, "scripts": {"test": NODE}}
    files = {"package.json": json.dumps(package), "test/hours.test.js": NODE_TEST}
    results = make(design, "- [ ] 1. Say it\n", **files).run()
    assert [one["outcome"] for one in results["tasks"]] == ["done"]
    assert (results["tests"]["total"], len(results["tests"]["failed"])) == (2, 1)
    assert "noon" in results["tests"]["failed"][0]
    assert results["coverage"]["lines"] == 100
    assert 0 < results["coverage"]["branches"] <= 100


def test_a_repository_without_tests_says_so(make: Make) -> None:
    """The problem says what to do."""
    build = make(tasks="")
    results = build.run()
    assert results["tests"] is None
    assert "add a `tests` folder" in results["testsProblem"]


def test_own_commands_come_first(make: Make) -> None:
    """`.kiro/worker.json` names commands and reports; mistakes in it are reported."""
    script = "import pathlib; pathlib.Path('j.xml').write_text('<testsuite><testcase name=\"a\"/></testsuite>')"
    told = {"test": [sys.executable, "-c", script], "junit": "j.xml", "coverage": "c.xml"}
    build = make(tasks="", **{".kiro/worker.json": json.dumps(told)})
    results = build.run()
    assert results["tests"]["total"] == 1
    assert results["coverageProblem"] == "the tests left no c.xml"
