"""Uploads the SARIF reports of scanners to GitHub code scanning, unchanged (G5)."""

from typing import Any

from functions.adapters.artifacts import Artifacts
from functions.adapters.bus import read_only
from functions.adapters.github.client import GitHub
from functions.adapters.zip_archives import find_members, read_member
from functions.domain.errors import GitHubNotFoundError, GitHubRefusedError, SourceError
from functions.domain.events import GatesJudged
from functions.domain.limits import JSON
from functions.handler import Handler

# https://docs.github.com/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data
_REFS = ("refs/heads/", "refs/tags/", "refs/pull/")
HANDLER = Handler(allow=(*Artifacts.READ, *GitHub.USE), memory_mb=1024, timeout_seconds=60)


def upload_sarif(event: dict[str, Any], artifacts: Artifacts, github: GitHub) -> dict[str, Any]:
    """Upload the reports; EventBridge retries an error. Missing reports and code scanning that is off are no errors.

    Code scanning shows reports by branch, tag or pull request. An operator may deploy a commit, or a name without
    `refs/`, which GitHub refuses.
    """
    judged = read_only(GatesJudged, event)
    paths, release = judged.scans.sarif, judged.release
    uploaded, left_out = [], []
    if not paths or not judged.digest:
        return {"outcome": "nothing to upload"}
    if not release.ref.startswith(_REFS):
        return {"outcome": f"not uploaded: the deployment is of {release.ref}, which is no full ref"}
    with artifacts.built(judged.artifact, judged.digest)[0] as archive:
        for path in paths:
            try:
                files = find_members(archive, path)
            except SourceError:
                left_out.append(f"{path}: not in the artifact")
                continue
            for file in files:
                report = read_member(archive, file, JSON.size) or b""
                try:
                    github.upload_sarif(release.repository, release.commit, release.ref, report)
                    uploaded.append(file)
                except (GitHubRefusedError, GitHubNotFoundError) as error:
                    left_out.append(f"{file}: {error}")
    outcome = f"uploaded {len(uploaded)} of {len(uploaded) + len(left_out)}"
    return {"outcome": outcome, "uploaded": uploaded, "left": left_out}
