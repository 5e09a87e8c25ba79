"""The registry of gates: a new gate is one file and one entry, and works everywhere."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar, get_args

import pytest
from msgspec.structs import replace
from rich.console import Console

from cli import show
from functions.adapters.builds import BuildEnd
from functions.adapters.bus import read_event
from functions.adapters.manifest_types import RepositoryPath as ManifestPath
from functions.adapters.zip_archives import read_member
from functions.domain.gates import Verdict
from functions.domain.manifests import AfterDeploy, GateSettings, Settings
from functions.domain.owners import Claim
from functions.domain.plans import StagePlan
from functions.domain.releases import Release
from functions.events.publish_metrics import measurements
from functions.gates import registry
from functions.gates.base import EnvironmentEvidence, Gate, Judgement, ReleaseEvidence, Section, Unit
from functions.handler import encode
from functions.procedures.forecasts import Forecasts
from local.github import LocalGitHub
from tests.functions.delivered import artifact, judged, uploaded
from tests.functions.deployment.test_check_gates import COVERAGE, JUNIT
from tests.functions.events.test_approval_page import call
from tests.functions.gates.evidence import FAILED, SUCCEEDED, of_environment, of_release
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, EXECUTION
from tests.functions.stack import Stack
from tests.functions.stage.test_request_approval import links
from tests.local.github.support import REPOSITORY, WorkingCopy

BUILD = f"deployments/{DEPLOYMENT}/build.zip"
TESTED = f"deployments/{DEPLOYMENT}/production-tests.zip"
MANIFEST = """version: 1
name: hello
build: {buildspec: build.yml, junit: [junit.xml], cobertura: coverage.xml}
services:
  hello: {kind: lambda, function: "hello-{environment}", artifact: hello.zip}
gates:
  licences: licences.json
  afterDeploy:
    production: {buildspec: smoke.yml, junit: [junit.xml], licences: licences.json}
"""
REPORTS = {"junit.xml": JUNIT, "coverage.xml": COVERAGE}


class LicencesGate(Gate):
    """Passes when no dependency is under the AGPL."""

    name = "licences"
    metrics: ClassVar[Mapping[str, Unit]] = {"licencesFound": "Count"}
    undeclared = "the repository declares no list of licences"

    def manifest(self, section: Section) -> Mapping[str, Any]:
        """One report, before a deployment and after it."""
        return {} if section == "build" else {"licences": (ManifestPath | None, None)}

    def judge_release(self, settings: Settings | None, evidence: ReleaseEvidence) -> Judgement:
        """Judges the build."""
        return self._judged(settings, evidence) if settings else Judgement()

    def judge_environment(self, settings: Settings | None, evidence: EnvironmentEvidence) -> Judgement:
        """Judges what runs."""
        return self._judged(settings, evidence) if settings else Judgement()

    def _judged(self, settings: Settings, evidence: ReleaseEvidence | EnvironmentEvidence) -> Judgement:
        raw = read_member(evidence.archive, settings["licences"])
        if raw is None:
            return Judgement(Verdict(self.name, "failed", f"{settings['licences']}: not in the build's artifact"))
        found = json.loads(raw)
        if "AGPL" in found:
            return Judgement(Verdict(self.name, "failed", "a dependency is under the AGPL"))
        return Judgement(Verdict(self.name, "passed", f"{len(found)} licences are fine"), {"licencesFound": len(found)})

    def forecast_release(self, settings: Settings | None, stages: tuple[StagePlan, ...]) -> str:  # noqa: ARG002
        """Names the report."""
        return f"licences: {settings['licences']}" if settings else ""

    def forecast_environment(self, settings: Settings | None, tests: AfterDeploy) -> str:  # noqa: ARG002
        """Names the report."""
        return f"licences: {settings['licences']}" if settings else ""


@pytest.fixture
def _with_licences(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register one more gate."""
    monkeypatch.setattr(registry, "GATES", (*registry.GATES, LicencesGate()))


def planned(stack: Stack, sha: str, manifest: str = MANIFEST) -> Any:
    """The plan of a commit with this manifest."""
    source = artifact(stack, "sources/commit.zip", {"delivery.yml": manifest})
    event = {
        "deploymentId": DEPLOYMENT,
        "release": released(sha),
        "source": source,
        "environments": [ENVIRONMENT],
        "repositories": [Claim(REPOSITORY)],
    }
    return stack.run("deployment.plan_release", event)


def released(sha: str) -> Release:
    """The release of a commit."""
    return Release(REPOSITORY, "refs/heads/main", sha, "Ada", "ada@example.com", "feat: greet", "2026-01-31T07:00:00Z")


def checked(stack: Stack, sha: str, licences: list[str], build: BuildEnd = SUCCEEDED) -> Any:
    """The output of CheckGates for a build with these licences."""
    plan = planned(stack, sha)
    artifact(stack, BUILD, {**REPORTS, "licences.json": json.dumps(licences)})
    build = replace(build, digest=uploaded(stack, BUILD))
    where = {"source": "sources/commit.zip", "artifact": BUILD}
    event = {"deploymentId": DEPLOYMENT, "release": released(sha), "build": build, "plan": plan, **where}
    return stack.run("deployment.check_gates", event)


def requested(stack: Stack, sha: str, verdicts: Any) -> tuple[str, str]:
    """The approval mail, and the page of its link."""
    event = {
        "deploymentId": DEPLOYMENT,
        "execution": EXECUTION,
        "release": released(sha),
        "environment": ENVIRONMENT,
        "parts": ["hello"],
        "gates": verdicts,
        "artifact": BUILD,
        "purpose": "deploy",
        "reason": "",
    }
    approval_id = stack.run("stage.request_approval", event)["approvalId"]
    page = call(stack, approval_id=approval_id, secret=links(stack)[0][1])
    return stack.mails()[-1]["Message"], page["body"]


@pytest.fixture
def sha(copy: WorkingCopy) -> str:
    """A commit with that manifest."""
    commit = copy.commit("feat: greet", {"delivery.yml": MANIFEST})
    copy.push()
    return commit


@pytest.mark.usefixtures("_with_licences")
def test_one_more_gate_is_known_everywhere(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """In manifest, plan, forecast, verdict, record, announcement, mail, approval page, commit status and metrics."""
    assert planned(stack, sha)["gates"]["licences"] == {"licences": "licences.json"}
    forecast = Forecasts.connect(stack.clients).of(Claim(REPOSITORY), "main", (ENVIRONMENT,))
    screen = StringIO()
    Console(file=screen, width=250).print(show.plan(encode(forecast)))
    assert screen.getvalue().count("licences: licences.json") == 2, "before any deployment, and in production"

    answer = checked(stack, sha, ["MIT", "BSD"])
    verdict = {"name": "licences", "outcome": "passed", "reason": "2 licences are fine"}
    assert (answer["outcome"], answer["gates"][-1]) == ("passed", verdict)
    assert stack.deployment()["gates"][-1] == verdict
    (announced,) = [detail for name, detail in stack.told() if name == "GatesJudged"]
    assert (announced["gates"][-1], announced["figures"]["licencesFound"]) == (verdict, 2)

    mail, page = requested(stack, sha, answer["gates"])
    assert "licences: 2 licences are fine" in mail
    assert "2 licences are fine" in page

    stack.run("events.publish_status", {"detail-type": "GatesJudged", "detail": announced})
    (status,) = [one for one in hub.repository(REPOSITORY).statuses if one.context == "kiro/gates"]
    assert status.state == "success"
    event = read_event({"detail-type": "GatesJudged", "detail": announced})
    measured = {name: (value, unit.value) for name, unit, value, _ in measurements(event)}
    assert measured["LicencesFound"] == (2, "Count")


@pytest.mark.usefixtures("_with_licences")
def test_one_more_gate_fails_a_release(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """The outcome's reason and the commit status name it, also beside a failed build."""
    answer = checked(stack, sha, ["AGPL"])
    assert (answer["outcome"], answer["reason"]) == ("failed", "licences: a dependency is under the AGPL")
    (announced,) = [detail for _, detail in stack.told()]
    stack.run("events.publish_status", {"detail-type": "GatesJudged", "detail": announced})
    (status,) = [one for one in hub.repository(REPOSITORY).statuses if one.context == "kiro/gates"]
    assert (status.state, status.description) == ("failure", "licences: a dependency is under the AGPL")
    both = checked(stack, sha, ["AGPL"], FAILED)["reason"]
    assert both == "licences: a dependency is under the AGPL; build: the build failed: BUILD: exit 1 https://log"


@pytest.mark.usefixtures("_with_licences")
def test_one_more_gate_judges_an_environment(stack: Stack, sha: str) -> None:
    """The record of that environment has its verdict, which fails the stage."""
    after = planned(stack, sha)["stages"][0]["afterDeploy"]
    artifact(stack, TESTED, {"junit.xml": JUNIT, "licences.json": '["AGPL"]'})
    where = {"environment": "production", "repository": REPOSITORY, "artifact": TESTED}
    event = {
        "deploymentId": DEPLOYMENT,
        "build": replace(SUCCEEDED, digest=uploaded(stack, TESTED)),
        "afterDeploy": after,
        **where,
    }
    assert stack.run("stage.check_tests", event)["reason"] == "licences: a dependency is under the AGPL"
    assert [verdict["name"] for verdict in stack.deployment()["gates_production"]] == ["build", "tests", "licences"]


@pytest.mark.usefixtures("_with_licences")
def test_one_more_gate_says_where_it_has_nothing_to_judge(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """The approval page says which gates have no verdict."""
    artifact(stack, BUILD, {**REPORTS})
    judged(stack, BUILD, release=released(sha))
    _, page = requested(stack, sha, [Verdict("build", "passed", "it succeeded")])
    assert "the repository declares no list of licences" in page
    assert "the repository declares no scanner in delivery.yml" in page


@pytest.mark.parametrize("name", get_args(registry.Name))
def test_every_gate_has_its_file(name: str) -> None:
    """Named after it; the registry is the only other file that names the gate."""
    (gate,) = [one for one in registry.GATES if one.name == name]
    assert type(gate).__module__ == f"functions.gates.{name}"
    assert gate.when
    assert gate.documentation


def test_every_file_is_a_gate_of_the_registry() -> None:
    """A gate without an entry would judge nothing."""
    files = {file.stem for file in Path(registry.__file__).parent.glob("[a-z]*.py")} - {"base", "registry"}
    assert files == set(get_args(registry.Name)) == {gate.name for gate in registry.GATES}


@pytest.mark.parametrize("section", get_args(Section))
def test_no_two_gates_read_the_same_key(section: Section) -> None:
    """Nor a key of the manifest itself, because the second would replace the first."""
    own = {"build": ["buildspec"], "gates": ["afterDeploy"], "afterDeploy": ["buildspec"]}[section]
    keys = [key for gate in registry.GATES for key in gate.manifest(section)] + own
    assert len(keys) == len(set(keys))


def test_only_the_registry_imports_a_gate() -> None:
    """Except for the scans that the announcement names, for GitHub and AWS, and the SBOM that is kept."""
    root = Path(registry.__file__).parents[2]
    named = re.compile(r"functions\.gates\.(\w+)")
    found = {
        (str(file.relative_to(root)), module)
        for folder in ("functions", "cli", "components")
        for file in (root / folder).rglob("*.py")
        for module in named.findall(file.read_text("utf-8"))
        if module not in ("base", "registry") and file.name != "registry.py"
    }
    assert found == {("functions/deployment/check_gates.py", "security"), ("functions/procedures/signing.py", "sbom")}


def test_loading_all_gates_imports_no_parser() -> None:
    """The approval page and the metrics load all gates at a cold start, and read no report."""
    parsers = ("pydantic", "yaml", "junitparser", "defusedxml", "boto3")
    code = f"import sys, functions.gates.registry; print([name for name in {parsers} if name in sys.modules])"
    root = Path(registry.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_an_artifact_that_can_not_be_opened_is_reported_once() -> None:
    """After a successful build; after a failed one, the build is the reason. No gate passes."""
    settings: GateSettings = {"tests": {"junit": ["a.xml"]}, "coverage": {"cobertura": "b.xml"}}
    good = registry.judge_release(settings, of_release(None)).verdicts
    bad = registry.judge_release(settings, of_release(None, FAILED)).verdicts
    assert [(one.name, one.outcome) for one in good] == [("build", "passed"), ("reports", "failed")]
    assert [(one.name, one.outcome) for one in bad] == [("build", "failed")]
    tested = registry.judge_environment(settings, of_environment(None)).verdicts
    assert [(one.name, one.outcome) for one in tested] == [("build", "passed"), ("reports", "failed")]
