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
<<<<<<< HEAD
def switched_on() -> recorder.Outcome:
    """The stack `test` with every optional setting, and environments in two regions and two accounts."""
    return recorder.switched_on()
=======
def switched_on(tmp_path_factory: pytest.TempPathFactory) -> recorder.Outcome:
    """The stack `test` with every optional setting that creates resources."""
    config = recorder.stack_config("test")
    github = json.loads(config["kiro-worker:github"]) | {"allowedNetworks": ALLOWED_NETWORKS}
    roles = {"deployRoleArn": recorder.FOREIGN_ROLE, "readRoleArn": recorder.FOREIGN_READER}
    environments = [{"name": "test", "account": recorder.FOREIGN, **roles}]
    changed = {
        "kiro-worker:securityHub": "true",
        "kiro-worker:github": json.dumps(github),
        "kiro-worker:budgetEmail": "ops@example.com",
        "kiro-worker:codebuild": json.dumps({"vpc": VPC}),
        "kiro-worker:environments": json.dumps(environments),
    }
    folder = tmp_path_factory.mktemp("layer")
    (folder / "python").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "LAYER", folder)
        return recorder.run_main("test", {**config, **changed})


@pytest.fixture(scope="session")
def elsewhere() -> recorder.Outcome:
    """The stack `test` with environments in two regions and two accounts."""
    return recorder.elsewhere()
>>>>>>> look
