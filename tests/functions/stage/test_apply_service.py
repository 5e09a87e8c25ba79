"""ApplyService: publish a version and move the alias."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.artifacts import Artifacts
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.signatures import Signatures
from functions.domain.errors import DeployTargetError, NotRecordedError, SourceError, StaleLeaseError
from functions.domain.images import Image
from functions.domain.locks import Lease
from functions.domain.records import PlannedChange
from functions.procedures.changes import ServiceChange, change_of
from tests.functions.delivered import artifact, create_function, judged, lambdas, points_to, runs
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, LEASE, RELEASE, SERVICE, archive, state, version
from tests.functions.stack import BUCKET, Stack

CODE = archive({"app.py": "new"})
KEY = f"deployments/{DEPLOYMENT}/build.zip"


def apply(stack: Stack, **changes: Any) -> Any:
    """Run the handler."""
    wanted = {
        "deploymentId": DEPLOYMENT,
        "release": RELEASE,
        "environment": ENVIRONMENT,
        "part": SERVICE,
        "artifact": KEY,
        "lease": LEASE,
    }
    return stack.run("stage.apply_service", {**wanted, **changes})


def built(stack: Stack, files: dict[str, str | bytes]) -> None:
    """A build whose artifact the gates judged."""
    artifact(stack, KEY, files)
    judged(stack, KEY)


def test_the_alias_points_to_the_new_version(stack: Stack) -> None:
    """The version has the artifact's code, and its description names the commit."""
    create_function(stack)
    built(stack, {"hello.zip": CODE})
    version = apply(stack)["version"]
    assert points_to(stack) == version == "2"
    found = lambdas(stack).get_function_configuration(FunctionName="hello-production", Qualifier=version)
    assert found["Description"] == RELEASE.commit


def test_a_first_release_creates_the_alias(stack: Stack) -> None:
    """The function may have no alias yet."""
    create_function(stack, alias="")
    built(stack, {"hello.zip": CODE})
    version = apply(stack)["version"]
    assert points_to(stack) == version


def test_a_repetition_has_the_same_result(stack: Stack) -> None:
    """The alias points to this code, whichever attempt published it."""
    create_function(stack)
    built(stack, {"hello.zip": CODE})
    shas = []
    for _ in range(2):
        version = apply(stack)["version"]
        assert points_to(stack) == version
        found = lambdas(stack).get_function_configuration(FunctionName="hello-production", Qualifier=version)
        shas.append(found["CodeSha256"])
    assert shas[0] == shas[1]


def test_a_missing_function_is_named_with_the_next_step(stack: Stack) -> None:
    """The error names environment, function, region and what to do."""
    built(stack, {"hello.zip": CODE})
    with pytest.raises(
        DeployTargetError, match="production: the Lambda function hello-production does not exist in eu-"
    ):
        apply(stack)


def test_an_artifact_without_the_code_is_named(stack: Stack) -> None:
    """The error names the file that the build should have left."""
    create_function(stack)
    built(stack, {"other.zip": CODE})
    with pytest.raises(SourceError, match=r"hello\.zip is not in the build's artifact; list it under artifacts"):
        apply(stack)
    stack.client("s3").delete_object(Bucket=BUCKET, Key=KEY)
    with pytest.raises(SourceError, match="does not exist"):
        apply(stack)
    with pytest.raises(NotRecordedError, match=r"its record has no digest of deployments/.*/build\.zip: no gate"):
        apply(stack, deploymentId="main-another")


def test_an_image_of_a_request_needs_no_artifact(stack: Stack) -> None:
    """M3: the record says which one, for this environment only; a commit keeps what a later request has brought."""
    image = Image("registry/hello", "v1.2.3", "sha256:1")
    create_function(stack)
    for environment in ("production", "test"):
        planned = {"planned_" + environment: PlannedChange(images={"hello": image})}
        DeploymentsTable.connect(stack.clients).note(f"images-{environment}", **planned)
    event = ServiceChange("images-production", RELEASE, ENVIRONMENT, SERVICE, "", LEASE)
    environments, deployments = EnvironmentsTable.connect(stack.clients), DeploymentsTable.connect(stack.clients)
    signatures = Signatures.connect(stack.clients)
    change = change_of(event, Artifacts.connect(stack.clients), environments, deployments, signatures)
    assert change.image == image
    with pytest.raises(NotRecordedError, match="no gate has judged it"):
        apply(stack, deploymentId="images-test", artifact="")
    later = Image("registry/hello", "v1.3.0", "sha256:2")
    runs(stack, state(running=version(image=later)))
    assert change_of(event, Artifacts.connect(stack.clients), environments, deployments, signatures).image == later
    requested = replace(RELEASE, images={"hello": image})
    deployments.begin("images-production", requested, "arn:e", "dispatch")
    assert change_of(event, Artifacts.connect(stack.clients), environments, deployments, signatures).image == image


def test_a_stale_lease_changes_nothing(stack: Stack) -> None:
    """Q1: a former lock owner does not move the alias."""
    create_function(stack)
    built(stack, {"hello.zip": CODE})
    runs(stack, state(), lease=Lease(LEASE.key, "newer", 7))
    with pytest.raises(StaleLeaseError):
        apply(stack)
    assert points_to(stack) == "1"
