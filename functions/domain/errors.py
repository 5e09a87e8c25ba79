"""All faults that a workflow definition may name in `Retry` or `Catch`.

KiroError
├── BadInputError            an event, a setting or a record does not have the expected format
├── ManifestError            the manifest of a repository is wrong: file, line and reason
├── SourceError              a source, artifact or report is missing, unreadable or too large
├── NotRecordedError         an execution was started with what the record of its deployment does not say
├── ProvenanceError          an artifact, its statement, the signature or the record is not what was judged
├── StaleLeaseError          a newer lease exists: another execution owns the environment now
├── DeployTargetError        what is deployed to does not exist, or refuses the change
├── NotificationError        a message could not be sent
└── GitHubError
    ├── GitHubUnavailableError   5xx, network fault or rate limit; retried
    ├── GitHubRefusedError       401 or 403: the credential is invalid or lacks a permission
    ├── GitHubSwitchedOffError   410 or 422: the repository has this feature switched off
    └── GitHubNotFoundError      404: the repository, ref or object does not exist

Expected results ("held", "rejected", "failed", "unhealthy") are data, not exceptions.
"""


class KiroError(Exception):
    """Base class of all faults of the platform."""


class BadInputError(KiroError):
    """An event, a setting or a record does not have the expected format."""


class ManifestError(KiroError):
    """The manifest of a repository is wrong; each of `mistakes` has file, line and reason, and the text has all."""

    def __init__(self, *mistakes: str) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


class SourceError(KiroError):
    """A source, artifact or report is missing, unreadable or too large."""


class NotRecordedError(KiroError):
    """An execution was started with what the record of its deployment does not say; the text names the difference."""


class ProvenanceError(KiroError):
    """What would be deployed or restored is not what was judged; the text begins with what differs.

    That is `artifact`, `statement`, `signature` or `record`.
    """


class StaleLeaseError(KiroError):
    """A newer lease exists; nothing was written under this one."""


class DeployTargetError(KiroError):
    """What is deployed to does not exist or refuses the change; the text names it."""


class NotificationError(KiroError):
    """A message could not be sent."""


class GitHubError(KiroError):
    """Base class of GitHub's error responses."""


class GitHubUnavailableError(GitHubError):
    """GitHub is unreachable or limits requests; `retry_after_seconds` is the wait that it demands, None if unknown."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class GitHubRefusedError(GitHubError):
    """GitHub refused the credential; the text names the missing permission and where to set the credential."""


class GitHubSwitchedOffError(GitHubError):
    """The repository has a feature of GitHub switched off, or its plan lacks it: issues, or drafts of pull requests."""


class GitHubNotFoundError(GitHubError):
    """The repository, ref or object does not exist, or the credential may not see it."""
