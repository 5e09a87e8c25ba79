"""What a delivered repository says of itself in `delivery.yml`, once it was read and found right."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from functions.domain.errors import ManifestError

# Each has its target in `functions/targets`; the way says whether a buildspec changes it, or a call of its target.
Kind = Literal["lambda", "command"]
Way = Literal["build", "call"]
Migration = Literal["reversible", "irreversible"]
MANIFEST = "delivery.yml"
# Not str.format: a text of the repository is no program (`{x.__class__}`, `{x:>999999999}`).
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Health:
    """Where a service answers, and the field of its JSON answer that names the running commit."""

    url: str
    version_field: str = "version"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing a release changes in an environment: the infrastructure, or a service.

    `paths` are globs over the repository in which `*` also crosses folders; none means every change counts. `buildspec`
    is what changes a part of the way `build`, and `preview` where the build before it leaves what that would change,
    `{environment}` in it being the environment's name. After an irreversible `migration` a rollback puts back the code,
    and not the data (M6). `settings` are JSON values that only the target of its kind reads.
    """

    name: str
    kind: Kind
    way: Way
    paths: list[str] = field(default_factory=list)
    buildspec: str = ""
    health: Health | None = None
    critical_alarms: list[str] = field(default_factory=list)
    warning_alarms: list[str] = field(default_factory=list)
    preview: str = ""
    migration: Migration = "reversible"
    settings: dict[str, Any] = field(default_factory=dict)


# The keys of the manifest that one gate reads. JSON values only: the plan carries them through the execution.
Settings = dict[str, Any]
# By the gate's name; a gate of which the manifest says nothing is left out.
GateSettings = dict[str, Settings]


@dataclass(frozen=True, slots=True)
class AfterDeploy:
    """The build that tests an environment once the release runs there, and what gates read of its artifact."""

    buildspec: str
    gates: GateSettings = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A repository's deliverables, infrastructure before services, in the order they are applied.

    `buildspec` builds a release; `gates` read its artifact before any deployment, those of `after_deploy` (by
    environment) the artifact of the tests there.
    """

    name: str
    buildspec: str
    parts: list[Part]
    environments: list[str] = field(default_factory=list)
    gates: GateSettings = field(default_factory=dict)
    after_deploy: dict[str, AfterDeploy] = field(default_factory=dict)


def changed_path(part: Part, files: tuple[str, ...]) -> str | None:
    """The first changed file that concerns this part; None when none does."""
    if not part.paths:
        return files[0] if files else None
    return next((file for file in files for glob in part.paths if fnmatchcase(file, glob)), None)


def fill(text: str, values: Mapping[str, str], where: str) -> str:
    """`hello-{environment}` with its values; an unknown name is a ManifestError that lists the known ones."""
    names = set(_NAME.findall(text))
    rest = _NAME.sub("", text)
    if names <= set(values) and "{" not in rest and "}" not in rest:
        return _NAME.sub(lambda found: values[found[1]], text)
    known = ", ".join(sorted(values))
    raise ManifestError(f"{MANIFEST}: {where}: {text!r} may hold only known names in braces (known: {known})")
