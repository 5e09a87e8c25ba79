"""The requests to an alias are split by its weights.

https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.service import get
from tests.packages import packed
from tests.roles import new_role

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.clients import Clients
    from local.emulator import Emulator

CODE = """import json


def handler(event, context):
    if event.get("fail"):
        raise RuntimeError("asked for")
    return {"statusCode": 200, "body": json.dumps({"version": context.function_version})}
"""
# So many that a half is not met once in 16 million runs.
REQUESTS = 25


@pytest.fixture(scope="module")
def name(aws: Clients) -> str:
    """A function with the versions 1 and 2, and with version 3, which has another role."""
    functions, made = aws.client("lambda"), f"function-{uuid.uuid4().hex[:8]}"
    functions.create_function(
        FunctionName=made,
        Runtime="python3.13",
        Handler="main.handler",
        Role=new_role(aws),
        Code={"ZipFile": packed(CODE)},
    )
    for change in ({"Timeout": 4}, {"Timeout": 5}, {"Role": new_role(aws)}):
        settle(functions, made)
        functions.update_function_configuration(FunctionName=made, **change)
        settle(functions, made)
        functions.publish_version(FunctionName=made)
    return made


def settle(functions: Any, name: str) -> None:
    """Wait for the end of an update."""
    functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


def alias(aws: Clients, name: str, weights: dict[str, float], version: str = "1") -> str:
    """A new alias with these weights of other versions."""
    made = f"alias-{uuid.uuid4().hex[:8]}"
    routing = {"AdditionalVersionWeights": weights}
    aws.client("lambda").create_alias(FunctionName=name, Name=made, FunctionVersion=version, RoutingConfig=routing)
    return made


def test_calls_meet_two_versions(aws: Clients, name: str) -> None:
    """Each call is drawn by itself, and says which version it met; other qualifiers meet their version."""
    functions, qualifier = aws.client("lambda"), alias(aws, name, {"2": 0.5})
    calls = [functions.invoke(FunctionName=name, Qualifier=qualifier) for _ in range(REQUESTS)]
    met = Counter(call["ExecutedVersion"] for call in calls)
    assert set(met) == {"1", "2"}
    answers = [json.loads(json.load(call["Payload"])["body"])["version"] for call in calls]
    assert answers == [call["ExecutedVersion"] for call in calls]
    assert functions.invoke(FunctionName=name, Qualifier="1")["ExecutedVersion"] == "1"


def test_requests_to_an_address_meet_two_versions(aws: Clients, emulator: Emulator, name: str) -> None:
    """Before and after there are weights, they meet the version of the alias only."""
    functions, qualifier = aws.client("lambda"), alias(aws, name, {})
    public = {"FunctionName": name, "Qualifier": qualifier, "Principal": "*"}
    functions.add_permission(**public, StatementId="url", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")
    functions.add_permission(**public, StatementId="invoke", Action="lambda:InvokeFunction", InvokedViaFunctionUrl=True)
    address = functions.create_function_url_config(FunctionName=name, Qualifier=qualifier, AuthType="NONE")
    identity = address["FunctionUrl"].removeprefix("https://").partition(".")[0]

    def met() -> set[str]:
        url = f"{emulator.endpoint}/_aws/lambda-url/{identity}"
        return {get(url)[1]["version"] for _ in range(REQUESTS)}

    assert met() == {"1"}
    assert measured(aws, name, qualifier) == {"a": [REQUESTS, 0, REQUESTS]}
    split: Callable[..., Any] = functions.update_alias
    split(FunctionName=name, Name=qualifier, RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    assert met() == {"1", "2"}
    counts = measured(aws, name, qualifier)
    assert counts["1"][0] + counts["2"][0] == counts["a"][0] - REQUESTS == REQUESTS
    split(FunctionName=name, Name=qualifier, FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}})
    assert met() == {"2"}


def measured(aws: Clients, name: str, qualifier: str) -> dict[str, list[float]]:
    """The invocations, errors and timed invocations of an alias, and of versions by it, of those that have any.

    The key of the alias itself is `a`.
    """
    asked = {}
    for version in ("a", "1", "2"):
        names = {"FunctionName": name, "Resource": f"{name}:{qualifier}"}
        names |= {} if version == "a" else {"ExecutedVersion": version}
        dimensions = [{"Name": key, "Value": value} for key, value in names.items()]
        for metric, stat in (("Invocations", "Sum"), ("Errors", "Sum"), ("Duration", "SampleCount")):
            one = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": dimensions}
            asked[f"v{version}_{metric}"] = {"Metric": one, "Period": 60, "Stat": stat}
    found: dict[str, list[float]] = {}
    for one in aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=[{"Id": key, "MetricStat": stat} for key, stat in asked.items()],
        StartTime=datetime.now(UTC) - timedelta(minutes=10),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
    )["MetricDataResults"]:
        if one["Values"]:
            found.setdefault(one["Id"][1], []).append(sum(one["Values"]))
    return found


@pytest.mark.long
def test_what_each_version_meets_is_in_cloudwatch(aws: Clients, name: str) -> None:
    """By alias, and by executed version while it has weights; a function that raises has failed.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
    """
    functions, qualifier, plain = aws.client("lambda"), alias(aws, name, {"2": 0.5}), alias(aws, name, {})
    payloads = [b"{}"] * REQUESTS + [b'{"fail": true}'] * REQUESTS
    calls = [functions.invoke(FunctionName=name, Qualifier=qualifier, Payload=one) for one in payloads]
    functions.invoke(FunctionName=name, Qualifier=plain)
    met = Counter(call["ExecutedVersion"] for call in calls)
    failed = Counter(call["ExecutedVersion"] for call in calls if "FunctionError" in call)
    assert failed.total() == REQUESTS
    counts = {one: [met[one], failed[one], met[one]] for one in ("1", "2")}
    assert measured(aws, name, qualifier) == {"a": [2 * REQUESTS, REQUESTS, 2 * REQUESTS], **counts}
    assert measured(aws, name, plain) == {"a": [1, 0, 1]}


def test_what_is_read_of_an_alias_is_its_own_version(aws: Clients, name: str) -> None:
    """However large the share of the other version is."""
    functions, qualifier = aws.client("lambda"), alias(aws, name, {"2": 0.99})
    read = [functions.get_function_configuration(FunctionName=name, Qualifier=qualifier) for _ in range(5)]
    assert {one["Timeout"] for one in read} == {4}


@pytest.mark.parametrize(
    ("version", "weights", "said"),
    [
        ("1", {"2": 0.1, "3": 0.1}, "greater than 1"),
        ("$LATEST", {"2": 0.1}, "LATEST"),
        ("1", {"1": 0.1}, "already included"),
        ("1", {"9": 0.1}, "does not exist"),
        ("1", {"3": 0.1}, "execution role"),
    ],
)
def test_versions_that_cannot_share_are_refused(
    aws: Clients, name: str, version: str, weights: dict[str, float], said: str
) -> None:
    """Two versions at most, both published, with the same execution role; also when an alias is changed."""
    functions, plain = aws.client("lambda"), alias(aws, name, {}, version)
    routing = {"AdditionalVersionWeights": weights}
    with pytest.raises(ClientError, match=f"InvalidParameterValueException.*{said}"):
        functions.update_alias(FunctionName=name, Name=plain, RoutingConfig=routing)
    with pytest.raises(ClientError, match=f"InvalidParameterValueException.*{said}"):
        alias(aws, name, weights, version)
