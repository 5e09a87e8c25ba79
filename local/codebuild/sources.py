"""Fetches a build's source into its directory: a zip object in S3, or a git repository over http(s)."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.codebuild.environment import secret
from local.codebuild.errors import PhaseFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from local.clients import Clients

    Run = Callable[[list[str], Mapping[str, str], Path], int | None]

GIT_TYPES = ("GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "BITBUCKET")
CLIENT_ERROR = "CLIENT_ERROR"


def fetch(source: Mapping[str, Any], version: str, directory: Path, clients: Clients, run_git: Run) -> str:
    """Fill `directory`; returns the resolved version (git: the commit id, else ""), raises PhaseFailedError."""
    directory.mkdir(parents=True)
    if source["type"] == "S3":
        _from_s3(str(source["location"]), version, directory, clients)
    elif source["type"] in GIT_TYPES:
        return _from_git(source, version, directory, clients, run_git)
    elif source["type"] != "NO_SOURCE":
        raise PhaseFailedError(CLIENT_ERROR, f"source type {source['type']} is not supported here; use S3 or GITHUB")
    return ""


def _from_s3(location: str, version: str, directory: Path, clients: Clients) -> None:
    bucket, _, key = location.removeprefix("arn:aws:s3:::").partition("/")
    archive = directory.with_name(f"{directory.name}.zip")
    request = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
    try:
        with archive.open("wb") as target:
            for chunk in clients.client("s3").get_object(**request)["Body"].iter_chunks():
                target.write(chunk)
    except (BotoCoreError, ClientError) as error:
        raise PhaseFailedError(CLIENT_ERROR, f"error while downloading key {key}, error: {error}") from error
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                # zipfile drops the mode, but scripts must stay executable
                mode = stat.S_IMODE(member.external_attr >> 16)
                path = directory / opened.extract(member, directory)
                if mode and not member.is_dir():
                    path.chmod(mode | stat.S_IRUSR)
    except zipfile.BadZipFile as error:
        raise PhaseFailedError(CLIENT_ERROR, f"s3://{bucket}/{key} is not a zip file: {error}") from error
    finally:
        archive.unlink()


def _from_git(source: Mapping[str, Any], version: str, directory: Path, clients: Clients, run_git: Run) -> str:
    url = str(source["location"])
    environment = _credentials(source, clients)
    depth = source.get("gitCloneDepth")
    # a shallow clone has one branch only, so it is used only for builds that name no version
    shallow = ["--depth", str(depth)] if depth and not version else []
    steps = [["git", "clone", "--quiet", *shallow, url, str(directory)]]
    if version.startswith("pr/"):
        steps += [["git", "fetch", "--quiet", "origin", f"refs/pull/{version[3:]}/head"]]
        version = "FETCH_HEAD"
    if version:
        steps += [["git", "-c", "advice.detachedHead=false", "checkout", "--quiet", _revision(version), "--"]]
    if (source.get("gitSubmodulesConfig") or {}).get("fetchSubmodules"):
        steps += [["git", "submodule", "update", "--quiet", "--init", "--recursive"]]
    for step in steps:
        code = run_git(step, environment, directory)
        if code:
            raise PhaseFailedError(
                CLIENT_ERROR, f"{' '.join(step[:2])} of {url} at {version or 'HEAD'} failed: exit status {code}"
            )
        if code is None:
            return ""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=directory, capture_output=True, text=True, check=False)
    return head.stdout.strip()


def _revision(version: str) -> str:
    """The revision for git: of `refs/heads/main^{<commit>}`, CodeBuild's form of a commit on a branch, the commit."""
    if "^{" in version:
        return version.partition("^{")[2].rstrip("}")
    return version.removeprefix("refs/heads/")


def _credentials(source: Mapping[str, Any], clients: Clients) -> dict[str, str]:
    """Variables that give git a token; on the command line any process could read it."""
    quiet = {"GIT_TERMINAL_PROMPT": "0"}
    auth = source.get("auth") or {}
    if auth.get("type") != "SECRETS_MANAGER":
        return quiet
    token = json.loads(secret(clients, str(auth["resource"])))["Token"]
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return quiet | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }
