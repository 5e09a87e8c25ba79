"""The `gates` of a manifest: which reports are judged, and which tests follow a deployment."""

import pytest

from functions.adapters.manifest_file import read_manifest
from functions.domain.errors import ManifestError
from functions.domain.manifests import AfterDeploy, GateSettings

BASE = """version: 1
name: hello
build: {buildspec: build.yml, junit: [junit.xml], cobertura: coverage.xml}
services: {}
"""


def test_gates_are_read() -> None:
    """All keys of gates are read; a manifest without them has no gate settings."""
    manifest = read_manifest(
        (
            BASE
            + """gates:
  sarif: [reports/bandit.sarif]
  pipAudit: [reports/pip.json]
  npmAudit: [reports/npm.json]
  allowList: tools/security/allowed.yml
  afterDeploy:
    staging: {buildspec: e2e.yml, junit: [e2e.xml], performance: load_stats.csv}
"""
        ).encode()
    )
    build = {"tests": {"junit": ["junit.xml"]}, "coverage": {"cobertura": "coverage.xml"}}
    reports = {"sarif": ["reports/bandit.sarif"], "pipAudit": ["reports/pip.json"], "npmAudit": ["reports/npm.json"]}
    assert manifest.gates == {**build, "security": {**reports, "allowList": "tools/security/allowed.yml"}}
    after: GateSettings = {"tests": {"junit": ["e2e.xml"]}, "performance": {"performance": "load_stats.csv"}}
    assert manifest.after_deploy == {"staging": AfterDeploy("e2e.yml", after)}
    bare = read_manifest(BASE.encode())
    assert (bare.gates, bare.after_deploy) == (build, {})


def test_a_key_without_a_value_is_not_declared() -> None:
    """A key without a value counts as absent."""
    bare = read_manifest(BASE.encode())
    assert read_manifest((BASE + "gates: {allowList: }").encode()) == bare


@pytest.mark.parametrize("kind", ["kind: command, buildspec: a.yml", "kind: lambda, function: f, artifact: a.zip"])
def test_a_part_may_say_that_its_migration_is_irreversible(kind: str) -> None:
    """M6: a migration is reversible unless the manifest says otherwise."""
    usual, final = (
        read_manifest(BASE.replace("services: {}", f"services: {{api: {{{kind}{more}}}}}").encode()).parts[0]
        for more in ("", ", migration: irreversible")
    )
    assert (usual.migration, final.migration) == ("reversible", "irreversible")


def test_a_command_may_have_a_preview() -> None:
    """A command may have one preview per environment, and needs none."""
    command = "{kind: command, buildspec: infra.yml, preview: 'reports/{environment}.json'}"
    (part,) = read_manifest((BASE + f"infrastructure: {command}\n").encode()).parts
    assert part.preview == "reports/{environment}.json"


@pytest.mark.parametrize(
    ("gates", "said"),
    [
        ("gates: {sarifs: [a]}", "delivery.yml:5:9: gates.sarifs: is unknown: is it sarif?"),
        ("gates:\n  sarif: [../../etc/passwd]", "delivery.yml:6:11: gates.sarif.0"),
        (
            "infrastructure: {kind: command, buildspec: a, preview: '{stack}.json'}",
            "delivery.yml:5:47: infrastructure.preview: '{' is not allowed in a path",
        ),
        ("infrastructure: {kind: command, buildspec: a, preview: ../p.json}", "must be a path inside the repository"),
        ("gates:\n  allowList: /etc/passwd", "delivery.yml:6:3: gates.allowList"),
        (
            "gates:\n  afterDeploy:\n    test: {buildspec: a.yml, junit: []}",
            "delivery.yml:7:30: gates.afterDeploy.test.junit",
        ),
        (
            "gates:\n  afterDeploy:\n    test: {buildspec: a.yml, e2e: [e2e.xml], smoke: []}",
            "delivery.yml:7:46: gates.afterDeploy.test.smoke: is empty: name at least one",
        ),
        (
            "gates:\n  afterDeploy:\n    test: {buildspec: a.yml}",
            "7:5: gates.afterDeploy.test: names no report: add junit, integration, e2e, smoke or performance",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(gates: str, said: str) -> None:
    """Unknown keys, paths outside the repository and tests without a report are errors with their lines."""
    with pytest.raises(ManifestError) as error:
        read_manifest((BASE + gates).encode())
    assert said in str(error.value)
