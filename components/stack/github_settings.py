"""The settings of GitHub: the instance, its repositories and its board."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from components.stack.closed import Closed
from components.stack.repository_settings import DeliveredRepository, named, separate
from functions.domain.owners import Claim

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+[^\s]*$")]


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError as error:
        raise ValueError(f"must be a network such as 192.30.252.0/22: {error}") from None
    return text


Glob = Annotated[str, StringConstraints(pattern=r"^[\w./*-]{1,100}$")]
Network = Annotated[str, AfterValidator(_network)]


class GitHub(Closed):
    """The GitHub instance, its repositories and its board."""

    repositories: tuple[Annotated[DeliveredRepository, BeforeValidator(named)], ...] = Field(min_length=1)
    """Repositories whose pushes start deployments: `owner/name`, or with several ones what each may deliver."""
    api_url: Url = "https://api.github.com"
    """The address of the REST API; for GitHub Enterprise Server `https://{host}/api/v3`."""
    url: Url = "https://github.com"
    """The address of GitHub's pages; links in messages start with it."""
    main_branch: Annotated[str, StringConstraints(min_length=1)] = "main"
    """The branch whose pushes start deployments."""
    main_until: str | None = None
    """The last environment of a push to the main branch; default: all of them. `[deploy-all]` in the commit message
    carries it on to every environment."""
    branches: tuple[Glob, ...] = ()
    """Other branches whose pushes are deployed to the first environment, such as `feature/*`; `*` stands for any
    characters. Default: none."""
    candidate_until: str | None = None
    """The last environment of a release candidate (tag `v1.2.0-rc.1`); default: `staging`, or the last but one."""
    allowed_networks: tuple[Network, ...] = ()
    """Networks that webhooks are accepted from; default: all. The signature is always verified. GitHub publishes its
    networks under `hooks` at https://api.github.com/meta and changes them from time to time."""
    organisation: str | None = None
    """The organisation that owns the board (Projects v2)."""
    project_number: Annotated[int, Field(ge=1)] | None = None
    """The number of the board."""
    status_column: str = "Status"
    """The board's single-select field that holds the column of an item."""

    def names(self) -> list[str]:
        """The repositories as `owner/name`."""
        return [one.name for one in self.repositories]

    def image_repositories(self) -> list[str]:
        """The ECR repositories (URIs) of which requests may name images, without duplicates."""
        return sorted({uri for one in self.repositories for uri in one.images.values()})

    def built_images(self, repository: str) -> list[str]:
        """The ECR repositories (URIs) that the builds of a repository push to; none unless it `buildsImages`."""
        (found,) = (one for one in self.repositories if one.name == repository)
        return sorted(set(found.images.values())) if found.builds_images else []

    def versioned(self) -> list[str]:
        """The repositories whose releases get versions."""
        return [one.name for one in self.repositories if one.versions]

    def claims(self) -> list[Claim]:
        """What each repository may deliver, in the format of the deployment's definition."""
        return [one.claim for one in self.repositories]

    @model_validator(mode="after")
    def _apart(self) -> "GitHub":
        separate(self.repositories)
        return self

    @model_validator(mode="after")
    def _whole_board(self) -> "GitHub":
        if bool(self.organisation) != bool(self.project_number):
            raise ValueError("organisation and projectNumber must be set together: both name the board")
        return self
