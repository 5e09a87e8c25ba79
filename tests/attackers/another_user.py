"""The second user of a machine, as whom the agent and the tests of a build run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def _runs(python: str) -> bool:
    tried = subprocess.run([python, "-c", ""], user=65_534, group=65_534, cwd="/", check=False, capture_output=True)
    return tried.returncode == 0


def _python() -> str:
    """A Python that another user can run; "" if there is none, or if no other user can be had."""
    if not sys.platform.startswith("linux") or os.geteuid():
        return ""
    known = [one for one in (sys.executable, "/usr/bin/python3") if Path(one).exists()]
    for python in known:
        try:
            if _runs(python):
                return python
        except PermissionError:
            continue
    return ""


PYTHON = _python()
NEEDS_ANOTHER_USER = pytest.mark.skipif(
    not PYTHON, reason="another user needs root, and a Python outside of root's home"
)
