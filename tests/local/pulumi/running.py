"""Runs the deployer's command in a process that is forked from one with the SDK imported.

With `python -m local.pulumi`, importing the SDK would take most of these tests' time.
"""

import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from local.pulumi.__main__ import main

ROOT = Path(__file__).parents[3]
SECONDS = 60
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__, "pulumi_aws"])


def run(arguments: Sequence[str], folder: Path) -> tuple[int | None, str, str]:
    """Run the command; returns its exit status, its output and its error output."""
    stdout, stderr = folder / "stdout", folder / "stderr"
    process = _processes.Process(target=_command, args=(list(arguments), stdout, stderr))
    process.start()
    process.join(SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
    return process.exitcode, stdout.read_text("utf-8"), stderr.read_text("utf-8")


def _command(arguments: list[str], stdout: Path, stderr: Path) -> None:
    os.chdir(ROOT)
    with stdout.open("w", encoding="utf-8") as sys.stdout, stderr.open("w", encoding="utf-8") as sys.stderr:
        status = main(arguments)
    sys.exit(status)
