"""An update of the platform: a copy of the program in which stages need more than before."""

import shutil
from pathlib import Path
from typing import Any
from unittest import mock

from local import platform as laptop
from local.platform import PROJECT, Platform

PROGRAM = (
    "__main__.py",
    "Pulumi.yaml",
    "Pulumi.test.yaml",
    "components",
    "forwarding",
    "functions",
    "local",
    "statemachines",
)
# What a stage of the update needs and no execution from before it has: {file: (text, what replaces it)}.
UPDATE = {
    "functions/procedures/changes.py": ("    lease: Lease\n", "    lease: Lease\n    proof: str\n"),
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


def updated_program(folder: Path) -> Path:
    """Write the copy into a folder, and return the folder."""
    for name in PROGRAM:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(PROJECT / name, folder / name)
    (folder / "build").symlink_to(PROJECT / "build")
    for name, change in UPDATE.items():
        _replace(folder / name, *change)
    # ApplyService and ContinueRollout have the same input.
    _replace(folder / "statemachines" / "stage.asl.json", *PASSED_ON, times=2)
    return folder


def deploy(platform: Platform, program: Path, environments: list[dict[str, Any]]) -> None:
    """`pulumi up` of a version of the program, with environments that replace those of before."""
    where = platform.describe()
    with mock.patch.object(laptop, "PROJECT", program):
        laptop.pulumi("up", platform.stack, {**where, "changes": {**where["changes"], "environments": environments}})


def _replace(file: Path, old: str, new: str, times: int = 1) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == times, f"{file.name} has {text.count(old)} times {old}"
    file.write_text(text.replace(old, new), "utf-8")
