"""Builds go through CodeBuild's phases and report them as CodeBuild does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

from tests.local.codebuild.conftest import phases

if TYPE_CHECKING:
    from tests.local.codebuild.conftest import Workbench

PASSING = """
version: 0.2
phases:
  build:
    commands:
      - echo hello
"""


def test_success(bench: Workbench) -> None:
    """A build whose commands pass goes through every phase and ends as SUCCEEDED."""
    build = bench.run(PASSING)
    assert build["buildStatus"] == "SUCCEEDED"
    assert list(phases(build)) == [
        "SUBMITTED",
        "QUEUED",
        "PROVISIONING",
        "DOWNLOAD_SOURCE",
        "INSTALL",
        "PRE_BUILD",
        "BUILD",
        "POST_BUILD",
        "UPLOAD_ARTIFACTS",
        "FINALIZING",
        "COMPLETED",
    ]
    assert build["currentPhase"] == "COMPLETED"
    assert build["endTime"] >= build["startTime"]
    assert "hello" in bench.log(build)


def test_the_log_of_a_build_is_read_at_its_link(bench: Workbench) -> None:
    """On AWS a page of CloudWatch; here the lines, for loopback's names only."""
    link = bench.run(PASSING)["logs"]["deepLink"]
    assert "hello" in requests.get(link, timeout=10).text.splitlines()
    other = link.partition("?")[0]
    answers = [
        requests.get(link, headers={"Host": "evil.example.com"}, timeout=10),
        requests.get(other, timeout=10),
        requests.get(f"{other}?group=none&stream=none", timeout=10),
    ]
    assert [one.status_code for one in answers] == [404] * 3


def test_failed_command(bench: Workbench) -> None:
    """After a failed command the log has the command and its exit status, its phase ends, and POST_BUILD still runs."""
    build = bench.run(
        """
version: 0.2
phases:
  build:
    commands:
      - echo before
      - exit 3
      - echo never
    finally:
      - echo in finally
  post_build:
    commands:
      - echo succeeding=$CODEBUILD_BUILD_SUCCEEDING
"""
    )
    assert build["buildStatus"] == "FAILED"
    seen = phases(build)
    assert seen["BUILD"] == "FAILED"
    assert seen["POST_BUILD"] == seen["UPLOAD_ARTIFACTS"] == seen["FINALIZING"] == "SUCCEEDED"
    failed = next(phase for phase in build["phases"] if phase["phaseType"] == "BUILD")
    assert failed["contexts"] == [
        {
            "statusCode": "COMMAND_EXECUTION_ERROR",
            "message": "Error while executing command: exit 3. Reason: exit status 3",
        }
    ]
    log = bench.log(build)
    assert {"before", "in finally", "succeeding=0"} <= set(log)
    assert "never" not in log


def test_failed_pre_build(bench: Workbench) -> None:
    """A failure before BUILD skips everything up to FINALIZING."""
    build = bench.run(PASSING.replace("build:\n", "pre_build:\n").replace("echo hello", "false"))
    assert list(phases(build))[-3:] == ["PRE_BUILD", "FINALIZING", "COMPLETED"]
    assert build["buildStatus"] == "FAILED"


def test_on_failure(bench: Workbench) -> None:
    """`on-failure: CONTINUE` goes on from a failed PRE_BUILD, `ABORT` ends a failed BUILD."""
    build = bench.run(
        """
version: 0.2
phases:
  pre_build:
    on-failure: CONTINUE
    commands: ["false"]
  build:
    on-failure: ABORT
    commands: ["false"]
  post_build:
    commands: [echo never]
"""
    )
    assert list(phases(build))[-4:] == ["PRE_BUILD", "BUILD", "FINALIZING", "COMPLETED"]
    assert build["buildStatus"] == "FAILED"


def test_one_shell_state(bench: Workbench) -> None:
    """Variables and working directory persist from command to command and from phase to phase."""
    build = bench.run(
        """
version: 0.2
env:
  shell: bash
  exported-variables: [RELEASE, MISSING]
phases:
  install:
    commands:
      - export RELEASE="1.2 'quoted'"
      - plain=set
      - mkdir deep && cd deep
  build:
    commands:
      - echo "$plain in $(basename $PWD) by ${BASH_VERSION:+bash}"
      - |
        for n in 1 2; do
          echo line $n
        done
"""
    )
    assert {"set in deep by bash", "line 1", "line 2"} <= set(bench.log(build))
    assert build["exportedEnvironmentVariables"] == [
        {"name": "RELEASE", "value": "1.2 'quoted'"},
        {"name": "MISSING", "value": ""},
    ]


def test_wrong_buildspec(bench: Workbench) -> None:
    """A buildspec that can't be read fails DOWNLOAD_SOURCE with the reason."""
    build = bench.run("version: 0.2\nphases:\n  deploy:\n    commands: [ls]\n")
    assert build["buildStatus"] == "FAILED"
    context = next(p for p in build["phases"] if p["phaseType"] == "DOWNLOAD_SOURCE")["contexts"][0]
    assert context["statusCode"] == "YAML_FILE_ERROR"
    assert "deploy" in context["message"]


def test_event_sequence(bench: Workbench) -> None:
    """Every change of state and phase is published in order, in the shape AWS documents."""
    build = bench.run(PASSING)
    events = bench.events_of(build)
    states = [e["detail"] for e in events if e["detail-type"] == "CodeBuild Build State Change"]
    assert [(s["build-status"], s["current-phase"]) for s in states] == [
        ("IN_PROGRESS", "SUBMITTED"),
        ("SUCCEEDED", "COMPLETED"),
    ]
    completed = [
        event["detail"]["completed-phase"] for event in events if event["detail-type"] == "CodeBuild Build Phase Change"
    ]
    assert completed == list(phases(build))[:-1]
    last = events[-1]
    assert last["source"] == "aws.codebuild"
    assert last["resources"] == [last["detail"]["build-id"]] == [build["arn"]]
    assert last["detail"]["project-name"] == build["projectName"]
    information = last["detail"]["additional-information"]
    assert information["build-complete"] is True
    assert information["logs"]["stream-name"] == build["logs"]["streamName"]
    assert information["phases"][-1]["phase-type"] == "COMPLETED"
