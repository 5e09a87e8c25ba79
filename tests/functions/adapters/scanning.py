"""Reading scanners' reports in tests."""

import json
from collections.abc import Callable
from io import BytesIO
from zipfile import ZipFile

from functions.domain.findings import Scan
from functions.domain.gates import Unreadable
from tests.functions.samples import archive

Reader = Callable[[ZipFile, str], Scan | Unreadable]


def read(reader: Reader, report: str | bytes, name: str = "report.json") -> Scan | Unreadable:
    """Read a report from inside an artifact."""
    with ZipFile(BytesIO(archive({name: report}))) as opened:
        return reader(opened, name)


def sarif(result: object = None, rule: object = None, **run: object) -> str:
    """A SARIF log with one run; the result is of rule R1 when it says nothing else."""
    results = [] if result is None else [result]
    driver = {"name": "t", "rules": [{"id": "R1", **(rule or {})}]}  # type: ignore[dict-item]
    return json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results, **run}]})
