"""The caller, and the answers of IAM's simulation."""

import pytest

from cli.aws.operator import OutOfReachError
from cli.aws.simulation import Refusal, Simulation
from tests.functions.iam import stand_in


def test_the_root_user_may_and_a_federated_one_cannot_be_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    """No policy limits the root user, and IAM does not simulate federated users."""
    iam = stand_in(monkeypatch, "arn:aws:iam::123456789012:root", allowed="nothing")
    assert list(Simulation.connect().refused(["s3:CreateBucket"], "*")) == []
    assert iam.asked == []
    user = stand_in(monkeypatch, "arn:aws:iam::123456789012:user/ada", allowed="nothing")
    assert list(Simulation.connect().refused(["s3:CreateBucket"], "*")) == [
        Refusal("s3:CreateBucket", "*", "no policy allows it")
    ]
    assert user.asked[0]["PolicySourceArn"].endswith("user/ada")
    stand_in(monkeypatch, "arn:aws:sts::123456789012:federated-user/ada", allowed="nothing")
    with pytest.raises(OutOfReachError, match="log in as a user or with a role"):
        Simulation.connect()
