"""Pins: parts of an environment that releases leave as they are, mostly after a rollback (R14).

A pin ends by a person, or by a release that contains a commit newer than the named one. What is newer is decided by
ancestry (P14): a release passes if its commit descends from the named one, and is not that commit itself. Releases of
images have no ancestry, so every pin keeps them out. A part that is left out in one environment is left out in those
after it, too: no environment gets what the one before did not pass.
"""

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from functions.domain.values import Value


class Pin(Value, frozen=True):
    """Who pinned a part of an environment, when (ISO 8601) and why.

    `newer_than` is the full commit from which a release has to descend to pass; "": only a person ends the pin.
    """

    environment: str
    part: str
    reason: str
    by: str
    since: str
    newer_than: str = ""

    @property
    def until(self) -> str:
        """What ends the pin, in words."""
        return (
            f"a commit newer than {self.newer_than[:12]}, or `kiro-worker unpin`"
            if self.newer_than
            else "`kiro-worker unpin`"
        )

    def describe(self) -> str:
        """Which part is pinned, since when, by whom, until what, and why."""
        where = f"{self.part} is pinned in {self.environment} since {self.since} by {self.by}"
        return f"{where} until {self.until}: {self.reason}"


def keeps_out(pin: Pin, descends_from: Collection[str]) -> bool:
    """Whether a pin keeps a release out; `descends_from` are the commits that the release is known to descend from."""
    return not (pin.newer_than and pin.newer_than in descends_from)


def left_out(
    walked: Sequence[str], pins: Mapping[str, Mapping[str, Pin]], descends_from: Collection[str]
) -> dict[str, dict[str, str]]:
    """The parts that a release leaves as they are, with the reason, by environment and part.

    `walked` are the environments in their order, `pins` are by environment and part.
    """
    found: dict[str, dict[str, str]] = {}
    so_far: dict[str, str] = {}
    for environment in walked:
        own = {name: pin for name, pin in pins.get(environment, {}).items() if keeps_out(pin, descends_from)}
        so_far = {**{name: pin.describe() for name, pin in own.items()}, **so_far}
        found[environment] = so_far
    return found


def pinned_again(before: Pin | None, wanted: Pin) -> Pin:
    """The pin after a person pins a part that may be pinned already.

    The same pin again, or one without a reason, keeps who pinned it first, when and why. Another reason or another end
    makes a new pin.
    """
    if before is None:
        return wanted
    same_end, same_reason = before.newer_than == wanted.newer_than, wanted.reason in ("", before.reason)
    if same_end and same_reason:
        return before
    return replace(wanted, reason=wanted.reason or before.reason)
