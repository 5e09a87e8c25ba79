"""Publishes a check run for each gate, with annotations at files and lines, where the credential is an App (G5)."""

from typing import Any

from functions.adapters.artifacts import Artifacts
from functions.adapters.bus import read_only
from functions.adapters.github.check_runs import CheckRuns
from functions.domain.check_runs import check_runs
from functions.domain.errors import SourceError
from functions.domain.events import GatesJudged
from functions.domain.gates import Note
from functions.gates import registry
from functions.handler import Handler

HANDLER = Handler(allow=(*Artifacts.READ, *CheckRuns.USE), memory_mb=1769, timeout_seconds=120)


def publish_checks(event: dict[str, Any], artifacts: Artifacts, github: CheckRuns) -> dict[str, Any]:
    """Publish the verdicts of a build; EventBridge retries an error, and a repetition adds nothing.

    Reports that can't be read have no places: they failed their gate with the reason. For a token, `publish_status`
    sets commit statuses.
    """
    judged = read_only(GatesJudged, event)
    release = judged.release
    if not github.as_app(release.repository):
        return {"outcome": "commit statuses are set: the credential is a token", "checks": []}
    runs = check_runs(judged, _notes(judged, artifacts))
    for run in runs:
        github.show(release.repository, release.commit, run)
    return {"outcome": "published", "checks": [f"{run.name}: {run.conclusion}" for run in runs]}


def _notes(judged: GatesJudged, artifacts: Artifacts) -> dict[str, list[Note]]:
    if not judged.digest:
        return {}
    try:
        archive, _ = artifacts.built(judged.artifact, judged.digest)
    except SourceError:  # the gate `reports` has failed because of it
        return {}
    with archive:
        return {name: list(notes) for name, notes in registry.notes(judged.settings, archive).items()}
