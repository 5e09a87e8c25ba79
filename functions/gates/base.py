"""The interface of a gate. A new gate is one file that implements it.

Readers of report formats are in `functions/adapters`, pure decisions in `functions/domain`; a gate calls both. It
imports a reader within the method that judges, because pages and metrics load all gates and need no parser.
"""

from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from inspect import getdoc
from typing import Annotated, Any, ClassVar, Literal
from zipfile import ZipFile

from msgspec import field

from functions.adapters.builds import BuildEnd
from functions.adapters.manifest_types import Meaning, RepositoryPath
from functions.domain.errors import SourceError
from functions.domain.gates import Note, Verdict, judge_tests
from functions.domain.manifests import AfterDeploy, Settings
from functions.domain.performance import Performance
from functions.domain.plans import StagePlan
from functions.domain.previews import Previews
from functions.domain.values import Value

Moment = Literal["before", "after"]
# Parts of the manifest: `build`, `gates`, and one environment's entry of `gates.afterDeploy`.
Section = Literal["build", "gates", "afterDeploy"]
Unit = Literal["Count", "Percent"]
# Reads a file of the repository; None if there is none of this path.
Source = Callable[[str], bytes | None]


class Evidence(Value, frozen=True):
    """The end of a build and its artifact; `opened` is the reason if the artifact can't be opened."""

    build: BuildEnd
    opened: ZipFile | str

    @property
    def archive(self) -> ZipFile:
        """The artifact; raises SourceError if it can't be opened."""
        if isinstance(self.opened, str):
            raise SourceError(self.opened)
        return self.opened


class ReleaseEvidence(Evidence, frozen=True):
    """The build of a release, before any deployment.

    `stages` are the environments that the release enters, each with its settings and parts. `source` reads a file of
    the commit, which a build can't change; it returns None if there is no such file, and raises SourceError if the
    source archive is missing.
    """

    stages: tuple[StagePlan, ...]
    source: Source
    today: date


class EnvironmentEvidence(Evidence, frozen=True):
    """The tests of a release in an environment; `last` reads the load run of the last good release there, if any."""

    environment: str
    last: Callable[[], Performance | None]


class Judgement(Value, frozen=True):
    """The result of one gate.

    `verdict` is None if nothing is declared that this gate could judge. `figures` become metrics. `previews` take
    unchanged parts out of the plan. `measured` is compared with the next run, once this release is good.
    """

    verdict: Verdict | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    previews: Previews = field(default_factory=dict)
    measured: Performance | None = None


class Gate(ABC):
    """One gate. Its docstring is its paragraph in `docs/reference/gates.md`.

    A subclass judges a release before any deployment (`judge_release`), in an environment after it
    (`judge_environment`), or both. `settings` are its keys of the manifest, in the manifest's spelling, or None if the
    manifest has none of them: it then returns no verdict, and a gate that the stack demands is closed by
    `functions/domain/demands.py`.
    """

    name: ClassVar[str]
    # The figures that it measures, with their units: `testsRun` is published as the metric `TestsRun`.
    metrics: ClassVar[Mapping[str, Unit]] = {}
    # The text on the approval page for a release without a verdict of this gate; empty: no text.
    undeclared: ClassVar[str] = ""

    def manifest(self, section: Section) -> Mapping[str, Any]:  # noqa: ARG002 - for those that read some
        """Its keys in that section: name → (type with its `Meaning`, default), as in pydantic's `create_model`."""
        return {}

    def judge_release(self, settings: Settings | None, evidence: ReleaseEvidence) -> Judgement:  # noqa: ARG002
        """Judge a release before any deployment."""
        return Judgement()

    def judge_environment(self, settings: Settings | None, evidence: EnvironmentEvidence) -> Judgement:  # noqa: ARG002
        """Judge a release in an environment, in which it runs."""
        return Judgement()

    def forecast_release(self, settings: Settings | None, stages: tuple[StagePlan, ...]) -> str:  # noqa: ARG002
        """The demand on the build, as one line of `kiro-worker plan`; empty if there is none."""
        return ""

    def forecast_environment(self, settings: Settings | None, tests: AfterDeploy) -> str:  # noqa: ARG002
        """The demand on the tests in an environment, as one line of `kiro-worker plan`; empty if there is none."""
        return ""

    def notes(self, settings: Settings, archive: ZipFile) -> Sequence[Note]:  # noqa: ARG002 - for those that name places
        """What its reports of the build say of places, the worst first; an unreadable report says nothing."""
        return ()

    def mistakes(self, settings: Settings | None, source: Source, today: date) -> Sequence[str]:  # noqa: ARG002
        """The mistakes in the files of the repository that it reads, for `kiro-worker check`, each with its place."""
        return ()

    @property
    def when(self) -> tuple[Moment, ...]:
        """When it judges, derived from the methods that it overrides."""
        judges: Mapping[Moment, str] = {"before": "judge_release", "after": "judge_environment"}
        return tuple(moment for moment, name in judges.items() if getattr(type(self), name) is not getattr(Gate, name))

    @property
    def documentation(self) -> str:
        """Its docstring as one paragraph, for the reference."""
        return " ".join((getdoc(type(self)) or "").split())


class SuiteGate(Gate):
    """A suite of tests in an environment: the key of the gate's name lists its JUnit reports."""

    def manifest(self, section: Section) -> Mapping[str, Any]:
        """The reports of the tests in an environment; they are optional."""
        from pydantic import Field

        meaning = Meaning(
            f"Paths or globs of the JUnit reports of the {self.name} tests in the artifact.",
            [f"reports/{self.name}.xml"],
        )
        reports: Any = (Annotated[list[RepositoryPath] | None, meaning], Field(default=None, min_length=1))
        return {self.name: reports} if section == "afterDeploy" else {}

    def judge_environment(self, settings: Settings | None, evidence: EnvironmentEvidence) -> Judgement:
        """The verdict on the reports of the tests' build."""
        if settings is None:
            return Judgement()
        from functions.adapters.reports import read_tests

        return Judgement(judge_tests(read_tests(evidence.archive, settings[self.name]), self.name))

    def forecast_environment(self, settings: Settings | None, tests: AfterDeploy) -> str:
        """The paths of the reports, and the buildspec that writes them."""
        return "" if settings is None else f"{self.name}: {', '.join(settings[self.name])} ({tests.buildspec})"
