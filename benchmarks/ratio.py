"""One promise and what was measured of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """The other way's measure over ours; `at_least` is what is promised of it."""

    promise: str
    ours: str
    other: str
    ratio: float
    at_least: float

    @property
    def kept(self) -> bool:
        """Whether this run kept the promise."""
        return self.ratio >= self.at_least
