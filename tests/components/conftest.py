"""Fixtures of the component tests: recorded runs of the program."""

from pathlib import Path

import pytest

from components.functions import package
from tests.components import recorder  # its import quiets the SDK before any component is imported


@pytest.fixture(autouse=True)
def layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A layer folder, as `make package` leaves one."""
    folder = tmp_path / "layer"
    (folder / "python").mkdir(parents=True)
    monkeypatch.setattr(package, "LAYER", folder)
    return folder


@pytest.fixture(scope="session")
def whole() -> recorder.Outcome:
    """The stack `test`: components are looked at where they stand."""
    return recorder.stack("test")


@pytest.fixture(scope="session")
def switched_on() -> recorder.Outcome:
    """The stack `test` with every optional setting, and environments in two regions and two accounts."""
    return recorder.switched_on()
