"""The gate `e2e`: end-to-end tests in an environment, after a deployment (G1)."""

from functions.gates.base import SuiteGate


class E2eGate(SuiteGate):
    """Passes when at least one of the end-to-end tests in an environment ran and none failed.

    They show whether a release does what people use it for. All JUnit XML reports count together. A
    failed gate causes a rollback. Without a declared report there is no verdict.
    """

    name = "e2e"
