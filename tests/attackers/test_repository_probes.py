"""A repository that writes hostile manifests: their numbers, and the addresses of its services."""

import time

import pytest

from functions.adapters.health import HealthProbe, Target
from functions.adapters.yaml_documents import YamlError, read_yaml
from functions.runtime import Clients
from tests.functions.delivered import Service


def test_a_number_takes_no_time() -> None:
    """A repository tries to exhaust the time of the plan with a number in base 60, whose value grows with each `:`."""

    def worked(size: int) -> float:
        start = time.process_time()
        with pytest.raises(YamlError, match="a number of"):
            read_yaml(b"a: " + b"1:" * size + b"1", "delivery.yml")
        return time.process_time() - start

    assert worked(80_000) < 40 * max(worked(10_000), 0.01)


def test_a_probe_takes_no_invocation_from_lambda() -> None:
    """A repository tries to take an invocation with a health URL of Lambda's own interface on loopback."""
    with Service() as interface:
        probe = HealthProbe.connect(Clients({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}))
        (found,) = probe.probe([Target("hello", f"{interface.base}/2018-06-01/runtime/invocation/next", None)])
        assert not found.healthy
        assert interface.requests == []


@pytest.mark.parametrize("endpoint", ["", "https://vpce-1.example.com", "http://169.254.1.1"])
def test_only_a_laptop_is_a_laptop(endpoint: str) -> None:
    """A stack with an endpoint of its own for AWS is no laptop, so its probes stay away from loopback."""
    assert not Clients({"AWS_ENDPOINT_URL": endpoint} if endpoint else {}).on_a_laptop
    assert Clients({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}).on_a_laptop
