"""Addresses that messages, incidents and mails link to, as the stack is set."""

from typing import TYPE_CHECKING, ClassVar, Self

from functions.domain import incidents, messages

if TYPE_CHECKING:
    from functions.runtime import Clients


class MessageLinks:
    """What a mail or a Slack message links to."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("GITHUB_URL", "RUNBOOK_URL")

    def __init__(self, links: messages.Links) -> None:
        self.links = links

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The addresses of this stack."""
        return cls(messages.Links(*(aws.setting(name).rstrip("/") for name in cls.SETTINGS)))


class IncidentLinks:
    """What an incident links to."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("GITHUB_URL", "RUNBOOK_URL", "AWS_REGION_NAME")

    def __init__(self, links: incidents.Links) -> None:
        self.links = links

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The addresses of this stack."""
        return cls(incidents.Links(*(aws.setting(name).rstrip("/") for name in cls.SETTINGS)))


class ApprovalLinks:
    """Where the approval page is reached."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("APPROVALS_URL",)

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The page of this stack."""
        return cls(aws.setting("APPROVALS_URL"))

    def link(self, approval_id: str, secret: str) -> str:
        """The link of one mail."""
        return f"{self._base}/{approval_id}?secret={secret}"
