"""StartTests: start the repository's tests against the environment, in which the release runs (G1)."""

from hashlib import sha256

from functions.adapters.builds import BuildOrder, Builds
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.waits_table import WaitsTable
from functions.domain import budgets
from functions.domain.environments import Environment, outputs_of
from functions.domain.manifests import AfterDeploy
from functions.domain.projects import project_of
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.handler import Handler
from functions.procedures.builds import START, StartedBuild, start


class Input(Value, frozen=True):
    """The tests to run, for the repository of `part`; a repetition with the same `purpose` finds its build."""

    deployment_id: str
    release: Release
    purpose: str
    environment: Environment
    part: str
    after_deploy: AfterDeploy
    source: str
    input_artifact: str
    artifact: str
    execution: str = ""


HANDLER = Handler(allow=(*START, *EnvironmentsTable.READ, *DeploymentsTable.READ))


def start_tests(
    event: Input,
    builds: Builds,
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
    waits: WaitsTable,
    executions: Executions,
    clock: Clock,
) -> StartedBuild:
    """Start the tests with the outputs of the repository's parts as variables, such as `url` as KIRO_OUTPUT_URL.

    The build belongs to its execution from the start (P9).
    """
    outputs = outputs_of(event.part, environments.parts(event.environment.name).values())
    variables = {
        **event.environment.variables,
        **{f"KIRO_OUTPUT_{_variable(name)}": value for name, value in outputs.items()},
        "KIRO_DEPLOYMENT": event.deployment_id,
        "KIRO_REPOSITORY": event.release.repository,
        "KIRO_COMMIT": event.release.commit,
        **event.environment.build_variables,
    }
    order = BuildOrder(
        project_of(event.environment.test_project, event.release.repository),
        event.after_deploy.buildspec,
        event.source,
        event.artifact,
        variables,
        budgets.TESTS,
        token=sha256(event.purpose.encode()).hexdigest(),
        input_artifact=event.input_artifact,
        input_version=deployments.judged_version(event.input_artifact),
    )
    return start(order, event.deployment_id, event.execution, builds, deployments, waits, executions, clock)


def _variable(name: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name).upper()
