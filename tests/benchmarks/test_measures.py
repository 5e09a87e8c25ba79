"""Every measure runs once, and what can be counted does not grow."""

import json
import subprocess
import sys

import pytest

from benchmarks.__main__ import RESULTS, main
from benchmarks.interpreters import PROJECT, init, run
from benchmarks.measure import Figure, Finding, Measure, Ratio, Samples, Worst, alternate, find
from benchmarks.measures.cold_functions import handlers
from benchmarks.registry import MEASURES

_COUNTED = ("watch-transitions", "release-transitions", "release-states", "plan-services")
_SHORT = (*_COUNTED, "package", "webhook-refused")
# Each takes seconds: `make test` takes one of the kind, `webhook-refused`, and leaves the others to `make test-all`.
# Those on a platform take minutes, and what they do is what scenarios do. An idle minute of the reconciliation is
# counted for fewer repositories in tests/functions/test_scale_figures.py.
_LONG = tuple(one for one in MEASURES if one.name not in _SHORT and not one.on_a_platform)
_IMPORTS = """
import os, pkgutil, sys
import functions.domain, functions.runtime
from importlib import import_module
from benchmarks.measures.cold_functions import handlers
for module in pkgutil.iter_modules(functions.domain.__path__):  # which imports msgspec only
    import_module(f"functions.domain.{module.name}")
ours = {"functions", "benchmarks", "__main__", "_distutils_hack", "sitecustomize", "msgspec", "typing_extensions"}
for handler in handlers():
    reader, writer = os.pipe()
    if os.fork() == 0:
        import_module(f"functions.{handler}")
        found = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names - ours
        os.write(writer, f"{handler}: {' '.join(sorted(name for name in found if name[0] != '_'))}\\n".encode())
        os._exit(0)
    os.wait()
    print(os.read(reader, 10_000).decode(), end="")
    os.close(reader), os.close(writer)
"""
# What a handler imports besides the standard library and msgspec; the clients are imported where they are created.
_HEAVY = {
    "deployment.plan_release": "annotated_types cython_runtime pydantic pydantic_core typing_inspection yaml",
    "events.plan_pull_requests": "annotated_types cython_runtime pydantic pydantic_core typing_inspection yaml",
    "events.publish_metrics": "aws_lambda_powertools botocore jmespath",
    "work_item.check_item": "markdown_it mdurl",
}


@pytest.mark.long
def test_every_function_starts_as_it_is_measured() -> None:
    """With the settings of `benchmarks/interpreters.py`: the measure of cold starts tries all functions."""
    run("\n".join(init(handler) for handler in handlers()))


def taken(name: str) -> Finding:
    """A measure, taken once."""
    return find(next(one for one in MEASURES if one.name == name), 1)


@pytest.mark.parametrize("name", _COUNTED)
def test_what_is_counted_does_not_grow(name: str) -> None:
    """A state more on the way or a read for each service fails here: benchmarks/results.json has what there was.

    A list that is read to its first page only ends the measure: local/strict lets that page have one entry.
    """
    before = {one["name"]: one for one in json.loads(RESULTS.read_text("utf-8"))["findings"]}
    found = taken(name)
    assert found.ours <= before[name]["ours"], f"{found.promise}: if that is meant, write it with `make bench`"


def test_the_package_does_not_grow_by_more_than_a_tenth() -> None:
    """Since the last release: a library in the package fails here."""
    assert taken("package").met


def test_a_measure_runs() -> None:
    """Both ways have a figure."""
    found = taken("webhook-refused")
    assert found.ours > 0
    assert found.other > 0


@pytest.mark.long
@pytest.mark.parametrize("measure", _LONG, ids=lambda one: one.name)
def test_a_longer_measure_runs(measure: Measure) -> None:
    """Both ways have a figure."""
    found = find(measure, 1)
    assert found.ours > 0
    assert found.other > 0


def test_no_handler_imports_more_libraries() -> None:
    """A library costs each cold start its import: one that only some events need is imported where they are handled."""
    done = subprocess.run([sys.executable, "-c", _IMPORTS], cwd=PROJECT, capture_output=True, text=True, check=True)
    found = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert len(found) > 40
    assert {name: libraries for name, libraries in found.items() if libraries} == _HEAVY


def test_a_ratio_is_that_of_its_pairs() -> None:
    """The median of the pairs counts, not the ratio of the medians, and the first turn does not."""
    figures = iter([100.0, 1.0, 2.0, 1.0, 9.0, 3.0, 8.0, 2.0])
    samples = alternate(3, lambda: next(figures), lambda: next(figures))
    assert samples == Samples((2, 9, 8), (1, 3, 2))
    found = find(Measure("x", "", "", "ms", Ratio(3), lambda _: samples), 3)
    assert (found.ours, found.other, found.ratio, found.met) == (8, 2, 3, True)
    assert not find(Measure("x", "", "", "ms", Figure(7), lambda _: samples), 3).met
    worst = find(Measure("x", "", "", "ms", Worst(8), lambda _: samples), 3)
    assert (worst.ours, worst.goal, worst.met) == (9, "≤ 8 ms each time", False)


def test_an_unknown_measure_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The message names those that there are."""
    with pytest.raises(SystemExit) as exit_:
        main(["locks"])
    assert exit_.value.code == 2
    assert "no measure is called locks; there are webhook-refused" in capsys.readouterr().err
