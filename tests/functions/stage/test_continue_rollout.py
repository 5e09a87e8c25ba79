"""ContinueRollout: the alias of a function takes the steps of a rollout, one after the other (R12)."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.delivered_functions import DeliveredFunctions
from functions.domain.errors import DeployTargetError, NotRecordedError, StaleLeaseError
from functions.domain.locks import Lease
from functions.domain.manifests import Part
from functions.domain.rollouts import Rollout
from tests.functions.delivered import artifact, create_function, judged, lambdas, points_to, runs, shares
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, LEASE, RELEASE, SERVICE, archive, state
from tests.functions.stack import Stack, failing

KEY = f"deployments/{DEPLOYMENT}/build.zip"
STEPPED = replace(SERVICE, settings={**SERVICE.settings, "steps": [10, 50], "stepSeconds": 60})


def run(stack: Stack, name: str, part: Part = STEPPED, **more: Any) -> Any:
    """Run ApplyService or ContinueRollout for a release that the gates have judged."""
    given = {
        "deploymentId": DEPLOYMENT,
        "release": RELEASE,
        "environment": ENVIRONMENT,
        "part": part,
        "artifact": KEY,
        "lease": LEASE,
    }
    return stack.run(f"stage.{name}", {**given, **more})


def begin(stack: Stack, part: Part = STEPPED) -> Any:
    """Begin the rollout of new code over version 1."""
    create_function(stack)
    artifact(stack, KEY, {"hello.zip": archive({"app.py": "new"})})
    judged(stack, KEY)
    return run(stack, "apply_service", part)


def test_a_rollout_takes_its_steps_and_ends_with_the_alias(stack: Stack) -> None:
    """The old version keeps the alias until the last step, and then nothing is left of the shares."""
    rollout = begin(stack)
    assert rollout == {"outcome": "paused", "version": "2", "percent": 10, "handle": "", "reason": ""}
    assert (points_to(stack), shares(stack)) == ("1", {"2": 0.1})
    rollout = run(stack, "continue_rollout", rollout=rollout)
    assert (rollout["outcome"], rollout["percent"]) == ("paused", 50)
    assert (points_to(stack), shares(stack)) == ("1", {"2": 0.5})
    rollout = run(stack, "continue_rollout", rollout=rollout)
    assert rollout == {"outcome": "done", "version": "2", "percent": 100, "handle": "", "reason": ""}
    assert (points_to(stack), shares(stack)) == ("2", {})


def test_a_repeated_step_is_taken_once(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """R6: what is repeated proceeds from the share that was watched, whatever the alias has by now.

    Unchanged code keeps its version, but not in moto:
    https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
    """
    first = begin(stack)
    monkeypatch.setattr(DeliveredFunctions, "publish", lambda *_: "2")
    assert run(stack, "apply_service") == first
    second = run(stack, "continue_rollout", rollout=first)
    assert run(stack, "continue_rollout", rollout=first) == second
    assert shares(stack) == {"2": 0.5}
    assert run(stack, "apply_service") == second
    done = run(stack, "continue_rollout", rollout=second)
    assert run(stack, "continue_rollout", rollout=second) == done
    assert run(stack, "apply_service") == done


def test_an_emergency_takes_the_steps(stack: Stack) -> None:
    """P8: it skips windows and tests, and is no less likely to be wrong."""
    begin(stack)
    found = run(stack, "apply_service", release=replace(RELEASE, emergency=True))
    assert found["outcome"] == "paused"


@pytest.mark.parametrize("alias", ["", "$LATEST"])
def test_a_first_release_has_nothing_to_share_with(stack: Stack, alias: str) -> None:
    """AWS splits requests between published versions only, so all requests meet it.

    https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    """
    create_function(stack, alias="")
    if alias:
        lambdas(stack).create_alias(FunctionName="hello-production", Name="live", FunctionVersion=alias)
    artifact(stack, KEY, {"hello.zip": archive({"app.py": "new"})})
    judged(stack, KEY)
    found = run(stack, "apply_service")
    assert (found["outcome"], points_to(stack), shares(stack)) == ("done", found["version"], {})


def test_the_share_of_an_unfinished_release_is_replaced(stack: Stack) -> None:
    """An alias has two versions at most."""
    begin(stack)
    artifact(stack, KEY, {"hello.zip": archive({"app.py": "newer"})})
    judged(stack, KEY)
    assert run(stack, "apply_service")["version"] == "3"
    assert shares(stack) == {"3": 0.1}


def test_an_alias_that_somebody_moved_ends_the_rollout(stack: Stack) -> None:
    """The rollout has failed, and nothing is changed: a rollback puts things right."""
    first = begin(stack)
    lambdas(stack).update_alias(FunctionName="hello-production", Name="live", RoutingConfig={})
    found = run(stack, "continue_rollout", rollout=first)
    assert found["outcome"] == "failed"
    assert found["reason"] == (
        "Lambda function hello-production, alias live points to version 1: somebody else ended the rollout of 2"
    )
    assert shares(stack) == {}


def test_a_stale_lease_takes_no_step(stack: Stack) -> None:
    """Q1: a former lock owner lets no further request meet the release."""
    first = begin(stack)
    runs(stack, state(), lease=Lease(LEASE.key, "newer", 7))
    with pytest.raises(StaleLeaseError):
        run(stack, "continue_rollout", rollout=first)
    assert shares(stack) == {"2": 0.1}


def test_a_release_that_no_gate_has_judged_takes_no_step(stack: Stack) -> None:
    """As in ApplyService."""
    with pytest.raises(NotRecordedError, match="no gate has judged it"):
        run(stack, "continue_rollout", rollout=Rollout("paused", "2", 10))


def test_versions_that_cannot_share_are_named_with_the_next_step(stack: Stack) -> None:
    """Such as those with different roles: no request meets the new one, and nobody gets all requests instead.

    https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    """
    first, client = begin(stack), lambdas(stack)
    words = {"Code": "InvalidParameterValueException", "Message": "a different execution role"}
    refusal = client.exceptions.InvalidParameterValueException({"Error": words}, "UpdateAlias")
    with (
        failing(client, "UpdateAlias", refusal),
        pytest.raises(DeployTargetError, match=r"a different execution role\. AWS splits .*: leave `steps` out"),
    ):
        run(stack, "continue_rollout", rollout=first)
    assert (points_to(stack), shares(stack)) == ("1", {"2": 0.1})


def test_a_late_repetition_takes_nothing_back(stack: Stack) -> None:
    """Q1: a step that was retried after a later one leaves the larger share."""
    part = replace(STEPPED, settings={**STEPPED.settings, "steps": [10, 50, 80]})
    first = begin(stack, part)
    third = run(stack, "continue_rollout", part, rollout=run(stack, "continue_rollout", part, rollout=first))
    assert run(stack, "continue_rollout", part, rollout=first) == third
    assert shares(stack) == {"2": 0.8}
