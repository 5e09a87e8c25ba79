"""The size of what is uploaded: the functions' package and their layer, against what the last release had."""

import json
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from benchmarks.interpreters import PROJECT
from benchmarks.measure import Measure, Ratio, counted

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


MEASURE = Measure(
    name="package",
    promise="the package of all functions stays as small as it was",
    against="the last release",
    unit="KiB",
    goal=Ratio(1.1),
    take=lambda _pairs: counted(package_kib(), json.loads(RELEASED.read_text("utf-8"))["packageKib"]),
)
