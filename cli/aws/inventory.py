"""Checks of every resource of a deployed stack: it exists, is encrypted, and is configured as required (I3-I6, T1)."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any

from msgspec.structs import replace

from cli.aws import expected
from cli.aws.checks import REFRESH, Check, Piece, right
from cli.aws.operator import Operator
from functions.adapters.alarms import Alarms
from functions.adapters.clock import iso
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.health import HealthProbe
from functions.adapters.project_config import ProjectConfigs
from functions.adapters.secrets import SECRETS, valid_since
from functions.domain.environments import Environment
from functions.domain.errors import BadInputError
from functions.domain.projects import project_of
from functions.domain.rotation import ROTATION_DAYS
from functions.domain.watches import too_slow_words

# Table → whether its records expire, and its indexes.
_TABLES: Mapping[str, tuple[bool, frozenset[str]]] = {
    "pipeline-{}-deployments": (True, frozenset({"EnvironmentStatusIndex", "StartedIndex", "UnderwayIndex"})),
    "pipeline-{}-environments": (False, frozenset()),
    "pipeline-{}-locks": (True, frozenset()),
    "pipeline-{}-waits": (True, frozenset({"EnvironmentIndex", "ExecutionIndex", "OpenIndex"})),
    "worker-{}-work-items": (True, frozenset({"StateIndex"})),
}
_TOPICS = ("deployments", "approvals", "rollbacks")
_WORKFLOWS = (
    *("pipeline-{}-deployment", "pipeline-{}-stage", "pipeline-{}-rollback", "pipeline-{}-enhanced-watch"),
    "worker-{}-work-item",
)
_PROJECTS = ("pipeline-{}-build", "pipeline-{}-integration-test", "pipeline-{}-e2e-test", "worker-{}-build")

_GONE = f"the program registers it: `{REFRESH}` makes it again"
_REFUSED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")


class Inventory:
    """The resources of one stack, checked with read-only calls."""

    def __init__(self, aws: Operator) -> None:
        self._aws = aws
        self._client = aws.aws.client

    def pieces(self) -> Iterator[Piece]:
        """Every resource, in the order of creation; one that can't be read is `wrong`, with the error."""
        yield self._piece("key", self._named("pipeline-{}-key"), self._key_checks)
        yield self._piece("signing key", self._named("pipeline-{}-signing-key"), self._signing_key)
        bucket = self._named(f"pipeline-{{}}-artifacts-{self._aws.account}")
        yield self._piece("bucket", bucket, self._bucket)
        for table, (expires, indexes) in _TABLES.items():
            yield self._piece("table", self._named(table), partial(self._table, indexes, expires=expires))
        for short, secret in SECRETS.items():
            name = self._named(f"pipeline-{{}}-{secret.name}")
            yield self._piece("secret", name, partial(self._secret, short, needed=secret.needed))
        for topic in _TOPICS:
            yield self._piece("topic", self._named(f"pipeline-{{}}-{topic}"), self._topic)
        yield self._piece("bus", self._named("pipeline-{}-events"), self._bus)
        yield from self._each("project", self._every_project)
        for workflow in _WORKFLOWS:
            yield self._piece("workflow", self._named(workflow), self._workflow)
        yield from self._each("function", self._every_function)
        for bus in ("default", self._named("pipeline-{}-events")):
            yield from self._each("rule", partial(self._rules, bus))
        yield self._piece("alarms", self._named("pipeline-{}-*"), self._alarms)
        yield self._piece("dashboard", self._named("pipeline-{}-dashboard"), self._dashboard)
        yield self._piece("parameters", f"/kiro-*/{self._aws.stack}", self._parameters)
        yield self._piece("API", self._named("pipeline-{}-api"), self._api)
        for one in self._aws.environments:
            yield self._piece("watch", one.name, partial(self._watch, one))

    def _named(self, pattern: str) -> str:
        return "kiro-" + pattern.format(self._aws.stack)

    def _piece(self, kind: str, name: str, checks: Callable[[str], Iterable[Check]]) -> Piece:
        (piece,) = self._each(kind, lambda: [Piece(kind, name, tuple(checks(name)))], name)
        return piece

    def _each(self, kind: str, find: Callable[[], Iterable[Piece]], name: str = "*") -> list[Piece]:
        """The pieces that are found; if AWS refuses a call, one piece with the error."""
        try:
            return list(find())
        except self._client("sts").exceptions.ClientError as error:  # the base class of every service's errors
            code = error.response["Error"]["Code"]
            repair = "" if code in _REFUSED else REFRESH
            return [Piece(kind, name, (Check("exists", "wrong", f"{error.operation_name}: {code}", repair),))]

    @cached_property
    def _key(self) -> Mapping[str, Any]:
        found = self._client("kms").describe_key(KeyId=f"alias/{self._named('pipeline-{}-key')}")
        metadata: Mapping[str, Any] = found["KeyMetadata"]
        return metadata

    def _encrypted(self, key: str | None) -> Check:
        """Services report the key as an ARN, an id or an alias."""
        alias = f"alias/{self._named('pipeline-{}-key')}"
        ours = key and (key in (self._key["Arn"], self._key["KeyId"]) or key.endswith(alias))
        return right("encrypted", ours, f"with {key or 'no key of its own'}, not with the stack's key")

    def _key_checks(self, _: str) -> Iterator[Check]:
        yield _enabled(self._key)
        rotation = self._client("kms").get_key_rotation_status(KeyId=self._key["KeyId"])
        yield right("rotates", rotation["KeyRotationEnabled"], "the yearly rotation is off")

    def _signing_key(self, name: str) -> Iterator[Check]:
        found = self._client("kms").describe_key(KeyId=f"alias/{name}")["KeyMetadata"]
        yield _enabled(found)
        yield right("signs", found.get("KeyUsage") == "SIGN_VERIFY", f"its usage is {found.get('KeyUsage')}")

    def _bucket(self, name: str) -> Iterator[Check]:
        s3 = self._client("s3")
        rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        yield self._encrypted(rules[0]["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID"))
        versioning = s3.get_bucket_versioning(Bucket=name).get("Status", "off")
        yield right("versioned", versioning == "Enabled", versioning)
        blocked = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        yield right("private", all(blocked.values()), "public access is not blocked")
        policy = s3.get_bucket_policy(Bucket=name)["Policy"]
        yield right("TLS only", "aws:SecureTransport" in policy, "its policy allows requests without TLS")

    def _table(self, indexes: frozenset[str], name: str, *, expires: bool) -> Iterator[Check]:
        dynamodb = self._client("dynamodb")
        table = dynamodb.describe_table(TableName=name)["Table"]
        yield right("active", table["TableStatus"] == "ACTIVE", table["TableStatus"])
        yield self._encrypted(table.get("SSEDescription", {}).get("KMSMasterKeyArn"))
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        status = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus", "DISABLED")
        yield right("point-in-time recovery", status == "ENABLED", status)
        there = {one["IndexName"] for one in table.get("GlobalSecondaryIndexes", [])}
        if indexes:
            yield right("indexes", indexes <= there, f"missing: {', '.join(sorted(indexes - there))}")
        if expires:
            ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            on = ttl["TimeToLiveStatus"] in ("ENABLED", "ENABLING") and ttl.get("AttributeName") == "expiresAt"
            yield right("expiry", on, "time to live on `expiresAt` is off")

    def _secret(self, short: str, name: str, *, needed: bool) -> Iterator[Check]:
        client = self._client("secretsmanager")
        described = client.describe_secret(SecretId=name)
        yield self._encrypted(described.get("KmsKeyId"))
        if "DeletedDate" in described:
            restore = f"aws secretsmanager restore-secret --secret-id {name}"
            yield Check("kept", "wrong", f"it will be deleted at {iso(described['DeletedDate'])}", restore)
            return
        moment = valid_since(client, name)
        if moment is None:
            missing = f"kiro-worker setup --secret {short}" if needed else ""
            yield Check("value", "wrong" if needed else "note", "none yet; run `kiro-worker setup`", missing)
            return
        age = datetime.now(UTC) - moment
        yield right(
            "value",
            age <= timedelta(days=ROTATION_DAYS),
            f"{age.days} days old; rotate it with `kiro-worker setup --secret {short}`",
            f"kiro-worker setup --secret {short}",
        )

    def _topic(self, name: str) -> Iterator[Check]:
        sns, partition = self._client("sns"), self._aws.workflows["deployment"].split(":")[1]
        arn = f"arn:{partition}:sns:{self._aws.region}:{self._aws.account}:{name}"
        yield self._encrypted(sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("KmsMasterKeyId"))
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
        subscribers = [one for page in pages for one in page["Subscriptions"]]
        pending = [one["Endpoint"] for one in subscribers if not one["SubscriptionArn"].startswith("arn:")]
        if not subscribers:
            yield Check("subscribed", "note", "no subscription")
        else:
            yield right(
                "subscriptions confirmed",
                not pending,
                f"not confirmed by {', '.join(pending)}: open the link in the mail",
                repair="",
            )

    def _bus(self, name: str) -> Iterator[Check]:
        yield self._encrypted(self._client("events").describe_event_bus(Name=name).get("KmsKeyIdentifier"))

    def _every_project(self) -> list[Piece]:
        """The projects of each repository."""
        begins = (*_PROJECTS, *(f"pipeline-{{}}-deploy-{one.name}" for one in self._aws.environments))
        repositories = self._aws.informed().setting("REPOSITORIES").split(",")
        names = [project_of(self._named(begin), one) for one in repositories for begin in begins]
        return [self._piece("project", name, self._project) for name in names]

    def _project(self, name: str) -> Iterator[Check]:
        found = self._client("codebuild").batch_get_projects(names=[name])["projects"]
        yield right("exists", found, "no such project")
        for project in found:
            yield self._encrypted(project.get("encryptionKey"))

    def _workflow(self, name: str) -> Iterator[Check]:
        deployment = self._aws.workflows["deployment"]
        machine = self._client("stepfunctions").describe_state_machine(
            stateMachineArn=f"{deployment.rpartition(':')[0]}:{name}"
        )
        yield right("active", machine["status"] == "ACTIVE", machine["status"])
        missing = sorted(arn for arn in _lambdas(machine["definition"]) if not self._exists(arn))
        yield right("its functions exist", not missing, f"missing: {', '.join(missing)}")

    def _exists(self, arn: str) -> bool:
        """Whether there is a function, or a version of one, with this ARN."""
        client = self._client("lambda")
        try:
            client.get_function_configuration(FunctionName=arn)
        except client.exceptions.ResourceNotFoundException:
            return False
        return True

    @cached_property
    def _functions(self) -> Mapping[str, str]:
        """Name → ARN of every function of the stack."""
        pages = self._client("lambda").get_paginator("list_functions").paginate()
        found = (one for page in pages for one in page["Functions"])
        return {one["FunctionName"]: one["FunctionArn"] for one in found if self._is_ours(one["FunctionName"])}

    def _every_function(self) -> Iterator[Piece]:
        names = sorted({*expected.function_names(self._aws.stack), *self._functions})
        return (self._piece("function", name, self._function) for name in names)

    def _is_ours(self, name: str) -> bool:
        return name.startswith((self._named("pipeline-{}-"), self._named("worker-{}-")))

    def _function(self, name: str) -> Iterator[Check]:
        if name not in self._functions:
            yield right("exists", False, _GONE)
            return
        function = self._client("lambda").get_function_configuration(FunctionName=name)
        state = function.get("State", "Active")
        yield right("active", state == "Active", f"{state}: {function.get('StateReason', '')}")
        group = function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
        key, days = self._log_groups.get(group, (None, None))
        yield right("log group", key and days, f"{group} is missing, not encrypted or never expires")

    @cached_property
    def _log_groups(self) -> Mapping[str, tuple[str | None, int | None]]:
        pages = (
            self._client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws/lambda/kiro")
        )
        groups = (one for page in pages for one in page["logGroups"])
        return {one["logGroupName"]: (one.get("kmsKeyId"), one.get("retentionInDays")) for one in groups}

    def _rules(self, bus: str) -> Iterator[Piece]:
        pages = self._client("events").get_paginator("list_rules").paginate(EventBusName=bus, NamePrefix="kiro-")
        found = [rule for page in pages for rule in page["Rules"] if self._is_ours(rule["Name"])]
        demanded = expected.rule_names(self._aws.stack, own_bus=bus != "default")
        for name in sorted(set(demanded) - {rule["Name"] for rule in found}):
            yield Piece("rule", name, (right("exists", False, _GONE),))
        for rule in found:
            targets = self._client("events").list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
            enabled = right("enabled", rule["State"] == "ENABLED", rule["State"])
            yield Piece("rule", rule["Name"], (enabled, right("invokes", targets, "it has no target")))

    def _alarms(self, _: str) -> Iterator[Check]:
        pages = self._client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix="kiro-")
        found = [one for page in pages for one in page["MetricAlarms"] if self._is_ours(one["AlarmName"])]
        repositories = [one.repository for one in self._aws.claims]
        names = expected.alarm_names(self._aws.stack, [one.name for one in self._aws.environments], repositories)
        missing = sorted(set(names) - {one["AlarmName"] for one in found})
        yield right("exist", not missing, f"missing: {', '.join(missing)}; {_GONE}")
        active = ", ".join(one["AlarmName"] for one in found if one["StateValue"] == "ALARM")
        yield Check("none in ALARM", "note" if active else "right", active)

    def _dashboard(self, name: str) -> Iterator[Check]:
        client = self._client("cloudwatch")
        pages = client.get_paginator("list_dashboards").paginate(DashboardNamePrefix=name)
        names = [one["DashboardName"] for page in pages for one in page["DashboardEntries"]]
        yield right("exists", name in names, _GONE)

    def _parameters(self, _: str) -> Iterator[Check]:
        names = [name.format(self._aws.stack) for name in expected.PARAMETERS]
        found = self._client("ssm").get_parameters(Names=names)
        missing = ", ".join(found["InvalidParameters"])
        yield right("exist", not missing, f"missing: {missing}; {_GONE}")
        plain = ", ".join(one["Name"] for one in found["Parameters"] if one["Type"] != "SecureString")
        yield right("encrypted", not plain, f"not of the type SecureString: {plain}")
        try:
            ProjectConfigs(self._aws.aws, expected.PROJECT_CONFIG.format(self._aws.stack)).current()
            mistake = ""
        except BadInputError as error:  # the poll of the board fails with the same text
            mistake = str(error)
        yield right("can be used", not mistake, mistake)

    def _api(self, name: str) -> Iterator[Check]:
        client = self._client("apigatewayv2")
        apis = [one for page in client.get_paginator("get_apis").paginate() for one in page["Items"]]
        ours = [one["ApiId"] for one in apis if one["Name"] == name]
        yield right("exists", ours, _GONE)
        for api in ours:
            pages = client.get_paginator("get_routes").paginate(ApiId=api)
            routes = {one["RouteKey"] for page in pages for one in page["Items"]}
            missing = ", ".join(sorted(set(expected.ROUTES) - routes))
            yield right("routes", not missing, f"missing: {missing}; {_GONE}")

    def _watch(self, environment: Environment, _: str) -> Iterator[Check]:
        """Whether the watch after a release is long enough for the alarms of the environment."""
        what = "long enough for its alarms"
        if environment.account not in ("", self._aws.account):
            yield Check(what, "note", f"the alarms of account {environment.account} are not read from here")
            return
        # Read with the operator's credentials: the read role need not trust people.
        here, aws = replace(environment, read_role_arn=""), self._aws
        alarms = EnvironmentHealth(aws.running, Alarms.connect(aws.aws), HealthProbe.connect(aws.aws)).alarms(here, "")
        slow = "; ".join(too_slow_words(alarms, environment.watch_seconds))
        yield Check(what, "note" if slow else "right", slow)


def _enabled(key: Mapping[str, Any]) -> Check:
    """A key whose deletion is cancelled is disabled, until the program enables it.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html
    """
    state = str(key.get("KeyState"))
    kept = f"aws kms cancel-key-deletion --key-id {key['KeyId']}"
    return right("enabled", key["Enabled"], state, kept if state == "PendingDeletion" else REFRESH)


def _lambdas(definition: str) -> Iterator[str]:
    """The ARNs of all functions that a definition names."""

    def within(value: Any) -> Iterator[str]:
        if isinstance(value, str) and ":lambda:" in value and ":function:" in value:
            yield value
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from within(inner)

    return within(json.loads(definition))
