"""The platform itself is updated while a release waits for its approval, and the update is taken back."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from local import platform as laptop
from local.platform import PROJECT, Platform
from tests.scenarios.driver import PlatformDriver, eventually, name_of

ENVIRONMENTS = [
    {"name": name, "watchSeconds": 0, "stabiliseSeconds": 1, "approval": True} for name in ("test", "production")
]
PROGRAM = ("__main__.py", "Pulumi.yaml", "Pulumi.test.yaml", "components", "functions", "local", "statemachines")
# What a stage of the update needs and no execution from before it has: {file: (text, what replaces it)}.
UPDATE = {
    "functions/stage/apply_service.py": ("    lease: Lease\n", "    lease: Lease\n    proof: str\n"),
    "statemachines/deployment.asl.json": ('"gates": "{% [$gates] %}",', '"gates": "{% [$gates] %}", "proof": "new",'),
    "statemachines/stage.asl.json": (
        '"approved": false,',
        '"approved": false, "proof": "{% $states.input.proof ? $states.input.proof : $error(\'no proof\') %}",',
    ),
}
PASSED_ON = (
    '"artifact": "{% $artifact %}",\n        "lease"',
    '"artifact": "{% $artifact %}", "proof": "{% $proof %}", "lease"',
)


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformDriver]:
    """A platform of its own: both of its environments demand an approval."""
    changes = {"environments": ENVIRONMENTS}
    with Platform(tmp_path_factory.mktemp("upgrade"), "test", print, changes=changes) as platform:
        yield PlatformDriver(platform)


@pytest.fixture(scope="module")
def update(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program in which stages need more than before."""
    folder = tmp_path_factory.mktemp("update")
    for name in PROGRAM:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(PROJECT / name, folder / name)
    (folder / "build").symlink_to(PROJECT / "build")
    for name, change in UPDATE.items():
        _replace(folder / name, *change)
    _replace(folder / "statemachines" / "stage.asl.json", *PASSED_ON)
    return folder


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1, f"{file.name} has {text.count(old)} times {old}"
    file.write_text(text.replace(old, new), "utf-8")


def _waiting(driver: PlatformDriver, message: str) -> str:
    """Push a commit, and wait until its first stage waits for a decision; returns the commit."""
    commit = driver.push(message)
    waits = driver.table("waitsTable")

    def requested() -> set[str]:
        return {one["approval"]["summary"]["commit"] for one in waits.scan()["Items"] if "approval" in one}

    eventually(lambda: commit in requested(), 120)
    return commit


def _up(driver: PlatformDriver, project: Path) -> None:
    with mock.patch.object(laptop, "PROJECT", project):
        driver.platform.deploy("up")


def test_what_began_before_an_update_ends_as_it_began(upgraded: PlatformDriver, update: Path) -> None:
    """P9: a release that waits is deployed by the code and the definitions with which it began, in all its stages.

    Also when an update is taken back.
    """
    first = _waiting(upgraded, "feat: begun before the update")
    _up(upgraded, update)
    upgraded.deployed(first)
    assert _outcome(upgraded, first) == ("deployed", "")
    second = _waiting(upgraded, "feat: begun with the update")
    _up(upgraded, PROJECT)
    upgraded.deployed(second)
    assert _outcome(upgraded, second) == ("deployed", "")
    third = upgraded.push("feat: begun after the update was taken back")
    upgraded.deployed(third)
    assert _outcome(upgraded, third) == ("deployed", "")
    assert {upgraded.version(one["name"]) for one in ENVIRONMENTS} == {third}  # type: ignore[arg-type]
    assert upgraded.left_behind() == {"locks": [], "waits": []}
    assert {name: _proof(upgraded, name_of(commit)) for name, commit in (("old", first), ("new", second))} == {
        "old": None,
        "new": "new",
    }


def test_old_versions_are_kept_for_a_day(upgraded: PlatformDriver) -> None:
    """The deployed function reads all versions under its own role, and deletes none that was replaced today."""
    name = upgraded.platform.outputs["functions"]["functions.events.prune_versions"]
    answer = upgraded.platform.clients.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    assert json.loads(answer["Payload"].read()) == {"deleted": []}


def _outcome(driver: PlatformDriver, commit: str) -> tuple[str, str]:
    record = driver.record(commit)
    return record["outcome"], record["reason"] if record["outcome"] != "deployed" else ""


def _proof(driver: PlatformDriver, name: str) -> str | None:
    """What the last stage of a deployment got from it."""
    stage = driver.platform.outputs["stageWorkflow"].replace(":stateMachine:", ":execution:")
    found = driver.platform.clients.client("stepfunctions").describe_execution(
        executionArn=f"{stage}:{name}-production"
    )
    given: str | None = json.loads(found["input"]).get("proof")
    return given
