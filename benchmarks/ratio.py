"""The result of one benchmark."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """The measure of the other way divided by ours, which the project promises to be `at_least` so high."""

    promise: str
    ours: str
    other: str
    ratio: float
    at_least: float

    @property
    def kept(self) -> bool:
        """Whether this run kept the promise."""
        return self.ratio >= self.at_least
