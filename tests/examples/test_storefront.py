"""The example of two repositories: their tests pass, and what their workflows request is understood (M3, M5)."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.adapters.dispatches import EVENTS, Event, read_dispatch
from functions.domain.requests import Request
from functions.domain.triggers import TriggerRules

STOREFRONT = Path(__file__).parents[2] / "examples" / "storefront"
WORKFLOWS = STOREFRONT / "application" / ".github" / "workflows"
RULES = TriggerRules("main", ("dev", "staging", "prod"), ("prod",), candidate_until="staging")
INFRASTRUCTURE = "acme/storefront-infrastructure"


def own_tests(repository: str, source: str, folder: Path) -> str:
    """Run the tests of a repository as its build does; returns what pytest and coverage say.

    Coverage erases the file of its data at the start, so it gets one in `folder`.
    """
    command = [*("-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", "."), "tests"]
    done = subprocess.run(
        [sys.executable, *command, f"--cov={source}", "--cov-branch", "--cov-fail-under=80"],
        cwd=STOREFRONT / repository,
        env={**os.environ, "COVERAGE_FILE": str(folder / "coverage")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.long
def test_the_tests_of_the_application_pass(tmp_path: Path) -> None:
    """With at least the coverage that its workflow demands."""
    assert re.search(r"^\d\d passed", own_tests("application", "storefront", tmp_path), re.MULTILINE)


@pytest.mark.long
def test_the_tests_of_the_infrastructure_pass(tmp_path: Path) -> None:
    """M5: sizes, alarms, protection and images of all three stacks."""
    assert re.search(r"^\d\d passed", own_tests("infrastructure", "storefront_stack", tmp_path), re.MULTILINE)


def sent(workflow: str, folder: Path, **variables: str) -> dict[str, Any]:
    """Run the last step of a workflow's job `deploy` with a `gh` that keeps what it is given; returns that."""
    command = folder / "gh"
    command.write_text(f"#!/bin/sh\necho $2 > {folder}/path\nexec cat > {folder}/body\n", "utf-8")
    command.chmod(0o755)
    job = yaml.safe_load((WORKFLOWS / workflow).read_text("utf-8"))["jobs"]["deploy"]
    path = f"{folder}:{os.environ['PATH']}"
    assert set(variables) <= set(job["env"])
    known = {"INFRASTRUCTURE": INFRASTRUCTURE, "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1", "PATH": path}
    subprocess.run(["bash", "-eo", "pipefail", "-c", job["steps"][-1]["run"]], env={**known, **variables}, check=True)
    assert (folder / "path").read_text("utf-8") == f"repos/{INFRASTRUCTURE}/dispatches\n"
    body: dict[str, Any] = json.loads((folder / "body").read_text("utf-8"))
    return body


def read(body: dict[str, Any]) -> Any:
    """What the platform reads from a dispatch."""
    event: Event = body["event_type"]
    payload = {"client_payload": body["client_payload"], "sender": {"login": "ada"}}
    return read_dispatch(event, INFRASTRUCTURE, payload, RULES)


needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="jq, which GitHub's runners have, is not here")


@needs_jq
@pytest.mark.parametrize(("event", "until"), [("deploy-infrastructure", "dev"), ("staging-deploy", "staging")])
def test_built_images_are_requested_together(event: str, until: str, tmp_path: Path) -> None:
    """M3: one request names the tag of every service that was built."""
    body = sent("images.yml", tmp_path, TYPE=event, TAG="v1.2.3", SERVICES='["api", "dns-worker"]')
    request = read(body)
    assert isinstance(request, Request)
    assert (request.until, request.images, request.parts) == (until, {"api": "v1.2.3", "dns-worker": "v1.2.3"}, "all")


@needs_jq
@pytest.mark.parametrize("event", EVENTS)
def test_each_request_by_hand_is_understood(event: Event, tmp_path: Path) -> None:
    """The workflow offers every type of dispatch, and the platform reads what it sends."""
    inputs = yaml.load((WORKFLOWS / "deploy.yml").read_text("utf-8"), yaml.BaseLoader)["on"]["workflow_dispatch"]  # noqa: S506
    assert event in inputs["inputs"]["type"]["options"]
    goes_back = event == "rollback"
    images, environment = ("", "prod") if goes_back else ("api=v1.2.3 web=v1.2.4", "")
    request = read(sent("deploy.yml", tmp_path, TYPE=event, IMAGES=images, ENVIRONMENT=environment, REASON="a fix"))
    assert (request.reason, isinstance(request, Request)) == ("a fix", not goes_back)
    if isinstance(request, Request):
        assert request.images == {"api": "v1.2.3", "web": "v1.2.4"}
        assert request.emergency == (event == "emergency-deploy")
