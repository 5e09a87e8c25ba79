"""The rules for definitions: the real definitions follow them, and each violation is found."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from components.stack.environment_settings import Name
from functions.domain.releases import LONGEST_NAME
from statemachines import definitions
from statemachines.definitions import (
    HISTORY_LIMIT,
    LOOP_LIMIT,
    WORKFLOWS,
    check,
    check_written,
    edges,
    faults,
    fill,
    load,
    longest_history,
    main,
    module_of,
    placeholders,
    reachable,
    render,
    sample_values,
    tasks,
)

Break = Callable[[dict[str, Any]], Any]


def rendered(workflow: str = "stage") -> dict[str, Any]:
    """A definition with sample values."""
    return render(load(workflow), sample_values(workflow))


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_the_real_definitions_keep_every_rule(workflow: str) -> None:
    """The checks find no problem, and the longest history is far below the limit."""
    assert check_written(workflow, load(workflow)) == []
    assert check(workflow, rendered(workflow)) == []
    assert longest_history(rendered(workflow)["States"]) < HISTORY_LIMIT


def test_readers_of_alarms_know_the_repository_of_the_release() -> None:
    """R1: alarms of parts of other repositories decide nothing; whose release it is, the record has said."""
    readers = {"functions.stage.read_baseline", "functions.shared.watch", "functions.rollback.await_alarms"}
    told = {}
    for workflow in WORKFLOWS:
        for state, module in tasks(workflow).items():
            if module in readers:
                given = load(workflow)["States"][state]["Arguments"]
                told[workflow, state] = given.get("Payload", given).get("repository")
    assert set(told.values()) == {"{% $release.repository %}"}
    assert len(told) == len(readers) + 1, "stages and enhanced watches have a Watch each"


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_placeholder_has_a_value_and_none_is_left(workflow: str) -> None:
    """A rendered definition is JSON without any `${…}`."""
    assert placeholders(workflow) <= set(sample_values(workflow))
    assert "${" not in json.dumps(rendered(workflow))


def drop(state: str, *keys: str) -> Break:
    """Take fields out of a state."""

    def broken(states: dict[str, Any]) -> None:
        for key in keys:
            del states[state][key]

    return broken


def put(state: str, **fields: Any) -> Break:
    """Set fields of a state."""
    return lambda states: states[state].update(fields)


def retries(state: str, *without: str) -> Break:
    """Take error names out of a state's retries."""

    def broken(states: dict[str, Any]) -> None:
        for retry in states[state]["Retry"]:
            retry["ErrorEquals"] = [name for name in retry["ErrorEquals"] if name not in without] or ["States.Other"]

    return broken


BROKEN: list[tuple[Break, str]] = [
    (put("Verify", Next="Nowhere"), "Verify: Next Nowhere does not exist"),
    (lambda s: s["Verify"]["Catch"][0].update(Next="Nowhere"), "Verify: Next Nowhere does not exist"),
    (lambda s: s["LockTaken"]["Choices"][0].update(Next="Nowhere"), "LockTaken: Next Nowhere does not exist"),
    (put("LockTaken", Default="Nowhere"), "LockTaken: Next Nowhere does not exist"),
    (lambda s: s.update(Lost={"Type": "Pass", "Next": "Ended"}), "Lost: can't be reached"),
    (drop("Verify", "Next"), "Verify: needs a Next"),
    (drop("Open", "Next"), "Open: needs a Next"),
    (lambda s: (s["Verify"].pop("Next"), s["Verify"].update(End=True)), "Verify: needs a Next"),
    (lambda s: s.update(Two={"Type": "Parallel", "Next": "Ended"}), "Two: Parallel is not allowed"),
    (lambda s: s.update(Two={"Type": "Map", "Next": "Ended"}), "Two: Map is not allowed"),
    (
        lambda s: s.update(Bad={"Type": "Fail"}),
        "Bad: a failure ends in one of EndedUntold, FailedClean, FailedDirty, NotRecorded",
    ),
    (drop("LockTaken", "Default"), "LockTaken: a Choice without a Default"),
    (put("LockTaken", Assign={"a": 1}), "LockTaken: a Choice must assign in its rules"),
    (drop("Verify", "TimeoutSeconds"), "Verify: a Task needs TimeoutSeconds"),
    (put("Verify", TimeoutSeconds="{% $x %}"), "Verify: a Task needs TimeoutSeconds"),
    (drop("Verify", "Retry"), "Verify: a Task needs Retry"),
    (put("Verify", Retry=[]), "Verify: a Task needs Retry"),
    (drop("Verify", "Catch"), "Verify: the last Catch of a Task must match States.ALL"),
    (
        lambda s: s["Verify"]["Catch"][0].update(ErrorEquals=["SourceError"]),
        "Verify: the last Catch of a Task must match States.ALL",
    ),
    (lambda s: s["Verify"]["Catch"][0].pop("Comment"), "Verify: a Catch needs a Comment"),
    (retries("Watch", "States.Timeout"), "Watch: a wait needs a Retry on States.Timeout"),
    (
        lambda s: s["Watch"]["Arguments"]["Payload"].pop("taskToken"),
        "Watch: a wait must pass taskToken to its function",
    ),
    (
        lambda s: s["Verify"]["Catch"][0].update(Next="Ended"),
        "Ended: can be reached from AcquireLock without ReleaseLock",
    ),
    (
        lambda s: s["Verify"]["Catch"].insert(0, {"ErrorEquals": ["MyError"], "Comment": "x", "Next": "RollBack"}),
        "Verify: MyError is not a class of functions/domain/errors.py",
    ),
    (
        lambda s: s["Verify"]["Retry"].insert(0, {"ErrorEquals": ["MyError"], "MaxAttempts": 1}),
        "Verify: MyError is not a class of functions/domain/errors.py",
    ),
    (
        lambda s: s["Watch"]["Retry"][0].update(MaxAttempts=99_999),
        "history events, 25000 end an execution",
    ),
]


@pytest.mark.parametrize(("broken", "complaint"), BROKEN, ids=[complaint for _, complaint in BROKEN])
def test_each_rule_catches_what_breaks_it(broken: Break, complaint: str) -> None:
    """After one change to a valid definition, the check names the state and the rule."""
    definition = deepcopy(rendered())
    broken(definition["States"])
    found = check("stage", definition)
    assert any(complaint in problem for problem in found), found
    assert all(problem.startswith("stage: ") for problem in found)


def test_the_query_language_is_jsonata() -> None:
    """Another query language is a problem."""
    definition = rendered()
    del definition["QueryLanguage"]
    assert check("stage", definition) == ["stage: QueryLanguage must be JSONata"]


def test_a_start_state_that_does_not_exist_reaches_nothing() -> None:
    """Every state is named as unreachable."""
    definition = {**rendered(), "StartAt": "Nowhere"}
    assert "stage: Verify: can't be reached" in check("stage", definition)


def test_a_workflow_without_a_lock_needs_no_release() -> None:
    """The workflow `deployment` holds no lock and passes the check."""
    assert "AcquireLock" not in load("deployment")["States"]


def test_placeholders_render_with_their_types() -> None:
    """A text that is one placeholder becomes the value with its type; inside a text the value becomes text."""
    values = {"Seconds": 30, "Name": "bus", "Policies": [{"a": 1}]}
    given = {"a": "${Seconds}", "b": ["x-${Name}-${Seconds}"], "c": "${Policies}", "d": 7, "e": None, "f": "{% $x %}"}
    assert fill(given, values) == {"a": 30, "b": ["x-bus-30"], "c": [{"a": 1}], "d": 7, "e": None, "f": "{% $x %}"}


def test_a_placeholder_without_a_value_is_named_with_the_known_ones() -> None:
    """A missing value is a KeyError that names the placeholder and the known ones."""
    with pytest.raises(KeyError, match=r"no value for the placeholder \$\{Gone\} \(known: Here\)"):
        fill({"a": ["x ${Gone}"]}, {"Here": 1})


def test_a_fault_names_the_state_that_caught_it() -> None:
    """`${Fault}` is rendered with each state's own name, alone and within a longer expression."""
    alone = {"Catch": [{"Assign": {"reason": "{% ${Fault} %}"}}]}
    within = {"Catch": [{"Assign": {"failures": "{% $append($failures, [${Fault}]) %}"}}]}
    made = render({"Comment": "${Text}", "States": {"Verify": alone, "Freeze": within}}, {"Text": "x"})
    error = "$states.errorOutput.Error & ': ' & $states.errorOutput.Cause"
    assert made["States"]["Verify"]["Catch"][0]["Assign"] == {"reason": f"{{% 'Verify: ' & {error} %}}"}
    assert made["States"]["Freeze"]["Catch"][0]["Assign"] == {
        "failures": f"{{% $append($failures, ['Freeze: ' & {error}]) %}}"
    }
    assert made["Comment"] == "x"


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_no_definition_blames_another_state(workflow: str) -> None:
    """A rendered Catch that names a state together with the error names its own state."""
    for name, state in rendered(workflow)["States"].items():
        named = re.findall(r"'(\w+): ' & \$states\.errorOutput", json.dumps(state.get("Catch", [])))
        assert set(named) <= {name}


def test_fault_placeholders_need_no_value() -> None:
    """Rendering fills them, so they are not among the placeholders that need a value."""
    assert set(faults("Verify")) == {"Fault", "ErrorAndCause"}
    assert not set(faults("Verify")) & placeholders("stage")


def test_a_fault_typed_by_hand_is_a_problem() -> None:
    """A hand-written fault text and a reason without the error are problems; passing a reason on is none."""
    definition = load("stage")
    for name, value in {
        "Verify": "{% 'Watch: ' & $states.errorOutput.Error & ': ' & $states.errorOutput.Cause %}",
        "Watch": "it broke",
    }.items():
        definition["States"][name]["Catch"][0]["Assign"]["reason"] = value
    assert check_written("stage", definition) == [
        "stage: Verify: a Catch spells out error and cause: write ${Fault} or ${ErrorAndCause}",
        "stage: Watch: the reason that a Catch assigns does not name the error: write {% ${Fault} %}",
    ]


def test_history_is_counted_once_per_loop_and_query() -> None:
    """The bound counts 2 events per state, 4 per query, and loops as often as the manifest allows."""
    task: dict[str, Any] = {"Type": "Task", "Resource": "f", "Retry": [{"MaxAttempts": 2}], "Next": "End"}
    end: dict[str, Any] = {"Type": "Succeed"}
    assert longest_history({"One": task, "End": end}) == (2 + 4 * 3) + 2
    again: dict[str, Any] = {"Type": "Choice", "Choices": [{"Next": "One"}], "Default": "End"}
    looped = {"One": {**task, "Next": "Again"}, "Again": again, "End": end}
    assert longest_history(looped) == LOOP_LIMIT * (2 + 4 * 3) + LOOP_LIMIT * 2 + 2
    wait = {**task, "Resource": "x.waitForTaskToken", "Next": "Again"}
    assert longest_history({**looped, "One": wait}) == (2 + 4 * 3) + LOOP_LIMIT * 2 + 2


def test_edges_and_reach() -> None:
    """Next, Default, Choices and Catch are edges; a closed state leads nowhere."""
    state = {"Next": "a", "Default": "b", "Choices": [{"Next": "c"}], "Catch": [{"Next": "d"}]}
    assert set(edges(state)) == {"a", "b", "c", "d"}
    line = {"a": {"Next": "b"}, "b": {"Next": "c"}, "c": {"Next": "gone"}}
    assert reachable(line, "a") == {"a", "b", "c"}
    assert reachable(line, "a", closed="b") == {"a"}


def test_handlers_are_found_by_their_state() -> None:
    """A workflow's own folder comes first; the error for a missing handler names the file to write."""
    assert tasks("stage")["Conclude"] == "functions.stage.conclude"
    assert tasks("deployment")["Conclude"] == "functions.deployment.conclude"
    assert tasks("rollback")["AcquireLock"] == "functions.shared.acquire_lock"
    assert "AnnounceEnd" not in tasks("rollback")
    with pytest.raises(KeyError, match=r"state DoMagic has no handler: write functions/stage/do_magic\.py"):
        module_of("stage", "DoMagic")


def test_the_check_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m statemachines.definitions` prints nothing and returns 0 for the real definitions."""
    assert main() == 0
    assert capsys.readouterr().err == ""


def test_the_command_names_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken rule, a missing handler and a file that is not JSON have one line each; exit code 1."""
    for workflow in WORKFLOWS:
        definition = load(workflow)
        if workflow == "deployment":
            definition["States"]["Begin"]["Next"] = "Nowhere"
            definition["States"]["PlanRelease"]["Catch"][0]["Assign"]["reason"] = "it broke"
        if workflow == "stage":
            definition["States"]["Verify"]["Resource"] = "${NoSuchState}"
            definition["States"]["NoSuchState"] = definition["States"].pop("Verify")
        text = "{" if workflow == "rollback" else json.dumps(definition)
        (tmp_path / f"{workflow}.asl.json").write_text(text, "utf-8")
    monkeypatch.setattr(definitions, "FOLDER", tmp_path)
    assert main() == 1
    said = capsys.readouterr().err
    assert "deployment: Begin: Next Nowhere does not exist" in said
    assert "deployment: PlanRelease: the reason that a Catch assigns does not name the error" in said
    assert "NoSuchState has no handler" in said
    assert "rollback.asl.json: " in said


def longest_environment() -> int:
    """The number of characters that the settings allow for the name of an environment."""
    names: TypeAdapter[str] = TypeAdapter(Name)
    length = 1
    with suppress(ValidationError):
        while names.validate_python("e" * (length + 1)):
            length += 1
    return length


def test_the_longest_names_of_executions_are_allowed() -> None:
    """The longest deployment id and environment name give names within Step Functions' limit of 80 characters."""
    suffixes = {
        (workflow, name): re.findall(r"& '(-[a-z-]+)' %", state["Arguments"]["Name"])
        for workflow in WORKFLOWS
        for name, state in load(workflow)["States"].items()
        if state["Type"] == "Task" and "states:startExecution" in state["Resource"]
    }
    stage = LONGEST_NAME + len("-") + longest_environment()
    enhanced = stage + len(suffixes["stage", "StartEnhancedWatch"][0])
    starts = {"deployment": stage, "stage": stage, "enhanced_watch": enhanced}
    lengths = {key: starts[key[0]] + sum(map(len, found)) for key, found in suffixes.items()}
    assert set(lengths) == {
        ("deployment", "RunStage"),
        ("deployment", "RunRollback"),
        ("stage", "RollBack"),
        ("stage", "StartEnhancedWatch"),
        ("enhanced_watch", "RollBack"),
    }
    assert {key: length for key, length in lengths.items() if length > 80} == {}
    assert stage + len("-rollback-alone") <= 80
