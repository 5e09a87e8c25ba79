"""One Lambda function with its role, log group, dead-letter queue and error alarm, made from its handler."""

import pulumi
from pulumi_aws import cloudwatch, lambda_

from components.functions.dead_letters import DeadLetters
from components.functions.handlers import FoundHandler
from components.functions.package import ARCHITECTURE, RUNTIME, Package
from components.functions.permissions import grants
from components.functions.resources import StackResources
from components.functions.variables import variables
from components.stack.logs import log_group
from components.stack.naming import Grant
from components.stack.role import Role

_TRACE = Grant(
    ("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    ("*",),
    why="X-Ray has no resource-level permission for writing traces",
)


class PythonFunction(pulumi.ComponentResource):
    """A deployed handler; `rule_arns` are the event rules that invoke it asynchronously.

    Each change of a task's code or configuration is published as a version, whose ARN is `version_arn`: an execution
    calls the version that was the newest when it began (decision 019). Events and routes call `arn`, the newest code.
    """

    arn: pulumi.Output[str]
    version_arn: pulumi.Output[str]
    name: str
    role: Role
    function: lambda_.Function
    dead_letters: DeadLetters | None = None

    def __init__(
        self,
        handler: FoundHandler,
        *,
        stack: StackResources,
        package: Package,
        rule_arns: list[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kiro:index:PythonFunction", handler.thing, None, opts)
        self._inner = pulumi.ResourceOptions(parent=self)
        self.handler = handler
        naming, self.name = stack.naming, stack.naming.name(handler.thing)
        logs = log_group(
            handler.thing,
            f"/aws/lambda/{self.name}",
            key_arn=stack.key_arn,
            retention_days=stack.settings.log_retention_days,
            opts=self._inner,
        )
        if rule_arns:
            self.dead_letters = DeadLetters(
                handler.thing, naming=naming, key_arn=stack.key_arn, rule_arns=rule_arns, opts=self._inner
            )
        self.role = Role(
            handler.thing,
            naming=naming,
            trust={"Service": "lambda.amazonaws.com"},
            grants=[
                *grants(handler.declared.allow, stack),
                *own_grants(logs.arn, self.dead_letters.arn if self.dead_letters else None),
            ],
            opts=self._inner,
        )
        self.function = self._function(stack, package, logs)
        self.arn, self.version_arn = self.function.arn, self.function.qualified_arn
        self._error_alarm(stack)
        self.register_outputs({"arn": self.arn})

    def _function(self, stack: StackResources, package: Package, logs: cloudwatch.LogGroup) -> lambda_.Function:
        handler = self.handler.declared
        environment: dict[str, pulumi.Input[str]] = {
            "HANDLER": self.handler.module,
            "POWERTOOLS_SERVICE_NAME": stack.naming.name("platform"),
            "LOG_LEVEL": "INFO",
            **variables(self.handler.settings, stack),
        }
        letters = self.dead_letters
        return lambda_.Function(
            self.handler.thing,
            name=self.name,
            role=self.role.arn,
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            handler="functions.runtime.handler",
            code=package.code,
            layers=[package.layer_arn],
            publish=self.handler.is_task,
            timeout=handler.timeout_seconds,
            memory_size=handler.memory_mb,
            ephemeral_storage=lambda_.FunctionEphemeralStorageArgs(size=handler.storage_mb),
            environment=lambda_.FunctionEnvironmentArgs(variables=environment),
            tracing_config=lambda_.FunctionTracingConfigArgs(mode="Active"),
            logging_config=lambda_.FunctionLoggingConfigArgs(log_format="Text", log_group=logs.name),
            dead_letter_config=lambda_.FunctionDeadLetterConfigArgs(target_arn=letters.arn) if letters else None,
            opts=self._inner,
        )

    def _error_alarm(self, stack: StackResources) -> None:
        """Critical (O3): more than 10 % of the calls within five minutes failed."""

        def counted(name: str) -> cloudwatch.MetricAlarmMetricQueryArgs:
            metric = cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace="AWS/Lambda",
                metric_name=name.title(),
                period=300,
                stat="Sum",
                dimensions={"FunctionName": self.function.name},
            )
            return cloudwatch.MetricAlarmMetricQueryArgs(id=name, metric=metric, return_data=False)

        share = cloudwatch.MetricAlarmMetricQueryArgs(
            id="share", expression="100 * errors / invocations", label="errors, percent", return_data=True
        )
        cloudwatch.MetricAlarm(
            f"{self.handler.thing}-errors",
            name=f"{self.name}-errors",
            alarm_description=f"More than 10 % of the calls of {self.name} failed within 5 minutes; see its log. "
            f"Runbook: {stack.settings.runbook('function-errors')}",
            comparison_operator="GreaterThanThreshold",
            threshold=10,
            evaluation_periods=1,
            metric_queries=[counted("errors"), counted("invocations"), share],
            treat_missing_data="notBreaching",
            alarm_actions=[stack.channels.topics["rollbacks"].arn],
            opts=self._inner,
        )


def own_grants(logs_arn: pulumi.Input[str], dead_letters_arn: pulumi.Input[str] | None) -> list[Grant]:
    """The permissions of every function: its log group, tracing, and its dead-letter queue if it has one."""
    logs = Grant(
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        (pulumi.Output.concat(logs_arn, ":*"),),
        why="log streams of this log group only; Lambda chooses their names",
    )
    if dead_letters_arn is None:
        return [logs, _TRACE]
    return [logs, _TRACE, Grant(("sqs:SendMessage",), (dead_letters_arn,))]
