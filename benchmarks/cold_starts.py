"""Cold starts: each measurement is a new interpreter that times itself; the two ways take turns."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from statistics import median

from benchmarks.ratio import Ratio

PROJECT = Path(__file__).parents[1]
_TURNS = 9
# The frame of a measurement; its time is the last line of output, after the handler's log lines.
_TIMED = "import os\nfrom time import perf_counter\nbegan = perf_counter()\n{code}\nprint(perf_counter() - began)"

_INIT = """from collections import defaultdict
from functions.runtime import Clients, build
os.environ["AWS_DEFAULT_REGION"] = "eu-central-1"
handle = build("functions.{handler}", Clients(defaultdict(lambda: "none")))
"""
_HANDLER = _INIT.format(handler="shared.acquire_lock")
_EVERYTHING = """from importlib import import_module
from pathlib import Path
folders = ("domain", "gates", "targets", "adapters", "procedures", "shared", "deployment", "stage", "rollback")
for folder in (*folders, "work_item", "events"):
    for file in sorted(Path("functions", folder).rglob("*.py")):
        import_module(".".join(file.with_suffix("").parts).removesuffix(".__init__"))
import boto3, github, yaml, pydantic, defusedxml
"""
_SDK = "import boto3\nboto3.Session(region_name='eu-central-1').client('secretsmanager')\n"
_FORGED = {"headers": {"X-Hub-Signature-256": "forged"}, "body": "{}"}
_REFUSE = _INIT.format(handler="events.github_webhook") + f"assert handle({_FORGED}, None)['statusCode'] == 401"
_HEAVIEST = "import functions.runtime, functions.events.poll_board, boto3, github"


def refusal() -> Ratio:
    """Refuses a webhook with a malformed signature, for which the standard library is enough."""
    ours, other = _side_by_side([("", _REFUSE), ("", _SDK + _REFUSE)])
    return _ratio("a delivery with a malformed signature is refused without an SDK", ours, other, 2)


def handler() -> Ratio:
    """Creates a handler with its clients, as in Lambda's INIT phase; the other modules of the package cost nothing."""
    ours, other = _side_by_side([("", _HANDLER), ("", _EVERYTHING)])
    return _ratio("a handler's cold start imports only the modules that it needs", ours, other, 1.25)


def bytecode() -> Ratio:
    """Imports our code and the libraries from bytecode and from source; the standard library always has bytecode."""
    with tempfile.TemporaryDirectory() as folder:
        compiled, source = Path(folder, "compiled"), Path(folder, "source")
        for prefix in (compiled, source):
            _run(_HEAVIEST, prefix, write=True)
        libraries = Path(str(find_spec("boto3").origin)).parents[1]  # type: ignore[union-attr]
        for root in (PROJECT, libraries):
            rmtree(source / root.relative_to("/"))
        ours, other = _side_by_side([(str(compiled), _HEAVIEST), (str(source), _HEAVIEST)])
    return _ratio("bytecode halves the import time of the largest handler", ours, other, 2)


def _side_by_side(ways: Sequence[tuple[str, str]]) -> list[float]:
    """The median seconds of each way; the first turn fills the disk cache and does not count."""
    turns = [[_run(code, Path(prefix) if prefix else None) for prefix, code in ways] for _ in range(_TURNS + 1)]
    return [median(times) for times in zip(*turns[1:], strict=True)]


def _run(code: str, prefix: Path | None, *, write: bool = False) -> float:
    """The seconds that a new interpreter needs; with a prefix, bytecode is read from there only."""
    options = [*(("-X", f"pycache_prefix={prefix}") if prefix else ()), *(("-B",) if prefix and not write else ())]
    words = [sys.executable, *options, "-c", _TIMED.format(code=code)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(words, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def _ratio(promise: str, ours: float, other: float, at_least: float) -> Ratio:
    return Ratio(promise, f"{ours * 1000:.0f} ms", f"{other * 1000:.0f} ms", other / ours, at_least)
