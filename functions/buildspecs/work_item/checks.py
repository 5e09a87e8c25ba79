"""Runs the repository's tests with coverage; the commands are detected, or read from `.kiro/worker.json`:

{"install": ["pip", "install", "."], "test": ["pytest", "--junitxml=junit.xml"], "junit": "junit.xml",
 "coverage": "coverage.xml"}

Coverage is a Cobertura report, or an LCOV report if its name ends in `.info` (the default of node's test runners).
"""

import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .cobertura import read_rates
from .errors import WorkError
from .junit import count_tests
from .limits import XML
from .processes import Ran
from .sandbox import Sandbox
from .xml_stream import XmlError

OWN = Path(".kiro/worker.json")
_SECONDS = 1800.0
_LCOV = re.compile(r"^(LF|LH|BRF|BRH):(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Commands:
    """The commands to run, and the paths of the reports that they write."""

    install: tuple[str, ...]
    test: tuple[str, ...]
    junit: str
    coverage: str


@dataclass(frozen=True)
class Checked:
    """Tests and coverage in the format of `results.json`; if one is None, its problem says why."""

    tests: dict[str, Any] | None
    tests_problem: str
    coverage: dict[str, Any] | None
    coverage_problem: str
    log: str
    reports: tuple[Path, ...] = ()


def detect(root: Path, out: Path) -> Commands | str:
    """The commands of a repository, or the reason why there are none."""
    if (root / OWN).is_file():
        return _own(root)
    python = any((root / name).exists() for name in ("pytest.ini", "pyproject.toml", "setup.py", "tests"))
    if (root / "package.json").is_file():
        lock = (root / "package-lock.json").is_file()
        return Commands(
            ("npm", "ci" if lock else "install", "--no-audit", "--no-fund"),
            ("npm", "test"),
            "reports/junit.xml",
            "coverage/lcov.info",
        )
    if not python:
        return f"no tests were found: add a `tests` folder, a `package.json`, or name the commands in `{OWN}`"
    wanted = next((name for name in ("requirements-dev.txt", "requirements.txt") if (root / name).is_file()), None)
    # Conflicts among the packages of the build's image are no fault of the repository.
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-conflicts")
    measured = "src" if (root / "src").is_dir() else "."
    junit, cobertura = str(out / "junit.xml"), str(out / "coverage.xml")
    # In a repository without settings, pytest would search the folders above it and find settings of something else.
    own = any(
        (root / name).is_file() for name in ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
    )
    alone = () if own else ("-c", os.devnull, "--rootdir=.")
    pytest = (sys.executable, "-m", "pytest", *alone, f"--junitxml={junit}")
    coverage = (f"--cov={measured}", "--cov-branch", f"--cov-report=xml:{cobertura}")
    return Commands((*pip, "-r", wanted) if wanted else (), (*pytest, *coverage), junit, cobertura)


def check(sandbox: Sandbox, run: Callable[[Sequence[str], float], Ran], seconds: float = _SECONDS) -> Checked:
    """Run the install and test commands, then read the reports, whatever the exit code of the tests is."""
    root = sandbox.repository
    try:
        sandbox.file(root / OWN)
    except WorkError as error:
        return Checked(None, str(error), None, str(error), str(error))
    commands = detect(root, sandbox.reports)
    if isinstance(commands, str):
        return Checked(None, commands, None, commands, commands)
    log = ""
    if commands.install:
        ran = run(commands.install, seconds)
        log += f"$ {' '.join(commands.install)}\n{ran.output}\n"
        if ran.outcome != "done":
            problem = f"`{' '.join(commands.install)[:200]}` {ran.outcome} (exit code {ran.code})"
            return Checked(None, problem, None, problem, log)
    try:
        for report in (commands.junit, commands.coverage):  # one of an earlier run would be read as that of this run
            sandbox.file(root / report).unlink(missing_ok=True)
        ran = run(commands.test, seconds)
        junit, measured = sandbox.file(root / commands.junit), sandbox.file(root / commands.coverage)
    except WorkError as error:
        return Checked(None, str(error), None, str(error), log)
    log += f"$ {' '.join(commands.test)}\n{ran.output}\n"
    tests, tests_problem = _tests(junit)
    if ran.outcome == "timed out":
        tests, tests_problem = None, f"the tests took longer than {seconds:.0f} s"
    elif tests and ran.outcome == "failed" and not tests["failed"]:
        tests, tests_problem = (
            None,
            f"the test command failed with exit code {ran.code}, though no test did; see the log",
        )
    coverage, coverage_problem = _lcov(measured) if measured.suffix == ".info" else _cobertura(measured)
    found = tuple(file for file in (junit, measured) if file.is_file())
    return Checked(tests, tests_problem, coverage, coverage_problem, log, found)


def shortcoming(checked: Checked, minimum: float) -> str:
    """What fails the workflow's gates, as text for the agent's next task; "" if nothing does."""
    tests, coverage = checked.tests, checked.coverage
    if tests is None or coverage is None:
        return checked.tests_problem or checked.coverage_problem
    if tests["failed"]:
        return f"{len(tests['failed'])} of {tests['total']} tests fail: {', '.join(tests['failed'][:5])}"
    if tests["total"] <= tests["skipped"]:
        return "no test ran"
    low = [f"{name} {rate:.1f} %" for name, rate in coverage.items() if rate is not None and rate < minimum]
    return f"{' and '.join(low)} covered, {minimum:g} % demanded" if low else ""


def _own(root: Path) -> Commands | str:
    try:
        given = json.loads((root / OWN).read_text("utf-8"))
        words = {key: tuple(str(word) for word in given.get(key, [])) for key in ("install", "test")}
        if not words["test"]:
            return f"`{OWN}` names no test command"
        return Commands(words["install"], words["test"], str(given["junit"]), str(given["coverage"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"`{OWN}` can't be used: {type(error).__name__}: {error}"


def _tests(file: Path) -> tuple[dict[str, Any] | None, str]:
    try:
        with _opened(file) as report:
            counts = count_tests(report, file.name)
    except (OSError, ValueError) as error:
        return None, _problem(file, error)
    return {"total": counts.total, "failed": counts.failed[:100], "skipped": counts.skipped}, ""


def _lcov(file: Path) -> tuple[dict[str, Any] | None, str]:
    """Percentages of an LCOV report, from lines and branches found (LF, BRF) and hit (LH, BRH) in all files."""
    if not file.is_file():
        return None, f"the tests left no {file.name}"
    sums = dict.fromkeys(("LF", "LH", "BRF", "BRH"), 0)
    for name, number in _LCOV.findall(file.read_text("utf-8", errors="replace")):
        sums[name] += int(number)
    if not sums["LF"]:
        return None, f"{file.name}: not one line was measured"
    branches = sums["BRH"] / sums["BRF"] * 100 if sums["BRF"] else None
    return {"lines": sums["LH"] / sums["LF"] * 100, "branches": branches}, ""


def _cobertura(file: Path) -> tuple[dict[str, Any] | None, str]:
    try:
        with _opened(file) as report:
            lines, branches = read_rates(report)
    except (OSError, ValueError) as error:
        return None, _problem(file, error)
    return {"lines": lines, "branches": branches}, ""


def _opened(file: Path) -> BinaryIO:
    if file.stat().st_size > XML.size:
        raise ValueError(f"{file.stat().st_size} bytes, {XML.size} allowed")
    return file.open("rb")


def _problem(file: Path, error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return f"the tests left no {file.name}"
        case XmlError() | OSError():
            return f"{file.name} can't be read: {error}"
        case _:
            return f"{file.name}: {error}"
