"""What the tests of components share."""

from pathlib import Path

import pytest

from components import package
from tests.components import recorder  # its import quiets the SDK before any component is imported


@pytest.fixture(autouse=True)
def layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A layer folder, as `make package` leaves one."""
    folder = tmp_path / "layer"
    (folder / "python").mkdir(parents=True)
    monkeypatch.setattr(package, "LAYER", folder)
    return folder


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> recorder.Outcome:
    """The stack `test`, run once: components are looked at where they stand."""
    folder = tmp_path_factory.mktemp("layer")
    (folder / "python").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "LAYER", folder)
        return recorder.run_main("test")
