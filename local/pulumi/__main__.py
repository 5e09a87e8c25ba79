"""`python -m local.pulumi up|preview|destroy`: deploy a Pulumi program to the emulator."""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local.pulumi.commands import Target, run
from local.pulumi.errors import ConfigurationError
from local.pulumi.project import load_project
from local.pulumi.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 1 when the deployment failed, 2 when it could not start."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    started = time.monotonic()
    # output of the program must not end up inside the JSON
    stream = sys.stderr if options.json else sys.stdout
    report = Report(lambda line: print(line, file=stream, flush=True))
    code = 0
    try:
        project = load_project(options.directory, options.stack, _pairs(options.config), _pairs(options.secret))
        target = Target(options.endpoint, options.codebuild_endpoint, _pairs(options.function_environment))
        with contextlib.redirect_stdout(stream):
            run(options.command, project, target, report, refreshed=options.refresh)
    except ConfigurationError as error:
        report.error(str(error))
        code = USAGE_ERROR
    except KeyboardInterrupt:
        report.error("interrupted; the changes so far are in the state, run the command again")
    _conclude(report, options.command, time.monotonic() - started, as_json=options.json)
    return code or int(bool(report.errors))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.pulumi", description=__doc__)
    parser.add_argument("command", choices=["up", "preview", "destroy"])
    parser.add_argument("--stack", required=True)
    parser.add_argument("--endpoint", required=True, help="the emulator's URL, on 127.0.0.1")
    parser.add_argument("--codebuild-endpoint", help="the URL that answers for CodeBuild")
    parser.add_argument("--directory", type=Path, default=Path(), help="the folder of Pulumi.yaml")
    for option, text in (
        ("--config", "a setting that replaces that of the stack's file; JSON for anything but a string"),
        ("--secret", "the value of a setting that is encrypted in the stack's file"),
        ("--function-environment", "a variable of every Lambda function"),
    ):
        parser.add_argument(option, nargs="+", action="extend", default=[], metavar="KEY=VALUE", help=text)
    parser.add_argument("--refresh", action="store_true", help="make again what was changed or deleted by hand")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end, progress to stderr")
    return parser


def _pairs(given: list[str]) -> dict[str, str]:
    found = {}
    for item in given:
        key, separator, value = item.partition("=")
        if not separator or not key:
            raise ConfigurationError(f"{key!r} is not of the form KEY=VALUE")
        found[key] = value
    return found


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _conclude(report: Report, command: str, seconds: float, *, as_json: bool) -> None:
    counts = ", ".join(f"{count} {op}" for op, count in report.changes.items() if count) or "nothing to do"
    report.print(f"{command} {'failed' if report.errors else 'succeeded'} in {seconds:.1f} s: {counts}")
    if as_json:
        sys.stdout.write(json.dumps(report.as_json()) + "\n")
        return
    for name, value in report.outputs.items():
        report.print(f"  {name}: {value if isinstance(value, str) else json.dumps(value)}")


if __name__ == "__main__":
    # the process lives for seconds, and the SDK's objects stay in use: garbage collection would take a third of it
    gc.disable()
    sys.exit(main())
