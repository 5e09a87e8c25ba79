"""The diagram of the README: from a push to a verified release or a rollback.

Each step names its states, and every arrow is checked against the definitions: after a state was renamed or a
transition removed, a ValueError demands that the diagram is corrected.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from statemachines.definitions import WORKFLOWS, edges, load

Arrow = tuple[str, str]
_NESTED = {f"${{{workflow.title().replace('_', '')}Workflow}}": workflow for workflow in WORKFLOWS}


@dataclass(frozen=True, slots=True)
class Step:
    """A box: its label, and its states (`workflow/State`), the first of which is its entry."""

    words: str
    states: tuple[str, ...]
    shape: tuple[str, str] = ("[", "]")


_ROUND = ("([", "])")
RELEASE = {
    "push": Step("push", ("deployment/Begin",), _ROUND),
    "plan": Step("plan<br>which parts changed", ("deployment/PlanRelease",)),
    "build": Step("build<br>once, in CodeBuild", ("deployment/StartBuild", "deployment/AwaitBuild")),
    "gates": Step("gates<br>tests, coverage, security …", ("deployment/CheckGates",)),
}
ENVIRONMENT = {
    "entry": Step(
        "evidence, window open,<br>unfrozen, approved",
        (
            "stage/CheckEvidence",
            "stage/CheckWindow",
            "stage/AwaitUnfreeze",
            "stage/RequestApproval",
            "stage/AwaitApproval",
        ),
    ),
    "lock": Step("lock", ("stage/AcquireLock", "stage/AwaitLock")),
    "apply": Step(
        "apply",
        ("stage/WriteLedger", "stage/StartBuild", "stage/ApplyService", "stage/ContinueRollout", "stage/RecordPart"),
    ),
    "verify": Step("verify<br>probes, tests", ("stage/Verify", "stage/StartTests", "stage/CheckTests")),
    "watch": Step("watch<br>alarms", ("stage/Watch",)),
    "record": Step("record as<br>last known good", ("stage/RecordGood",)),
    "back": Step(
        "roll back,<br>read what runs",
        ("stage/RollBack", "rollback/RestoreService", "rollback/VerifyRestored"),
    ),
}
ENDS = {
    "verified": Step("verified release", ("deployment/Ended",), _ROUND),
    "failed": Step("failed release,<br>environment as before", ("deployment/FailedClean",), _ROUND),
}
STEPS = {**RELEASE, **ENVIRONMENT, **ENDS}
# Transitions without a fault, and transitions after a fault or a bad outcome.
SOLID = (
    *(("push", "plan"), ("plan", "build"), ("build", "gates"), ("gates", "entry"), ("entry", "lock")),
    *(("lock", "apply"), ("apply", "verify"), ("verify", "watch"), ("watch", "record")),
    ("record", "verified"),
)
DOTTED = (("gates", "failed"), ("apply", "back"), ("verify", "back"), ("watch", "back"), ("back", "failed"))


def mermaid() -> str:
    """The diagram as a Mermaid flowchart; ValueError when the definitions lack a step or an arrow."""
    for arrows, with_faults in ((SOLID, False), (DOTTED, True)):
        _check(arrows, _graph(with_faults=with_faults))
    return "\n  ".join(
        [
            "flowchart TD",
            *_group("release", "for every push", RELEASE),
            *_group("environment", "for each environment: test, staging, production", ENVIRONMENT),
            *(_box(name, step) for name, step in ENDS.items()),
            *dict.fromkeys(f"{_end(source, target)} ==> {_end(target, source)}" for source, target in SOLID),
            *dict.fromkeys(f"{_end(source, target)} -.-> {_end(target, source)}" for source, target in DOTTED),
        ]
    )


def _group(name: str, title: str, steps: dict[str, Step]) -> Iterator[str]:
    yield f'subgraph {name} ["{title}"]'
    yield "  direction LR"
    yield from (f"  {_box(step, steps[step])}" for step in steps)
    yield "end"


def _box(name: str, step: Step) -> str:
    opening, closing = step.shape
    return f'{name}{opening}"{step.words}"{closing}'


def _end(step: str, other: str) -> str:
    """One end of an arrow: the step, or its group if the arrow leaves the group, which keeps the group's direction."""
    for name, group in (("release", RELEASE), ("environment", ENVIRONMENT)):
        if step in group and other not in group:
            return name
    return step


def _graph(*, with_faults: bool) -> dict[str, set[str]]:
    """The successors of each state, including those in workflows that it starts and those after their end."""
    definitions = {workflow: load(workflow) for workflow in WORKFLOWS}
    graph: dict[str, set[str]] = {
        f"{name}/{state}": set() for name in WORKFLOWS for state in definitions[name]["States"]
    }
    for workflow, definition in definitions.items():
        for name, state in definition["States"].items():
            nested = _NESTED.get(state.get("Arguments", {}).get("StateMachineArn", ""), "")
            returns = bool(nested) and ".sync" in state["Resource"]
            left_out = {"Next"} if returns else set()
            left_out |= set() if with_faults else {"Catch"}
            kept = {key: value for key, value in state.items() if key not in left_out}
            graph[f"{workflow}/{name}"] |= {f"{workflow}/{target}" for target in edges(kept)}
            if nested:
                graph[f"{workflow}/{name}"].add(f"{nested}/{definitions[nested]['StartAt']}")
            for end, last in definitions[nested]["States"].items() if returns else ():
                if last["Type"] == "Succeed":
                    graph[f"{nested}/{end}"].add(f"{workflow}/{state['Next']}")
    return graph


def _check(arrows: tuple[Arrow, ...], graph: dict[str, set[str]]) -> None:
    named = {state for step in STEPS.values() for state in step.states}
    if missing := named - set(graph):
        raise ValueError(f"overview: no state {', '.join(sorted(missing))}: correct statemachines/overview.py")
    for source, target in arrows:
        if not _leads(graph, STEPS[source], STEPS[target], named):
            raise ValueError(f"overview: no path from {source} to {target} in the definitions: correct SOLID or DOTTED")


def _leads(graph: dict[str, set[str]], source: Step, target: Step, named: set[str]) -> bool:
    """Whether a state of one step leads to the entry of the other, through states that belong to no step."""
    seen: set[str] = set()
    ahead = [after for state in source.states for after in graph[state]]
    while ahead:
        state = ahead.pop()
        if state == target.states[0]:
            return True
        if state not in seen and state not in named:
            seen.add(state)
            ahead.extend(graph[state])
    return False
