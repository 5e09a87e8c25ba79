"""Base URLs for links in messages, incidents and mails, from the stack's settings."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from functions.domain import incidents, message_details
from functions.domain.environments import opens
from functions.domain.releases import Release
from functions.domain.texts import url_path

if TYPE_CHECKING:
    from functions.runtime import Clients


class MessageLinks:
    """Links in mails and Slack messages."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("GITHUB_URL", "RUNBOOK_URL", "CONSOLE_URL")

    def __init__(self, links: message_details.Links) -> None:
        self.links = links

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The URLs in this stack's settings; a stack without the console has the value `off`."""
        found = (aws.setting(name).rstrip("/") for name in cls.SETTINGS)
        return cls(message_details.Links(*("" if one == "off" else one for one in found)))


class IncidentLinks:
    """Links in incidents."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("GITHUB_URL", "RUNBOOK_URL", "AWS_REGION_NAME")

    def __init__(self, links: incidents.Links) -> None:
        self.links = links

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The URLs in this stack's settings."""
        return cls(incidents.Links(*(aws.setting(name).rstrip("/") for name in cls.SETTINGS)))


class ApprovalLinks:
    """Links to the approval page."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("APPROVALS_URL",)

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The page's URL in this stack's settings."""
        return cls(aws.setting("APPROVALS_URL"))

    def link(self, approval_id: str, secret: str) -> str:
        """The link to a request, with the secret of one mail."""
        return f"{self._base}/{approval_id}?secret={secret}"


class ReleaseLinks:
    """Links to pages about a release, for approvers."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("GITHUB_URL",)

    def __init__(self, github: str) -> None:
        self._github = github.rstrip("/")

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The address of GitHub in this stack's settings."""
        return cls(aws.setting("GITHUB_URL"))

    def pages(self, release: Release, base: str, log: str, running: Mapping[str, str]) -> dict[str, str]:
        """The commit, what it changes since `base` (a commit, "" if unknown), its pull request and build, by name.

        `log` is the address of the build's log, `running` are those of what runs now. What is no page is left out.
        """
        page = f"{self._github}/{url_path(release.repository)}"
        found = {"Commit": f"{page}/commit/{url_path(release.commit)}"}
        if base and base != release.commit:
            found["Diff"] = f"{page}/compare/{url_path(base)}...{url_path(release.commit)}"
        if number := release.pull_request:
            found["Pull request"] = f"{page}/pull/{number}"
        more = {"Build": log, **running}
        return {**found, **{name: address for name, address in more.items() if opens(address)}}
