"""The canonical form of the definitions: its rules, its stability, and that every file has it."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachines import format as form
from statemachines.definitions import FOLDER, WORKFLOWS

TEXTS = {workflow: (FOLDER / f"{workflow}.asl.json").read_text("utf-8") for workflow in WORKFLOWS}
PLAIN: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def shuffled(value: Any, random_: random.Random) -> Any:
    """The keys of ASL's own objects in another order; states and data keep theirs."""
    known = set(form.TOP) | set(form.STATE) | {key for order in form.ITEMS.values() for key in order}
    if isinstance(value, list):
        return [shuffled(item, random_) for item in value]
    if not isinstance(value, dict):
        return value
    items = [
        (key, item if key in ("Arguments", "Assign", "Output") else shuffled(item, random_))
        for key, item in value.items()
    ]
    if set(value) <= known:
        random_.shuffle(items)
    return dict(items)


def ordered(value: dict[str, Any], order: tuple[str, ...]) -> bool:
    """Whether keys occur in this order."""
    return list(value) == [key for key in order if key in value]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_definition_is_canonical(workflow: str) -> None:
    """`make fix` has nothing to change in the definitions that are committed."""
    assert form.canonical(TEXTS[workflow]) == TEXTS[workflow]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_no_line_is_longer_than_120_columns(workflow: str) -> None:
    """Every line of every definition fits, and has at most one key."""
    lines = TEXTS[workflow].splitlines()
    assert [line for line in lines if len(line) > 120] == []
    assert [line for line in lines if line.count('": ') > 1] == []


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_keys_have_their_order(workflow: str) -> None:
    """Work comes first, then the successor, then times, retries and catches, also in the rules of a Choice."""
    definition = json.loads(TEXTS[workflow])
    assert ordered(definition, ("Comment", "QueryLanguage", "StartAt", "States"))
    main = ("Comment", "Type", "Resource", "Arguments", "Assign", "Next", "TimeoutSeconds", "Retry", "Catch")
    for name, state in definition["States"].items():
        assert ordered({key: state[key] for key in state if key in main}, main), name
        for catcher in state.get("Catch", []):
            assert ordered(catcher, ("Comment", "ErrorEquals", "Assign", "Output", "Next")), name
        for choice in state.get("Choices", []):
            assert ordered(choice, ("Comment", "Condition", "Assign", "Output", "Next")), name


@given(workflow=st.sampled_from(WORKFLOWS), random_=st.randoms(use_true_random=False), indent=st.integers(0, 5))
def test_one_definition_has_one_form(workflow: str, random_: random.Random, indent: int) -> None:
    """A definition has the same canonical form for every order of keys and every layout of lines."""
    definition = shuffled(json.loads(TEXTS[workflow]), random_)
    assert form.canonical(json.dumps(definition, indent=indent or None)) == TEXTS[workflow]


@given(data=VALUES, names=st.lists(st.text(), unique=True, max_size=4))
def test_formatting_twice_changes_nothing_and_loses_nothing(data: Any, names: list[str]) -> None:
    """The JSON stays equal, with states and data in their order."""
    states = {name: {"Next": "x", "Arguments": data, "Type": "Task"} for name in names}
    made = form.canonical(json.dumps({"States": states}))
    assert form.canonical(made) == made
    assert json.loads(made) == {"States": states}
    assert list(json.loads(made)["States"]) == names


def test_lists_of_plain_values_stay_on_one_line_where_they_fit() -> None:
    """A short list of errors is one line; a long list has one error per line."""
    catch = {"ErrorEquals": ["States.Timeout", "SourceError"], "Next": "B"}
    text = json.dumps({"States": {"A": {"Catch": [catch]}}})
    assert '          "ErrorEquals": ["States.Timeout", "SourceError"],\n' in form.canonical(text)
    catch["ErrorEquals"] = [f"{'Long' * 8}{number}Error" for number in range(4)]
    made = form.canonical(json.dumps({"States": {"A": {"Catch": [catch]}}}))
    assert '          "ErrorEquals": [\n            "LongLong' in made
    assert list(form.too_long("a.asl.json", made)) == []


def test_empty_values_are_not_broken() -> None:
    """`{}` and `[]` stay on the line of their key."""
    made = form.canonical(json.dumps({"States": {"A": {"Assign": {"a": [], "b": {}}}}}))
    assert '"a": [],\n        "b": {}\n' in made


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "Expecting property name"),
        ('{"States": {"A": {"Next": "B", "Next": "C"}}}', "key Next occurs twice in one object"),
        ('{"States": {"A": {"TimeoutSecond": 3}}}', "A: unknown key TimeoutSecond"),
        ('{"States": {"A": {"Catch": [{"Errors": []}]}}}', "A, Catch: unknown key Errors"),
        ('{"StartsAt": "A", "States": {}}', "top level: unknown key StartsAt"),
    ],
)
def test_lost_or_unknown_keys_are_refused(text: str, problem: str) -> None:
    """A broken text, a duplicate key and a misspelt key are errors that name the key and its place."""
    with pytest.raises(ValueError, match=problem):
        form.canonical(text)


def folder_with(tmp_path: Path, **changed: str) -> Path:
    """A folder with the definitions, some of them changed."""
    for workflow, text in {**TEXTS, **changed}.items():
        (tmp_path / f"{workflow}.asl.json").write_text(text, "utf-8")
    return tmp_path


def test_the_check_names_what_differs_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file in another form, an unreadable file and a line that is too long are named; exit code 1."""
    stale = json.dumps(json.loads(TEXTS["stage"]))
    long = TEXTS["rollback"].replace('"Comment": "', f'"Comment": "{"long " * 24}', 1)
    folder = folder_with(tmp_path, stage=stale, rollback=long, work_item="{")
    monkeypatch.setattr("sys.argv", ["format", "--check"])
    assert form.main(folder) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "stage.asl.json: is not in canonical form: run `make fix`"
    assert said[1].startswith("rollback.asl.json:2: ")
    assert "columns, 120 are allowed: shorten the text" in said[1]
    assert said[2].startswith("work_item.asl.json: Expecting property name")
    assert len(said) == 3
    assert (folder / "stage.asl.json").read_text("utf-8") == stale


def test_the_fix_rewrites_and_then_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m statemachines.format` writes files that `--check` accepts."""
    folder = folder_with(tmp_path, stage=json.dumps(json.loads(TEXTS["stage"])))
    monkeypatch.setattr("sys.argv", ["format"])
    assert form.main(folder) == 0
    assert (folder / "stage.asl.json").read_text("utf-8") == TEXTS["stage"]
    monkeypatch.setattr("sys.argv", ["format", "--check"])
    assert form.main(folder) == 0
    assert capsys.readouterr().err == ""
