"""WriteLedger: the way back is recorded once, before the change."""

from typing import Any

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.environments import PartState, Version
from functions.domain.errors import ManifestError, StaleLeaseError
from functions.domain.locks import Lease
from functions.domain.manifests import Part
from functions.domain.rollback import Compensation
from functions.handler import encode
from tests.functions.delivered import create_function, lambdas, parts, runs
from tests.functions.samples import (
    COMMAND,
    COMMIT,
    DEPLOYMENT,
    ENVIRONMENT,
    FUNCTION,
    LEASE,
    RELEASE,
    SERVICE,
    state,
    version,
)
from tests.functions.stack import Stack


@pytest.fixture(autouse=True)
def _begun(stack: Stack) -> None:
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")


def write(stack: Stack, part: Part = SERVICE, **changes: Any) -> Any:
    """Run the handler."""
    wanted = {"deploymentId": DEPLOYMENT, "environment": ENVIRONMENT, "part": part, "order": 1, "lease": LEASE}
    return stack.run("stage.write_ledger", {**wanted, **changes})


def ledger(stack: Stack) -> list[Compensation]:
    """The entries of the ledger."""
    return list(DeploymentsTable.connect(stack.clients).ledger(DEPLOYMENT))


def test_what_ran_before_is_the_way_back(stack: Stack) -> None:
    """R4: version and definition on which record and alias agree."""
    create_function(stack)
    runs(stack, state())
    assert write(stack) == {"before": "1"}
    (entry,) = ledger(stack)
    assert (entry.before, entry.definition_before, entry.part, entry.order) == (version(), SERVICE, SERVICE, 1)


def test_the_first_entry_stays(stack: Stack) -> None:
    """A retry after the change does not record the new version as the way back."""
    create_function(stack, versions=2)
    write(stack)
    lambdas(stack).update_alias(FunctionName="hello-production", Name="live", FunctionVersion="1")
    write(stack)
    (entry,) = ledger(stack)
    assert entry.before
    assert entry.before.version == "2"


def test_what_is_about_to_change_is_in_doubt(stack: Stack) -> None:
    """An execution that dies before RecordPart leaves the doubt; the good version stays recorded."""
    create_function(stack)
    runs(stack, state())
    write(stack)
    assert parts(stack)["hello"] == state(in_doubt=DEPLOYMENT)


def test_a_first_release_is_in_doubt_too(stack: Stack) -> None:
    """It is not known whether anything runs."""
    write(stack)
    assert parts(stack)["hello"] == PartState("production", "hello", in_doubt=DEPLOYMENT)


def test_a_repetition_after_record_part_raises_no_doubt(stack: Stack) -> None:
    """A late repetition finds the change recorded."""
    create_function(stack)
    runs(stack, state())
    write(stack)
    runs(stack, state(running=version(COMMIT, "2")))
    write(stack)
    assert parts(stack)["hello"].in_doubt == ""


def test_what_a_dead_release_left_is_no_way_back(stack: Stack) -> None:
    """R4: the alias points to a version that was never verified; the way back is the last known good."""
    create_function(stack, versions=3)
    runs(stack, state(in_doubt="main-that-died"))
    assert write(stack)["before"] == "1"
    assert ledger(stack)[0].before == version()


def test_an_alias_that_was_moved_by_hand_is_the_way_back(stack: Stack) -> None:
    """What runs counts, not the record."""
    create_function(stack, versions=3)
    runs(stack, state())
    assert write(stack)["before"] == "3"
    assert ledger(stack)[0].before == Version("", "", "", "", "3", "")


@pytest.mark.parametrize("alias", ["", "live"])
def test_a_first_release_has_no_way_back(stack: Stack, alias: str) -> None:
    """There is no alias yet, or one on $LATEST."""
    create_function(stack, alias="")
    if alias:
        lambdas(stack).create_alias(FunctionName="hello-production", Name=alias, FunctionVersion="$LATEST")
    assert write(stack)["before"] == ""
    assert ledger(stack)[0].before is None


def test_a_function_that_is_not_there_has_no_way_back(stack: Stack) -> None:
    """The infrastructure part may create it."""
    assert write(stack)["before"] == ""


def test_a_command_goes_back_to_its_record(stack: Stack) -> None:
    """Only the record knows the version of a command."""
    assert write(stack, COMMAND) == {"before": ""}
    DeploymentsTable.connect(stack.clients).begin("other-1", RELEASE, "arn:e", "push")
    runs(stack, state(COMMAND, version(number="0a")))
    assert write(stack, COMMAND, deploymentId="other-1")["before"] == "0a"


def test_a_stale_lease_writes_nothing(stack: Stack) -> None:
    """Q1: a former lock owner may not write."""
    runs(stack, state(), lease=Lease(LEASE.key, "newer", 7))
    with pytest.raises(StaleLeaseError, match="production: nothing was written, because a newer lease than number 1"):
        write(stack)
    assert ledger(stack) == []


def test_a_name_with_an_unknown_placeholder_is_an_error(stack: Stack) -> None:
    """The error names the place in the manifest."""
    part = {**encode(SERVICE), "settings": {**FUNCTION, "function": "hello-{stage}"}}
    with pytest.raises(ManifestError, match=r"services\.hello\.function"):
        stack.run(
            "stage.write_ledger",
            {"deploymentId": DEPLOYMENT, "environment": ENVIRONMENT, "part": part, "order": 1, "lease": LEASE},
        )
