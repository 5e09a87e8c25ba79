"""What a CodeBuild call can answer instead of a result, and how a build phase can fail.

CodeBuildError
├── InvalidInputError   InvalidInputException
├── NotFoundError       ResourceNotFoundException
├── AlreadyExistsError  ResourceAlreadyExistsException
└── AccountLimitError   AccountLimitExceededException
PhaseFailedError        a phase ended badly for a reason the build's owner can mend
"""

from __future__ import annotations


class CodeBuildError(Exception):
    """A call was refused; `code` is the AWS error code the client sees."""

    code = "InternalFailure"


class InvalidInputError(CodeBuildError):
    """The request cannot be right, whatever exists."""

    code = "InvalidInputException"


class NotFoundError(CodeBuildError):
    """The request names something that does not exist."""

    code = "ResourceNotFoundException"


class AlreadyExistsError(CodeBuildError):
    """The request creates something whose name is taken."""

    code = "ResourceAlreadyExistsException"


class AccountLimitError(CodeBuildError):
    """The account's build queue has no place left."""

    code = "AccountLimitExceededException"


class PhaseFailedError(Exception):
    """A phase failed; `status_code` and the message become the phase's context."""

    def __init__(self, status_code: str, message: str) -> None:
        super().__init__(message)
        self.status_code = status_code
