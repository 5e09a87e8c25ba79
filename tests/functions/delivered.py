"""The targets of a release: a Lambda function with versions, alarms, and a service that answers over HTTP."""

import json
from contextlib import suppress
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from msgspec.structs import replace

from functions.adapters.artifacts import Artifacts
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.signatures import Signer
from functions.adapters.zip_archives import digest_member
from functions.domain.environments import PartState
from functions.domain.gates import Verdict
from functions.domain.locks import Lease
from functions.domain.provenance import Built
from functions.domain.releases import Release
from functions.procedures.signing import sign
from tests.functions.samples import DEPLOYMENT, LEASE, RELEASE, archive
from tests.functions.stack import ACCOUNT, BUCKET, DEPLOY_ROLE, READ_ROLE, REGION, Stack
from tests.http_server import HttpServer, QuietHandler

BUILD_ARN = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build/kiro-build-0a1b2c3d:7f"
BUILT = Verdict("build", "passed", "the build succeeded")


def lambdas(stack: Stack) -> Any:
    """The environment's Lambda client, with its deploy role."""
    return stack.clients.client("lambda", region=REGION, role_arn=DEPLOY_ROLE)


def create_function(stack: Stack, name: str = "hello-production", versions: int = 1, alias: str = "live") -> None:
    """Create a function with published versions; the alias, unless its name is empty, points to the last version."""
    iam, client = stack.client("iam"), lambdas(stack)
    role = iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = {"ZipFile": archive({"app.py": "0"})}
    client.create_function(FunctionName=name, Runtime="python3.11", Role=role, Handler="app.handler", Code=code)
    for number in range(1, versions + 1):
        client.update_function_code(FunctionName=name, ZipFile=archive({"app.py": str(number)}))
        client.publish_version(FunctionName=name)
    if alias:
        client.create_alias(FunctionName=name, Name=alias, FunctionVersion=str(versions))


def points_to(stack: Stack, name: str = "hello-production", alias: str = "live") -> str:
    """The version to which an alias points."""
    return str(lambdas(stack).get_alias(FunctionName=name, Name=alias)["FunctionVersion"])


def shares(stack: Stack, name: str = "hello-production", alias: str = "live") -> dict[str, float]:
    """The shares of other versions that requests to an alias meet."""
    found = lambdas(stack).get_alias(FunctionName=name, Name=alias).get("RoutingConfig") or {}
    return dict(found.get("AdditionalVersionWeights") or {})


def artifact(stack: Stack, key: str, files: dict[str, str | bytes]) -> str:
    """Put a zip archive into the artifacts bucket."""
    stack.client("s3").put_object(Bucket=BUCKET, Key=key, Body=archive(files))
    return key


def uploaded(stack: Stack, key: str) -> str:
    """The SHA-256 of the artifact that lies there, as CodeBuild reports it of a build; empty if there is none."""
    artifacts = Artifacts.connect(stack.clients)
    return artifacts.digest(key) if artifacts.exists(key) else ""


def judged(
    stack: Stack,
    key: str,
    deployment_id: str = DEPLOYMENT,
    release: Release = RELEASE,
    **facts: Any,
) -> str:
    """Record and sign that the gates have judged the artifact that lies there; returns the digest of the statement.

    `facts` are what the statement says otherwise.
    """
    digest = uploaded(stack, key)
    with Artifacts.connect(stack.clients).built(key, digest)[0] as opened:
        found = {path: digest_member(opened, path) for path in opened.namelist()}
    built = replace(
        Built(deployment_id, release, BUILD_ARN, "build.yml", key, digest, found, {}, "e" * 64, (BUILT,)), **facts
    )
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.note(deployment_id, artifactDigest=digest)
    sign(built, Artifacts.connect(stack.clients), deployments, Signer.connect(stack.clients))
    record = deployments.get(deployment_id)
    assert record
    return record.statement


def runs(stack: Stack, *states: PartState, lease: Lease = LEASE) -> None:
    """Record the states of an environment's parts."""
    for state in states:
        EnvironmentsTable.connect(stack.clients).save(state, lease)


def parts(stack: Stack, environment: str = "production") -> dict[str, PartState]:
    """The recorded states of an environment's parts, by name."""
    return EnvironmentsTable.connect(stack.clients).parts(environment)


def alarm(stack: Stack, name: str, state: str = "OK", reason: str = "above 5") -> None:
    """Create an alarm with a state, in the environment's account."""
    client = stack.clients.client("cloudwatch", region=REGION, role_arn=READ_ROLE)
    client.put_metric_alarm(
        AlarmName=name,
        Namespace="Hello",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
    )
    client.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)


def composite(name: str, rule: str) -> None:
    """Create a composite alarm in the environment's account; moto has them, but not the operation."""
    cloudwatch_backends[ACCOUNT][REGION].put_metric_alarm(name, "", "", "", 1, 60, 1.0, "", "", [], [], rule=rule)


class Service(HttpServer):
    """A delivered service with configurable answers."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b"{}"
        self.raw = b""
        self.requests: list[str] = []
        outer = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:  # noqa: N802 - the name of the base class
                outer.requests.append(self.path)
                if outer.raw:
                    self.wfile.write(outer.raw)
                    return
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

        super().__init__(Handler)
        self.url = f"{self.base}/health"

    def says(self, **answer: Any) -> None:
        """Set the JSON of all later answers, with status 200."""
        self.status, self.body, self.raw = 200, json.dumps(answer).encode(), b""


def push_image(stack: Stack, repository: str, tag: str, content: str = "", mutability: str = "IMMUTABLE") -> str:
    """Push an image to an ECR repository, which is made if needed; returns its digest."""
    ecr = stack.client("ecr")
    with suppress(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName=repository, imageTagMutability=mutability)
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "layers": [{"digest": f"{repository}:{content or tag}"}],  # by which moto tells images apart
    }
    pushed = ecr.put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag)
    return str(pushed["image"]["imageId"]["imageDigest"])
