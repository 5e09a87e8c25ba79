"""CheckGates: the build's end, its tests, its coverage and what scanners found decide whether anything is deployed."""

import logging
from dataclasses import dataclass, field
from typing import Literal
from zipfile import ZipFile

from functions.adapters.allow_list import read_allow_list
from functions.adapters.artifacts import Artifacts
from functions.adapters.builds import BuildEnd
from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.previews import read_preview
from functions.adapters.reports import read_coverage, read_tests
from functions.adapters.scans import read_scans
from functions.domain.errors import SourceError
from functions.domain.events import GatesJudged
from functions.domain.findings import Allowance, judge_findings
from functions.domain.gates import Gate, Unreadable, all_passed, figures, judge_coverage, judge_tests, without_secrets
from functions.domain.manifests import fill
from functions.domain.plans import Plan, told
from functions.domain.previews import Preview, narrowed
from functions.domain.releases import Release
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """How the build ended, and where its source, its artifact and its reports are."""

    deployment_id: str
    release: Release
    build: BuildEnd
    source: str
    artifact: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Output:
    """The verdict of each gate, and of all; `plan` is what previews left of it, None where there are none."""

    outcome: Literal["passed", "failed", "nothing"]
    reason: str
    gates: tuple[Gate, ...]
    plan: Plan | None = None


# Previews by environment and part.
Previews = dict[tuple[str, str], Preview]


@dataclass(frozen=True, slots=True)
class _Reported:
    """What an artifact's reports say, and which bytes they are; nothing where there is no artifact."""

    gates: tuple[Gate, ...] = ()
    digest: str = ""
    version: str = ""
    previews: Previews = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)


_LOG = logging.getLogger(__name__)
HANDLER = Handler(allow=(*Artifacts.READ, *DeploymentsTable.WRITE, *Bus.PUT), memory_mb=1769, timeout_seconds=100)


def check_gates(event: Input, artifacts: Artifacts, deployments: DeploymentsTable, bus: Bus, clock: Clock) -> Output:
    """Every gate is judged, so that one look tells all that is wrong; the verdicts go to the record."""
    reported = _report_gates(event, artifacts, clock)
    gates = without_secrets((_build_gate(event.build), *reported.gates))
    judged = {"artifactDigest": reported.digest, "artifactVersion": reported.version}
    deployments.note(event.deployment_id, gates=gates, build=event.build, **judged)
    try:
        verdicts = GatesJudged(
            event.deployment_id, event.release, gates, event.artifact, event.plan.scans, reported.figures
        )
        bus.put(verdicts)
    except Exception as error:  # to announce verdicts never stops a deployment (N2)
        _LOG.warning("verdicts could not be announced", extra={"reason": str(error)})
    failed = [gate for gate in gates if gate.outcome == "failed"]
    reason = "; ".join(f"{gate.name}: {gate.reason}" for gate in failed or gates)
    if not all_passed(gates):
        return Output("failed", reason, gates)
    if not reported.previews:
        return Output("passed", reason, gates)
    left = narrowed(event.plan, reported.previews)
    deployments.note(event.deployment_id, plan=told(left))
    return Output("passed", reason, gates, left) if left.outcome == "deploy" else Output("nothing", left.reason, gates)


def _build_gate(build: BuildEnd) -> Gate:
    if build.outcome == "succeeded":
        return Gate("build", "passed", "the build succeeded")
    return Gate("build", "failed", f"the build {build.outcome}: {build.reason} {build.log}".strip())


def _report_gates(event: Input, artifacts: Artifacts, clock: Clock) -> _Reported:
    """Verdicts, digest of what was judged, previews, figures; a failed build that left no artifact says enough."""
    plan = event.plan
    minimum = max(stage.environment.coverage_percent for stage in plan.stages)
    try:
        digest, version = artifacts.fingerprint(event.artifact)
        with artifacts.archive(event.artifact, digest) as archive:
            tests, coverage = read_tests(archive, plan.junit), read_coverage(archive, plan.cobertura)
            scans = tuple(read_scans(archive, plan.scans))
            previews, broken = _previews(archive, plan)
    except SourceError as error:
        return _Reported(() if event.build.outcome != "succeeded" else (Gate("reports", "failed", str(error)),))
    gates = [judge_tests(tests), judge_coverage(coverage, minimum)]
    if broken:
        gates.append(Gate("preview", "failed", "; ".join(broken)))
    if plan.scans:
        allowed = _allowed(event.source, plan.scans.allow_list, artifacts)
        gates.append(judge_findings(scans, allowed, clock.now().date()))
    return _Reported(tuple(gates), digest, version, previews, figures(tests, coverage))


def _previews(archive: ZipFile, plan: Plan) -> tuple[Previews, list[str]]:
    """What would change, of every part that declares it and is in; and which of the reports can't be believed."""
    read: Previews = {}
    broken: list[str] = []
    for stage in plan.stages:
        name = stage.environment.name
        for part in (chosen.part for chosen in stage.parts if chosen.part.preview):
            found = read_preview(archive, fill(part.preview, {"environment": name}, f"{part.name}.preview"))
            if isinstance(found, Preview):
                read[name, part.name] = found
            else:
                broken.append(found.reason)
    return read, list(dict.fromkeys(broken))


def _allowed(source: str, path: str, artifacts: Artifacts) -> tuple[Allowance, ...] | Unreadable:
    """From the commit's own source, which no build can write."""
    if not path:
        return ()
    try:
        return read_allow_list(artifacts.member(source, path), path)
    except SourceError as error:
        return Unreadable(str(error))
