"""What a release costs: the prices of AWS, and the sum for what was counted.

List prices of us-east-1 in US dollars, without free tiers; docs/cost.md has the same, which a test compares.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

# https://aws.amazon.com/step-functions/pricing/: standard workflows; "each retry will be charged"
TRANSITION = 0.025 / 1000
# https://aws.amazon.com/codebuild/pricing/: on-demand Linux, each build rounded up to the next minute
BUILD_MINUTE: Mapping[str, float] = {
    "BUILD_GENERAL1_SMALL": 0.005,
    "BUILD_GENERAL1_MEDIUM": 0.010,
    "BUILD_GENERAL1_LARGE": 0.020,
}


@dataclass(frozen=True, slots=True)
class Counted:
    """What a release has used; `builds` are (compute type, seconds)."""

    transitions: int
    builds: tuple[tuple[str, float], ...]

    @property
    def build_minutes(self) -> int:
        """As AWS bills them."""
        return sum(_minutes(seconds) for _, seconds in self.builds)

    @property
    def dollars(self) -> float:
        """The sum; a build of another compute type counts as the largest."""
        largest = max(BUILD_MINUTE.values())
        builds = sum(_minutes(seconds) * BUILD_MINUTE.get(compute, largest) for compute, seconds in self.builds)
        return self.transitions * TRANSITION + builds


def _minutes(seconds: float) -> int:
    return max(1, ceil(seconds / 60))
