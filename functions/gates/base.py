"""What a gate is: everything that the product needs to know of one, so that a new gate is one file.

Readers of report formats stay in `functions/adapters`, pure decisions in `functions/domain`; a gate calls them. It
imports a reader only where it judges: pages and metrics load every gate, and need no parser for that.
"""

from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from inspect import getdoc
from typing import Any, ClassVar, Literal
from zipfile import ZipFile

from functions.adapters.builds import BuildEnd
from functions.domain.errors import SourceError
from functions.domain.gates import Verdict
from functions.domain.manifests import AfterDeploy, Settings
from functions.domain.performance import Performance
from functions.domain.plans import StagePlan
from functions.domain.previews import Previews

Moment = Literal["before", "after"]
# Parts of the manifest: `build`, `gates`, and one environment's entry of `gates.afterDeploy`.
Section = Literal["build", "gates", "afterDeploy"]
Unit = Literal["Count", "Percent"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What every gate judges from: how a build ended, and its artifact, or why that can't be opened."""

    build: BuildEnd
    opened: ZipFile | str

    @property
    def archive(self) -> ZipFile:
        """The artifact; a SourceError where there is none."""
        if isinstance(self.opened, str):
            raise SourceError(self.opened)
        return self.opened


@dataclass(frozen=True, slots=True)
class ReleaseEvidence(Evidence):
    """The build of a release, before any deployment.

    `stages` are the environments that the release enters, each with its settings and parts. `source` reads a file of
    the commit itself, which no build can write: None when it is not there, a SourceError when the source is lost.
    """

    stages: tuple[StagePlan, ...]
    source: Callable[[str], bytes | None]
    today: date


@dataclass(frozen=True, slots=True)
class EnvironmentEvidence(Evidence):
    """The tests of a release in an environment; `last` is the load run of the last good release there, if any."""

    environment: str
    last: Callable[[], Performance | None]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one gate made of the evidence.

    No `verdict`: nothing is declared that this gate could judge. `figures` become metrics. `previews` take parts out of
    the plan that they find unchanged. `measured` is what the next run is compared with, once this release is good.
    """

    verdict: Verdict | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    previews: Previews = field(default_factory=dict)
    measured: Performance | None = None


class Gate(ABC):
    """One gate. Its docstring is its paragraph in `docs/reference/gates.md`.

    A subclass judges a release before any deployment (`judge_release`), in an environment after it
    (`judge_environment`), or both. `settings` are the keys of the manifest that it reads, spelt as there, and None when
    the manifest has none of them. A gate that must not be left out answers None with `missing()`.
    """

    name: ClassVar[str]
    # The figures that it measures, and their units: `testsRun` is published as the metric `TestsRun`.
    metrics: ClassVar[Mapping[str, Unit]] = {}
    # What the approval page says of this gate where a release has no verdict of it; empty: nothing.
    undeclared: ClassVar[str] = ""

    def manifest(self, section: Section) -> Mapping[str, Any]:  # noqa: ARG002 - for those that read some
        """The keys that it reads there: name → (type, default), as pydantic's `create_model` takes them."""
        return {}

    def judge_release(self, settings: Settings | None, evidence: ReleaseEvidence) -> Judgement:  # noqa: ARG002
        """Before any deployment."""
        return Judgement()

    def judge_environment(self, settings: Settings | None, evidence: EnvironmentEvidence) -> Judgement:  # noqa: ARG002
        """In an environment, where the release runs now."""
        return Judgement()

    def forecast_release(self, settings: Settings | None, stages: tuple[StagePlan, ...]) -> str:  # noqa: ARG002
        """What will be demanded of the build, in one line of `kiro plan`; empty when nothing is."""
        return ""

    def forecast_environment(self, settings: Settings | None, tests: AfterDeploy) -> str:  # noqa: ARG002
        """What will be demanded of the tests in an environment, in one line of `kiro plan`; empty when nothing is."""
        return ""

    def missing(self) -> Judgement:
        """The verdict on a release that declares nothing for a gate that may not be left out."""
        words = "the plan names nothing to judge; start the deployment again, so that it reads the manifest anew"
        return Judgement(Verdict(self.name, "failed", words))

    @property
    def when(self) -> tuple[Moment, ...]:
        """When it judges, read off the methods that it has: saying it once more could only be wrong."""
        judges: Mapping[Moment, str] = {"before": "judge_release", "after": "judge_environment"}
        return tuple(moment for moment, method in judges.items() if method in vars(type(self)))

    @property
    def documentation(self) -> str:
        """The paragraph of the reference."""
        return " ".join((getdoc(type(self)) or "").split())
