"""A new kind, defined in the tests, works everywhere; no other module tells kinds apart."""

import ast
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.structs import replace

import functions
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.manifest_file import read_manifest
from functions.adapters.rollback_outlook import RollbackOutlook
from functions.domain.errors import BadInputError, ManifestError
from functions.domain.manifests import Kind, Part
from functions.domain.owners import Claim
from functions.handler import encode
from functions.procedures.forecasts import Forecasts
from functions.targets import registry
from functions.targets.base import BuildTarget, CallTarget
from tests.functions.delivered import artifact, judged, parts
from tests.functions.samples import COMMAND, COMMIT, DEPLOYMENT, ENVIRONMENT, LEASE, OLDER, RELEASE
from tests.functions.stack import Stack
from tests.functions.targets.parameter import MANIFEST, calls_of_parameters, parameter
from tests.local.github.support import REPOSITORY, WorkingCopy

__all__ = ["calls_of_parameters", "parameter"]

ROOT = Path(functions.__file__).parents[1]
# What is emulated on a laptop compares AWS's own names, `lambda` among them, and knows no parts. One of the worker's
# agents is called `command`, too.
OF_AGENTS = (
    ROOT / "functions" / "buildspecs" / "work_item" / "agents" / "registry.py",
    ROOT / "components" / "stack" / "worker_settings.py",
)
SOURCES = [
    path
    for folder in ("functions", "components", "cli", "statemachines")
    for path in (ROOT / folder).rglob("*.py")
    if path.parent != ROOT / "functions" / "targets" and path not in OF_AGENTS
]
ARTIFACT = f"deployments/{DEPLOYMENT}/build.zip"


def news() -> Part:
    """The part of the new kind, as the manifest defines it."""
    (part,) = read_manifest(MANIFEST.encode()).parts
    return part


pytestmark = pytest.mark.usefixtures("calls_of_parameters")


def run(stack: Stack, state: str, **given: Any) -> Any:
    """Run a handler, from JSON to JSON."""
    return stack.run(state, {"deploymentId": DEPLOYMENT, "environment": ENVIRONMENT, "lease": LEASE, **given})


def forward(stack: Stack, part: Any, value: str, deployment_id: str, commit: str) -> None:
    """Apply and record a release."""
    artifact(stack, ARTIFACT, {"news.txt": value})
    release = replace(RELEASE, commit=commit)
    judged(stack, ARTIFACT, deployment_id=deployment_id, release=release)
    given = {"deploymentId": deployment_id, "release": release, "part": part}
    version = run(stack, "stage.apply_service", artifact=ARTIFACT, **given)["version"]
    places = {
        "source": f"sources/{RELEASE.repository}/s.zip",
        "artifact": ARTIFACT,
        "output": "o.zip",
        "digest": "",
        "environment": "production",
    }
    run(stack, "stage.record_part", version=version, **{**given, **places})


def verify(stack: Stack) -> Any:
    """The result of a rollback now, and its reason."""
    found = run(stack, "rollback.verify_restored", release=RELEASE)
    return {key: found[key] for key in ("result", "reason")}


@pytest.mark.usefixtures("parameter")
def test_a_kind_is_read_from_the_manifest() -> None:
    """With its own keys; mistakes in them are reported like any other."""
    part = news()
    assert (part.name, part.kind, part.way) == ("radio/news", "parameter", "call")
    assert part.settings == {"parameterName": "/news/{environment}", "file": "news.txt", "slow": False}
    missing = MANIFEST.replace("parameterName", "name").encode()
    with pytest.raises(ManifestError, match=r"delivery\.yml:5:3: services\.news\.parameterName: is missing: add"):
        read_manifest(missing)
    misplaced = MANIFEST.replace("build:", "infrastructure: {kind: parameter, parameterName: x}\nbuild:").encode()
    with pytest.raises(ManifestError, match=r"delivery\.yml:3:\d+: infrastructure"):
        read_manifest(misplaced)


@pytest.mark.usefixtures("parameter")
def test_a_kind_is_forecast_and_shown(stack: Stack, copy: WorkingCopy) -> None:
    """`kiro-worker plan` and the request for approval show what would change."""
    sha = copy.commit("feat: news", {"delivery.yml": MANIFEST})
    copy.push()
    (stage,) = Forecasts.connect(stack.clients).of(Claim(REPOSITORY), sha, (ENVIRONMENT,)).stages
    assert stage.touches == {"radio/news": "parameter /news/production"}
    artifact(stack, ARTIFACT, {"news.txt": "one"})
    judged(stack, ARTIFACT)
    asked = {"execution": stack.execution("stage", "s"), "release": RELEASE, "gates": [], "artifact": ARTIFACT}
    asked |= {"purpose": "deploy", "reason": "", "parts": ["radio/news"], "changes": [news()]}
    run(stack, "stage.request_approval", **asked)
    (mail,) = stack.mails()
    assert "radio/news (parameter /news/production)" in mail["Message"]


@pytest.mark.usefixtures("parameter")
def test_a_kind_goes_forward_and_back(stack: Stack) -> None:
    """Ledger, apply, record, outlook, plan of a rollback, restore and verify, with the real handlers."""
    client, part = stack.client("ssm"), encode(news())
    for deployment_id in ("older", DEPLOYMENT):
        DeploymentsTable.connect(stack.clients).begin(deployment_id, RELEASE, "arn:e", "push")
    assert run(stack, "stage.write_ledger", part=part, order=0, deploymentId="older") == {"before": ""}
    forward(stack, part, "one", "older", OLDER)
    run(stack, "stage.record_good", environment="production", repository=RELEASE.repository, deploymentId="older")

    assert run(stack, "stage.write_ledger", part=part, order=0) == {"before": "1"}
    forward(stack, part, "two", DEPLOYMENT, COMMIT)
    known = parts(stack)["radio/news"]
    assert known.running
    assert (known.running.version, known.outputs, known.definition) == ("2", {"channel": "news"}, news())
    (way,) = RollbackOutlook.connect(stack.clients).rollback_targets(ENVIRONMENT, ["radio/news"])
    assert (way.to, way.ready, way.reason) == (OLDER[:12], True, "last known good, still available")

    (step,) = run(stack, "rollback.plan_rollback", release=RELEASE, environment="production")["steps"]
    assert (step["part"]["way"], step["to"]["version"]) == ("call", "1")
    assert verify(stack) == {"result": "unknown", "reason": "radio/news runs 2 instead of 1"}
    run(stack, "rollback.restore_service", step=step)
    assert client.get_parameter(Name="/news/production")["Parameter"]["Value"] == "one"
    assert verify(stack) == {"result": "restored", "reason": f"radio/news is back at {OLDER[:12]} (version 1)"}


def test_every_kind_has_its_target() -> None:
    """Under its name, changed in one of the two ways, with all methods."""
    for kind in registry.KINDS:
        target = registry.target_of(kind)
        assert (target.kind, target.__abstractmethods__) == (kind, frozenset())
        assert issubclass(target, CallTarget if target.way == "call" else BuildTarget)


def test_what_a_build_changes_has_nothing_to_call(stack: Stack) -> None:
    """The error names the part and its kind."""
    with pytest.raises(BadInputError, match="infrastructure: kind command is changed by a build"):
        registry.Targets.connect(stack.clients).called(COMMAND)


def test_handlers_declare_what_every_kind_needs() -> None:
    """Permissions and settings are those of all kinds."""
    for name in ("SETTINGS", "READ", "CHANGE"):
        wanted = {one for kind in registry.KINDS for one in getattr(registry.target_of(kind), name)}
        assert set(getattr(registry.Targets, name)) == wanted


def test_nothing_else_tells_kinds_apart() -> None:
    """Outside the targets, no code compares or matches the name of a kind (F8)."""
    kinds = set(get_args(Kind))
    for path in SOURCES:
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if any(f'"{kind}"' in text for kind in kinds) else ():
            if isinstance(node, ast.Compare | ast.MatchValue):
                named = {inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant)}
                assert not named & kinds, f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"


def test_no_definition_tells_kinds_apart() -> None:
    """The workflows distinguish the ways only: build and call."""
    for path in (ROOT / "statemachines").glob("*.asl.json"):
        text = path.read_text("utf-8")
        assert ".kind" not in text, path
        assert not any(f"'{kind}'" in text for kind in get_args(Kind)), path
