"""All gates, in the order in which they judge and are shown; no other module names a gate."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Literal, assert_never, get_args
from zipfile import ZipFile

from functions.adapters.builds import BuildEnd
from functions.domain.errors import SourceError
from functions.domain.gates import Note, Verdict, without_secrets
from functions.domain.manifests import AfterDeploy, GateSettings
from functions.domain.performance import Performance
from functions.domain.plans import StagePlan
from functions.domain.previews import Previews
from functions.domain.values import Value
from functions.gates.base import EnvironmentEvidence, Gate, Judgement, ReleaseEvidence, Source, Unit
from functions.gates.build import BuildGate
from functions.gates.coverage import CoverageGate
from functions.gates.e2e import E2eGate
from functions.gates.integration import IntegrationGate
from functions.gates.performance import PerformanceGate
from functions.gates.preview import PreviewGate
from functions.gates.sbom import SbomGate
from functions.gates.security import SecurityGate
from functions.gates.smoke import SmokeGate
from functions.gates.tests import TestsGate

# A name without its case below is an error of the type checker.
Name = Literal[
    "build", "tests", "coverage", "preview", "security", "sbom", "integration", "e2e", "smoke", "performance"
]


def _gate(name: Name) -> Gate:
    match name:
        case "build":
            return BuildGate()
        case "tests":
            return TestsGate()
        case "coverage":
            return CoverageGate()
        case "preview":
            return PreviewGate()
        case "security":
            return SecurityGate()
        case "sbom":
            return SbomGate()
        case "integration":
            return IntegrationGate()
        case "e2e":
            return E2eGate()
        case "smoke":
            return SmokeGate()
        case "performance":
            return PerformanceGate()
        case _:
            assert_never(name)


GATES: tuple[Gate, ...] = tuple(_gate(name) for name in get_args(Name))


class Judged(Value, frozen=True):
    """The verdicts of all gates, without secrets, and their figures, previews and measurement."""

    verdicts: tuple[Verdict, ...]
    figures: dict[str, float]
    previews: Previews
    measured: Performance | None


def judge_release(settings: GateSettings, evidence: ReleaseEvidence) -> Judged:
    """Judge a release before any deployment, with all gates, so that one run names all faults."""
    judgements = (gate.judge_release(settings.get(gate.name), evidence) for gate in GATES)
    return _judged(judgements, evidence.build)


def judge_environment(settings: GateSettings, evidence: EnvironmentEvidence) -> Judged:
    """Judge a release in an environment, in which it runs, with all gates."""
    judgements = (gate.judge_environment(settings.get(gate.name), evidence) for gate in GATES)
    return _judged(judgements, evidence.build)


def _judged(judgements: Iterator[Judgement], build: BuildEnd) -> Judged:
    """Combine the judgements; gates without a verdict are left out."""
    made = tuple(_readable(judgements, build))
    verdicts = without_secrets(one.verdict for one in made if one.verdict)
    figures = {name: value for one in made for name, value in one.figures.items()}
    previews = {place: preview for one in made for place, preview in one.previews.items()}
    return Judged(verdicts, figures, previews, next((one.measured for one in made if one.measured), None))


def _readable(judgements: Iterator[Judgement], build: BuildEnd) -> Iterator[Judgement]:
    """The judgements; an artifact that can't be opened is a failed verdict, unless the build failed anyway."""
    try:
        yield from judgements
    except SourceError as error:
        if build.outcome == "succeeded":
            yield Judgement(Verdict("reports", "failed", str(error)))


def notes(settings: GateSettings, archive: ZipFile) -> dict[str, Sequence[Note]]:
    """What the reports of a build say of places, by the name of the gate."""
    return {gate.name: gate.notes(settings[gate.name], archive) for gate in GATES if settings.get(gate.name)}


def forecast_release(settings: GateSettings, stages: tuple[StagePlan, ...]) -> tuple[str, ...]:
    """The demands on the build before any deployment, a line per gate."""
    return tuple(line for gate in GATES if (line := gate.forecast_release(settings.get(gate.name), stages)))


def forecast_environment(tests: AfterDeploy | None) -> tuple[str, ...]:
    """The demands on the tests in an environment, a line per gate."""
    if tests is None:
        return ()
    return tuple(line for gate in GATES if (line := gate.forecast_environment(tests.gates.get(gate.name), tests)))


def mistakes(settings: GateSettings, source: Source, today: date) -> list[str]:
    """The mistakes in the files of the repository that gates read."""
    return [one for gate in GATES for one in gate.mistakes(settings.get(gate.name), source, today)]


def undeclared(verdicts: Iterable[Verdict]) -> dict[str, str]:
    """The texts of gates that have no verdict here, by their names."""
    judged = {verdict.name for verdict in verdicts}
    return {gate.name: gate.undeclared for gate in GATES if gate.undeclared and gate.name not in judged}


def units() -> dict[str, Unit]:
    """The unit of every figure that a gate measures."""
    return {figure: unit for gate in GATES for figure, unit in gate.metrics.items()}
