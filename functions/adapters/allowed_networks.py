"""The networks that webhooks may come from."""

from typing import TYPE_CHECKING, ClassVar, Self

from functions.domain.networks import comes_from

if TYPE_CHECKING:
    from functions.runtime import Clients


class AllowedNetworks:
    """Networks in CIDR form; none stands for everywhere (setting `anywhere`)."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WEBHOOK_SOURCES",)

    def __init__(self, networks: tuple[str, ...]) -> None:
        self._networks = networks

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """As the stack is set."""
        given = aws.setting("WEBHOOK_SOURCES")
        return cls(() if given == "anywhere" else tuple(given.split(",")))

    def allow(self, address: str) -> bool:
        """Whether a request from this address is read at all."""
        return not self._networks or comes_from(address, self._networks)
