"""Buildspecs as repositories write them do what CodeBuild's reference says.

Source: docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html, "Buildspec syntax".
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from local.codebuild.buildspec import parse
from local.codebuild.errors import PhaseFailedError
from tests.cases.expectations import Expectation, expectations
from tests.local.codebuild.conftest import phases

if TYPE_CHECKING:
    from tests.local.codebuild.conftest import Workbench

Record = dict[str, Any]


def run(bench: Workbench, spec: str, **overrides: Any) -> tuple[Record, list[str]]:
    """The build's record and the names in its artifact; no names without an upload."""
    bucket = bench.bucket()
    artifacts = {"type": "S3", "location": bucket, "name": "it.zip", "packaging": "ZIP"}
    if "artifacts:" not in spec:
        artifacts = {"type": "NO_ARTIFACTS"}
    build = bench.run(spec, artifactsOverride=artifacts, **overrides)
    s3 = bench.aws.client("s3")
    if not s3.list_objects_v2(Bucket=bucket).get("Contents"):
        return build, []
    body = s3.get_object(Bucket=bucket, Key="it.zip")["Body"].read()
    return build, sorted(zipfile.ZipFile(io.BytesIO(body)).namelist())


@pytest.mark.parametrize("expected", [one for one in expectations("cases") if one.reader == "buildspec"], ids=str)
def test_a_recorded_buildspec_does_what_it_does_on_aws(bench: Workbench, expected: Expectation) -> None:
    """Its status and the names in its artifact, or the reason of its failure, are those of CodeBuild."""
    build, names = run(bench, expected.file.read_text("utf-8"))
    said = [context["message"] for phase in build["phases"] for context in phase.get("contexts", ())]
    assert build["buildStatus"] == expected.outcome, said
    assert ", ".join(names) == expected.says if names else expected.says in " ".join(said)


EVERYWHERE = """
version: 0.2
env:
  variables: {OUT: out, GROUP: unit}
phases:
  build:
    commands:
      - mkdir -p out/deep && echo 1 > out/a.txt && echo 2 > out/deep/b.txt && echo 3 > out/c.log
      - export LATER=deep
      - echo '<testsuite name="s"><testcase name="t"/></testsuite>' > out/junit.xml
reports:
  $GROUP:
    files: ["junit.xml"]
    base-directory: ${OUT}
artifacts:
  files: ["$OUT/**/*.txt", "$OUT/*.log"]
  exclude-paths: ["$OUT/*.log"]
  secondary-artifacts:
    more:
      files: ["$LATER/*"]
      base-directory: $CODEBUILD_SRC_DIR/$OUT
"""


def test_variables_are_read_wherever_a_path_stands(bench: Workbench) -> None:
    """Paths of artifacts, reports and exclusions are expanded with the values after the last command."""
    bucket = bench.bucket()
    more = {"type": "S3", "location": bucket, "artifactIdentifier": "more", "packaging": "NONE"}
    build, names = run(bench, EVERYWHERE, secondaryArtifactsOverride=[more])
    assert build["buildStatus"] == "SUCCEEDED", build["phases"]
    assert names == ["out/a.txt", "out/deep/b.txt"]
    kept = bench.aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert [entry["Key"] for entry in kept] == ["more/deep/b.txt"]
    (report,) = bench.codebuild.batch_get_reports(reportArns=build["reportArns"])["reports"]
    assert report["reportGroupArn"].endswith("-unit")
    assert report["testSummary"]["total"] == 1


@pytest.mark.parametrize("path", ["$HOME/.cache/tool/**/*", "$CODEBUILD_SRC_DIR/tool/**/*"])
def test_variables_are_read_in_cache_paths(bench: Workbench, path: str) -> None:
    """Builds in different directories share the same cached directory."""
    place = path.removesuffix("/**/*")
    command = f"mkdir -p {place} && echo x >> {place}/runs && wc -l < {place}/runs"
    spec = f"version: 0.2\nphases:\n  build:\n    commands:\n      - {command}\ncache:\n  paths: ['{path}']\n"
    project = bench.project(spec, cache={"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE"]})
    assert "1" in bench.log(bench.finish(bench.start(project)))
    assert "2" in bench.log(bench.finish(bench.start(project)))


@pytest.mark.parametrize(
    ("files", "excluded", "names"),
    [
        ("**/*", "**/*.map", ["a.js", "deep/b.js"]),
        ("**/*", "deep/**/*", ["a.js", "a.js.map"]),
        ("**/*", "*.map", ["a.js", "deep/b.js", "deep/b.js.map"]),
        ("*", "a.*", []),
    ],
)
def test_excluded_paths_are_not_in_the_artifact(bench: Workbench, files: str, excluded: str, names: list[str]) -> None:
    """Exclusions are relative to the base directory; `*` stays in a folder, `**` does not; an empty artifact fails."""
    make = "mkdir -p out/deep && cd out && touch a.js a.js.map deep/b.js deep/b.js.map"
    spec = (
        f"version: 0.2\nphases:\n  build:\n    commands: ['{make}']\n"
        f"artifacts:\n  base-directory: out\n  files: ['{files}']\n  exclude-paths: ['{excluded}']\n"
    )
    build, found = run(bench, spec)
    assert (found, build["buildStatus"]) == (names, "SUCCEEDED" if names else "FAILED")


UNREAD = """
version: 0.2
run-as: root
artefact: {files: ["*"]}
secondary-artifacts: {}
env:
  git-credential-helper: yes
  variabels: {A: b}
batch: {fast-fail: false}
phases:
  install:
    runtime-versions: {python: 3.12}
  build:
    commands: [echo here]
    timeout: 5
cache:
  key: lock
  paths: []
"""


def test_ignored_keys_are_named_in_the_log(bench: Workbench) -> None:
    """The log names unknown keys, which CodeBuild ignores too, and keys that a laptop does not support."""
    build = bench.run(UNREAD)
    assert build["buildStatus"] == "SUCCEEDED"
    lines = [line for line in bench.log(build) if "Warning: buildspec: " in line]
    wanted = (
        "run-as is not supported here: commands run as the current user",
        "artefact is not a key of a buildspec and is ignored; is it artifacts?",
        "secondary-artifacts is not a key of a buildspec and is ignored",
        "batch is not supported here: one build is run",
        "env.git-credential-helper is not supported here",
        "env.variabels is not a key of a buildspec and is ignored; is it variables?",
        "phases.install.runtime-versions is not supported here: the programs of this machine are used",
        "phases.build.timeout is not a key of a buildspec and is ignored",
        "cache.key is not supported here",
    )
    assert len(lines) == len(wanted)
    for words in wanted:
        assert any(words in line for line in lines), words


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("commands: [ls]", "command: [ls]", "phases.build has no commands, only command; write commands:"),
        ("commands: [ls]", "Commands: [ls]", "phases.build has no commands, only Commands"),
        ("[ls]", "[{echo: a}]", "Expected commands[0] to be of string type: found subkeys instead; quote it"),
        ("[ls]", "ls", "commands must be a list"),
        ("build:", "built:", "found built"),
        ("0.2", "0.1", "version '0.1' is not supported here"),
        ("0.2", "0.20", "version '0.20' is not supported here"),
    ],
)
def test_a_buildspec_that_would_run_nothing_is_refused(old: str, new: str, said: str) -> None:
    """The error names what is written and what to write instead."""
    spec = "version: 0.2\nphases:\n  build:\n    commands: [ls]\n".replace(old, new)
    with pytest.raises(PhaseFailedError) as raised:
        parse(spec)
    assert raised.value.status_code == "YAML_FILE_ERROR"
    assert said in str(raised.value)


def test_values_are_the_texts_that_are_written() -> None:
    """Numbers, times, dates and booleans of YAML 1.1 stay texts; anchors and merges work."""
    values = {
        "A": "3.10",
        "B": "0755",
        "C": "12:30:00",
        "D": "yes",
        "E": "2026-01-01",
        "F": "1e3",
        "G": "null",
        "H": "",
    }
    lines = "".join(f"    {name}: {value}\n" for name, value in values.items())
    spec = parse(
        f"version: 0.2\nenv:\n  variables: &all\n{lines}  parameter-store:\n    <<: *all\n    I: TRUE\n"
        "phases:\n  build:\n    commands:\n      - 7\n"
    )
    assert (spec.variables, spec.parameters) == (values, {**values, "I": "TRUE"})
    assert spec.phases["build"].commands == ("7",)


def test_a_phase_may_be_empty_or_choose_versions_only(bench: Workbench) -> None:
    """Public buildspecs have both kinds of phases; the log says that nothing is run."""
    build = bench.run("version: 0.2\nphases:\n  install:\n    runtime-versions:\n      python: 3.12\n  build:\n")
    assert (build["buildStatus"], phases(build)["BUILD"]) == ("SUCCEEDED", "SUCCEEDED")
    found = [line for line in bench.log(build) if "has no commands" in line]
    assert [line.partition("buildspec: ")[2] for line in found] == [
        "phases.build has no commands: nothing is run in it"
    ]
