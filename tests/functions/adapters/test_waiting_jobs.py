"""Jobs of GitHub Actions in the waits table."""

from msgspec.structs import replace

from functions.adapters.waiting_jobs import WaitingJobs
from functions.adapters.waits_table import WaitsTable
from functions.domain.job_reviews import Job
from tests.functions.samples import COMMIT, NOW, RELEASE
from tests.functions.stack import Stack

JOB = Job(RELEASE.repository, 7, "production", COMMIT, "main", NOW)


def test_jobs_are_listed_apart_from_waits(stack: Stack) -> None:
    """P13: the reconciliation, which reads all waits, takes none for one of an execution."""
    jobs = WaitingJobs.connect(stack.clients)
    for run in range(3):
        jobs.keep(replace(JOB, run=run))
    assert {job.run for job in jobs.all()} == {0, 1, 2}
    assert list(WaitsTable.connect(stack.clients).open()) == []
    assert WaitsTable.connect(stack.clients).of_environment("production") == ()


def test_a_report_is_noted_by_one_run(stack: Stack) -> None:
    """Two runs at a time: the second does not report the same."""
    jobs = WaitingJobs.connect(stack.clients)
    jobs.keep(JOB)
    noted = jobs.note_shown(JOB, "freeze")
    assert noted == replace(JOB, shown=("freeze",))
    assert jobs.note_shown(JOB, "freeze") is None
    assert list(jobs.all()) == [noted]


def test_a_repeated_run_outlives_the_answer_to_the_run_before(stack: Stack) -> None:
    """It asked again while its first request was answered."""
    jobs, again = WaitingJobs.connect(stack.clients), replace(JOB, asked_at="2026-01-31T09:00:00.000Z")
    jobs.keep(again)
    jobs.forget(JOB)
    assert list(jobs.all()) == [again]
    for _ in range(2):
        jobs.forget(again)
    assert list(jobs.all()) == []
    assert jobs.note_shown(again, "freeze") is None
