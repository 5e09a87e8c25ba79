"""What a pull request would deploy: the text of its one comment, and of the check `kiro/plan` (P13).

Everything that a repository wrote (names, paths, reasons) is escaped for GitHub's Markdown.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from functions.domain.forecasts import Forecast, StageForecast
from functions.domain.manifests import MANIFEST
from functions.domain.plans import Change
from functions.domain.records import PlanRecord
from functions.domain.redaction import redact
from functions.domain.texts import code, markdown, markdown_line
from functions.domain.values import Value

CHECK = "kiro/plan"
Conclusion = Literal["success", "failure"]
# A comment of GitHub has 65,536 characters at most.
_MOST_PARTS, _LONGEST = 30, 60_000
_MARKER = re.compile(r"<!-- kiro/plan ([0-9a-f]{40}) -->")


class PullPlan(Value, frozen=True):
    """The conclusion and title of the check, and the text of check and comment; the comment begins with the marker."""

    conclusion: Conclusion
    title: str
    text: str


class BuiltPlan(Value, frozen=True):
    """A deployment of the same commit whose build made previews: its id, and its recorded plan."""

    deployment_id: str
    plan: PlanRecord


def marker(commit: str) -> str:
    """The hidden line by which the comment is found again; it names the head that was planned."""
    return f"<!-- kiro/plan {commit} -->"


def planned(body: str) -> str:
    """The head that a comment is about; "" if it is no plan. Anybody may write a marker: check the author, too."""
    found = _MARKER.match(body)
    return found[1] if found else ""


def after_merge(main: Change, files: tuple[str, ...] | None) -> Change:
    """The changes that main will have since a running commit once the pull request is merged.

    `main` are those that it has already, `files` those of the pull request, None if unknown. Where main does not
    descend from what runs, everything counts as changed.
    """
    if main.status not in ("ahead", "identical"):
        return Change("unknown", None)
    both = None if main.files is None or files is None else tuple(dict.fromkeys((*files, *main.files)))
    return Change("ahead", both)


def pull_plan(forecast: Forecast, until: str, *, fork: bool, built: BuiltPlan | None = None) -> PullPlan:
    """The plan of a pull request for people; `until` is the last environment of a push to main, "" for all."""
    broken = forecast.outcome == "invalid" or bool(forecast.lacking)
    title = _title(forecast)
    lines = [f"### {markdown_line(title)}", "", f"Planned for {code(forecast.release.short)}, merged into main."]
    if forecast.outcome == "invalid":
        lines += ["", markdown(redact(forecast.reason))]
    lines += [f"- ❌ {markdown_line(redact(line), 400)}" for line in forecast.lacking]
    entered = [stage for stage in forecast.stages if stage.parts]
    for number, stage in enumerate(entered, 1):
        lines += ["", *_stage(number, stage, forecast)]
    lines += ["", *_closing(forecast, entered, until, fork=fork), *_previews(built)]
    text = "\n".join(lines).strip()
    return PullPlan("failure" if broken else "success", title, text if len(text) <= _LONGEST else _too_long(title))


def _title(forecast: Forecast) -> str:
    if forecast.outcome == "invalid":
        return f"This can't be deployed: {MANIFEST} is invalid"
    entered = [stage for stage in forecast.stages if stage.parts]
    if not entered:
        return "A merge deploys nothing"
    counts = (f"{len(stage.parts)} in {stage.environment}" for stage in entered)
    words = f"A merge deploys {', then '.join(counts)}"
    return f"{words}; {len(forecast.lacking)} demanded gates have no report" if forecast.lacking else words


def _stage(number: int, stage: StageForecast, forecast: Forecast) -> Iterator[str]:
    yield f"**{number}. {markdown_line(stage.environment)}**"
    yield ""
    shown = list(stage.parts.items())[:_MOST_PARTS]
    for position, (part, reason) in enumerate(shown, 1):
        migrates = " ⚠️ its migration can't be taken back" if part in forecast.irreversible else ""
        yield f"{position}. {code(part)}: {markdown_line(redact(reason))}{migrates}"
    if len(stage.parts) > len(shown):
        yield f"{len(shown) + 1}. and {len(stage.parts) - len(shown)} more"
    yield ""
    before = (gate for gate in forecast.gates if gate not in forecast.lacking) if number == 1 else ()
    gates = (*before, *stage.gates)
    yield from _facts("gate", gates)
    if stage.approvals:
        yield f"- approvals: {stage.approvals}, of {_people(stage)}"
    if stage.frozen:
        yield f"- ⏸️ frozen {markdown_line(redact(stage.frozen))}"
    if stage.closed:
        opens = f"; opens at {stage.opens_at}" if stage.opens_at else ""
        yield f"- ⏸️ {markdown_line(redact(stage.closed))}{opens}"


def _people(stage: StageForecast) -> str:
    """How many may approve: their addresses are not for everybody who can read the repository."""
    if not stage.approvers:
        return "anybody with a link"
    return f"{len(stage.approvers)} named approver{'s' if len(stage.approvers) > 1 else ''}"


def _facts(name: str, values: Iterable[str]) -> Iterator[str]:
    return (f"- {name}: {markdown_line(redact(value))}" for value in values)


def _closing(forecast: Forecast, entered: list[StageForecast], until: str, *, fork: bool) -> Iterator[str]:
    pins = dict.fromkeys(stage.skipped[part] for stage in forecast.stages for part in stage.pinned)
    yield from (f"- ⏸️ {markdown_line(redact(pin), 400)}" for pin in pins)
    left = {part for stage in forecast.stages for part in stage.skipped if part not in stage.pinned}
    left -= {part for stage in entered for part in stage.parts}
    if left:
        yield f"Unchanged: {', '.join(code(part) for part in sorted(left)[:_MOST_PARTS])}."
    if until and forecast.outcome != "invalid":
        yield f"A merge ends in {markdown_line(until)}; later environments need a version tag or `kiro-worker deploy`."
    if fork:
        yield "This is from a fork: nothing of it was built or run."
    yield "Windows, freezes and what runs may change until the merge."


def _previews(built: BuiltPlan | None) -> Iterator[str]:
    if built is None:
        return
    yield ""
    yield f"Deployment {code(built.deployment_id)} built this commit; its plan with the previews of that build:"
    yield ""
    for stage in built.plan.stages:
        for reasons, left in ((stage.parts, ""), (stage.skipped, "left out: ")):
            for part, reason in list(reasons.items())[:_MOST_PARTS]:
                where = markdown_line(stage.environment)
                yield f"- {where}: {code(part)}: {left}{markdown_line(redact(reason), 400)}"


def _too_long(title: str) -> str:
    return f"### {markdown_line(title)}\n\nThe plan is too long for a comment: read it with `kiro-worker plan`."
