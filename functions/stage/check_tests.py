"""CheckTests: the gates judge the tests in the environment; a release that fails is rolled back (G1, G4)."""

from functools import partial
from typing import Literal
from zipfile import ZipFile

from functions.adapters.artifacts import Artifacts
from functions.adapters.builds import BuildEnd
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.errors import SourceError
from functions.domain.gates import all_passed, foremost, reasons
from functions.domain.manifests import AfterDeploy
from functions.domain.values import Value
from functions.gates import registry
from functions.gates.base import EnvironmentEvidence
from functions.handler import Handler


class Input(Value, frozen=True):
    """The tested repository and environment, the end of the tests' build, and the key of its artifact."""

    deployment_id: str
    environment: str
    repository: str
    build: BuildEnd
    artifact: str
    after_deploy: AfterDeploy


class Output(Value, frozen=True):
    """The verdict of all gates; the record contains the verdict of each."""

    outcome: Literal["passed", "failed"]
    reason: str


HANDLER = Handler(
    allow=(*Artifacts.READ, *DeploymentsTable.WRITE, *EnvironmentsTable.READ), memory_mb=1769, timeout_seconds=100
)


def check_tests(
    event: Input, artifacts: Artifacts, deployments: DeploymentsTable, environments: EnvironmentsTable
) -> Output:
    """Judge the tests; record verdicts, build and measurement. RecordGood makes the measurement that of the last good.

    Reports are read only from the artifact that CodeBuild uploaded.
    """
    judged = _judge(event, artifacts, environments)
    gates, name = judged.verdicts, event.environment
    facts = {f"gates_{name}": gates, f"tests_{name}": event.build, f"performance_{name}": judged.measured}
    deployments.note(event.deployment_id, **facts)
    return Output("passed" if all_passed(gates) else "failed", reasons(foremost(gates)))


def _judge(event: Input, artifacts: Artifacts, environments: EnvironmentsTable) -> registry.Judged:
    def judged(opened: ZipFile | str) -> registry.Judged:
        last = partial(environments.performance, event.environment, event.repository)
        evidence = EnvironmentEvidence(event.build, opened, event.environment, last)
        return registry.judge_environment(event.after_deploy.gates, evidence)

    try:
        with artifacts.built(event.artifact, event.build.digest)[0] as archive:
            return judged(archive)
    except SourceError as error:
        return judged(str(error))
