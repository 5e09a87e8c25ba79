"""Who runs the command."""

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from cli.aws import caller as module
from cli.aws.caller import caller
from functions.runtime import Clients


def test_a_throttled_call_is_tried_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first client tries once, so that a dead endpoint is named at once; an answer says that AWS is there."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    made = {True: Clients({}, hurried=True), False: Clients({})}
    answer = {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/ada", "UserId": "A"}
    with Stubber(made[True].client("sts")) as first, Stubber(made[False].client("sts")) as second:
        first.add_client_error("get_caller_identity", "Throttling")
        second.add_response("get_caller_identity", answer)
        monkeypatch.setattr(module, "Clients", lambda _, hurried=False: made[hurried])
        region, identity = caller()
    assert (region, identity["Arn"]) == ("eu-central-1", answer["Arn"])


def test_what_is_refused_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as an expired token."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    made = Clients({})
    with Stubber(made.client("sts")) as stub:
        for _ in range(2):
            stub.add_client_error("get_caller_identity", "ExpiredToken")
        monkeypatch.setattr(module, "Clients", lambda *_, **__: made)
        with pytest.raises(ClientError, match="ExpiredToken"):
            caller()
