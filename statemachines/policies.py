"""The retry policies of the definitions, and how often a wait may query."""

from typing import Any

from functions.domain import budgets

# Lambda's errors when the service fails or the function's process dies; every handler may run twice.
_LAMBDA_FAULTS = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "GitHubUnavailableError",
]
# The account is at a limit, Lambda's concurrency first of all; the last three are errors of botocore in handlers.
THROTTLED = [
    "Lambda.TooManyRequestsException",
    "TooManyRequestsException",
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
]
_BACKOFF = {"IntervalSeconds": 1, "MaxAttempts": 4, "BackoffRate": 2, "MaxDelaySeconds": 20, "JitterStrategy": "FULL"}

# About a quarter of an hour: the calls that use up a limit end within minutes.
_RETRY_THROTTLED: dict[str, Any] = {
    "ErrorEquals": THROTTLED,
    "IntervalSeconds": 5,
    "MaxAttempts": 20,
    "BackoffRate": 1.25,
    "MaxDelaySeconds": 60,
    "JitterStrategy": "FULL",
}
RETRY_FAULTS: list[dict[str, Any]] = [
    _RETRY_THROTTLED,
    {"ErrorEquals": [*_LAMBDA_FAULTS, "States.Timeout"], **_BACKOFF},
]
# For handlers whose lost response would leave an orphan: a running build or a held lock.
RETRY_REPEATABLE: list[dict[str, Any]] = [_RETRY_THROTTLED, {"ErrorEquals": ["States.ALL"], **_BACKOFF}]
RETRY_ANNOUNCEMENT: list[dict[str, Any]] = [{"ErrorEquals": ["States.TaskFailed", "States.Timeout"], **_BACKOFF}]
# For states that a stage may enter dozens of times: the steps of a rollout, and the evidence after each wait. One that
# fails for about a minute ends the stage.
RETRY_STEP: list[dict[str, Any]] = [
    {**_RETRY_THROTTLED, "ErrorEquals": [*THROTTLED, *_LAMBDA_FAULTS, "States.Timeout"], "MaxAttempts": 8}
]
RETRY_START: list[dict[str, Any]] = [
    {
        "ErrorEquals": ["StepFunctions.ExecutionLimitExceededException", "StepFunctions.SdkClientException"],
        **_BACKOFF,
    }
]
# How often Verify and VerifyRestored probe a service that starts slowly; the n-th wait between them is 2n seconds long.
VERIFY_TIMES = 10
# The wait before the next sample of an unhealthy service in a watch.
SAMPLE_SECONDS = 5

# AwaitRollout ends what AWS does when its time is over: so much later at the latest.
_SPARE_MINUTES = 5

# More queries could fill an execution's history by themselves.
MOST_ASKS = 2400

# Budgets that definitions compare with; the task that starts a build sets the build's budget.
BUDGETS = {
    "DeploymentBudgetMinutes": budgets.DEPLOYMENT,
    "ApplicationBudgetMinutes": budgets.APPLICATION,
}


def ask_again(times: int) -> list[dict[str, Any]]:
    """The retries of a wait: `times` queries, one at each backstop; errors of its handler are retried separately.

    Tokens are only ever completed with success (decision 002), so a failed task is always a failure of the handler.
    """
    return [
        {"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": times, "BackoffRate": 1},
        _RETRY_THROTTLED,
        {"ErrorEquals": ["States.TaskFailed"], **_BACKOFF},
    ]


def waits(
    *,
    build: int,
    approval: int,
    lock: int,
    watch: int,
    enhanced: int,
    unfreeze: int,
    worker_minutes: int = 60,
    longest_approval: int = 86_400,
    longest_freeze: int = 14 * 86_400,
) -> dict[str, Any]:
    """Backstops (seconds), the retry policies for them, and the budgets.

    The longest wait is backstop × times: 90 min for builds (whose timeout is 60 min) and an hour in the account's
    queue, `worker_wait` for the worker's build, the longest approval time and an hour for approvals, the longest wait
    for an unfreeze and an hour, 8 h for locks, 60 min for watches, 15 min for rollouts, up to 7 days for enhanced
    watches. A handler that is queried after the end of its wait completes the wait; the number of times only limits
    waits whose handler does not.
    """
    return {
        "BuildBackstopSeconds": build,
        "ApprovalBackstopSeconds": approval,
        "LockBackstopSeconds": lock,
        "WatchBackstopSeconds": watch,
        "EnhancedBackstopSeconds": enhanced,
        "UnfreezeBackstopSeconds": unfreeze,
        "AskBuild": ask_again(_times((90 + budgets.QUEUE) * 60, build)),
        "AskWorkerBuild": ask_again(_times(worker_wait(worker_minutes), build)),
        "AskApproval": ask_again(_times(longest_approval + 3600, approval)),
        "AskLock": ask_again(_times(8 * 3600, lock)),
        "AskWatch": ask_again(_times(60 * 60, watch)),
        "AskEnhanced": ask_again(_times(7 * 86_400, enhanced)),
        "AskRollout": ask_again(_times((budgets.APPLICATION + _SPARE_MINUTES) * 60, watch)),
        "AskUnfreeze": ask_again(_times(longest_freeze + 3600, unfreeze)),
        "RetryFaults": RETRY_FAULTS,
        "RetryRepeatable": RETRY_REPEATABLE,
        "RetryAnnouncement": RETRY_ANNOUNCEMENT,
        "RetryStart": RETRY_START,
        "RetryStep": RETRY_STEP,
        "VerifyTimes": VERIFY_TIMES,
        "SampleSeconds": SAMPLE_SECONDS,
        **BUDGETS,
    }


def worker_wait(minutes: int) -> int:
    """The longest wait in seconds for a build of the worker of so many minutes: before it runs, it may wait twice.

    The account may have no place for it, and then it waits in CodeBuild's own queue, for as long as for other builds.
    """
    return (minutes + 90 + budgets.QUEUE) * 60


def _times(seconds: int, backstop: int) -> int:
    """The number of queries that fill a span; the settings refuse spans that need more than `MOST_ASKS`."""
    return min(max(seconds // backstop, 10), MOST_ASKS)
