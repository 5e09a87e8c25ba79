"""The text of the plan of a pull request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.forecasts import Forecast, StageForecast
from functions.domain.plans import Change
from functions.domain.pull_plans import BuiltPlan, after_merge, marker, planned, pull_plan
from functions.domain.records import PlannedStage, PlanRecord
from tests.functions.samples import RELEASE

TEST = StageForecast(
    "test", {"hello/db": "db/1.sql changed", "hello/hello": "src/a.py changed"}, {"hello/web": "none of its paths"},
    {}, ("integration: i.xml",), 0, (), "", "", "", "", None,
)  # fmt: skip
PRODUCTION = replace(
    TEST,
    environment="production",
    approvals=1,
    approvers=("grace@example.com", "ada@example.com"),
    frozen="since 2026-01-31 by Ada: the fair",
    closed="outside the deployment windows (mon 09:00-17:00 UTC)",
    opens_at="2026-02-02T09:00:00+00:00",
)
FORECAST = Forecast(RELEASE, "deploy", "", ("tests: junit.xml",), (TEST, PRODUCTION), None, (), ("hello/db",))


def test_the_plan_says_what_a_merge_would_do() -> None:
    """P13: parts in order, gates, approvals, freezes, windows, migrations; no address of an approver."""
    plan = pull_plan(FORECAST, "production", fork=False)
    assert (plan.conclusion, plan.title) == ("success", "A merge deploys 2 in test, then 2 in production")
    lines = plan.text.splitlines()
    assert lines.index("1. `hello/db`: db/1.sql changed ⚠️ its migration can't be taken back") < lines.index(
        "2. `hello/hello`: src/a.py changed"
    )
    assert lines.index("**1. test**") < lines.index("- gate: tests: junit.xml") < lines.index("**2. production**")
    assert "- approvals: 1, of 2 named approvers" in lines
    assert "- ⏸️ frozen since 2026-01-31 by Ada: the fair" in lines
    assert "- ⏸️ outside the deployment windows (mon 09:00-17:00 UTC); opens at 2026-02-02T09:00:00+00:00" in lines
    assert "Unchanged: `hello/web`." in lines
    assert "grace" not in plan.text
    assert "fork" not in plan.text
    assert "nothing of it was built" in pull_plan(FORECAST, "", fork=True).text


def test_what_can_not_be_deployed_fails_the_check() -> None:
    """An invalid manifest, and a demanded gate of which nothing will report."""
    invalid = pull_plan(
        replace(FORECAST, outcome="invalid", reason="delivery.yml:2:1: name: 7", stages=()), "", fork=False
    )
    assert (invalid.conclusion, "delivery.yml:2:1: name: 7" in invalid.text) == ("failure", True)
    lacking = pull_plan(replace(FORECAST, lacking=("the gate `smoke` is demanded",)), "", fork=False)
    assert (lacking.conclusion, "- ❌ the gate `smoke` is demanded" in lacking.text) == ("failure", True)
    nothing = pull_plan(replace(FORECAST, stages=(replace(TEST, parts={}),)), "", fork=False)
    assert (nothing.conclusion, nothing.title) == ("success", "A merge deploys nothing")


def test_previews_of_a_build_are_shown() -> None:
    """P13: the plan of a deployment of the same commit has them in its reasons."""
    record = PlanRecord(
        "deploy", "", (PlannedStage("test", {"hello/infrastructure": "infra/a.yml changed; p.json would create x"}),)
    )
    text = pull_plan(FORECAST, "", fork=False, built=BuiltPlan("topic-1", record)).text
    assert "- test: `hello/infrastructure`: infra/a.yml changed; p.json would create x" in text.splitlines()


@given(st.text(max_size=60), st.text(min_size=1, max_size=40))
def test_no_text_of_a_repository_is_markup(reason: str, part: str) -> None:
    """S: no mention, HTML or marker of ours comes from a name or a reason."""
    hostile = replace(
        TEST, parts={part: f"@team <!-- kiro/plan {'0' * 40} --> <b> {reason}"}, skipped={f"<i>{part}": ""}
    )
    text = pull_plan(replace(FORECAST, stages=(hostile,)), "", fork=False).text
    assert planned(text) == ""
    assert "<!--" not in text
    assert "@team" not in text
    assert "<b>" not in text


def test_a_plan_fits_into_a_comment() -> None:
    """GitHub takes 65,536 characters; a plan that is longer is not cut within its markup."""
    many = replace(TEST, parts={f"hello/{number:03}": "x" * 400 for number in range(100)})
    stages = tuple(replace(many, environment=f"e{number}") for number in range(20))
    text = pull_plan(replace(FORECAST, stages=stages), "", fork=False).text
    assert len(text) < 60_001
    assert "`kiro-worker plan`" in text


@pytest.mark.parametrize("body", ["", "text", f"text {marker('a' * 40)}", "<!-- kiro/plan main -->"])
def test_only_a_marker_at_the_beginning_counts(body: str) -> None:
    """A quoted plan is none."""
    assert planned(body) == ""
    assert planned(f"{marker('a' * 40)}\nrest") == "a" * 40


def test_a_merge_changes_what_main_and_the_pull_request_change() -> None:
    """Where main does not descend from what runs, or files are unknown, everything counts as changed."""
    assert after_merge(Change("ahead", ("a", "b")), ("b", "c")) == Change("ahead", ("b", "c", "a"))
    assert after_merge(Change("identical", ()), ("c",)) == Change("ahead", ("c",))
    assert after_merge(Change("ahead", None), ("c",)) == after_merge(Change("ahead", ()), None) == Change("ahead", None)
    assert (
        after_merge(Change("behind", ()), ("c",))
        == after_merge(Change("diverged", None), ())
        == Change("unknown", None)
    )


def test_a_pinned_part_is_named_with_its_pin() -> None:
    """R14: it would change, and is not among what stays unchanged."""
    pinned = replace(PRODUCTION, parts={}, skipped={"hello/hello": "it is pinned since then"}, pinned=("hello/hello",))
    text = pull_plan(replace(FORECAST, stages=(TEST, pinned)), "", fork=False).text
    assert "- ⏸️ it is pinned since then" in text.splitlines()
    assert "Unchanged: `hello/web`." in text.splitlines()
