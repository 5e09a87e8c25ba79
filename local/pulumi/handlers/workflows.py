"""Step Functions state machines."""

from __future__ import annotations

import time

from local.pulumi.errors import ResourceError
from local.pulumi.handlers.base import Call, Handler, Properties, Tagging, handles, plain

DELETED_SECONDS = 20.0


@handles("aws:sfn/stateMachine:StateMachine")
class StateMachine(Handler):
    """A state machine; its id is its ARN."""

    replace_on = frozenset({"name", "namePrefix", "type"})
    tagging = Tagging("stepfunctions", "resourceArn", tags="tags", keys="tagKeys", pair=("key", "value"))

    def create(self, call: Call) -> str:
        answer = call.aws("stepfunctions").create_state_machine(
            name=call.auto_name(), **plain(call.inputs, "type"), **self._wanted(call)
        )
        return str(answer["stateMachineArn"])

    def read(self, call: Call) -> Properties:
        sfn = call.aws("stepfunctions")
        found = sfn.describe_state_machine(stateMachineArn=call.id)
        # the newest first, says the reference of ListStateMachineVersions
        versions = sfn.list_state_machine_versions(stateMachineArn=call.id)["stateMachineVersions"]
        return {
            "arn": call.id,
            "name": found["name"],
            "status": found["status"],
            "creationDate": found["creationDate"].isoformat(),
            "revisionId": found.get("revisionId", ""),
            "description": found.get("description", ""),
            "stateMachineVersionArn": versions[0]["stateMachineVersionArn"] if versions else "",
            "versionDescription": "",
        }

    def update(self, call: Call) -> None:
        call.aws("stepfunctions").update_state_machine(stateMachineArn=call.id, **self._wanted(call))

    def delete(self, call: Call) -> None:
        """Waits, as the provider does for five minutes, until the last execution has ended."""
        sfn = call.aws("stepfunctions")
        sfn.delete_state_machine(stateMachineArn=call.id)
        deadline = time.monotonic() + DELETED_SECONDS
        while time.monotonic() < deadline:
            try:
                sfn.describe_state_machine(stateMachineArn=call.id)
            except sfn.exceptions.StateMachineDoesNotExist:
                return
            time.sleep(0.1)
        raise ResourceError(
            "is DELETING while executions of it run; `kiro-worker stop-all --reason …` ends them, then destroy again"
        )

    def _wanted(self, call: Call) -> Properties:
        inputs = call.inputs
        wanted = plain(inputs, "definition", "roleArn", "publish")
        logging = inputs.get("loggingConfiguration")
        if logging:
            group = logging.get("logDestination")
            wanted["loggingConfiguration"] = plain(logging, "level", "includeExecutionData") | (
                {"destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]} if group else {}
            )
        if inputs.get("tracingConfiguration"):
            wanted["tracingConfiguration"] = plain(inputs["tracingConfiguration"], "enabled")
        if inputs.get("encryptionConfiguration"):
            wanted["encryptionConfiguration"] = plain(
                inputs["encryptionConfiguration"], "type", "kmsKeyId", "kmsDataKeyReusePeriodSeconds"
            )
        return wanted
