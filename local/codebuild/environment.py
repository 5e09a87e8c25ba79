"""The environment variables of a build: CodeBuild's own, the buildspec's, the project's and the call's."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.codebuild.errors import PhaseFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.clients import Clients
    from local.codebuild.buildspec import Buildspec
    from local.codebuild.job import Job

ARN_PARTS = 7
# Stand-ins for programs that builds install from the internet.
PROGRAMS = Path(__file__).parents[1] / "programs"


def builtin(job: Job, region: str, directory: Path) -> dict[str, str]:
    """Return the variables of every build; only PATH comes from the server's own environment."""
    record = job.record
    variables = {
        "PATH": os.pathsep.join((str(PROGRAMS), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        "HOME": str(directory / "home"),
        "TMPDIR": str(directory / "tmp"),
        "LANG": "C.UTF-8",
        # Builds share the platform's virtual environment. pip's check of all its packages after every installation
        # would take longer than everything else in a build. "0" switches it off.
        "PIP_NO_WARN_CONFLICTS": "0",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "CODEBUILD_CI": "true",
        "CODEBUILD_BUILD_ID": record["id"],
        "CODEBUILD_BUILD_ARN": record["arn"],
        "CODEBUILD_BUILD_NUMBER": str(record["buildNumber"]),
        "CODEBUILD_BUILD_IMAGE": record["environment"]["image"],
        "CODEBUILD_INITIATOR": record["initiator"],
        "CODEBUILD_KMS_KEY_ID": record["encryptionKey"],
        "CODEBUILD_LOG_PATH": record["logs"].get("streamName", ""),
        "CODEBUILD_SRC_DIR": str(directory / "src"),
        "CODEBUILD_START_TIME": str(round(record["startTime"].timestamp() * 1000)),
        "CODEBUILD_SOURCE_REPO_URL": repository_url(record["source"]),
        "CODEBUILD_SOURCE_VERSION": record.get("sourceVersion", ""),
        "CODEBUILD_RESOLVED_SOURCE_VERSION": record.get("resolvedSourceVersion", ""),
    }
    for source in record["secondarySources"]:
        name = source["sourceIdentifier"]
        variables[f"CODEBUILD_SRC_DIR_{name}"] = str(directory / "secondary" / name)
    return variables


def repository_url(source: Mapping[str, Any]) -> str:
    """Return the address of a source, in the form of CODEBUILD_SOURCE_REPO_URL."""
    location = str(source.get("location", ""))
    return f"s3://{location}" if source["type"] == "S3" and location else location


def resolve(job: Job, spec: Buildspec, clients: Clients) -> tuple[dict[str, str], list[str]]:
    """Return the variables of buildspec, project and call, and the values that no log may show."""
    wanted = [{"name": name, "type": "PLAINTEXT", "value": value} for name, value in spec.variables.items()]
    wanted += [{"name": n, "type": "PARAMETER_STORE", "value": v} for n, v in spec.parameters.items()]
    wanted += [{"name": n, "type": "SECRETS_MANAGER", "value": v} for n, v in spec.secrets.items()]
    # project and call come last, because they take precedence over the buildspec
    wanted += job.record["environment"]["environmentVariables"]
    latest = {variable["name"]: variable for variable in wanted}
    variables, hidden = {}, []
    for name, variable in latest.items():
        kind, value = variable.get("type", "PLAINTEXT"), variable["value"]
        if kind == "PARAMETER_STORE":
            value = _parameter(clients, value)
        elif kind == "SECRETS_MANAGER":
            value = secret(clients, value)
        variables[name] = value
        if kind != "PLAINTEXT":
            hidden.append(value)
    return variables, hidden


def _parameter(clients: Clients, name: str) -> str:
    try:
        found = clients.client("ssm").get_parameter(Name=name, WithDecryption=True)
    except (BotoCoreError, ClientError) as error:
        raise PhaseFailedError("Parameter Store Error", f"parameter does not exist: {name} ({error})") from error
    return str(found["Parameter"]["Value"])


def secret(clients: Clients, reference: str) -> str:
    """Return a secret by `secret-id:json-key:version-stage:version-id`; all parts but the first are optional."""
    parts = reference.split(":")
    # an ARN has six colons itself
    count = ARN_PARTS if reference.startswith("arn:") else 1
    identifier = ":".join(parts[:count])
    key, stage, version, *_ = [*parts[count:], "", "", ""]
    request = {"SecretId": identifier}
    if stage:
        request["VersionStage"] = stage
    if version:
        request["VersionId"] = version
    try:
        text = str(clients.client("secretsmanager").get_secret_value(**request)["SecretString"])
        return str(json.loads(text)[key]) if key else text
    except (BotoCoreError, ClientError, ValueError, KeyError, TypeError) as error:
        # the error's text could quote the secret, so only its type is shown
        message = f"secret {identifier} cannot be read{f' at key {key}' if key else ''}: {type(error).__name__}"
        raise PhaseFailedError("Secrets Manager Error Message", message) from None
