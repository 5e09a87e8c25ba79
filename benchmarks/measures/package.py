"""The size of what is uploaded: the functions' package and their layer, against what the last release had."""

import json
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from benchmarks.interpreters import PROJECT
from benchmarks.measure import Measure, Ratio, counted
from components.functions.package import require_layer

RELEASED = PROJECT / "benchmarks" / "released.json"
"""The figures of the last release; who makes a release writes its own here."""


def package_kib() -> float:
    """The KiB of the package of all functions, packed."""
    root, packed = PROJECT / "functions", BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for file in sorted(root.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(PROJECT))
    return round(len(packed.getvalue()) / 1024, 1)


def layer_mib() -> float:
    """The MiB of the libraries in the layer, without the bytecode that `make package` adds where it can.

    Unpacked, as Lambda limits it: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    files = (file for file in require_layer().resolve().rglob("*") if "__pycache__" not in file.parts)
    return round(sum(file.stat().st_size for file in files if file.is_file()) / 1024**2, 1)


def released(figure: str) -> float:
    """A figure of the last release, by its key in released.json."""
    return float(json.loads(RELEASED.read_text("utf-8"))[figure])


MEASURE = Measure(
    name="package",
    promise="the package of all functions stays as small as it was",
    against="the last release",
    unit="KiB",
    goal=Ratio(1.1),
    take=lambda _pairs: counted(package_kib(), released("packageKib")),
)
LAYER = Measure(
    name="layer",
    promise="the layer of all functions stays as small as it was, unpacked",
    against="the last release",
    unit="MiB",
    goal=Ratio(1.1),
    take=lambda _pairs: counted(layer_mib(), released("layerMib")),
)
