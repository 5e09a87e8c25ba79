"""StartBuild: start a build of a release's source in one of the stack's projects."""

from hashlib import sha256

from msgspec import field

from functions.adapters.artifacts import Artifacts
from functions.adapters.builds import BuildOrder, Builds
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.executions import Executions
from functions.adapters.signatures import Signatures
from functions.adapters.waits_table import WaitsTable
from functions.domain import budgets
from functions.domain.environments import Environment, Version
from functions.domain.manifests import Part
from functions.domain.projects import project_of
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.handler import Handler
from functions.procedures.builds import START, StartedBuild, start
from functions.procedures.provenance import VERIFY, of_release, of_version
from functions.targets.base import Recipe
from functions.targets.registry import Targets


class Input(Value, frozen=True):
    """The build to start. `purpose` is unique per build, so that a repetition finds the build it started before.

    `project` is the name that the projects of all repositories begin with; the build runs in that of the release's.

    `buildspec` is that of a release's build; a `part` has its own, and is changed in `environment`.
    `minutes` is the time limit (0: the budget). `to` is the earlier version that a rollback runs again. With `folder`,
    artifacts are single objects below the key `artifact`.
    """

    deployment_id: str
    release: Release
    purpose: str
    project: str
    source: str
    artifact: str
    buildspec: str = ""
    input_artifact: str = ""
    environment: Environment | None = None
    part: Part | None = None
    variables: dict[str, str] = field(default_factory=dict)
    minutes: int = 0
    folder: bool = False
    execution: str = ""
    to: Version | None = None


HANDLER = Handler(allow=(*START, *VERIFY))


def start_build(
    event: Input,
    builds: Builds,
    deployments: DeploymentsTable,
    artifacts: Artifacts,
    signatures: Signatures,
    targets: Targets,
    waits: WaitsTable,
    executions: Executions,
    clock: Clock,
) -> StartedBuild:
    """Start the build; its input artifact is the version that the gates judged, even if it was overwritten since.

    A ProvenanceError if the signed statement of the release that built the input is not about it.
    """
    _verify(event, artifacts, deployments, signatures)
    order = _order(event, _recipe(event, targets), deployments.judged_version(event.input_artifact))
    return start(order, event.deployment_id, event.execution, builds, deployments, waits, executions, clock)


def _verify(event: Input, artifacts: Artifacts, deployments: DeploymentsTable, signatures: Signatures) -> None:
    """The statement of the release that built what a command gets: an earlier one in a rollback."""
    if event.to:
        of_version(event.to, artifacts, deployments, signatures)
    elif event.input_artifact:
        record = deployments.get(event.deployment_id)
        of_release(event.deployment_id, event.release, event.input_artifact, record, artifacts, signatures)


def _recipe(event: Input, targets: Targets) -> Recipe:
    if event.part is None or event.environment is None:
        return Recipe(event.buildspec)
    return targets.built(event.part).recipe(event.environment, event.part, event.release, event.deployment_id)


def _order(event: Input, recipe: Recipe, input_version: str) -> BuildOrder:
    """The order, with the variables of the environment and the variables KIRO_… that identify the build."""
    ours = {
        "KIRO_DEPLOYMENT": event.deployment_id,
        "KIRO_REPOSITORY": event.release.repository,
        "KIRO_COMMIT": event.release.commit,
    }
    if event.environment:
        ours |= event.environment.build_variables
    given = event.environment.variables if event.environment else {}
    variables = {**given, **event.variables, **recipe.variables, **ours}
    return BuildOrder(
        project_of(event.project, event.release.repository),
        recipe.buildspec,
        event.source,
        event.artifact,
        variables,
        event.minutes or (budgets.of_part(event.part.name) if event.part else budgets.BUILD),
        token=sha256(event.purpose.encode()).hexdigest(),
        input_artifact=event.input_artifact,
        input_version=input_version,
        folder=event.folder,
        program=recipe.program,
    )
