"""Every fault that a workflow may name.

KiroError
├── BadInputError            an event, a setting or a record does not have the promised form
├── ManifestError            the delivery manifest of a repository is wrong: file, line and reason
├── SourceError              the commit's source can't be had: gone, or larger than a source may be
├── StaleLeaseError          the lease is not the newest one: somebody else owns the environment now
├── NotHealthyYetError       a service does not answer as the new release yet; worth another look
├── DeployTargetError        the thing to deploy to is missing or refuses
├── NotificationError        a message could not be handed on
└── GitHubError
    ├── GitHubUnavailableError   5xx, network or rate limit: worth another try
    ├── GitHubRefusedError       401 or 403: the credential lacks something
    └── GitHubNotFoundError      404: the repository, ref or object is not there

An expected answer ("held", "rejected", "failed") is never here: those are data.
"""


class KiroError(Exception):
    """Root of every fault of the product."""


class BadInputError(KiroError):
    """An event, a setting or a record does not have the promised form."""


class ManifestError(KiroError):
    """The delivery manifest of a repository is wrong; the text says file, line and reason."""


class SourceError(KiroError):
    """The commit's source can't be had."""


class StaleLeaseError(KiroError):
    """A newer lease was seen; nothing was written under this one."""


class NotHealthyYetError(KiroError):
    """A service does not answer as the new release yet."""


class DeployTargetError(KiroError):
    """The thing to deploy to is missing or refuses; the text names it."""


class NotificationError(KiroError):
    """A message could not be handed on."""


class GitHubError(KiroError):
    """Root of what GitHub answers when it does not answer well."""


class GitHubUnavailableError(GitHubError):
    """GitHub is out of reach or asks to wait; `retry_after_seconds` says how long, when it said so."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class GitHubRefusedError(GitHubError):
    """The credential was refused; the text says what it lacks and where to set it."""


class GitHubNotFoundError(GitHubError):
    """The repository, ref or object does not exist, or the credential may not see it."""
