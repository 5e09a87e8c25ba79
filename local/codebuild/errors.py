"""The errors of CodeBuild calls and of build phases.

CodeBuildError
├── InvalidInputError   InvalidInputException
├── NotFoundError       ResourceNotFoundException
├── AlreadyExistsError  ResourceAlreadyExistsException
└── AccountLimitError   AccountLimitExceededException
PhaseFailedError        a phase failed for a reason that the build's owner can correct
"""

from __future__ import annotations

from local.json_service import ServiceError


class CodeBuildError(ServiceError):
    """A call of CodeBuild was refused."""


class InvalidInputError(CodeBuildError):
    """The request is invalid in itself, independent of existing resources."""

    code = "InvalidInputException"


class NotFoundError(CodeBuildError):
    """The request names something that does not exist."""

    code = "ResourceNotFoundException"


class AlreadyExistsError(CodeBuildError):
    """The request creates something under a name that is already in use."""

    code = "ResourceAlreadyExistsException"


class AccountLimitError(CodeBuildError):
    """The account's build queue has no place left."""

    code = "AccountLimitExceededException"


class PhaseFailedError(Exception):
    """A phase failed; `status_code` and message become the phase's context."""

    def __init__(self, status_code: str, message: str) -> None:
        super().__init__(message)
        self.status_code = status_code
