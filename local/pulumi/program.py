"""Runs the program of a project against an engine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pulumi.runtime import Settings, configure, run_in_stack, set_all_config
from pulumi.runtime.settings import ROOT

from local.pulumi.errors import DeploymentError

if TYPE_CHECKING:
    from local.pulumi.engine import Engine
    from local.pulumi.project import Project

# The emulator is one process: more parallel calls would only queue there.
PARALLEL = 8


def run_program(project: Project, engine: Engine) -> None:
    """Run the program to its end; raises DeploymentError for errors of the program and of its resources."""
    configure(
        Settings(
            project=project.name,
            stack=project.stack,
            monitor=engine,  # the SDK uses an object with the stub's methods directly
            engine=engine,
            parallel=True,
            dry_run=engine.preview,
            organization="organization",
            root_directory=str(project.directory),
        )
    )
    ROOT.set(None)
    set_all_config(project.config, list(project.secret_keys))
    # the SDK also reports failures of dependents; only the first failure matters
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    sys.path.insert(0, str(project.program))
    with contextlib.chdir(project.program):
        try:
            _run_to_end(project)
        except DeploymentError:
            raise
        except Exception as error:
            raise DeploymentError(_explain(project, error)) from error
        finally:
            sys.path.remove(str(project.program))


def _run_to_end(project: Project) -> None:
    def program() -> None:
        runpy.run_path(str(project.program / "__main__.py"), run_name="__main__")

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(PARALLEL)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(run_in_stack(program))
    finally:
        # started operations must end before the state is saved
        executor.shutdown(wait=True, cancel_futures=True)
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()


def _explain(project: Project, error: Exception) -> str:
    """The exception of the program, with the line of the program that raised it."""
    inside = str(project.program)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(inside)]
    place = f" (at {frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"the program raised {type(error).__name__}: {error}{place}"
