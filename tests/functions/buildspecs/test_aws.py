"""The build's own calls of AWS: signatures, tries and errors."""

import re
import urllib.request

import pytest

from functions.buildspecs.work_item import aws
from functions.buildspecs.work_item.errors import WorkError
from tests.functions.buildspecs.aws_endpoint import ARN, FUNCTION, AwsEndpoint


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.buildspecs.work_item.aws.time.sleep", lambda _: None)


def test_a_secret_is_read_with_a_signature_that_aws_accepts() -> None:
    """The server computes it with the SDK's own signer, over the same headers."""
    with AwsEndpoint("sk-test-" + "k" * 20) as server:
        assert aws.read_secret(ARN, server.environment()) == "sk-test-" + "k" * 20


@pytest.mark.parametrize("refusal", [(400, "ThrottlingException"), (500, "InternalServiceError")], ids=str)
def test_a_fault_that_passes_is_tried_again(refusal: tuple[int, str]) -> None:
    """Throttles have the status 400 in this protocol."""
    with AwsEndpoint("sk-test-" + "k" * 20, refusal, refusal) as server:
        assert aws.read_secret(ARN, server.environment()).startswith("sk-test-")
        assert server.requests == 3


def test_a_refusal_is_an_error_at_once() -> None:
    """It names the secret and AWS's reason."""
    with AwsEndpoint("", (400, "AccessDeniedException")) as server:
        with pytest.raises(WorkError, match=r"refused kiro-pipeline-test-agent-key-AbCdEf: 400 .*AccessDenied"):
            aws.read_secret(ARN, server.environment())
        assert server.requests == 1


def test_a_secret_without_a_value_is_an_error() -> None:
    """A key that is empty would be one that the agent's vendor refuses, much later."""
    with AwsEndpoint(" ") as server, pytest.raises(WorkError, match="is empty or binary"):
        aws.read_secret(ARN, server.environment())


def test_without_a_role_there_is_an_error() -> None:
    """And not a request without a signature."""
    with pytest.raises(WorkError, match="no credentials of a role"):
        aws.read_secret(ARN, {})


def test_the_address_follows_the_arn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partition and region: https://docs.aws.amazon.com/general/latest/gr/asm.html."""
    asked = list[str]()

    def refuse(request: urllib.request.Request, **_: object) -> None:
        asked.append(request.full_url)
        raise OSError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    for arn in (ARN, re.sub("aws:secretsmanager:eu-west-1", "aws-cn:secretsmanager:cn-north-1", ARN)):
        with pytest.raises(WorkError, match="can't be reached"):
            aws.read_secret(arn, {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})
    assert set(asked) == {
        "https://secretsmanager.eu-west-1.amazonaws.com/",
        "https://secretsmanager.cn-north-1.amazonaws.com.cn/",
    }


def test_a_function_answers_or_its_error_is_raised() -> None:
    """Lambda answers 200 to both; a failed function's payload has `errorMessage`.

    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    with AwsEndpoint(function=lambda given: {"token": given["buildId"]}) as server:
        assert aws.invoke(FUNCTION, {"buildId": "b"}, server.environment()) == {"token": "b"}
    with (
        AwsEndpoint(function=lambda _: {"errorMessage": "no running build", "errorType": "BadInputError"}) as server,
        pytest.raises(WorkError, match="the function kiro-pipeline-test-events-git-token failed: no running build"),
    ):
        aws.invoke(FUNCTION, {}, server.environment())
