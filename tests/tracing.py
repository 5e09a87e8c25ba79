"""Switches coverage on and off: measuring code whose coverage is not needed would double the time of the tests.

The functions are measured while they are imported and while their tests run. Coverage is off during collection and
fixtures, and in the SDK, the local GitHub and Hypothesis, which spends most of its time on drawing examples.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import boto3
import coverage
import pytest
from botocore.client import BaseClient
from werkzeug.serving import WSGIRequestHandler

ROOT = Path(__file__).parents[1]


def import_all() -> None:
    """Import the functions, so that the code of their modules is measured."""
    for path in sorted(ROOT.glob("functions/**/*.py")):
        # The worker's program is a package of its own: it runs in a build, apart from everything else here.
        if "buildspecs" not in path.parts:
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))


@contextmanager
def measuring(measured: coverage.Coverage) -> Iterator[None]:
    """Measure all calls in this context."""
    measured.start()
    try:
        yield
    finally:
        measured.stop()


def measured_call(measured: coverage.Coverage, call: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, measured whenever it is called."""

    @wraps(call)
    def measured_while_called(*arguments: Any, **named: Any) -> Any:
        with measuring(measured):
            return call(*arguments, **named)

    return measured_while_called


def unmeasured_call(call: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, not measured when it is called from measured code."""

    @wraps(call)
    def unmeasured(*arguments: Any, **named: Any) -> Any:
        tracer: Any = sys.gettrace()
        if not hasattr(tracer, "stop"):  # no tracer, or that of a debugger
            return call(*arguments, **named)
        tracer.stop()
        try:
            return call(*arguments, **named)
        finally:
            tracer.start()

    return unmeasured


@contextmanager
def functions_only() -> Iterator[None]:
    """Do not measure calls of the SDK, moto and the local GitHub in this context."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in (
            (BaseClient, "_make_api_call"),
            (boto3.Session, "client"),
            (boto3.Session, "resource"),
            (WSGIRequestHandler, "handle"),
        ):
            patch.setattr(owner, name, unmeasured_call(getattr(owner, name)))
        yield
