"""CloudWatch Logs: groups and resource policies."""

from __future__ import annotations

from local.pulumi.handlers.base import Call, Handler, Properties, Tagging, handles, plain, require


@handles("aws:cloudwatch/logGroup:LogGroup")
class LogGroup(Handler):
    """A log group; if a function created it first, it is adopted with its content."""

    replace_on = frozenset({"name", "namePrefix", "logGroupClass"})
    tagging = Tagging("logs", "resourceArn", tags="tags", keys="tagKeys", pair=None)

    def create(self, call: Call) -> str:
        name, logs = call.auto_name(), call.aws("logs")
        call.inputs.get("skipDestroy")
        try:
            logs.create_log_group(logGroupName=name, **plain(call.inputs, "kmsKeyId", "logGroupClass"))
        except logs.exceptions.ResourceAlreadyExistsException:
            call.cloud.warn(f"log group {name} already existed, because a function wrote to it first; adopted")
        self._retain(call, name)
        return name

    def read(self, call: Call) -> Properties:
        found = self._described(call)
        return {
            "name": call.id,
            "arn": found["arn"].removesuffix(":*"),
            "logGroupClass": found.get("logGroupClass", "STANDARD"),
        }

    def update(self, call: Call) -> None:
        logs, inputs = call.aws("logs"), call.inputs
        if "kmsKeyId" in call.changed and self._described(call).get("kmsKeyId") != inputs.get("kmsKeyId"):
            if inputs.get("kmsKeyId"):
                logs.associate_kms_key(logGroupName=call.id, kmsKeyId=inputs["kmsKeyId"])
            else:
                logs.disassociate_kms_key(logGroupName=call.id)
        self._retain(call, call.id)

    def delete(self, call: Call) -> None:
        if not call.inputs.get("skipDestroy"):
            call.aws("logs").delete_log_group(logGroupName=call.id)

    def _described(self, call: Call) -> Properties:
        pages = call.aws("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=call.id)
        found = [group for page in pages for group in page["logGroups"] if group["logGroupName"] == call.id]
        described: Properties = require(found, f"log group {call.id}")[0]
        return described

    def _retain(self, call: Call, name: str) -> None:
        days = call.inputs.get("retentionInDays")
        if days:
            call.aws("logs").put_retention_policy(logGroupName=name, retentionInDays=days)
        elif "retentionInDays" in call.changed and call.id:
            call.aws("logs").delete_retention_policy(logGroupName=name)


@handles("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")
class LogResourcePolicy(Handler):
    """A resource policy: the services that may write to the account's log groups."""

    replace_on = frozenset({"policyName"})

    def create(self, call: Call) -> str:
        name = str(call.inputs["policyName"])
        call.aws("logs").put_resource_policy(policyName=name, policyDocument=call.inputs["policyDocument"])
        return name

    def delete(self, call: Call) -> None:
        call.aws("logs").delete_resource_policy(policyName=call.id)
