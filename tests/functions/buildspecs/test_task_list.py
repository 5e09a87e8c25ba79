"""`tasks.md` as people, Kiro and formatters write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.buildspecs.work_item.task_list import TaskList, read_tasks, ticked
from tests.cases.expectations import RECORDED


def open_ids(text: str) -> list[str]:
    """The numbers of open tasks for the agent."""
    listed = read_tasks(text.encode())
    assert not listed.problems, listed.problems
    return [task.id for task in listed.work() if not task.done]


def case(name: str) -> TaskList:
    """The list of a recorded case."""
    return read_tasks((RECORDED / "cases" / name / "tasks.md").read_bytes())


def test_a_task_with_optional_parts_only_is_a_task() -> None:
    """The agent does it, but not its optional parts."""
    listed = case("tasks-only-optional-parts")
    assert ([task.id for task in listed.work()], listed.problems) == (["1", "2"], ())


def test_a_queued_task_is_open() -> None:
    """Every mark but `x` is open."""
    assert [(task.id, task.done) for task in case("tasks-queued-mark").work()] == [
        ("1", True),
        ("2", False),
        ("3", False),
    ]


def test_boxes_without_a_number_belong_to_the_task_above() -> None:
    """They are its steps, also in sections after it."""
    listed = case("tasks-checklist-below-a-task")
    assert ([task.id for task in listed.tasks], listed.problems) == (["1"], ())


def test_a_number_that_is_there_twice_is_two_tasks() -> None:
    """They are distinguished by their position."""
    listed = case("tasks-number-twice")
    assert ([(task.id, task.line) for task in listed.work()], listed.problems) == ([("1", 5), ("1", 6), ("2", 7)], ())


def test_an_ordered_list_gives_numbers() -> None:
    """`1. [ ] …` needs no number of its own."""
    listed = case("tasks-nothing-recognised")
    assert ([(task.id, task.title) for task in listed.work()], listed.problems) == (
        [("1", "Read the price list"), ("2", "Show prices on the page")],
        (),
    )


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("* [ ] 1. a\n* [ ] 2. b\n", ["1", "2"]),
        ("+ [ ] 1. a\n", ["1"]),
        ("1) [ ] a\n2) [ ] b\n", ["1", "2"]),
        ("1. [ ] a\n1. [ ] b\n   1. [ ] c\n", ["1", "2.1"]),
        ("- [ ]1. a\n- [ ] 2.b\n- [ ] 3) c\n- [ ] 4 d\n- [ ] 5: e\n", ["1", "2", "3", "4", "5"]),
        ("- [] 1. a\n- [  ] 2. b\n- [ x ] 3. c\n", ["1", "2"]),
        ("- [-] 1. a\n- [~] 2. b\n- [?] 3. c\n- [>] 4. d\n- [✓] 5. e\n- [w] 6. f\n- [X] 7. g\n", list("123456")),
        ("- [ ] **1. a**\n- [ ] Task 2: b\n", ["1", "2"]),
        ("- [ ] 1. a\n  - [ ]\\* 1.1 b\n  - [ ] 1.2* c\n- [ ]* 2. d\n  - [ ] 2.1 e\n", ["1"]),
        ("- [ ] 1. a\n  - [x] 1.1 b\n  - [ ]* 1.2 c\n", ["1"]),
        ("- [x] 1. a\n  - [ ]* 1.1 b\n", []),
        ("- [ ] 1. a\n- [ ] 1.1 b\n- [ ] 1.2 c\n", ["1.1", "1.2"]),
        ("- [ ] 1. a\n  - [ ] 1.1 b\n    - [ ] 1.1.1 c\n      - [ ] 1.1.1.1 d\n", ["1.1.1.1"]),
        ("- [ ] 1. a\n\t- [ ] 1.1 b\n\t\t- [ ] 1.1.1 c\n", ["1.1.1"]),
        ("- [ ] 1. a\n          - [ ] 1.1 too far\n", ["1.1"]),
        ("    - [ ] 1. a\n\n        - [ ] 1.1 b\n", ["1.1"]),
        ("- [ ] Server\n  - [ ] 1. a\n- [ ] Client\n  - [ ] 2. b\n", ["1", "2"]),
        ("## Server\n- [ ] 1. a\n## Client\n- [ ] 1. a\n", ["1", "1"]),
        ("- [ ] a\n  - [ ] a step\n- [ ] b\n", ["1", "2"]),
        ("```\n- [ ] 9. an example\n```\n\n~~~md\n- [ ] 8. x\n~~~\n- [ ] 1. a\n  ```\n  - [ ] 7. x\n  ```\n", ["1"]),
        ("<!-- - [ ] 9. later -->\n> - [ ] 8. quoted\n\n- [ ] 1. a\n", ["1"]),
        ("- [ ] 1. a\n- [x](http://b) a link\n- [1] a source\n", ["1"]),
        ("- [ ] 1. a [ ] b\n  2.5x faster\n  - [ ] 2.5x faster\n", ["1"]),
        ("\ufeff- [ ] 1. a\r- [ ] 2. b\u2028- c\r\n- [ ] 3. d", ["1", "2", "3"]),
    ],
)
def test_every_form_of_a_list_is_read(text: str, ids: list[str]) -> None:
    """Bullets and numbers, marks, optional parts, depth, code and comments."""
    assert open_ids(text) == ids


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "tasks.md: no task was found: write each as `- [ ] 1. What to do`"),
        ("# Plan\n\n## 1. Read\n", "tasks.md: no task was found"),
        ("```\n- [ ] 1. a\n```\n", "tasks.md: no task was found"),
        ("- 1. a\n- 2. b\n", "tasks.md: no task was found"),
        ("- [ ]* 1. a\n", "tasks.md: every task is optional"),
        ("- [ ] 1. a\n-[ ] 2. b\n", "tasks.md:2: `-[ ] 2. b` looks like a task but is no list item"),
        ("- [x] 1. a\n\n[ ] 2. b\n", "tasks.md:3: `[ ] 2. b` looks like a task"),
        ("- [x] 1. a\n<details>\n- [ ] 2. b\n</details>\n", "tasks.md:3: `- [ ] 2. b` looks like a task"),
        ("- [ ] set up\n\n- [ ] 1. a\n", "tasks.md:1: `set up` comes before the first task and has no number"),
        ("x" * (256 * 1024 + 1), "262145 bytes, 262144 allowed"),
    ],
)
def test_what_is_not_understood_is_a_problem(text: str, said: str) -> None:
    """With the line, if there is one, and what to write."""
    assert any(said in problem for problem in read_tasks(text.encode()).problems)


def test_a_title_that_windows_wrote_is_readable() -> None:
    """It becomes the subject of a commit."""
    assert [task.title for task in read_tasks("- [ ] 1. Café".encode("cp1252")).tasks] == ["Café"]


@given(st.binary(max_size=300) | st.text("-*+[] x~1.2\n\r\t`>#<!a\u2028", max_size=120).map(str.encode))
def test_a_tick_changes_one_mark_and_nothing_else(raw: bytes) -> None:
    """The task is done then, and every other byte is unchanged."""
    for task in read_tasks(raw).tasks:
        after = ticked(raw, task.line)
        same = next(one for one in read_tasks(after).tasks if one.line == task.line)
        assert (same.id, same.done) == (task.id, True)
        before = next((at for at, pair in enumerate(zip(raw, after, strict=False)) if pair[0] != pair[1]), len(raw))
        assert raw[before:].partition(b"]")[1:] == after[before:].partition(b"]")[1:]
        assert len(raw[before:].partition(b"]")[0]) <= 3 * 4  # a mark has up to three characters


def test_a_tick_keeps_line_ends_and_foreign_bytes() -> None:
    """CRLF, U+2028 and Windows-1252 are unchanged."""
    raw = (RECORDED / "cases" / "tasks-line-endings" / "tasks.md").read_bytes()
    assert ticked(raw, 3) == raw.replace(b"[ ] 1.", b"[x] 1.")
    odd = "- [ ] 1. a\u2028b\r\n- [-] 2. ".encode() + b"caf\xe9\r\n"
    assert ticked(odd, 2) == odd.replace(b"[-]", b"[x]")
