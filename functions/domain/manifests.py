"""The manifest of a delivered repository (`delivery.yml`), after it was read and validated."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from msgspec import field

from functions.domain.errors import ManifestError
from functions.domain.values import Value

if TYPE_CHECKING:
    from functions.domain.git_patterns import GitPatterns

# Each kind has a target in `functions/targets`. The way says how a part is changed: by a buildspec, or by API calls.
Kind = Literal["lambda", "command", "ecs", "pulumi"]
Way = Literal["build", "call"]
Migration = Literal["reversible", "irreversible"]
MANIFEST = "delivery.yml"
# Not str.format: a text of the repository could misuse its expressions (`{x.__class__}`, `{x:>999999999}`).
_NAME = re.compile(r"\{(\w+)\}")


class Health(Value, frozen=True):
    """The health URL of a service, and the field of its JSON response that has the running commit."""

    url: str
    version_field: str = "version"


class Part(Value, frozen=True):
    """One thing that a release changes in an environment: the infrastructure, or a service.

    - `paths`: patterns as in `.gitignore`, for the files that concern it. Without any, every change does.
    - `buildspec`: the path of the buildspec that applies a part of the way `build`.
    - `preview`: the path of the preview report in the release's artifact; `{environment}` is the environment's name.
    - `migration`: after an `irreversible` one, a rollback restores the code and not the data (M6).
    - `settings`: JSON values that only the target of the kind reads.
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


# The manifest keys that one gate reads. JSON values only: the plan passes them through the execution.
Settings = dict[str, Any]
# By the name of the gate; a gate that the manifest does not mention is left out.
GateSettings = dict[str, Settings]


class AfterDeploy(Value, frozen=True):
    """The build that tests an environment after a deployment, and the settings of the gates that read its artifact."""

    buildspec: str
    gates: GateSettings = field(default_factory=dict)


class Manifest(Value, frozen=True):
    """The parts of a repository in the order in which they are applied: infrastructure before services.

    `buildspec` builds a release. The gates of `gates` read its artifact before any deployment; those of `after_deploy`
    (by environment) read the artifact of the tests in that environment.
    """

    name: str
    buildspec: str
    parts: list[Part]
    environments: list[str] = field(default_factory=list)
    gates: GateSettings = field(default_factory=dict)
    after_deploy: dict[str, AfterDeploy] = field(default_factory=dict)


def own_name(name: str) -> str:
    """The name of a part in its manifest: `shop/api` → `api`."""
    return name.rpartition("/")[2]


def is_infrastructure(name: str) -> bool:
    """Whether a part (`repository/part`) is the infrastructure of its repository, which is applied before services."""
    return own_name(name) == "infrastructure"


def changed_path(part: Part, files: tuple[str, ...]) -> str | None:
    """The first changed file that concerns this part; None if there is none."""
    if not part.paths:
        return files[0] if files else None
    return next(filter(_patterns(tuple(part.paths)).select, files), None)


@lru_cache(maxsize=64)
def _patterns(paths: tuple[str, ...]) -> "GitPatterns":
    # Most functions import manifests and match no paths.
    from functions.domain.git_patterns import GitPatterns

    return GitPatterns(paths)


def fill(text: str, values: Mapping[str, str], where: str) -> str:
    """The text with its placeholders (`hello-{environment}`) replaced; an unknown one is a ManifestError.

    `where` is the key of the manifest, for the error.
    """
    names = set(_NAME.findall(text))
    rest = _NAME.sub("", text)
    if names <= set(values) and "{" not in rest and "}" not in rest:
        return _NAME.sub(lambda found: values[found[1]], text)
    known = ", ".join(sorted(values))
    raise ManifestError(f"{MANIFEST}: {where}: {text!r} may contain only known placeholders in braces (known: {known})")
