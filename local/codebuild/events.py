"""The two EventBridge events CodeBuild sends (AWS: "Build notifications input format reference")."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]


def state_change(build: Record) -> Record:
    """Return "CodeBuild Build State Change" for a build as it is now."""
    last: Record = next((phase for phase in reversed(build["phases"]) if phase.get("phaseStatus")), {})
    return _envelope(
        build,
        "CodeBuild Build State Change",
        {
            "build-status": build["buildStatus"],
            "current-phase": build["currentPhase"],
            "current-phase-context": _context_text(last),
        },
    )


def phase_change(build: Record, phase: Record) -> Record:
    """Return "CodeBuild Build Phase Change" for a phase that has just ended."""
    return _envelope(
        build,
        "CodeBuild Build Phase Change",
        {
            "completed-phase": phase["phaseType"],
            "completed-phase-status": phase["phaseStatus"],
            "completed-phase-duration-seconds": phase["durationInSeconds"],
            "completed-phase-context": _context_text(phase),
            "completed-phase-start": _clock(phase["startTime"]),
            "completed-phase-end": _clock(phase["endTime"]),
        },
    )


def _envelope(build: Record, detail_type: str, detail: Record) -> Record:
    _, _, _, region, account, _ = build["arn"].split(":", 5)
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": "aws.codebuild",
        "account": account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [build["arn"]],
        "detail": {
            **detail,
            "project-name": build["projectName"],
            "build-id": build["arn"],
            "additional-information": _additional(build),
            "version": "1",
        },
    }


def _additional(build: Record) -> Record:
    environment, logs = build["environment"], build["logs"]
    information = {
        "cache": {"type": build["cache"]["type"]},
        "build-number": build["buildNumber"],
        "timeout-in-minutes": build["timeoutInMinutes"],
        "queued-timeout-in-minutes": build["queuedTimeoutInMinutes"],
        "build-complete": build["buildComplete"],
        "initiator": build["initiator"],
        "build-start-time": _clock(build["startTime"]),
        "source": {
            name: build["source"][name] for name in ("type", "location", "buildspec") if name in build["source"]
        },
        "artifact": _present(
            {
                "location": build["artifacts"].get("location", ""),
                "md5sum": build["artifacts"].get("md5sum"),
                "sha256sum": build["artifacts"].get("sha256sum"),
            }
        ),
        "environment": {
            "image": environment["image"],
            "privileged-mode": environment.get("privilegedMode", False),
            "image-pull-credentials-type": environment.get("imagePullCredentialsType", "CODEBUILD"),
            "compute-type": environment["computeType"],
            "type": environment["type"],
            "environment-variables": environment["environmentVariables"],
        },
        "project-file-system-locations": [],
        "logs": _present(
            {
                "group-name": logs.get("groupName"),
                "stream-name": logs.get("streamName"),
                "deep-link": logs.get("deepLink"),
            }
        ),
        "phases": [_phase(phase) for phase in build["phases"]],
        "source-version": build.get("sourceVersion"),
    }
    return _present(information)


def _phase(phase: Record) -> Record:
    described = {"phase-type": phase["phaseType"], "start-time": _clock(phase["startTime"])}
    if "phaseStatus" in phase and "endTime" in phase:
        described |= {
            "phase-context": _contexts(phase),
            "end-time": _clock(phase["endTime"]),
            "duration-in-seconds": phase["durationInSeconds"],
            "phase-status": phase["phaseStatus"],
        }
    return described


def _contexts(phase: Record) -> list[str]:
    return [f"{context['statusCode']}: {context['message']}" for context in phase.get("contexts", [])]


def _context_text(phase: Record) -> str:
    return f"[{', '.join(_contexts(phase))}]"


def _clock(moment: datetime) -> str:
    """A time in the format of these events only, such as "Sep 1, 2017 4:14:21 PM"."""
    return f"{moment:%b} {moment.day}, {moment.year} {moment.hour % 12 or 12}:{moment:%M:%S %p}"


def _present(values: Record) -> Record:
    return {name: value for name, value in values.items() if value is not None}
