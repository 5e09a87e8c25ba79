"""The stack on moto and the local GitHub of the handlers' tests, and a folder for other users."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functions.conftest import _moto, _session_stack, _unmeasured, copy, hub, plain_hub, service, stack

__all__ = ["_moto", "_session_stack", "_unmeasured", "copy", "hub", "plain_hub", "service", "stack"]


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that every user may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
