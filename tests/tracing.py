"""Where coverage looks and where it need not: looking at what nobody asks for would double the time of the tests.

The functions are looked at while they are imported and while a test of theirs runs; neither while tests are collected
and their stage is set, nor in the SDK, in the local GitHub and in Hypothesis, which draws far more than it calls.
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
    """Import the functions, so that what their modules do then has been seen."""
    for path in sorted(ROOT.glob("functions/**/*.py")):
        # The worker's program is a package of its own: it runs in a build, apart from everything else here.
        if "buildspecs" not in path.parts:
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))


@contextmanager
def looking(measured: coverage.Coverage) -> Iterator[None]:
    """What is called here is seen."""
    measured.start()
    try:
        yield
    finally:
        measured.stop()


def looked_at(measured: coverage.Coverage, call: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, seen whenever it is called."""

    @wraps(call)
    def seen(*arguments: Any, **named: Any) -> Any:
        with looking(measured):
            return call(*arguments, **named)

    return seen


def overlooked(call: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, unseen when it is called from where one looks."""

    @wraps(call)
    def unseen(*arguments: Any, **named: Any) -> Any:
        tracer: Any = sys.gettrace()
        if not hasattr(tracer, "stop"):  # nobody traces, or a debugger does
            return call(*arguments, **named)
        tracer.stop()
        try:
            return call(*arguments, **named)
        finally:
            tracer.start()

    return unseen


@contextmanager
def without_the_others() -> Iterator[None]:
    """Nothing that is measured runs inside the SDK, moto and the local GitHub."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in (
            (BaseClient, "_make_api_call"),
            (boto3.Session, "client"),
            (boto3.Session, "resource"),
            (WSGIRequestHandler, "handle"),
        ):
            patch.setattr(owner, name, overlooked(getattr(owner, name)))
        yield
