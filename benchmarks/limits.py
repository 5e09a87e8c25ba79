"""`python -m benchmarks.limits`: measures every reader of foreign files at its limit (`functions/domain/limits.py`).

Each file is the worst known one that is still read, and is read in a process of its own. The figures are written to
`limits.json`, from which `docs/reference/limits.md` is generated: peak memory beyond that of the interpreter with its
libraries, and processor time. `make reference` then writes the page.
"""

import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from functions.adapters.json_documents import parse_json
from functions.adapters.load_runs import read_performance
from functions.adapters.previews import read_preview
from functions.adapters.reports import read_coverage, read_tests
from functions.adapters.scans import read_npm_audit, read_pip_audit, read_sarif
from functions.adapters.yaml_documents import read_yaml
from functions.adapters.zip_archives import open_zip
from functions.domain.limits import DIRECTORY, JSON, LOAD_RUN, LONGEST_TAG, OUTPUTS, RESULTS, XML, YAML
from functions.domain.work_results import Results
from functions.handler import decode

FIGURES = Path(__file__).with_name("limits.json")
_REPORT = "report.csv"  # by this ending a load run is a table


@dataclass(frozen=True, slots=True)
class Case:
    """One file at a limit: what it is, its content, and its reader, which gets an archive with this one file."""

    what: str
    content: Callable[[], bytes]
    read: Callable[[ZipFile], object]


def _junit() -> bytes:
    case = b'<testcase classname="package.Class" name="x"><failure/></testcase>'
    return b"<testsuite>" + case * min((XML.size - 100) // len(case), (XML.elements - 1) // 2) + b"</testsuite>"


def _long_tag() -> bytes:
    attributes = b"".join(b'a%d=""' % number + b" " for number in range(LONGEST_TAG // 11))
    return b"<testsuite><x %s/></testsuite>" % attributes


def _cobertura() -> bytes:
    line = b'<line condition-coverage="(1/2)"/>'
    lines = line * min((XML.size - 200) // len(line), XML.elements - 3)
    return b'<coverage line-rate="1"><class><lines>%s</lines></class></coverage>' % lines


def _filled(before: bytes, item: bytes, after: bytes, limit: int = JSON.elements, size: int = JSON.size) -> bytes:
    """JSON with as many items as the limit allows; an item ends in a comma, and counts as its commas and brackets."""
    each = item.count(b",") + item.count(b"[") + item.count(b"{")
    own = 1 + (before + after).count(b",") + (before + after).count(b"[") + (before + after).count(b"{")
    most = min((limit - own) // each, (size - len(before) - len(after)) // len(item))
    return before + item * most + after


def _sarif() -> bytes:
    head = b'{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":['
    return _filled(head, b'{"level":"error"},', b'{"level":"note"}]}]}')


def _pip_audit() -> bytes:
    return _filled(b'{"dependencies":[{"name":"x","version":"1","vulns":[', b'{"id":"a"},', b'{"id":"a"}]}]}')


def _npm_audit() -> bytes:
    number = JSON.elements // 2 - 10
    entries = b",".join(b'"%d":{"severity":"low"}' % one for one in range(min(number, JSON.size // 31)))
    counts = b'"metadata":{"vulnerabilities":{"total":%d}}' % min(number, JSON.size // 31)
    return b'{"vulnerabilities":{%s},%s}' % (entries, counts)


def _preview() -> bytes:
    head = b'{"changeSummary":{"update":1},"steps":['
    return _filled(head, b'{"op":"update","urn":"a::b"},', b'{"op":"same","urn":"a"}]}')


def _load_run() -> bytes:
    head = b"Type,Name,Request Count,Failure Count,Average Response Time\n"
    row = b"GET,/,1,0,1\n"
    return head + row * ((LOAD_RUN.elements - 10) // 5) + b",Aggregated,1,0,1\n"


def _yaml() -> bytes:
    pairs = YAML.elements // 2 - 1
    return b"".join(b"k%d: 1\n" % number for number in range(pairs))


def _lists() -> bytes:
    return _filled(b"[", b"[],", b"1]", OUTPUTS.elements, OUTPUTS.size)


def _results() -> bytes:
    task = b'{"task":"1","title":"x","outcome":"done"},'
    return _filled(b'{"tasks":[', task, task[:-1] + b"]}", RESULTS.elements, RESULTS.size)


def _directory() -> bytes:
    """An archive of empty files, whose directory is as large as allowed."""
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for number in range(DIRECTORY // (46 + 6)):
            archive.writestr(f"{number:06}", b"")
    return packed.getvalue()


def _cases() -> Iterator[Case]:
    """All cases."""

    def raw(archive: ZipFile) -> bytes:
        return archive.read(_REPORT)

    yield Case("JUnit: tests that fail", _junit, lambda archive: read_tests(archive, [_REPORT]))
    yield Case("JUnit: one long tag", _long_tag, lambda archive: read_tests(archive, [_REPORT]))
    yield Case("Cobertura: lines with conditions", _cobertura, lambda archive: read_coverage(archive, _REPORT))
    yield Case("SARIF: results", _sarif, lambda archive: read_sarif(archive, _REPORT))
    yield Case("pip-audit: vulnerabilities", _pip_audit, lambda archive: read_pip_audit(archive, _REPORT))
    yield Case("npm audit: packages", _npm_audit, lambda archive: read_npm_audit(archive, _REPORT))
    yield Case("preview: steps", _preview, lambda archive: read_preview(archive, _REPORT))
    yield Case("load run: rows of a table", _load_run, lambda archive: read_performance(archive, _REPORT))
    yield Case("manifest, allow-list: keys", _yaml, lambda archive: read_yaml(raw(archive), _REPORT))
    yield Case("outputs.json: lists", _lists, lambda archive: parse_json(raw(archive).decode(), OUTPUTS))
    yield Case(
        "results.json: tasks", _results, lambda archive: decode(Results, parse_json(raw(archive).decode(), RESULTS))
    )
    yield Case("archive: empty files", _directory, lambda archive: open_zip(BytesIO(raw(archive)), "archive"))


def _measure(what: str, file: str) -> None:
    """Read one file in this process, and print the figures as JSON: MiB and seconds, and what the reader answered."""
    (case,) = [one for one in _cases() if one.what == what]
    with ZipFile(file) as archive:
        Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak begins anew: proc(5)
        before, began = _peak_kib(), time.process_time()
        answer = case.read(archive)
        seconds, after = time.process_time() - began, _peak_kib()
    sys.stdout.write(json.dumps({"mib": (after - before) / 1024, "seconds": seconds, "answer": repr(type(answer))}))


def _peak_kib() -> int:
    """The largest resident memory of this process so far."""
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def _in_a_process(case: Case) -> dict[str, float | str]:
    """The figures of one case, and the sizes of its file: in KiB, unpacked and packed."""
    content = case.content()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.zip"
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            archive.writestr(_REPORT, content)
        words = (sys.executable, "-m", "benchmarks.limits", case.what, str(file))
        found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
        packed = file.stat().st_size
    answer = found.pop("answer")
    if "Unreadable" in answer:
        raise ValueError(f"{case.what} is not at its limit but beyond it: {answer}")
    return {"file": case.what, "kib": len(content) // 1024, "packedKib": packed // 1024, **found}


def main() -> None:
    """Measure all cases, print them, and write the figures."""
    rows = []
    for case in _cases():
        rows.append(_in_a_process(case))
        sys.stdout.write(f"{rows[-1]}\n")
    figures = {"python": platform.python_version(), "rows": [_rounded(row) for row in rows]}
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def _rounded(row: dict[str, float | str]) -> dict[str, float | str]:
    return {name: round(value, 1) if isinstance(value, float) else value for name, value in row.items()}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _measure(*sys.argv[1:])
    else:
        main()
