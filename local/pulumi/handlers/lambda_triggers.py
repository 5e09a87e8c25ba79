"""Callers of Lambda functions: permissions, asynchronous retries, URLs, event sources."""

from __future__ import annotations

import json

from local.pulumi.handlers.base import Call, Handler, Properties, handles, pick, require


@handles("aws:lambda/permission:Permission")
class Permission(Handler):
    """A statement of a function's resource policy."""

    replace_on = None

    def create(self, call: Call) -> str:
        statement = call.auto_name("statementId", "statementIdPrefix")
        call.aws("lambda").add_permission(
            StatementId=statement,
            **pick(
                call.inputs,
                "function",
                "action",
                "principal",
                "sourceArn",
                "sourceAccount",
                "qualifier",
                "eventSourceToken",
                "functionUrlAuthType",
                "invokedViaFunctionUrl",
                "principalOrgId",
                rename={"function": "FunctionName", "principalOrgId": "PrincipalOrgID"},
            ),
        )
        return statement

    def read(self, call: Call) -> Properties:
        inputs = pick(call.inputs, "function", "qualifier", rename={"function": "FunctionName"})
        statements = json.loads(call.aws("lambda").get_policy(**inputs)["Policy"])["Statement"]
        require([one for one in statements if one["Sid"] == call.id], f"the statement {call.id}")
        return {"statementId": call.id}

    def delete(self, call: Call) -> None:
        call.aws("lambda").remove_permission(
            FunctionName=call.inputs["function"], StatementId=call.id, **pick(call.inputs, "qualifier")
        )


@handles("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
class EventInvokeConfig(Handler):
    """Retries and destinations of asynchronous calls."""

    replace_on = frozenset({"functionName", "qualifier"})

    def create(self, call: Call) -> str:
        inputs = call.inputs
        call.aws("lambda").put_function_event_invoke_config(
            **pick(inputs, "functionName", "qualifier", "maximumRetryAttempts", "destinationConfig"),
            **pick(inputs, "maximumEventAgeInSeconds"),
        )
        qualifier = inputs.get("qualifier")
        return f"{inputs['functionName']}:{qualifier}" if qualifier else str(inputs["functionName"])

    def delete(self, call: Call) -> None:
        call.aws("lambda").delete_function_event_invoke_config(**pick(call.inputs, "functionName", "qualifier"))


@handles("aws:lambda/functionUrl:FunctionUrl")
class FunctionUrl(Handler):
    """A URL of a function, which resolves on this machine."""

    replace_on = frozenset({"functionName", "qualifier"})

    def create(self, call: Call) -> str:
        call.aws("lambda").create_function_url_config(**self._wanted(call))
        return str(call.inputs["functionName"])

    def read(self, call: Call) -> Properties:
        found = call.aws("lambda").get_function_url_config(FunctionName=call.id, **pick(call.inputs, "qualifier"))
        url_id = found["FunctionUrl"].split("://")[1].split(".")[0]
        return {
            "functionArn": found["FunctionArn"],
            # the host name that ministack returns does not resolve; this path reaches the same function
            "functionUrl": f"{call.cloud.endpoint}/_aws/lambda-url/{url_id}/",
            "urlId": url_id,
        }

    def update(self, call: Call) -> None:
        call.aws("lambda").update_function_url_config(**self._wanted(call))

    def delete(self, call: Call) -> None:
        call.aws("lambda").delete_function_url_config(**pick(call.inputs, "functionName", "qualifier"))

    def _wanted(self, call: Call) -> Properties:
        names = {"authorizationType": "AuthType"}
        return pick(call.inputs, "functionName", "qualifier", "authorizationType", "cors", "invokeMode", rename=names)


@handles("aws:lambda/eventSourceMapping:EventSourceMapping")
class EventSourceMapping(Handler):
    """A queue or stream that calls a function."""

    replace_on = frozenset({"eventSourceArn", "startingPosition"})
    CHANGEABLE = (
        "functionName",
        "batchSize",
        "enabled",
        "filterCriteria",
        "maximumBatchingWindowInSeconds",
        "functionResponseTypes",
        "scalingConfig",
        "maximumRetryAttempts",
        "bisectBatchOnFunctionError",
        "maximumRecordAgeInSeconds",
        "destinationConfig",
        "parallelizationFactor",
    )

    def create(self, call: Call) -> str:
        answer = call.aws("lambda").create_event_source_mapping(
            **pick(call.inputs, "eventSourceArn", "startingPosition", *self.CHANGEABLE)
        )
        return str(answer["UUID"])

    def read(self, call: Call) -> Properties:
        found = call.aws("lambda").get_event_source_mapping(UUID=call.id)
        return {
            "uuid": call.id,
            "arn": call.arn("lambda", f"event-source-mapping:{call.id}"),
            "functionArn": found["FunctionArn"],
            "state": found.get("State", "Enabled"),
            "stateTransitionReason": found.get("StateTransitionReason", ""),
            "lastModified": str(found.get("LastModified", "")),
            "lastProcessingResult": found.get("LastProcessingResult", ""),
        }

    def update(self, call: Call) -> None:
        call.aws("lambda").update_event_source_mapping(UUID=call.id, **pick(call.inputs, *self.CHANGEABLE))

    def delete(self, call: Call) -> None:
        call.aws("lambda").delete_event_source_mapping(UUID=call.id)
