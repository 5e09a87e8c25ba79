"""StartTests: run the repository's tests against the environment, where the release runs now (G1)."""

from dataclasses import dataclass
from hashlib import sha256

from functions.adapters.builds import BuildOrder, Builds
from functions.adapters.environments_table import EnvironmentsTable
from functions.deployment.start_build import Output
from functions.domain import budgets
from functions.domain.environments import Environment
from functions.domain.manifests import AfterDeploy
from functions.domain.releases import Release
from functions.entry import Room


@dataclass(frozen=True, slots=True)
class Input:
    """What to run and where; `purpose` makes a repetition find the build it already started."""

    deployment_id: str
    release: Release
    purpose: str
    environment: Environment
    after_deploy: AfterDeploy
    source: str
    input_artifact: str
    artifact: str


ROOM = Room(allow=(*Builds.START, *EnvironmentsTable.READ))


def start_tests(event: Input, builds: Builds, environments: EnvironmentsTable) -> Output:
    """Tests find what they test in `KIRO_OUTPUT_…`: what the environment's parts put out, `url` as KIRO_OUTPUT_URL."""
    outputs = environments.outputs(event.environment.name)
    variables = {
        **event.environment.variables,
        **{f"KIRO_OUTPUT_{_variable(name)}": value for name, value in outputs.items()},
        "KIRO_DEPLOYMENT": event.deployment_id,
        "KIRO_REPOSITORY": event.release.repository,
        "KIRO_COMMIT": event.release.commit,
        "KIRO_ENVIRONMENT": event.environment.name,
    }
    order = BuildOrder(
        event.environment.test_project,
        event.after_deploy.buildspec,
        event.source,
        event.artifact,
        variables,
        budgets.TESTS,
        token=sha256(event.purpose.encode()).hexdigest(),
        input_artifact=event.input_artifact,
    )
    return Output(builds.start(order))


def _variable(name: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name).upper()
