"""Check runs of GitHub: the verdict of a gate on a commit, with notes at files and lines (G5).

Only an App writes them; for a token the same verdicts are commit statuses (`functions/domain/statuses.py`).
"""

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Literal

from functions.domain.events import GatesJudged
from functions.domain.gates import Note, Verdict
from functions.domain.redaction import redact
from functions.domain.statuses import GATE
from functions.domain.texts import code, cut, markdown, one_line, printable
from functions.domain.values import Value

# The titles and messages that people still read; GitHub takes 64 KB of a message.
_LONGEST_TITLE, _LONGEST_MESSAGE = 255, 2000
# GitHub takes 50 annotations in a request, and any number of requests.
MOST_NOTES = 200
_MOST_LISTED = 50
# Where CodeBuild unpacks a source: https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
_CODEBUILD = re.compile(r"^(?:file://)?/codebuild/output/src\d+/src/(?:s3/\d+/)?")


class CheckRun(Value, frozen=True):
    """One check run; `external_id` recognises it. `notes` have a path in the repository and a line.

    `link` is the page with the details, "" without one.
    """

    name: str
    external_id: str
    conclusion: Literal["success", "failure"]
    title: str
    summary: str
    notes: tuple[Note, ...]
    link: str


def check_runs(event: GatesJudged, notes: Mapping[str, Sequence[Note]]) -> tuple[CheckRun, ...]:
    """A check run for each gate that was judged; `notes` are by the name of the gate, the worst first."""
    return tuple(_check_run(event, gate, notes.get(gate.name, ())) for gate in event.gates)


def _check_run(event: GatesJudged, gate: Verdict, notes: Sequence[Note]) -> CheckRun:
    cleaned = [_cleaned(one, gate) for one in notes]
    placed = [one for one in cleaned if one.path]
    shown = tuple(placed[:MOST_NOTES])
    reason = redact(gate.reason)
    lines = [markdown(reason)]
    if len(placed) > len(shown):
        lines += ["", f"{len(shown)} of {len(placed)} places are shown."]
    elsewhere = [one for one in cleaned if not one.path]
    if elsewhere:
        lines += ["", "Without a place in the repository:", ""]
        lines += [f"- {code(one.title)}: {markdown(one_line(one.message))}" for one in elsewhere[:_MOST_LISTED]]
    if len(elsewhere) > _MOST_LISTED:
        lines.append(f"- and {len(elsewhere) - _MOST_LISTED} more")
    return CheckRun(
        f"{GATE}{gate.name}",
        f"{event.deployment_id}/{gate.name}",
        "success" if gate.outcome == "passed" else "failure",
        one_line(reason, _LONGEST_TITLE) or gate.outcome,
        "\n".join(lines),
        shown,
        event.log if event.log.startswith("https://") else "",
    )


def _cleaned(note: Note, gate: Verdict) -> Note:
    """The note as it is shown: without secrets, and with a path only where it is one of the repository.

    What a gate has passed nevertheless, such as a finding that the allow-list accepts, is no failure.
    """
    title = one_line(redact(note.title), _LONGEST_TITLE)
    message = cut(redact(printable(cut(note.message, _LONGEST_MESSAGE))), _LONGEST_MESSAGE).strip() or title
    path = _in_repository(note.path) if note.line > 0 else ""
    level = "warning" if gate.outcome == "passed" and note.level == "failure" else note.level
    return Note(level, title, message, path, note.line if path else 0)


def _in_repository(path: str) -> str:
    """A path relative to the root of the repository; "" for one that is not below it."""
    plain = posixpath.normpath(_CODEBUILD.sub("", path.strip())) if path.strip() else ""
    outside = plain in ("", ".", "..") or plain.startswith(("/", "../")) or ":" in plain
    return "" if outside else printable(plain)
