"""The retry policies that the definitions name, and how often a wait may ask."""

from typing import Any

from functions.domain import budgets

# What Lambda answers when it is at fault itself, or when the function's process died: handlers may all run twice.
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

# About a quarter of an hour: what takes the place of others ends within minutes.
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
# For what may come twice, and whose lost answer would leave something behind: a build that runs, a lock that is held.
RETRY_REPEATABLE: list[dict[str, Any]] = [_RETRY_THROTTLED, {"ErrorEquals": ["States.ALL"], **_BACKOFF}]
RETRY_ANNOUNCEMENT: list[dict[str, Any]] = [{"ErrorEquals": ["States.TaskFailed", "States.Timeout"], **_BACKOFF}]
RETRY_START: list[dict[str, Any]] = [
    {
        "ErrorEquals": ["StepFunctions.ExecutionLimitExceededException", "StepFunctions.SdkClientException"],
        **_BACKOFF,
    }
]
LOOK_AGAIN: list[dict[str, Any]] = [
    {"ErrorEquals": ["NotHealthyYetError"], "IntervalSeconds": 2, "MaxAttempts": 10, "BackoffRate": 1.3},
    *RETRY_FAULTS,
]


# More of them could fill an execution's history alone.
MOST_ASKS = 2400

# The budgets that a definition compares with; a build's budget is set by the task that starts it.
BUDGETS = {
    "DeploymentBudgetMinutes": budgets.DEPLOYMENT,
    "ApplicationBudgetMinutes": budgets.APPLICATION,
}


def ask_again(times: int) -> list[dict[str, Any]]:
    """A wait: asked anew at each backstop, this often; whatever the asking Lambda raises is retried beside it.

    Tokens are only ever completed with an answer (decision 002), so a failed task here is the ask's own failure.
    """
    return [
        {"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": times, "BackoffRate": 1},
        _RETRY_THROTTLED,
        {"ErrorEquals": ["States.TaskFailed"], **_BACKOFF},
    ]


def waits(
    *, build: int, approval: int, lock: int, watch: int, enhanced: int, longest_approval: int = 86_400
) -> dict[str, Any]:
    """Backstops (seconds), the policies that go with them, and the budgets.

    The longest wait is backstop × times: builds 90 min (timeout 60 min) and an hour in the account's queue, approvals
    as long as the longest and an hour, locks 8 h, watches 60 min, enhanced watches up to 7 days. A Lambda that is asked
    past the end of its wait completes it; the counts
    are the fuse behind that.
    """
    return {
        "BuildBackstopSeconds": build,
        "ApprovalBackstopSeconds": approval,
        "LockBackstopSeconds": lock,
        "WatchBackstopSeconds": watch,
        "EnhancedBackstopSeconds": enhanced,
        "AskBuild": ask_again(_times((90 + budgets.QUEUE) * 60, build)),
        "AskApproval": ask_again(_times(longest_approval + 3600, approval)),
        "AskLock": ask_again(_times(8 * 3600, lock)),
        "AskWatch": ask_again(_times(60 * 60, watch)),
        "AskEnhanced": ask_again(_times(7 * 86_400, enhanced)),
        "RetryFaults": RETRY_FAULTS,
        "RetryRepeatable": RETRY_REPEATABLE,
        "RetryAnnouncement": RETRY_ANNOUNCEMENT,
        "RetryStart": RETRY_START,
        "LookAgain": LOOK_AGAIN,
        **BUDGETS,
    }


def _times(seconds: int, backstop: int) -> int:
    """Asks that fill a span; longer ones than `MOST_ASKS` can fill are refused by the settings."""
    return min(max(seconds // backstop, 10), MOST_ASKS)
