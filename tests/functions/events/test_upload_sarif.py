"""UploadSarif: SARIF reports are uploaded to GitHub code scanning."""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.domain.errors import GitHubUnavailableError
from local.github import LocalGitHub
from tests.functions.delivered import artifact, uploaded
from tests.functions.samples import DEPLOYMENT, RELEASE
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

KEY = f"deployments/{DEPLOYMENT}/build.zip"
REPORT = (Path(__file__).parents[2] / "recorded" / "semgrep-1.182.0.sarif").read_text("utf-8")


def upload(stack: Stack, commit: str, *sarif: str, ref: str = RELEASE.ref) -> Any:
    """Run the handler for an event."""
    release = {"repository": REPOSITORY, "ref": ref, "commit": commit}
    detail = {
        "deploymentId": DEPLOYMENT,
        "release": release,
        "gates": [],
        "artifact": KEY,
        "digest": uploaded(stack, KEY),
        "scans": {"sarif": sarif},
    }
    return stack.run("events.upload_sarif", {"detail-type": "GatesJudged", "detail": detail})


def test_a_report_arrives_as_the_tool_wrote_it(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """G5: with commit, ref and document; a missing report does not stop the others."""
    commit = copy.commit("first", {"README.md": "hello"})
    copy.push()
    artifact(stack, KEY, {"scan.sarif": REPORT})
    answer = upload(stack, commit, "gone.sarif", "scan.sarif")
    assert (answer["uploaded"], answer["left"]) == (["scan.sarif"], ["gone.sarif: not in the artifact"])
    (kept,) = hub.repository(REPOSITORY).sarifs
    assert (kept.document, kept.commit_sha, kept.ref) == (json.loads(REPORT), commit, RELEASE.ref)


def test_a_glob_is_every_report_that_matches(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """As the gate reads it."""
    commit = copy.commit("first", {"README.md": "hello"})
    copy.push()
    artifact(stack, KEY, {"a/scan.sarif": REPORT, "b/scan.sarif": REPORT})
    answer = upload(stack, commit, "*/scan.sarif", "none/*.sarif")
    assert (answer["outcome"], answer["uploaded"]) == ("uploaded 2 of 3", ["a/scan.sarif", "b/scan.sarif"])
    assert len(hub.repository(REPOSITORY).sarifs) == 2


@pytest.mark.parametrize("ref", ["main", "a" * 40])
def test_a_deployment_without_a_full_ref_uploads_nothing(stack: Stack, hub: LocalGitHub, ref: str) -> None:
    """An operator deploys a commit or a short name; GitHub takes refs/heads, refs/tags and refs/pull only.

    https://docs.github.com/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data
    """
    artifact(stack, KEY, {"scan.sarif": REPORT})
    outcome = upload(stack, "a" * 40, "scan.sarif", ref=ref)["outcome"]
    assert outcome == f"not uploaded: the deployment is of {ref}, which is no full ref"
    assert hub.repository(REPOSITORY).sarifs == []


def test_without_reports_github_is_not_called(stack: Stack) -> None:
    """Without a report or without an artifact."""
    assert upload(stack, "a" * 40)["outcome"] == "nothing to upload"
    assert upload(stack, "a" * 40, "scan.sarif")["outcome"] == "nothing to upload"


def test_a_github_out_of_reach_is_retried(stack: Stack) -> None:
    """The error is raised, and EventBridge retries it."""
    artifact(stack, KEY, {"scan.sarif": REPORT})
    stack.client("secretsmanager").create_secret(Name="kiro-github", SecretString='{"token": "t"}')
    with pytest.raises(GitHubUnavailableError):
        upload(stack, "a" * 40, "scan.sarif")
