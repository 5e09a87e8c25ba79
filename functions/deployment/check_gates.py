"""CheckGates: the gates judge the build and its artifact; only a release that passes is deployed."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Literal
from zipfile import ZipFile

from msgspec.structs import replace

from functions.adapters.artifacts import Artifacts
from functions.adapters.builds import BuildEnd
from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.signatures import Signer
from functions.domain.demands import unreported
from functions.domain.errors import SourceError
from functions.domain.events import GatesJudged
from functions.domain.gates import Verdict, all_passed, failed, foremost, reasons
from functions.domain.plans import Plan, pins_of, recorded
from functions.domain.previews import narrowed
from functions.domain.provenance import Built
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.gates import registry
from functions.gates.base import ReleaseEvidence
from functions.gates.security import scans
from functions.handler import Handler
from functions.procedures.signing import SIGN, digests, keep_sbom, sign


class Input(Value, frozen=True):
    """The end of the build, and the keys of source and artifact in the bucket."""

    deployment_id: str
    release: Release
    build: BuildEnd
    source: str
    artifact: str
    plan: Plan


class Output(Value, frozen=True):
    """The verdict of each gate and of all; `plan` is the plan without parts that previews found unchanged, or None."""

    outcome: Literal["passed", "failed", "nothing"]
    reason: str
    gates: tuple[Verdict, ...]
    plan: Plan | None = None


_LOG = logging.getLogger(__name__)
HANDLER = Handler(
    allow=(*Artifacts.READ, *DeploymentsTable.WRITE, *Bus.PUT, *SIGN), memory_mb=1769, timeout_seconds=100
)


def check_gates(
    event: Input, artifacts: Artifacts, deployments: DeploymentsTable, bus: Bus, signer: Signer, clock: Clock
) -> Output:
    """Judge every gate, so that one run names all faults; record and announce the verdicts.

    The artifact is judged only if it is the one that CodeBuild uploaded; its digest and version are recorded. A gate
    that an environment of the plan demands and of which nothing reports is closed, too (G6). A signed statement about
    the artifact is kept before any environment is entered (G7).
    """
    judged, version, found = _judge(event, artifacts, clock)
    judged = replace(judged, verdicts=(*judged.verdicts, *_unreported(event, judged.verdicts)))
    gates = judged.verdicts
    facts = {"artifactDigest": event.build.digest if version is not None else "", "artifactVersion": version or ""}
    deployments.note(event.deployment_id, gates=gates, build=event.build, **facts)
    try:
        bus.put(_announcement(event, judged))
    except Exception as error:  # a failed announcement never stops a deployment (N2)
        _LOG.warning("verdicts could not be announced", extra={"reason": str(error)})
    reason = reasons(foremost(gates))
    if not all_passed(gates):
        return Output("failed", reason, gates)
    sign(_built(event, gates, found), artifacts, deployments, signer)
    # Once its environments have passed, this is the reason of the release.
    reason = "; ".join(filter(None, (reason, pins_of(event.plan.stages))))
    if not judged.previews:
        return Output("passed", reason, gates)
    left = narrowed(event.plan, judged.previews)
    deployments.note(event.deployment_id, plan=recorded(left))
    if left.outcome != "deploy":
        return Output("nothing", left.reason, gates, left)
    return Output("passed", reason, gates, left)


def _judge(event: Input, artifacts: Artifacts, clock: Clock) -> tuple[registry.Judged, str | None, Mapping[str, str]]:
    """The verdicts, the version of the artifact ("" without versioning), and the digests of files in it.

    The version is None if the artifact can't be judged.
    """

    def judged(opened: ZipFile | str) -> registry.Judged:
        source, today = partial(artifacts.member, event.source), clock.now().date()
        evidence = ReleaseEvidence(event.build, opened, event.plan.stages, source, today)
        return registry.judge_release(event.plan.gates, evidence)

    try:
        archive, version = artifacts.built(event.artifact, event.build.digest)
        with archive:
            keep_sbom(event.deployment_id, archive, event.plan, artifacts)
            return judged(archive), version, digests(archive, event.plan)
    except SourceError as error:
        return judged(str(error)), None, {}


def _built(event: Input, gates: tuple[Verdict, ...], found: Mapping[str, str]) -> Built:
    """What the statement says; files that services are deployed from are apart from reports."""
    plan, build = event.plan, event.build
    return Built(
        event.deployment_id,
        event.release,
        build.arn,
        plan.buildspec,
        event.artifact,
        build.digest,
        files={path: digest for path, digest in found.items() if path in plan.files},
        reports={path: digest for path, digest in found.items() if path not in plan.files},
        manifest=plan.manifest_digest,
        verdicts=gates,
    )


def _unreported(event: Input, verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """The demanded gates without a verdict; where one failed, those that the manifest names are not listed as well."""
    known = {one.name for one in verdicts} | (set(event.plan.gates) if failed(verdicts) else set())
    return unreported(event.plan.stages, event.plan.gates, known, emergency=event.release.emergency)


def _announcement(event: Input, judged: registry.Judged) -> GatesJudged:
    declared = scans(event.plan.gates)
    digest, figures = event.build.digest, judged.figures
    return GatesJudged(
        event.deployment_id,
        event.release,
        judged.verdicts,
        event.artifact,
        declared,
        figures,
        digest,
        event.build.log,
        event.plan.gates,
    )
