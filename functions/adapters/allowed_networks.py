"""The networks that webhooks are accepted from."""

from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from functions.runtime import Clients


class AllowedNetworks:
    """Networks in CIDR notation; an empty tuple (setting `anywhere`) allows every address."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("ALLOWED_NETWORKS",)

    def __init__(self, networks: tuple[str, ...]) -> None:
        self._networks = networks

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Read the setting: networks separated by commas, or `anywhere`."""
        given = aws.setting("ALLOWED_NETWORKS")
        return cls(() if given == "anywhere" else tuple(given.split(",")))

    def allow(self, address: str) -> bool:
        """Whether requests from this IP address are accepted."""
        if not self._networks:
            return True
        from functions.domain.networks import comes_from  # only a stack that limits its networks needs it

        return comes_from(address, self._networks)
