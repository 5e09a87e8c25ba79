"""The gate `integration`: integration tests in an environment, after a deployment (G1)."""

from functions.gates.base import SuiteGate


class IntegrationGate(SuiteGate):
    """Passes when at least one of the integration tests in an environment ran and none failed.

    They show whether a release works together with what surrounds it. All JUnit XML reports count together. A
    failed gate causes a rollback. Without a declared report there is no verdict.
    """

    name = "integration"
