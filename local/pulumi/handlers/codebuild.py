"""CodeBuild projects and report groups, at the CodeBuild endpoint that runs them."""

from __future__ import annotations

from typing import Any

from local.pulumi.handlers.base import Call, Handler, Properties, handles, pairs, plain, require


@handles("aws:codebuild/project:Project")
class Project(Handler):
    """A build project; its id is its ARN."""

    replace_on = frozenset({"name"})
    tags_itself = True
    NAMES = ("description", "badgeEnabled", "encryptionKey", "sourceVersion", "serviceRole")

    def create(self, call: Call) -> str:
        answer = call.aws("codebuild").create_project(name=call.auto_name(), **self._wanted(call))
        return str(answer["project"]["arn"])

    def read(self, call: Call) -> Properties:
        name = call.id.rpartition("/")[2]
        found = call.aws("codebuild").batch_get_projects(names=[name])["projects"]
        project = require(found, f"CodeBuild project {name}")[0]
        return {
            "name": name,
            "arn": project["arn"],
            "badgeUrl": "",
            "publicProjectAlias": "",
            "encryptionKey": project.get("encryptionKey", ""),
        }

    def update(self, call: Call) -> None:
        call.aws("codebuild").update_project(name=call.id.rpartition("/")[2], **self._wanted(call))

    def delete(self, call: Call) -> None:
        call.aws("codebuild").delete_project(name=call.id.rpartition("/")[2])

    def _wanted(self, call: Call) -> Properties:
        inputs = call.inputs
        wanted = plain(inputs, *self.NAMES)
        wanted["source"] = source(inputs["source"])
        wanted["artifacts"] = artifacts(inputs["artifacts"])
        wanted["environment"] = environment(inputs["environment"])
        wanted["tags"] = pairs(call.tags, "key", "value")
        renames = {
            "buildTimeout": "timeoutInMinutes",
            "queuedTimeout": "queuedTimeoutInMinutes",
            "concurrentBuildLimit": "concurrentBuildLimit",
        }
        wanted |= {aws: inputs[name] for name, aws in renames.items() if inputs.get(name) is not None}
        if inputs.get("cache"):
            wanted["cache"] = plain(inputs["cache"], "type", "location", "modes")
        if inputs.get("logsConfig"):
            wanted["logsConfig"] = logs(inputs["logsConfig"])
        if inputs.get("vpcConfig"):
            wanted["vpcConfig"] = plain(inputs["vpcConfig"], "vpcId", "subnets", "securityGroupIds")
        if inputs.get("secondarySources"):
            wanted["secondarySources"] = [source(item) for item in inputs["secondarySources"]]
        return wanted


def source(given: Properties) -> Properties:
    """Return a build source as CodeBuild names it."""
    shaped = plain(
        given,
        "type",
        "location",
        "buildspec",
        "gitCloneDepth",
        "reportBuildStatus",
        "insecureSsl",
        "sourceIdentifier",
        "buildStatusConfig",
        "gitSubmodulesConfig",
        "auth",
    )
    if "gitSubmodulesConfig" in shaped:
        shaped["gitSubmodulesConfig"] = plain(shaped["gitSubmodulesConfig"], "fetchSubmodules")
    return shaped


def artifacts(given: Properties) -> Properties:
    """Return build artifacts as CodeBuild names them."""
    return plain(
        given,
        "type",
        "location",
        "path",
        "namespaceType",
        "name",
        "packaging",
        "overrideArtifactName",
        "encryptionDisabled",
        "artifactIdentifier",
        "bucketOwnerAccess",
    )


def environment(given: Properties) -> Properties:
    """Return a build environment as CodeBuild names it."""
    shaped = plain(given, "type", "image", "computeType", "privilegedMode", "certificate", "imagePullCredentialsType")
    shaped["environmentVariables"] = [
        plain(item, "name", "value", "type") for item in given.get("environmentVariables") or []
    ]
    return shaped


def logs(given: Properties) -> Properties:
    """Return log settings as CodeBuild names them."""
    shaped: dict[str, Any] = {}
    names = ("status", "groupName", "streamName", "location", "encryptionDisabled", "bucketOwnerAccess")
    for ours, theirs in (("cloudwatchLogs", "cloudWatchLogs"), ("s3Logs", "s3Logs")):
        if given.get(ours):
            shaped[theirs] = {"status": "ENABLED", **plain(given[ours], *names)}
    return shaped


@handles("aws:codebuild/reportGroup:ReportGroup")
class ReportGroup(Handler):
    """A report group; its id is its ARN."""

    replace_on = frozenset({"name", "type"})
    tags_itself = True

    def create(self, call: Call) -> str:
        answer = call.aws("codebuild").create_report_group(
            name=call.auto_name(), type=call.inputs["type"], **self._wanted(call)
        )
        return str(answer["reportGroup"]["arn"])

    def read(self, call: Call) -> Properties:
        found = call.aws("codebuild").batch_get_report_groups(reportGroupArns=[call.id])["reportGroups"]
        group = require(found, f"report group {call.id}")[0]
        return {"arn": call.id, "name": call.id.rpartition("/")[2], "created": str(group.get("created", ""))}

    def update(self, call: Call) -> None:
        call.aws("codebuild").update_report_group(arn=call.id, **self._wanted(call))

    def delete(self, call: Call) -> None:
        call.aws("codebuild").delete_report_group(arn=call.id, deleteReports=bool(call.inputs.get("deleteReports")))

    def _wanted(self, call: Call) -> Properties:
        call.inputs.get("deleteReports")  # only deletion needs it
        given = call.inputs["exportConfig"]
        export = {"exportConfigType": given["type"]}
        if given.get("s3Destination"):
            export["s3Destination"] = plain(
                given["s3Destination"], "bucket", "path", "packaging", "encryptionKey", "encryptionDisabled"
            )
        return {"exportConfig": export, "tags": pairs(call.tags, "key", "value")}
