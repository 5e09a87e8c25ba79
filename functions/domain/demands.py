"""The gates that environments demand, and the failed verdicts for those of which nothing reports (G6).

    environments[].demandedGates (the stack)  +  reports that delivery.yml names (the repository)

The stack's setting is the least that a release must pass; a repository adds gates by naming their reports and takes
none away. `BEFORE` are judged on the artifact of the build, before any deployment; `AFTER` on the artifact of the tests
in one environment, in which the release runs then.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal

from functions.domain.environments import Environment
from functions.domain.gates import Verdict
from functions.domain.manifests import MANIFEST, AfterDeploy, GateSettings, Manifest
from functions.domain.owners import KeyPath
from functions.domain.plans import StagePlan

GateName = Literal["tests", "coverage", "security", "sbom", "integration", "e2e", "smoke", "performance"]
BEFORE: tuple[GateName, ...] = ("tests", "coverage", "security", "sbom")
AFTER: tuple[GateName, ...] = ("integration", "e2e", "smoke", "performance")
# Where the manifest names the report of each gate; `{}` is an environment.
REPORTS: dict[GateName, str] = {
    "tests": "build.junit",
    "coverage": "build.cobertura",
    "security": "gates.sarif, gates.pipAudit or gates.npmAudit",
    "sbom": "build.sbom",
    **{name: f"gates.afterDeploy.{{}}.{name}" for name in AFTER},
}


def usual(position: int, environments: int) -> tuple[GateName, ...]:
    """What an environment demands where the settings do not say it, by its position among so many environments.

    Integration tests in the first one, end-to-end tests and a load run in those between, smoke tests in the last (G1).
    An SBOM is demanded only where the settings say it.
    """
    everywhere = tuple(name for name in BEFORE if name != "sbom")
    if position == environments - 1:
        return (*everywhere, "smoke")
    return (*everywhere, "integration") if position == 0 else (*everywhere, "e2e", "performance")


def demands(environment: Environment, gates: GateSettings, after: AfterDeploy | None) -> frozenset[GateName]:
    """The gates that a release must pass to enter and to pass an environment: the stack's, and the manifest's."""
    declared = {*gates, *(after.gates if after else ())}
    return frozenset(name for name in (*BEFORE, *AFTER) if name in environment.demanded_gates or name in declared)


def unreported(
    stages: Iterable[StagePlan], gates: GateSettings, judged: Collection[str], *, emergency: bool
) -> tuple[Verdict, ...]:
    """A failed verdict for each gate that environments of the plan demand and of which nothing reports.

    `judged` are the gates with a verdict on the build. An emergency runs no tests after a deployment, so it lacks none.
    """
    lacking: dict[GateName, list[str]] = {}
    for stage in stages:
        for name in _lacking(stage, gates, judged, emergency=emergency):
            lacking.setdefault(name, []).append(stage.environment.name)
    return tuple(Verdict(name, "failed", _words(name, lacking[name])) for name in REPORTS if name in lacking)


def _lacking(stage: StagePlan, gates: GateSettings, judged: Collection[str], *, emergency: bool) -> Iterator[GateName]:
    tested = stage.after_deploy.gates if stage.after_deploy else {}
    for name in demands(stage.environment, gates, stage.after_deploy):
        if name in AFTER and not emergency and name not in tested:
            yield name
        if name in BEFORE and name not in judged:
            yield name


def _words(name: GateName, environments: list[str]) -> str:
    where = " and ".join(environments)
    keys = " and ".join(dict.fromkeys(REPORTS[name].format(one) for one in environments))
    source = "no build delivered its report" if name in BEFORE else f"{MANIFEST} names no report of it"
    return (
        f"the gate `{name}` is demanded for {where}, and {source}: name it in {MANIFEST} ({keys}), or have an operator "
        "change environments[].demandedGates"
    )


def skipped(manifest: Manifest, environments: Sequence[Environment]) -> Iterator[tuple[KeyPath, str]]:
    """The environments that a manifest leaves out before one that it names, and that the stack lets nobody skip.

    `environments` are those that the repository may enter, in their order. Those after the last named one are not
    skipped: no release of the repository enters what comes after them.
    """
    named = [at for at, one in enumerate(environments) if one.name in manifest.environments]
    for one in environments[: max(named, default=0)]:
        if one.name not in manifest.environments and not one.skippable:
            last = environments[max(named)].name
            yield (
                ("environments",),
                f"leaves out {one.name}, which comes before {last}: name it, too, or have an operator set "
                f"`skippable: true` for {one.name}",
            )
