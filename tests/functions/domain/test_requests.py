"""The request of a deployment: what an execution's input may be, and the names of executions."""

from typing import Any

import pytest
from msgspec.structs import fields, replace

from functions.domain.errors import BadInputError
from functions.domain.releases import LONGEST_NAME
from functions.domain.requests import (
    Request,
    RollbackRequest,
    dispatch_name,
    operator_name,
    read_request,
    rollback_name,
)
from functions.handler import encode
from tests.functions.samples import COMMIT

PLAIN = {"repository": "acme/hello", "ref": "refs/heads/main"}
FULL = Request(
    "acme/hello", "main", COMMIT, "staging", {"api": "v1"}, True, "infrastructure", True, "dispatch", "ada", "why"
)


def test_an_input_is_read_as_it_was_written() -> None:
    """Every field of a request survives the execution's input."""
    assert read_request(encode(FULL)) == FULL
    assert all(getattr(FULL, one.name) != one.default for one in fields(Request) if one.default)


@pytest.mark.parametrize(
    "given",
    [
        {**PLAIN, "commit": COMMIT, "trigger": "push"},
        {**PLAIN, "commit": None, "trigger": "operator", "emergency": False},
        {**PLAIN, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn:x"},
        PLAIN,
    ],
)
def test_an_input_of_an_earlier_version_means_everything(given: dict[str, Any]) -> None:
    """A key that is missing or null has its default; what AWS adds is no key of the request."""
    read = read_request(given)
    assert (read.repository, read.until, read.parts, read.force, read.images) == ("acme/hello", "", "all", False, {})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"untill": "test"}, "unknown key 'untill'; known are repository, ref, commit, until"),
        ({"repository": ""}, "repository is missing"),
        ({"repository": "hello"}, 'repository is "hello", expected owner/name'),
        ({"ref": None}, "ref is missing"),
        ({"ref": 7}, "ref is 7, expected a text"),
        ({"commit": "1a2b"}, 'commit is "1a2b", expected a full commit id'),
        ({"until": ["test"]}, r'until is \["test"\], expected a text'),
        ({"force": "true"}, 'force is "true", expected true or false'),
        ({"emergency": 1}, "emergency is 1, expected true or false"),
        ({"parts": "services"}, 'parts is "services", expected one of all, infrastructure'),
        ({"trigger": "cron"}, 'trigger is "cron", expected one of push, tag, dispatch, operator, reconciliation'),
        ({"images": {"api": 7}}, r'images is \{"api": 7\}, expected an object of tags \(v1\.2\.3\) or digests'),
        ({"images": {"api": "api:v1"}}, r'images is \{"api": "api:v1"\}, expected an object of tags'),
        ({"reason": "x" * 501}, "reason is .*expected a text of at most 500 characters"),
    ],
)
def test_a_wrong_input_names_key_value_and_what_is_allowed(given: dict[str, Any], said: str) -> None:
    """A misspelt key would otherwise deploy everywhere."""
    with pytest.raises(BadInputError, match=said):
        read_request({**PLAIN, **given})


def test_a_dispatch_has_the_name_of_its_body() -> None:
    """A repeated delivery has the same name, another payload another one; the longest fits."""
    request = Request("acme/hello", "refs/heads/main")
    names = [dispatch_name(request, "deploy-infrastructure", body) for body in (b"a", b"a", b"b")]
    assert names[0] == names[1] != names[2]
    assert len(names[0]) <= LONGEST_NAME


def test_an_operators_request_has_a_short_name() -> None:
    """Whatever the ref is called."""
    long = Request("acme/hello", "refs/heads/feature/" + "long/" * 20)
    for request in (FULL, long, replace(long, ref="refs/tags/v1.2.0")):
        assert len(operator_name(request, "20260131080000")) <= LONGEST_NAME
    assert operator_name(replace(long, ref="refs/tags/v1.2.0"), "2026").startswith("operator-v1.2.0-")


def test_a_rollback_is_named_after_its_environment() -> None:
    """With a mark that tells it from others."""
    assert rollback_name(RollbackRequest("production"), "2026") == "rollback-production-2026"
