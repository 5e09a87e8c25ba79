"""The import of the largest handler from bytecode, which the package and the layer carry, and from source."""

import tempfile
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree

from benchmarks.interpreters import PROJECT, cpu_ms
from benchmarks.measure import Measure, Ratio, Samples, alternate

_HEAVIEST = "import functions.runtime, functions.events.poll_board, boto3, github"


def _take(pairs: int) -> Samples:
    """The standard library has bytecode both times, as in Lambda."""
    with tempfile.TemporaryDirectory() as folder:
        compiled, source = Path(folder, "compiled"), Path(folder, "source")
        for prefix in (compiled, source):
            cpu_ms(_HEAVIEST, "-X", f"pycache_prefix={prefix}")
        libraries = Path(str(find_spec("boto3").origin)).parents[1]  # type: ignore[union-attr]
        for root in (libraries, PROJECT):  # in this order: the libraries may be in the project's folder
            rmtree(source / root.relative_to("/"))
        return alternate(
            pairs,
            lambda: cpu_ms(_HEAVIEST, "-X", f"pycache_prefix={compiled}", "-B"),
            lambda: cpu_ms(_HEAVIEST, "-X", f"pycache_prefix={source}", "-B"),
        )


MEASURE = Measure(
    name="bytecode",
    promise="the largest handler and its libraries are imported from bytecode",
    against="the same from source",
    unit="ms",
    goal=Ratio(0.5),
    take=_take,
)
