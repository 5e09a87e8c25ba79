"""Drift: what is compared, what is new, and what CloudTrail says about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.clock import iso
from functions.domain.drift import (
    Author,
    Drift,
    Trace,
    author_of,
    awaits_author,
    drift_of,
    fits,
    is_comparable,
    is_same,
    next_step,
    with_author,
)
from functions.domain.environments import PartState
from functions.domain.images import Image
from tests.functions.samples import NOW, OLDER, state, version
from tests.functions.stack import ACCOUNT, DEPLOY_ROLE, REGION

GRACE = Author("arn:aws:iam::1:user/grace", NOW, "UpdateAlias20150331")
TRACE = Trace("UpdateAlias20150331", {"functionName": "hello-production", "name": "live"})


def drift(**changes: Any) -> Drift:
    """Version 2 runs, and 1 is recorded."""
    found = drift_of(state(**changes), "2", NOW)
    assert found
    return found


@pytest.mark.parametrize(
    ("one", "can"),
    [
        (state(), True),
        (state(in_doubt="main-9"), False),
        (PartState("production", "hello"), False),
        (state(definition=None), False),
    ],
    ids=["recorded", "in doubt", "never deployed", "without a definition"],
)
def test_a_part_is_compared_if_it_is_known_what_it_should_run(one: PartState, *, can: bool) -> None:
    """R15: a part in doubt may run anything, and the next release deploys it anew."""
    assert is_comparable(one) is can


def test_what_runs_as_recorded_is_no_drift() -> None:
    """R15: anything else is one, and so is nothing."""
    assert drift_of(state(), "1", NOW) is None
    recorded = f"{OLDER[:12]} (version 1)"
    assert drift() == Drift("production", "hello", recorded, "version 2", NOW)
    gone = drift_of(state(), None, NOW)
    assert gone
    assert gone.found == "nothing that can be read"


def test_a_drift_says_what_and_who() -> None:
    """R15: who and when, or that nobody knows it."""
    words = f"hello runs version 2 in production, and {OLDER[:12]} (version 1) is recorded: "
    assert drift().describe() == words + "who changed it is not known"
    known = with_author(drift(), GRACE)
    assert known.describe() == f"{words}changed by {GRACE.who} at {NOW} (UpdateAlias20150331)"
    assert with_author(known, None) == known


def test_people_know_a_drift_until_something_else_runs() -> None:
    """R15: told once; its time and its author make no other drift of it."""
    one = drift()
    assert is_same(one, with_author(one, GRACE))
    assert is_same(None, None)
    assert not is_same(one, None)
    assert not is_same(one, drift_of(state(), "3", NOW))
    assert not is_same(one, drift_of(state(running=version(number="4")), "2", NOW))


def test_cloudtrail_is_asked_for_an_hour() -> None:
    """It shows a change minutes later; after an hour it will not."""
    now, known = datetime.now(UTC), with_author(drift(), GRACE)
    at = {minutes: drift_of(state(), "2", iso(now - timedelta(minutes=minutes))) for minutes in (59, 61)}
    assert [awaits_author(one, now) for one in at.values() if one] == [True, False]
    assert not awaits_author(known, datetime.fromisoformat(NOW))


def test_the_next_step_restores_what_is_recorded() -> None:
    """By the label of the version that is recorded; one that was deployed by hand has none."""
    assert f"kiro-worker rollback production --part hello --to {OLDER[:12]} --reason" in next_step(drift(), state())
    image = state(running=version(image=Image("registry/hello", "v1.2.3", "sha256:1")))
    assert "--to v1.2.3" in next_step(drift(), image)
    assert "kiro-worker deploy" in next_step(drift(), state(running=version("")))


@pytest.mark.parametrize(
    ("parameters", "is_ours"),
    [
        ({"functionName": "hello-production", "name": "live"}, True),
        ({"functionName": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello-production", "name": "live"}, True),
        ({"functionName": f"{ACCOUNT}:function:hello-production", "name": "live"}, True),
        ({"functionName": "not-hello-production", "name": "live"}, False),
        ({"functionName": "hello-production", "name": "beta"}, False),
        ({"functionName": "hello-production"}, False),
        (None, False),
    ],
)
def test_an_event_is_of_a_part_by_name_or_arn(parameters: Any, *, is_ours: bool) -> None:
    """A function is named in three ways: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html."""
    assert fits(TRACE, {"requestParameters": parameters}) is is_ours


@pytest.mark.parametrize(
    ("identity", "who"),
    [
        ({"type": "IAMUser", "arn": GRACE.who}, GRACE.who),
        ({"type": "AWSService", "invokedBy": "cloudformation.amazonaws.com"}, "cloudformation.amazonaws.com"),
        ({"type": "AWSAccount", "principalId": "AIDA1"}, "AIDA1"),
        ({}, "an unknown caller"),
        ({"arn": "arn:s", "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::1:role/ops"}}}, "arn:s"),
    ],
)
def test_the_caller_is_named_as_cloudtrail_knows_it(identity: Any, who: str) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html."""
    event = {"userIdentity": identity, "eventTime": NOW, "eventName": "UpdateService"}
    assert author_of(event, DEPLOY_ROLE) == Author(who, NOW, "UpdateService")


def test_the_platform_itself_is_nobody() -> None:
    """Its own changes are under the deploy role of the environment."""
    session = {"arn": "arn:sts", "sessionContext": {"sessionIssuer": {"arn": DEPLOY_ROLE}}}
    assert author_of({"userIdentity": session}, DEPLOY_ROLE) is None


@pytest.mark.parametrize(("given", "is_ours"), [({"a": "x", "b": "y"}, True), ({"a": "x"}, False), ({"b": ""}, False)])
def test_a_parameter_without_a_value_must_be_there(given: dict[str, str], *, is_ours: bool) -> None:
    """Whatever it is: an update of a service that names no task definition changes no version."""
    assert fits(Trace("UpdateService", {"b": ""}), {"requestParameters": given}) is is_ours
