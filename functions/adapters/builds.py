"""CodeBuild: starts builds, reads their results and stops them."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from functions.domain.texts import recorded
from functions.domain.values import Value
from functions.handler import Allow

if TYPE_CHECKING:
    from mypy_boto3_codebuild import CodeBuildClient

    from functions.runtime import Clients

_OUTCOMES: dict[str, Literal["succeeded", "failed", "timed out", "stopped"]] = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "FAULT": "failed",
    "TIMED_OUT": "timed out",
    "STOPPED": "stopped",
}
PROJECTS = "the projects of all repositories of this stack, whose names end in a key of the repository"
# No build has started when CodeBuild answers with these: there is no such project, or this role may not use it. An
# invalid input is not one of them: a token that started a build with other parameters is refused as invalid, too.
_REFUSALS = ("ResourceNotFoundException", "AccessDeniedException")


class BuildOrder(Value, frozen=True):
    """The parameters of a build. `source`, `artifact` and `input_artifact` are keys in the artifacts bucket.

    A repeated order with the same `token` starts no second build. `input_version` is the version id of the input
    artifact; empty means the newest. `folder` stores the artifact as files instead of a zip archive. `program` is the
    key of a program of the platform.
    """

    project: str
    buildspec: str
    source: str
    artifact: str
    variables: Mapping[str, str]
    timeout_minutes: int
    token: str
    input_artifact: str = ""
    input_version: str = ""
    folder: bool = False
    program: str = ""


class BuildStart(Value, frozen=True):
    """Whether an order was taken: `build_id` of the build, or why the account takes no build now, or not this one."""

    outcome: Literal["started", "queue full", "refused"]
    build_id: str = ""
    reason: str = ""


class BuildEnd(Value, frozen=True):
    """How a build ended, in words and with the place of its log; one that never started has none.

    `digest` is the SHA-256 of the artifact that CodeBuild uploaded, in hexadecimal, as CodeBuild reports it: nothing
    that the build does can change it. It is empty if CodeBuild uploaded no zip archive. `arn` is that of the build.
    """

    outcome: Literal["running", "succeeded", "failed", "timed out", "stopped", "not started"]
    reason: str
    log: str
    digest: str = ""
    arn: str = ""


class Builds:
    """The CodeBuild projects of this stack."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("ARTIFACTS_BUCKET",)
    START: ClassVar[tuple[Allow, ...]] = (Allow(("codebuild:StartBuild",), on="projects", why=PROJECTS),)
    READ: ClassVar[tuple[Allow, ...]] = (Allow(("codebuild:BatchGetBuilds",), on="projects", why=PROJECTS),)
    STOP: ClassVar[tuple[Allow, ...]] = (Allow(("codebuild:StopBuild",), on="projects", why=PROJECTS),)

    def __init__(self, client: "CodeBuildClient", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The projects of this account and region."""
        return cls(aws.client("codebuild"), aws.setting("ARTIFACTS_BUCKET"))

    def start(self, order: BuildOrder) -> BuildStart:
        """Start a build; the same token within five minutes answers the same build.

        A full queue is an answer: it holds five times as many builds as may run at a time, of the whole account
        (https://docs.aws.amazon.com/codebuild/latest/userguide/builds-working.html), and of a new account that is few.
        So is a refusal, after which no build has started. Any other error leaves that open, and is raised.
        """
        folder, _, name = order.artifact.rpartition("/")
        more: dict[str, Any] = {}
        secondary = [
            {"type": "S3", "location": f"{self._bucket}/{key}", "sourceIdentifier": name}
            for name, key in (("release", order.input_artifact), ("program", order.program))
            if key
        ]
        if secondary:
            more["secondarySourcesOverride"] = secondary
        if order.input_version:
            version = {"sourceIdentifier": "release", "sourceVersion": order.input_version}
            more["secondarySourcesVersionOverride"] = [version]
        try:
            answer = self._client.start_build(
                projectName=order.project,
                idempotencyToken=order.token,
                sourceTypeOverride="S3",
                sourceLocationOverride=f"{self._bucket}/{order.source}",
                buildspecOverride=order.buildspec,
                timeoutInMinutesOverride=order.timeout_minutes,
                artifactsOverride={
                    "type": "S3",
                    "location": self._bucket,
                    "path": folder,
                    "name": name,
                    "namespaceType": "NONE",
                    "packaging": "NONE" if order.folder else "ZIP",
                },
                environmentVariablesOverride=[
                    {"name": key, "value": value, "type": "PLAINTEXT"} for key, value in sorted(order.variables.items())
                ],
                **more,
            )
        except self._client.exceptions.AccountLimitExceededException as error:
            return BuildStart("queue full", reason=error.response["Error"]["Message"])
        except self._client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in _REFUSALS:
                raise
            return BuildStart("refused", reason=error.response["Error"]["Message"])
        return BuildStart("started", answer["build"]["id"])

    def read(self, build_id: str) -> BuildEnd:
        """The state of a build; one that CodeBuild does not know counts as stopped."""
        found = self._client.batch_get_builds(ids=[build_id])["builds"]
        if not found:
            return BuildEnd("stopped", f"CodeBuild does not know the build {build_id}", "")
        build = found[0]
        log = build.get("logs", {}).get("deepLink", "")
        if not build.get("buildComplete") or build["buildStatus"] == "IN_PROGRESS":
            return BuildEnd("running", build.get("currentPhase", ""), log)
        outcome = _OUTCOMES[build["buildStatus"]]
        digest = build.get("artifacts", {}).get("sha256sum", "")
        return BuildEnd(outcome, "" if outcome == "succeeded" else _why(build), log, digest, build.get("arn", ""))

    def stop(self, build_id: str) -> None:
        """Stop a build; one that has ended or that CodeBuild does not know is no error."""
        with suppress(self._client.exceptions.ResourceNotFoundException):
            self._client.stop_build(id=build_id)


def _why(build: Any) -> str:
    """The messages of the failed phases, redacted."""
    messages = [
        f"{phase['phaseType']}: {context['message']}"
        for phase in build.get("phases", [])
        if phase.get("phaseStatus") not in ("SUCCEEDED", None)
        for context in phase.get("contexts", [])
        if context.get("message")
    ]
    return recorded("; ".join(messages)) or f"the build ended as {build['buildStatus']}"
