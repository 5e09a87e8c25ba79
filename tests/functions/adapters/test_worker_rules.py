import json

import pytest

from functions.adapters.worker_rules import WorkerRules
from functions.domain.errors import BadInputError
from tests.functions.stack import SETTINGS, WORKER


class Told:
    """Clients that know one setting."""

    def __init__(self, worker: object) -> None:
        self._worker = worker

    def setting(self, name: str) -> str:
        """The setting `WORKER`."""
        return json.dumps(self._worker) if name == "WORKER" else SETTINGS[name]


def test_the_rules_are_the_stack_settings() -> None:
    """The rules are read from the setting as the Pulumi program writes it."""
    told: object = Told(WORKER)
    rules = WorkerRules.connect(told)  # type: ignore[arg-type]
    assert rules.repositories == {"acme/hello-service"}
    assert (rules.concurrency, rules.attempts, rules.coverage_percent) == (2, 2, 80)
    assert (rules.main_branch, rules.branch_namespace) == ("main", "kiro/")


def test_a_missing_rule_is_named() -> None:
    """A setting that lacks a rule is an error that names it."""
    told: object = Told({key: value for key, value in WORKER.items() if key != "attempts"})
    with pytest.raises(BadInputError, match="attempts"):
        WorkerRules.connect(told)  # type: ignore[arg-type]
