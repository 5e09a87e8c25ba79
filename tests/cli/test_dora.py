"""`kiro-worker dora`: the four metrics of an environment from the records of its deployments."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from cli.dora import figures
from functions.adapters.clock import iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.records import DeploymentRecord, RollbackRecord, StageRecord, StageResult
from tests.cli.conftest import Kiro
from tests.functions.samples import DEPLOYMENT, RELEASE

TODAY = datetime(2026, 3, 31, 12, tzinfo=UTC)
SINCE = TODAY - timedelta(days=30)


def record(number: int, result: StageResult, *, hours: float = 1, days_ago: float = 1) -> DeploymentRecord:
    """A stage in production that ended so long after its commit; one that was restored has a rollback of 300 s."""
    ended = TODAY - timedelta(days=days_ago)
    release = replace(RELEASE, committed_at=iso(ended - timedelta(hours=hours)))
    breached = iso(ended - timedelta(seconds=300))
    back = {"production": RollbackRecord("restored", breached_at=breached, verified_at=iso(ended))}
    return DeploymentRecord(
        f"main-{number}",
        release,
        stages={"production": StageRecord(result, "", iso(ended), iso(ended))},
        rollback=back if result == "restored" else {},
    )


def test_the_four_metrics_of_an_environment() -> None:
    """O2: two good changes and one that was rolled back; a rejection changed nothing, and an old record is left out."""
    records = [
        record(1, "passed", hours=1),
        record(2, "passed", hours=3),
        record(3, "restored"),
        record(4, "rejected"),
        record(5, "passed", days_ago=31),
    ]
    assert figures(records, "production", since=SINCE, days=30) == {
        "environment": "production",
        "days": 30,
        "changes": 3,
        "changesPerDay": 0.1,
        "leadTimeSeconds": 2 * 3600,
        "rollbacks": 1,
        "changeFailurePercent": 33.3,
        "timeToRestoreSeconds": 300,
    }


def test_what_was_not_measured_is_no_zero() -> None:
    """A median or share of nothing is unknown."""
    found = figures([], "production", since=SINCE, days=30)
    unknown = ("leadTimeSeconds", "changeFailurePercent", "timeToRestoreSeconds")
    assert [found[name] for name in unknown] == [None] * 3


def test_the_command_shows_each_environment(kiro: Kiro) -> None:
    """T1: as a table and as JSON, of the days that are asked for."""
    deployments = DeploymentsTable.connect(kiro.clients)
    now = datetime.now(UTC)
    release = replace(RELEASE, committed_at=iso(now - timedelta(minutes=10)))
    deployments.begin(DEPLOYMENT, release, "", "push")
    deployments.enter(DEPLOYMENT, "production", "running")
    deployments.note_stage(DEPLOYMENT, "production", StageRecord("passed", "", iso(now), iso(now)))
    test, production = kiro.json("dora", "--days", "7")
    assert (test["changes"], production["changes"], production["leadTimeSeconds"]) == (0, 1, 600)
    assert "10 min" in kiro.run("dora").stdout
