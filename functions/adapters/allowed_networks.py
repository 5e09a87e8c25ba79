"""The networks from which webhooks are accepted."""

from typing import TYPE_CHECKING, ClassVar, Self

from functions.domain.networks import comes_from

if TYPE_CHECKING:
    from functions.runtime import Clients


class AllowedNetworks:
    """Networks in CIDR notation; without any (value `anywhere`), all addresses are accepted."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WEBHOOK_SOURCES",)

    def __init__(self, networks: tuple[str, ...]) -> None:
        self._networks = networks

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The networks in this stack's settings."""
        given = aws.setting("WEBHOOK_SOURCES")
        return cls(() if given == "anywhere" else tuple(given.split(",")))

    def allow(self, address: str) -> bool:
        """Whether a request from this IP address is accepted."""
        return not self._networks or comes_from(address, self._networks)
