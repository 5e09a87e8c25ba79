"""Versions that follow from conventional commits, and the notes of a release (M4).

| commits since the last version | next version |
| --- | --- |
| `feat!: …`, or a footer `BREAKING CHANGE: …` | major; minor while the major version is 0 |
| `feat: …` | minor |
| `fix: …`, `perf: …`, `revert: …` | patch |
| anything else | none |

https://www.conventionalcommits.org/en/v1.0.0/#specification, https://semver.org/spec/v2.0.0.html
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from functions.domain.redaction import redact
from functions.domain.texts import code, markdown_line
from functions.domain.values import Value

Bump = Literal["major", "minor", "patch"]
_TAG = re.compile(r"v(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})")
_SUBJECT = re.compile(r"(?P<kind>[A-Za-z]+)(?:\([^()\r\n]*\))?(?P<breaks>!)?: +(?P<what>\S.*)")
_FOOTER = re.compile(r"^BREAKING[ -]CHANGE: ", re.MULTILINE)
_PATCHES = ("fix", "perf", "revert")
_HEADINGS: dict[Bump, str] = {"major": "Breaking changes", "minor": "Features", "patch": "Fixes"}
_MOST_LINES = 100


class SemanticVersion(Value, frozen=True, order=True):
    """A version without a release candidate."""

    major: int
    minor: int
    patch: int

    @property
    def tag(self) -> str:
        """The name of its tag, such as `v1.2.0`."""
        return f"v{self.major}.{self.minor}.{self.patch}"


# The version of the first release, whatever its commits are.
FIRST = SemanticVersion(0, 1, 0)


class Evidence(Value, frozen=True):
    """What a release was judged by: its commit and deployment, a line per gate, and the addresses of both."""

    commit: str
    deployment_id: str
    environment: str
    gates: tuple[str, ...]
    commit_url: str
    changes_url: str


def read_version(tag: str) -> SemanticVersion | None:
    """The version of a tag's name; None for a release candidate and any other name."""
    found = _TAG.fullmatch(tag)
    return SemanticVersion(*map(int, found.groups())) if found else None


def newest(tags: Iterable[str], before: SemanticVersion | None = None) -> SemanticVersion | None:
    """The highest version among the names of tags, below `before` if that is given; None without one."""
    found = (version for tag in tags if (version := read_version(tag)))
    return max((version for version in found if before is None or version < before), default=None)


def bump_of(message: str) -> Bump | None:
    """What the message of one commit asks for; None if it asks for no version."""
    subject, _, rest = message.partition("\n")
    found = _SUBJECT.fullmatch(subject.strip())
    if _FOOTER.search(rest) or (found and found["breaks"]):
        return "major"
    kind = found["kind"].lower() if found else ""
    return "minor" if kind == "feat" else "patch" if kind in _PATCHES else None


def next_version(last: SemanticVersion, messages: Sequence[str]) -> SemanticVersion | None:
    """The version of a release that has these commits since the last one; None if they ask for none."""
    bumps = {bump_of(message) for message in messages}
    if "major" in bumps and last.major:
        return SemanticVersion(last.major + 1, 0, 0)
    if bumps & {"major", "minor"}:
        return SemanticVersion(last.major, last.minor + 1, 0)
    return SemanticVersion(last.major, last.minor, last.patch + 1) if "patch" in bumps else None


def notes(messages: Sequence[str], evidence: Evidence) -> str:
    """The notes of a release: its section of the changelog, newest commit first, and the evidence. All is escaped."""
    lines: list[str] = []
    left = _MOST_LINES
    for bump, heading in _HEADINGS.items():
        found = [message for message in reversed(messages) if bump_of(message) == bump]
        if found and left > 0:
            lines += [f"### {heading}", "", *(f"- {_line(message)}" for message in found[:left]), ""]
            left -= len(found)
    return "\n".join([*lines, *_evidence(evidence)])


def _line(message: str) -> str:
    subject = message.partition("\n")[0].strip()
    found = _SUBJECT.fullmatch(subject)
    return markdown_line(redact(found["what"] if found else subject))


def _evidence(evidence: Evidence) -> Iterator[str]:
    yield "### Evidence"
    yield ""
    yield f"- commit [{code(evidence.commit[:12])}]({evidence.commit_url})"
    if evidence.changes_url:
        yield f"- [changes since the last version]({evidence.changes_url})"
    yield f"- deployment {code(evidence.deployment_id)}, good in {markdown_line(evidence.environment)}"
    yield from (f"- gate {markdown_line(redact(line))}" for line in evidence.gates)
