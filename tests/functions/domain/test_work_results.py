"""The results of a worker's build, and its section in a pull request's body."""

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.gates import Coverage, TestRun, Verdict
from functions.domain.work_results import BEGIN, END, Results, TaskResult, judge, merged_body, section

texts = st.text(st.sampled_from("abc `|\n<>!-@#"), max_size=80)
people = texts.filter(lambda text: BEGIN not in text and END not in text)
results = st.builds(
    Results,
    tasks=st.lists(st.builds(TaskResult, texts, texts, st.just("done")), max_size=3).map(tuple),
    tests=st.builds(TestRun, st.integers(1, 9)),
    coverage=st.builds(Coverage, st.floats(0, 100)),
    files=st.lists(texts, max_size=3).map(tuple),
    tail=st.one_of(texts, st.sampled_from([f"{END} {BEGIN}", "````", "</details>"])),
)
GATES = (Verdict("tests", "passed", "3 | tests\n" + END),)


@given(people, people, results, results)
def test_our_part_is_replaced_and_theirs_stays(before: str, after: str, first: Results, second: Results) -> None:
    """The section is replaced with every update, and the text around it is kept, whatever the agent wrote."""
    ours, theirs = section(first, GATES, "b1", ""), section(second, GATES, "b2", "")
    body = f"{before}{ours}{after}"
    assert merged_body(body, theirs) == f"{before}{theirs}{after}"
    assert merged_body(merged_body(body, theirs), theirs) == merged_body(body, theirs)


@given(results)
def test_our_part_has_one_beginning_and_one_end(found: Results) -> None:
    """Text from outside can't contain the markers of the section."""
    text = section(found, GATES, "b1", "https://log")
    assert (text.count(BEGIN), text.count(END)) == (1, 1)
    assert text.startswith(BEGIN)
    assert text.endswith(END)


@given(people)
def test_a_body_without_our_part_keeps_its_text(body: str) -> None:
    """The section is added after the existing text."""
    assert merged_body(body, BEGIN + END).startswith(body.rstrip())


@given(st.floats(0, 100), st.floats(0, 100))
def test_coverage_below_the_minimum_never_passes(lines: float, minimum: float) -> None:
    """Coverage passes exactly at or above the minimum."""
    good = Results(tests=TestRun(1), coverage=Coverage(lines))
    assert (judge(good, minimum)[2].outcome == "passed") == (lines >= minimum)


def test_nothing_measured_is_a_failure() -> None:
    """Results without tests and coverage fail those gates."""
    assert [gate.outcome for gate in judge(Results(), 0)] == ["passed", "failed", "failed"]
