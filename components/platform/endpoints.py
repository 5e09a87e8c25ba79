"""The HTTP API for webhooks, approvals, monitors and Slack; each route may invoke its own function only (I9)."""

from collections.abc import Mapping

import pulumi
from pulumi_aws import apigatewayv2, cloudwatch, lambda_

from components.functions.python_function import PythonFunction
from components.platform import console
from components.stack.logs import log_group
from components.stack.naming import Naming
from components.stack.settings import Settings

# Route → handler in functions/events.
ROUTES: Mapping[str, str] = {
    "POST /github": "github_webhook",
    "GET /approvals/{id}": "approval_page",
    "POST /approvals/{id}": "approval_page",
    "POST /approvals/{id}/decision": "approval_page",
    "POST /alarms/{environment}": "outside_alarm",
    "POST /slack": "slack_interaction",
}
# API Gateway verifies the caller's AWS signature, and demands `execute-api:Invoke` on the route of the caller.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
SIGNED = "POST /approvals/{id}/decision"
# GitHub, monitors and a few people send fewer requests than this.
_BURST, _PER_SECOND = 50, 25
_ACCESS = (
    '{"requestId":"$context.requestId","time":"$context.requestTimeEpoch","route":"$context.routeKey",'
    '"status":"$context.status","ip":"$context.identity.sourceIp","error":"$context.integrationErrorMessage"}'
)


class Endpoints(pulumi.ComponentResource):
    """The API; it is created before its functions, because they have its address as a setting."""

    url: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self,
        *,
        naming: Naming,
        settings: Settings,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kiro:index:Endpoints", "endpoints", None, opts)
        self._inner = pulumi.ResourceOptions(parent=self)
        self.api = apigatewayv2.Api(
            "api",
            name=naming.name("api"),
            protocol_type="HTTP",
            description="Webhooks, approvals and alarms from outside AWS",
            opts=self._inner,
        )
        logs = log_group(
            "api",
            f"/aws/vendedlogs/apis/{naming.name('api')}",
            key_arn=key_arn,
            retention_days=settings.log_retention_days,
            opts=self._inner,
        )
        self._stage(logs)
        self.url = self.api.api_endpoint
        self.arn = self.api.execution_arn
        self.register_outputs({"url": self.url})

    def _stage(self, logs: cloudwatch.LogGroup) -> None:
        """The default stage, which adds nothing to the path; the access log omits query strings, which hold secrets."""
        apigatewayv2.Stage(
            "api",
            api_id=self.api.id,
            name="$default",
            auto_deploy=True,
            default_route_settings=apigatewayv2.StageDefaultRouteSettingsArgs(
                throttling_burst_limit=_BURST, throttling_rate_limit=_PER_SECOND
            ),
            access_log_settings=apigatewayv2.StageAccessLogSettingsArgs(destination_arn=logs.arn, format=_ACCESS),
            opts=self._inner,
        )

    def connect(self, handlers: Mapping[str, PythonFunction]) -> None:
        """Add the routes; `handlers` are the functions of `functions/events` by name, the console's if it is on."""
        integrations: dict[str, apigatewayv2.Integration] = {}
        wanted = {**ROUTES, **(console.ROUTES if console.HANDLER in handlers else {})}
        for route, name in wanted.items():
            function = handlers[name]
            if name not in integrations:
                integrations[name] = apigatewayv2.Integration(
                    function.handler.thing,
                    api_id=self.api.id,
                    integration_type="AWS_PROXY",
                    integration_uri=function.function.invoke_arn,
                    payload_format_version="2.0",
                    timeout_milliseconds=min(function.handler.declared.timeout_seconds, 30) * 1000,
                    opts=self._inner,
                )
            self._route(route, integrations[name], function)

    def _route(self, route: str, integration: apigatewayv2.Integration, function: PythonFunction) -> None:
        method, path = route.split()
        thing = f"{method}{path.replace('/', '-')}".replace("{", "").replace("}", "").lower()
        apigatewayv2.Route(
            thing,
            api_id=self.api.id,
            route_key=route,
            target=pulumi.Output.concat("integrations/", integration.id),
            authorization_type="AWS_IAM" if route == SIGNED else "NONE",
            opts=self._inner,
        )
        lambda_.Permission(
            thing,
            action="lambda:InvokeFunction",
            function=function.function.name,
            principal="apigateway.amazonaws.com",
            # The stage in the source ARN is a wildcard; the method and path allow this route only.
            source_arn=pulumi.Output.concat(self.api.execution_arn, f"/*/{method}{path}"),
            opts=self._inner,
        )
