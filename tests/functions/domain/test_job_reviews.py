"""Jobs of GitHub Actions enter an environment on the same conditions as releases (P13)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from functions.domain import job_reviews
from functions.domain.environments import Environment, Freeze
from functions.domain.errors import BadInputError
from functions.domain.evidence import Witness
from functions.domain.gates import Verdict
from functions.domain.job_reviews import Job, JobReview, read_job
from functions.domain.owners import Claim
from functions.domain.pushes import Ignored
from functions.domain.records import DeploymentRecord, PlannedStage, PlanRecord
from functions.domain.watches import AlarmReading, Baseline, baseline
from functions.domain.windows import Closed, Window
from tests.functions.domain.test_pushes import RULES
from tests.functions.samples import COMMIT, DEPLOYMENT, RELEASE, environment

REPOSITORY = RELEASE.repository
NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)  # a Saturday
TEST = environment(name="test", demanded_gates=["tests", "integration"])
PRODUCTION = environment(demanded_gates=["tests"])
JOB = Job(REPOSITORY, 7, "production", COMMIT, "main", NOW.isoformat())
PASSED = (Verdict("tests", "passed", "3 passed"),)
RECORD = DeploymentRecord(DEPLOYMENT, RELEASE, gates=PASSED, outcome="deployed")
QUIET = Baseline("clear", "no alarm is in ALARM")
# The fields of https://docs.github.com/webhooks/webhook-events-and-payloads#deployment_protection_rule that are read.
PAYLOAD: dict[str, Any] = {
    "action": "requested",
    "environment": "production",
    "event": "push",
    "sha": COMMIT,
    "ref": "main",
    "deployment_callback_url": f"https://api.github.com/repos/{REPOSITORY}/actions/runs/7/deployment_protection_rule",
    "deployment": None,
    "repository": {"full_name": REPOSITORY},
    "installation": {"id": 34},
}


def read(**changes: Any) -> Job | Ignored:
    """The job of a delivery with changes; None removes a field."""
    payload = {key: value for key, value in {**PAYLOAD, **changes}.items() if value is not None}
    return read_job(payload, frozenset({REPOSITORY}), NOW.isoformat())


def test_a_job_is_read() -> None:
    """An older GitHub Enterprise sends no `sha` beside the deployment, and its API has another path."""
    assert read() == JOB
    enterprise = PAYLOAD["deployment_callback_url"].replace("api.github.com", "github.example.com/api/v3")
    deployment = {"sha": COMMIT, "ref": "main"}
    assert read(sha=None, ref=None, deployment=deployment, deployment_callback_url=enterprise) == JOB


def test_jobs_of_others_are_ignored() -> None:
    """A repository that the stack does not deliver, and an action that is no request."""
    for found in (read(repository={"full_name": "eve/hello-service"}), read(action="expired")):
        assert isinstance(found, Ignored)


@pytest.mark.parametrize(
    "changes",
    [
        {"repository": {}},
        {"environment": ""},
        {"environment": "x" * 256},
        {"sha": "main"},
        {"sha": None},
        {"ref": None},
        {"deployment_callback_url": None},
        {
            "deployment_callback_url": "https://api.github.com/repos/acme/other/actions/runs/7/deployment_protection_rule"
        },
        {
            "deployment_callback_url": f"https://api.github.com/repos/{REPOSITORY}/actions/runs/../deployment_protection_rule"
        },
    ],
)
def test_a_wrong_delivery_is_refused(changes: dict[str, Any]) -> None:
    """The callback must be that of a run of the same repository: an answer goes nowhere else."""
    with pytest.raises(BadInputError, match="deployment_protection_rule: "):
        read(**changes)


def test_environments_are_those_of_the_settings() -> None:
    """GitHub compares names without regard to case; what the settings do not know is rejected with what they do."""
    known = (TEST, PRODUCTION)
    assert job_reviews.entered_by(replace(JOB, environment="Production"), known) == PRODUCTION
    assert job_reviews.refused(JOB, PRODUCTION, Claim(REPOSITORY), known) == ""
    words = job_reviews.refused(JOB, PRODUCTION, Claim(REPOSITORY, environments=["test"]), known)
    assert "may deliver to test:" in words
    assert "no environment of this stack" in job_reviews.refused(replace(JOB, environment="qa"), None, None, known)


def test_deployments_of_the_commit_are_looked_for_by_its_refs() -> None:
    """A push of the main branch, the branch or tag that ran the workflow, and what passed an environment."""
    ids = list(
        job_reviews.deployments_of(replace(JOB, ref="v1.2.0"), RULES, {"test": "operator-1", "qa": "operator-1"})
    )
    assert [one.partition("-")[0] for one in ids] == ["main", "v1.2.0", "tag", "operator"]
    older, newer = replace(RECORD, started_at="1"), replace(RECORD, started_at="2", gates=())
    assert job_reviews.judging([newer, older]) == older
    assert job_reviews.judging([]) is None


def evidence(record: DeploymentRecord | None, entered: Environment = PRODUCTION, **given: Any) -> JobReview | None:
    """What keeps the job out."""
    known = (given.pop("before", TEST), entered)
    passed, now = given.pop("passed", {}), given.pop("now", NOW)
    witnessed = given.pop("witnessed", record)
    return job_reviews.evidence(JOB, entered, known, record, passed, lambda name, _: Witness(name, witnessed), now)


def state(review: JobReview | None) -> tuple[str, str]:
    """State and topic."""
    return (review.state, review.topic) if review else ("complete", "")


def test_gates_are_waited_for() -> None:
    """Actions is faster than the platform's build; a commit that nobody will judge is rejected with the next step."""
    assert state(evidence(None)) == ("waiting", "gates")
    assert state(evidence(replace(RECORD, gates=(), outcome=""))) == ("waiting", "gates")
    late = evidence(None, now=NOW + timedelta(minutes=15))
    assert late
    assert (late.state, f"kiro-worker deploy {REPOSITORY} {COMMIT[:12]}" in late.reason) == ("rejected", True)
    assert evidence(None, environment(demanded_gates=[])) is None


def test_failed_and_missing_gates_reject() -> None:
    """As they keep a release out."""
    failed = evidence(replace(RECORD, gates=(Verdict("tests", "failed", "1 of 3 tests failed: `test_sum`"),)))
    assert failed
    assert (failed.state, failed.reason) == (
        "rejected",
        "production is not entered: tests: 1 of 3 tests failed: `test_sum`",
    )
    nothing = evidence(replace(RECORD, gates=(), outcome="skipped"))
    assert nothing
    assert "no report of `tests` was judged, and production demands it" in nothing.reason
    assert evidence(RECORD) is None


def test_an_environment_that_the_platform_delivers_comes_first() -> None:
    """Its stage is waited for; one that failed rejects, and so does a test that it demands and that was not run."""
    plan = PlanRecord("deploy", "", (PlannedStage("test", {"hello": "changed"}),))
    walking = replace(RECORD, plan=plan, outcome="")
    assert state(evidence(walking)) == ("waiting", "environment")
    assert state(evidence(replace(walking, outcome="restored"))) == ("rejected", "")
    passed = {"test": DEPLOYMENT}
    assert state(evidence(walking, passed=passed)) == ("rejected", "")
    tested = replace(walking, gates_after={"test": (Verdict("integration", "passed", "good"),)})
    assert evidence(tested, passed=passed) is None
    untouched = replace(walking, plan=PlanRecord("deploy", "", (PlannedStage("test"),)))
    assert evidence(untouched) is None


def admit(entered: Environment = PRODUCTION, freeze: Freeze | None = None, **given: Any) -> JobReview:
    """The answer to a job whose commit has its evidence."""
    alarms, now = given.pop("alarms", QUIET), given.pop("now", NOW)
    return job_reviews.admission(JOB, entered, RECORD, freeze, lambda: alarms, now)


def test_a_job_enters_with_the_reasons() -> None:
    """The comment on the run says what was judged."""
    assert admit() == JobReview("approved", "tests: 3 passed; no alarm is in ALARM; no windows are set")


def test_a_freeze_is_waited_for_as_long_as_a_release_waits() -> None:
    """Then the job is rejected, and runs again after the unfreeze."""
    freeze = Freeze("incident 9", "Ada", NOW.isoformat())
    waits = admit(freeze=freeze)
    assert (waits.state, waits.topic, "by Ada: incident 9" in waits.reason) == ("waiting", "freeze", True)
    ends = NOW + timedelta(days=PRODUCTION.freeze_wait_days)
    assert state(admit(freeze=freeze, now=ends)) == ("rejected", "")


def test_a_window_is_waited_for_unless_none_follows() -> None:
    """The reason says when it opens."""
    weekdays = environment(windows=[Window(["mon"], "09:00", "17:00", "Europe/Berlin")])
    waits = admit(weekdays)
    assert (waits.state, waits.topic) == ("waiting", "window")
    assert waits.reason.startswith("waits for production until 2026-02-02 08:00 UTC: outside the deployment windows")
    assert admit(weekdays, now=NOW + timedelta(days=2)).state == "approved"
    closed = environment(freezes=[Closed(NOW.isoformat(), "2027-01-01T00:00:00+00:00", "holidays")])
    assert state(admit(closed)) == ("rejected", "")


@pytest.mark.parametrize(("reaction", "expected"), [("block", "rejected"), ("ask", "waiting"), ("ignore", "approved")])
def test_alarms_keep_out_what_they_keep_out_of_a_release(reaction: Any, expected: str) -> None:
    """`onActiveAlarm`: block rejects; ask waits until the alarm is OK, because nobody is asked about a job."""
    active = [AlarmReading("errors", "critical", "ALARM", "5 of 5")]
    assert admit(alarms=baseline(active, reaction, "ignore")).state == expected
