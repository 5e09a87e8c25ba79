"""Reading reports: ours, which stream and have limits, against libraries that keep all in memory."""

import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZIP_DEFLATED, ZipFile

from benchmarks.interpreters import cpu_ms
from benchmarks.measure import Measure, Ratio, Samples, alternate

_JUNIT_CASES = 50_000
_SARIF_RESULTS = 200_000  # 30 MB: the limit is 32 (functions/domain/limits.py)
_COBERTURA_LINES = 400_000
_OURS = """from functions.adapters.{module} import {reader}
from zipfile import ZipFile
archive = ZipFile({path!r})
began = process_time()
found = {reader}(archive, {argument})
assert type(found).__name__ != "Unreadable", found
"""
_JUNIT = """from junitparser import JUnitXml
began = process_time()
print(sum(1 for suite in JUnitXml.fromfile({path!r}) for case in suite))
"""
_JSON = """import json
from pathlib import Path
began = process_time()
print(len(json.loads(Path({path!r}).read_bytes())["runs"]))
"""
_XML = """from xml.etree import ElementTree
began = process_time()
print(sum(1 for line in ElementTree.parse({path!r}).iter("line") if line.get("hits") != "0"))
"""


_ONE_BY_ONE = (
    "each element is counted and read by itself, in Python, so that memory stays within its limit; the other keeps all "
    "of them in a tree that is made in C"
)


def _junit() -> str:
    cases = (f'<testcase classname="a.b" name="t{n}" time="0.01"/>' for n in range(_JUNIT_CASES))
    return f'<testsuites><testsuite name="s" tests="{_JUNIT_CASES}">{"".join(cases)}</testsuite></testsuites>'


def _sarif() -> str:
    result = {"ruleId": "R1", "level": "note", "message": {"text": "a finding"}, "locations": []}
    run = {"tool": {"driver": {"name": "tool"}}, "results": [result] * _SARIF_RESULTS}
    return json.dumps({"version": "2.1.0", "runs": [run]})


def _cobertura() -> str:
    coverage = ET.Element("coverage", {"line-rate": "1", "branch-rate": "1"})
    classes = ET.SubElement(ET.SubElement(ET.SubElement(coverage, "packages"), "package"), "classes")
    lines = ET.SubElement(ET.SubElement(classes, "class", {"filename": "a.py"}), "lines")
    for number in range(_COBERTURA_LINES):
        ET.SubElement(lines, "line", {"number": str(number), "hits": "1"})
    return ET.tostring(coverage, "unicode")


def _take(pairs: int, content: Callable[[], str], module: str, reader: str, argument: str, other: str) -> Samples:
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder, "report"), Path(folder, "artifact.zip")
        plain.write_text(content(), "utf-8")
        with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
            archive.write(plain, "report")
        ours = _OURS.format(module=module, reader=reader, argument=argument, path=str(packed))
        return alternate(pairs, lambda: cpu_ms(ours), lambda: cpu_ms(other.format(path=str(plain))))


JUNIT = Measure(
    name="read-junit",
    promise=f"a JUnit report of {_JUNIT_CASES:,} cases is read, unpacked and judged",
    against="junitparser, which reads the same file unpacked",
    unit="ms",
    goal=Ratio(1),
    take=partial(_take, content=_junit, module="reports", reader="read_tests", argument="['report']", other=_JUNIT),
)
SARIF = Measure(
    name="read-sarif",
    promise="a SARIF report of 30 MB is read, unpacked and judged",
    against="`json.loads`, which reads the same file unpacked",
    unit="ms",
    goal=Ratio(1),
    take=partial(_take, content=_sarif, module="scans", reader="read_sarif", argument="'report'", other=_JSON),
    floor=(
        "the file is parsed by `json`, too; unpacking, the count of its elements, their depth and a finding for each "
        "result come on top"
    ),
)
COBERTURA = Measure(
    name="read-cobertura",
    promise=f"a Cobertura report of {_COBERTURA_LINES:,} lines is read, unpacked and judged",
    against="`xml.etree`, which reads the same file unpacked into a tree",
    unit="ms",
    goal=Ratio(1),
    take=partial(_take, content=_cobertura, module="reports", reader="read_coverage", argument="'report'", other=_XML),
    floor=_ONE_BY_ONE,
)
