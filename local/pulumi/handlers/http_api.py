"""API Gateway HTTP APIs."""

from __future__ import annotations

from typing import Any, ClassVar

from local.pulumi.handlers.base import Call, Handler, Properties, Tagging, handles, pick


@handles("aws:apigatewayv2/api:Api")
class Api(Handler):
    """An HTTP API."""

    replace_on = frozenset({"protocolType"})
    tagging = Tagging("apigatewayv2", "ResourceArn", pair=None)
    NAMES = (
        "description",
        "version",
        "corsConfiguration",
        "disableExecuteApiEndpoint",
        "routeSelectionExpression",
        "apiKeySelectionExpression",
        "ipAddressType",
    )

    def create(self, call: Call) -> str:
        answer = call.aws("apigatewayv2").create_api(
            Name=call.auto_name(), **pick(call.inputs, "protocolType", "routeKey", "target", *self.NAMES)
        )
        return str(answer["ApiId"])

    def read(self, call: Call) -> Properties:
        found = call.aws("apigatewayv2").get_api(ApiId=call.id)
        return {
            "name": found["Name"],
            "arn": f"arn:aws:apigateway:{call.region}::/apis/{call.id}",
            "apiEndpoint": base_url(call, call.id),
            "executionArn": call.arn("execute-api", call.id),
            "ipAddressType": "ipv4",
        }

    def update(self, call: Call) -> None:
        call.aws("apigatewayv2").update_api(ApiId=call.id, Name=call.auto_name(), **pick(call.inputs, *self.NAMES))

    def delete(self, call: Call) -> None:
        call.aws("apigatewayv2").delete_api(ApiId=call.id)


def base_url(call: Call, api_id: str) -> str:
    """Return the URL of an API on this machine; the host name that ministack returns does not resolve."""
    return f"{call.cloud.endpoint}/_aws/execute-api/{api_id}"


class Part(Handler):
    """A part of an API with an id of its own."""

    replace_on = frozenset({"apiId"})
    noun: ClassVar[str]
    names: ClassVar[tuple[str, ...]]

    def create(self, call: Call) -> str:
        return str(self._do(call, "create", **self.wanted(call))[f"{self.noun.title()}Id"])

    def read(self, call: Call) -> Properties:
        self._do(call, "get", **{f"{self.noun.title()}Id": call.id})
        return {}

    def update(self, call: Call) -> None:
        self._do(call, "update", **{f"{self.noun.title()}Id": call.id}, **self.wanted(call))

    def delete(self, call: Call) -> None:
        self._do(call, "delete", **{f"{self.noun.title()}Id": call.id})

    def wanted(self, call: Call) -> Properties:
        """Return the parameters of create and update."""
        return pick(call.inputs, *self.names)

    def _do(self, call: Call, verb: str, **parameters: Any) -> Any:
        method = getattr(call.aws("apigatewayv2"), f"{verb}_{self.noun}")
        return method(ApiId=call.inputs["apiId"], **parameters)


@handles("aws:apigatewayv2/integration:Integration")
class Integration(Part):
    """The backend of a route."""

    noun = "integration"
    names = (
        "integrationType",
        "integrationUri",
        "integrationMethod",
        "integrationSubtype",
        "payloadFormatVersion",
        "timeoutMilliseconds",
        "description",
        "connectionType",
        "connectionId",
        "credentialsArn",
    )

    def wanted(self, call: Call) -> Properties:
        shaped = super().wanted(call)
        # a map whose keys are the caller's, so they are not renamed
        if call.inputs.get("requestParameters"):
            shaped["RequestParameters"] = call.inputs["requestParameters"]
        timeout = shaped.pop("TimeoutMilliseconds", None)
        return shaped | ({"TimeoutInMillis": timeout} if timeout else {})

    def read(self, call: Call) -> Properties:
        super().read(call)
        return {"integrationResponseSelectionExpression": ""}


@handles("aws:apigatewayv2/route:Route")
class Route(Part):
    """A route of an API."""

    noun = "route"
    names = (
        "routeKey",
        "target",
        "authorizationType",
        "authorizerId",
        "authorizationScopes",
        "apiKeyRequired",
        "operationName",
    )


@handles("aws:apigatewayv2/stage:Stage")
class Stage(Handler):
    """A stage of an API; its id is its name."""

    replace_on = frozenset({"apiId", "name"})
    tagging = Tagging("apigatewayv2", "ResourceArn", pair=None)

    def create(self, call: Call) -> str:
        name = call.auto_name()
        call.aws("apigatewayv2").create_stage(StageName=name, **self._wanted(call))
        return name

    def read(self, call: Call) -> Properties:
        api_id = call.inputs["apiId"]
        call.aws("apigatewayv2").get_stage(ApiId=api_id, StageName=call.id)
        return {
            "name": call.id,
            "arn": f"arn:aws:apigateway:{call.region}::/apis/{api_id}/stages/{call.id}",
            "executionArn": call.arn("execute-api", f"{api_id}/{call.id}"),
            "invokeUrl": f"{base_url(call, api_id)}/{call.id}/",
            "deploymentId": "",
        }

    def update(self, call: Call) -> None:
        call.aws("apigatewayv2").update_stage(StageName=call.id, **self._wanted(call))

    def delete(self, call: Call) -> None:
        call.aws("apigatewayv2").delete_stage(ApiId=call.inputs["apiId"], StageName=call.id)

    def _wanted(self, call: Call) -> Properties:
        inputs = call.inputs
        wanted = pick(
            inputs, "apiId", "autoDeploy", "description", "deploymentId", "accessLogSettings", "defaultRouteSettings"
        )
        if inputs.get("stageVariables"):
            wanted["StageVariables"] = inputs["stageVariables"]
        if inputs.get("routeSettings"):
            wanted["RouteSettings"] = {
                item["routeKey"]: pick(item, *(name for name in item if name != "routeKey"))
                for item in inputs["routeSettings"]
            }
        return wanted
