"""What is done to a stack by hand is found by `kiro-worker validate`, and repaired by the command that it names."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from cli.aws.checks import REFRESH, repairs
from local.operators import operator_environment
from local.platform import PROJECT
from tests.scenarios.driver import PlatformDriver, kiro
from tests.scenarios.shell import Shell

pytestmark = pytest.mark.long
P = "kiro-pipeline-test-"
BUS = f"{P}events"
WEBHOOK, SLACK = f"{P}webhook", f"{P}slack"


class Hand:
    """Somebody with the account's own permissions; each method is called `client.operation`."""

    def __init__(self, driver: PlatformDriver) -> None:
        self._clients = driver.platform.clients
        self.outputs = driver.platform.outputs
        self.bucket = f"{P}artifacts-{driver.platform.emulator.account}"

    def __getattr__(self, service: str) -> Any:
        return self._clients.client(service)

    def topic(self, name: str) -> str:
        """The ARN of a topic."""
        return str(self.outputs[f"{name}Topic"])

    def delete_route(self, key: str) -> None:
        """Delete a route of the API."""
        api = self.apigatewayv2
        (ours,) = (one["ApiId"] for one in api.get_apis()["Items"] if one["Name"] == f"{P}api")
        (route,) = (one["RouteId"] for one in api.get_routes(ApiId=ours)["Items"] if one["RouteKey"] == key)
        api.delete_route(ApiId=ours, RouteId=route)

    def aim_nowhere(self, rule: str, bus: str) -> None:
        """Remove the targets of a rule."""
        targets = self.events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
        self.events.remove_targets(Rule=rule, EventBusName=bus, Ids=[one["Id"] for one in targets])

    def delete_rule(self, rule: str, bus: str) -> None:
        """Delete a rule, whose targets have to go first."""
        self.aim_nowhere(rule, bus)
        self.events.delete_rule(Name=rule, EventBusName=bus)


@dataclass(frozen=True, slots=True)
class Damage:
    """What is done, and the resource and the check of `validate` that notice it."""

    do: Callable[[Hand], object]
    kind: str
    name: str
    check: str
    repair: str = REFRESH


LOG_GROUP = f"/aws/lambda/{P}events-notify"
PLAIN = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
DAMAGES: Mapping[str, Damage] = {
    "the key is disabled": Damage(
        lambda by: by.kms.disable_key(KeyId=by.kms.describe_key(KeyId=f"alias/{P}key")["KeyMetadata"]["KeyId"]),
        *("key", f"{P}key", "enabled"),
    ),
    "the key is not rotated": Damage(
        lambda by: by.kms.disable_key_rotation(
            KeyId=by.kms.describe_key(KeyId=f"alias/{P}key")["KeyMetadata"]["KeyId"]
        ),
        *("key", f"{P}key", "rotates"),
    ),
    "the signing key is disabled": Damage(
        lambda by: by.kms.disable_key(KeyId=by.kms.describe_key(KeyId=f"alias/{P}signing-key")["KeyMetadata"]["KeyId"]),
        *("signing key", f"{P}signing-key", "enabled"),
    ),
    "the bucket has AWS's own key": Damage(
        lambda by: by.s3.put_bucket_encryption(Bucket=by.bucket, ServerSideEncryptionConfiguration=PLAIN),
        *("bucket", "", "encrypted"),
    ),
    "the bucket keeps no versions": Damage(
        lambda by: by.s3.put_bucket_versioning(Bucket=by.bucket, VersioningConfiguration={"Status": "Suspended"}),
        *("bucket", "", "versioned"),
    ),
    "the bucket may be made public": Damage(
        lambda by: by.s3.put_public_access_block(
            Bucket=by.bucket,
            PublicAccessBlockConfiguration={
                **dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "RestrictPublicBuckets"), True),
                "BlockPublicPolicy": False,
            },
        ),
        *("bucket", "", "private"),
    ),
    "the bucket's policy is another one": Damage(
        lambda by: by.s3.put_bucket_policy(Bucket=by.bucket, Policy='{"Version": "2012-10-17", "Statement": []}'),
        *("bucket", "", "TLS only"),
    ),
    "a table can't be restored": Damage(
        lambda by: by.dynamodb.update_continuous_backups(
            TableName=f"{P}deployments", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
        ),
        *("table", f"{P}deployments", "point-in-time recovery"),
    ),
    "the records of a table do not expire": Damage(
        lambda by: by.dynamodb.update_time_to_live(
            TableName=f"{P}waits", TimeToLiveSpecification={"Enabled": False, "AttributeName": "expiresAt"}
        ),
        *("table", f"{P}waits", "expiry"),
    ),
    "a secret is deleted at once": Damage(
        lambda by: by.secretsmanager.delete_secret(SecretId=WEBHOOK, ForceDeleteWithoutRecovery=True),
        *("secret", WEBHOOK, "exists"),
    ),
    "a secret will be deleted": Damage(
        lambda by: by.secretsmanager.delete_secret(SecretId=SLACK, RecoveryWindowInDays=30),
        *("secret", SLACK, "kept", f"aws secretsmanager restore-secret --secret-id {SLACK}"),
    ),
    "a topic is not encrypted": Damage(
        lambda by: by.sns.set_topic_attributes(
            TopicArn=by.topic("rollbacks"), AttributeName="KmsMasterKeyId", AttributeValue=""
        ),
        *("topic", f"{P}rollbacks", "encrypted"),
    ),
    "a build project is deleted": Damage(
        lambda by: by.codebuild.delete_project(name=f"{P}e2e-test-c2c39833"),
        *("project", f"{P}e2e-test-c2c39833", "exists"),
    ),
    "a workflow is deleted": Damage(
        lambda by: by.stepfunctions.delete_state_machine(stateMachineArn=by.outputs["enhancedWatchWorkflow"]),
        *("workflow", f"{P}enhanced-watch", "exists"),
    ),
    "a function is deleted": Damage(
        lambda by: getattr(by, "lambda").delete_function(FunctionName=f"{P}events-measure-secrets"),
        *("function", f"{P}events-measure-secrets", "exists"),
    ),
    "the lines of a log are kept for ever": Damage(
        lambda by: by.logs.delete_retention_policy(logGroupName=LOG_GROUP),
        *("function", f"{P}events-notify", "log group"),
    ),
    "a schedule is disabled": Damage(
        lambda by: by.events.disable_rule(Name=f"{P}events-reconcile"),
        *("rule", f"{P}events-reconcile", "enabled"),
    ),
    "a rule invokes nothing": Damage(
        lambda by: by.aim_nowhere(f"{P}events-build-finished", "default"),
        *("rule", f"{P}events-build-finished", "invokes"),
    ),
    "a rule is deleted": Damage(
        lambda by: by.delete_rule(f"{P}events-notify", BUS),
        *("rule", f"{P}events-notify", "exists"),
    ),
    "an alarm is deleted": Damage(
        lambda by: by.cloudwatch.delete_alarms(AlarmNames=[f"{P}deployments-failed"]),
        *("alarms", f"{P}*", "exist"),
    ),
    "the dashboard is deleted": Damage(
        lambda by: by.cloudwatch.delete_dashboards(DashboardNames=[f"{P}dashboard"]),
        *("dashboard", f"{P}dashboard", "exists"),
    ),
    "a parameter is deleted": Damage(
        lambda by: by.ssm.delete_parameter(Name="/kiro-pipeline/test/github-owner"),
        *("parameters", "/kiro-*/test", "exist"),
    ),
    "a route is deleted": Damage(
        lambda by: by.delete_route("POST /github"),
        *("API", f"{P}api", "routes"),
    ),
}


@pytest.fixture(scope="module")
def found(driver: PlatformDriver) -> list[dict[str, Any]]:
    """What `validate` prints after all of it was done."""
    by = Hand(driver)
    for damage in reversed([*DAMAGES.values()]):  # while the key is there
        damage.do(by)
    pieces: list[dict[str, Any]] = kiro(driver, "validate", code=1)
    return pieces


@pytest.fixture(scope="module")
def ran(driver: PlatformDriver, found: list[dict[str, Any]]) -> list[str]:
    """The commands that `validate` named, which ran here, until it named none: some show what others have hidden."""
    ran, wanted = list[str](), commands(found)
    while wanted:
        assert len(ran) < 10, ran
        for command in wanted:
            repair(driver, command)
        ran += wanted
        wanted = commands(kiro(driver, "validate", code=None))
    return ran


def commands(pieces: list[dict[str, Any]]) -> list[str]:
    """The repairs that are named, in their order."""
    return repairs(check["repair"] for one in pieces for check in one["checks"])


def repair(driver: PlatformDriver, command: str) -> None:
    """Run a command that `validate` has named; the laptop's `up --refresh` stands for Pulumi's."""
    program, *words = command.split()
    if command == REFRESH:
        driver.platform.deploy("up", "--refresh")
    elif program == "kiro-worker":
        assert words == ["setup", "--secret", "webhook"]
        subprocess.run(
            [sys.executable, "-m", "cli", "--endpoint-url", driver.platform.emulator.endpoint, *words],
            cwd=PROJECT,
            env=operator_environment(driver.platform),
            input=driver.platform.webhook_secret.encode(),
            check=True,
        )
    else:
        Shell(driver.platform, driver.author, "", {}).run(command)


def outcomes(pieces: list[dict[str, Any]], damage: Damage) -> list[tuple[str, str]]:
    """What `validate` says of the check that notices a damage, and the repair that it names."""
    return [
        (check["outcome"], check["repair"])
        for one in pieces
        if one["kind"] == damage.kind and damage.name in ("", one["name"])
        for check in one["checks"]
        if check["what"] == damage.check
    ]


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damage_is_found_with_the_command_that_repairs_it(found: list[dict[str, Any]], name: str) -> None:
    """T1: each among all others."""
    assert outcomes(found, DAMAGES[name]) == [("wrong", DAMAGES[name].repair)]


def test_the_named_commands_repair_everything(driver: PlatformDriver, ran: list[str]) -> None:
    """T1: nothing is wrong afterwards, and only the value of the deleted secret had to be given again."""
    restored = f"aws secretsmanager restore-secret --secret-id {SLACK}"
    assert ran == [restored, REFRESH, "kiro-worker setup --secret webhook"]
    assert {check["outcome"] for one in kiro(driver, "validate") for check in one["checks"]} <= {"right", "note"}
