"""The seconds of the README's two commands in a checkout that is set up, against those of the last release."""

import subprocess
from time import monotonic

from benchmarks.interpreters import PROJECT
from benchmarks.measure import Figure, Measure, Samples, counted
from benchmarks.measures.package import released


def _made(target: str) -> Samples:
    """How long a target of the Makefile takes; it has to pass. What it prints is kept in reports/."""
    said = PROJECT / "reports" / f"make-{target}.log"
    said.parent.mkdir(exist_ok=True)
    began = monotonic()
    with said.open("w") as log:
        subprocess.run(["make", target], cwd=PROJECT, check=True, stdout=log)
    return counted(monotonic() - began, released(f"{target}Seconds"))


DEMO = Measure(
    name="make-demo",
    promise="`make demo`: two releases, a rollback and the items of a board, from an empty platform",
    against="the last release",
    unit="s",
    goal=Figure(90),
    take=lambda _pairs: _made("demo"),
    floor="six stages deploy, test and watch for 6 s, in which an alarm is sure to change; and a platform starts first",
    on_a_platform=True,
)
TEST = Measure(
    name="make-test",
    promise="`make test` passes",
    against="the last release",
    unit="s",
    goal=Figure(300),
    take=lambda _pairs: _made("test"),
    floor="the tests need ten minutes of a processor, which two cores have in five if none ever waits",
    on_a_platform=True,
)
