"""The overrides of a StartBuild call, which change its project for that build only."""

from __future__ import annotations

import copy
from typing import Any

Record = dict[str, Any]
SOURCE = {
    "sourceTypeOverride": "type",
    "sourceLocationOverride": "location",
    "sourceAuthOverride": "auth",
    "gitCloneDepthOverride": "gitCloneDepth",
    "gitSubmodulesConfigOverride": "gitSubmodulesConfig",
    "buildspecOverride": "buildspec",
    "insecureSslOverride": "insecureSsl",
    "reportBuildStatusOverride": "reportBuildStatus",
    "buildStatusConfigOverride": "buildStatusConfig",
}
ENVIRONMENT = {
    "environmentTypeOverride": "type",
    "imageOverride": "image",
    "computeTypeOverride": "computeType",
    "certificateOverride": "certificate",
    "privilegedModeOverride": "privilegedMode",
    "registryCredentialOverride": "registryCredential",
    "imagePullCredentialsTypeOverride": "imagePullCredentialsType",
    "fleetOverride": "fleet",
}
PROJECT = {
    "sourceVersion": "sourceVersion",
    "secondarySourcesOverride": "secondarySources",
    "secondarySourcesVersionOverride": "secondarySourceVersions",
    "artifactsOverride": "artifacts",
    "secondaryArtifactsOverride": "secondaryArtifacts",
    "cacheOverride": "cache",
    "serviceRoleOverride": "serviceRole",
    "timeoutInMinutesOverride": "timeoutInMinutes",
    "queuedTimeoutInMinutesOverride": "queuedTimeoutInMinutes",
    "encryptionKeyOverride": "encryptionKey",
    "logsConfigOverride": "logsConfig",
}


def apply(project: Record, request: Record) -> Record:
    """Return the project with the request's overrides."""
    seen = copy.deepcopy(project) | _renamed(request, PROJECT)
    seen["source"] |= _renamed(request, SOURCE)
    if seen["source"]["type"] == "NO_SOURCE":
        seen["source"].pop("location", None)
    environment = seen["environment"]
    environment |= _renamed(request, ENVIRONMENT)
    variables = [*environment.get("environmentVariables", []), *request.get("environmentVariablesOverride", [])]
    # by name, so that the call takes precedence over the project
    environment["environmentVariables"] = list(
        {variable["name"]: {"type": "PLAINTEXT", **variable} for variable in variables}.values()
    )
    return seen


def _renamed(request: Record, names: dict[str, str]) -> Record:
    return {name: request[option] for option, name in names.items() if option in request}
