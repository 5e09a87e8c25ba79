"""The gate `smoke`: smoke tests in an environment, after a deployment (G1)."""

from functions.gates.base import SuiteGate


class SmokeGate(SuiteGate):
    """Passes when at least one of the smoke tests in an environment ran and none failed.

    They show whether a release that just went live answers. All JUnit XML reports count together. A
    failed gate causes a rollback. Without a declared report there is no verdict.
    """

    name = "smoke"
