"""Dispatches: what each asks for, and one precise answer to each that is malformed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.dispatches import EVENTS, Event, read_dispatch
from functions.domain.errors import BadInputError
from functions.domain.requests import Request, RollbackRequest
from tests.functions.domain.test_pushes import ANYTHING, RULES

REPOSITORY = "acme/hello-service"
MAIN = "refs/heads/main"


def dispatch(event: Event, **payload: Any) -> Request | RollbackRequest:
    """Read a dispatch that Ada sent."""
    return read_dispatch(event, REPOSITORY, {"client_payload": payload, "sender": {"login": "ada"}}, RULES)


def asked(until: str = "", **more: Any) -> Request:
    """The request of a dispatch."""
    return Request(REPOSITORY, MAIN, until=until, trigger="dispatch", by="ada", **more)


@pytest.mark.parametrize(
    ("event", "payload", "request_"),
    [
        ("deploy-infrastructure", {}, asked("test", parts="infrastructure")),
        ("deploy-infrastructure", {"environment": "staging"}, asked("staging", parts="infrastructure")),
        ("deploy-infrastructure", {"deploy_all_environments": True}, asked(parts="infrastructure")),
        ("deploy-infrastructure", {"force_infra": True}, asked("test", parts="infrastructure", force=True)),
        ("staging-deploy", {}, asked("staging")),
        ("staging-deploy", {"reason": "again", "images": {}}, asked("staging", reason="again")),
        ("staging-deploy", {"api_tag": "v1.2.3"}, asked("staging", images={"api": "v1.2.3"})),
        (
            "production-deploy",
            {"images": {"api": "v1.2.3"}, "dns_worker_tag": "v1.0.0"},
            asked(images={"api": "v1.2.3", "dns-worker": "v1.0.0"}),
        ),
        ("deploy-infrastructure", {"web_tag": "dev-1a2b3c4"}, asked("test", images={"web": "dev-1a2b3c4"})),
        ("production-deploy", {}, asked()),
        ("production-deploy", {"emergency_deploy": True}, asked(emergency=True)),
        ("emergency-deploy", {}, asked(emergency=True)),
        (
            "emergency-deploy",
            {"environment": "staging", "force_infra": True},
            asked("staging", emergency=True, force=True),
        ),
        ("rollback", {"environment": "production"}, RollbackRequest("production", by="ada", repository=REPOSITORY)),
        (
            "rollback",
            {"environment": "production", "service": "api", "version": "v1.2.2", "reason": "slow"},
            RollbackRequest("production", "api", "v1.2.2", "slow", "ada", REPOSITORY),
        ),
    ],
)
def test_each_type_asks_for_something_of_its_own(event: Event, payload: dict[str, Any], request_: object) -> None:
    """P1: how far, what, whether in an emergency, and by whom."""
    assert dispatch(event, **payload) == request_


MALFORMED: list[tuple[Event, dict[str, Any], str]] = [
    (
        "deploy-infrastructure",
        {"enviroment": "test"},
        "client_payload.enviroment is unknown; allowed are api_tag, deploy_",
    ),
    (
        "deploy-infrastructure",
        {"environment": "moon"},
        'environment is "moon", expected an environment of the stack: tes',
    ),
    ("deploy-infrastructure", {"environment": ""}, 'environment is "", expected a name of lower-case letters'),
    ("deploy-infrastructure", {"environment": "Test"}, 'environment is "Test", expected a name of lower-case letters'),
    ("deploy-infrastructure", {"environment": ["test"]}, 'environment is ["test"], expected a text'),
    ("deploy-infrastructure", {"environment": {"name": "test"}}, 'environment is {"name": "test"}, expected a text'),
    ("deploy-infrastructure", {"force_infra": "true"}, 'force_infra is "true", expected true or false, without quotes'),
    ("deploy-infrastructure", {"force_infra": 1}, "force_infra is 1, expected true or false, without quotes"),
    ("deploy-infrastructure", {"force_infra": None}, "force_infra is null, expected true or false, without quotes"),
    ("deploy-infrastructure", {"deploy_all_environments": "yes"}, 'deploy_all_environments is "yes", expected true or'),
    (
        "deploy-infrastructure",
        {"environment": "test", "deploy_all_environments": True},
        "environment = test and deploy_all_environments = true contradict each other; give one",
    ),
    ("deploy-infrastructure", {"emergency_deploy": True}, "client_payload.emergency_deploy is unknown; allowed are"),
    (
        "staging-deploy",
        {"environment": "staging"},
        "client_payload.environment is unknown; allowed are api_tag, dns_worke",
    ),
    (
        "staging-deploy",
        {"api_tag": "v1", "images": {"api": "v2"}},
        "images.api is given twice, also as a key of its own",
    ),
    ("staging-deploy", {"api_tag": ""}, 'api_tag is "", expected a tag such as v1.2.3, or a digest'),
    ("staging-deploy", {"web_tag": "api:v1"}, 'web_tag is "api:v1", expected a tag such as v1.2.3'),
    ("staging-deploy", {"listener_tag": 7}, "listener_tag is 7, expected a text"),
    ("staging-deploy", {"dns_worker_tag": "-x"}, 'dns_worker_tag is "-x", expected a tag such as v1.2.3'),
    ("staging-deploy", {"images": ["api"]}, 'images is ["api"], expected an object of tags by service'),
    ("staging-deploy", {"images": {"API": "v1"}}, 'is "API", expected a name of lower-case letters'),
    ("staging-deploy", {"images": {"api": None}}, "client_payload.images.api is null, expected a text"),
    ("staging-deploy", {"reason": "x" * 301}, "expected at most 300 characters"),
    ("production-deploy", {"emergency": True}, "client_payload.emergency is unknown; allowed are"),
    ("production-deploy", {"emergency_deploy": "false"}, 'emergency_deploy is "false", expected true or false'),
    ("production-deploy", {"reason": 7}, "reason is 7, expected a text"),
    ("emergency-deploy", {"environment": "prod"}, 'environment is "prod", expected an environment of the stack'),
    ("emergency-deploy", {"deploy_all_environments": True}, "deploy_all_environments is unknown; allowed are"),
    ("rollback", {}, "client_payload.environment is missing; give environment"),
    ("rollback", {"environment": "moon"}, 'environment is "moon", expected an environment of the stack'),
    (
        "rollback",
        {"environment": "test", "version": "latest"},
        'version is "latest", expected a version tag such as v1',
    ),
    (
        "rollback",
        {"environment": "test", "version": "1a2b"},
        'version is "1a2b", expected a version tag such as v1.2.3',
    ),
    ("rollback", {"environment": "test", "service": "API"}, 'service is "API", expected a name of lower-case letters'),
    (
        "rollback",
        {"environment": "test", "api_tag": "v1.2.2"},
        "client_payload.api_tag is unknown; allowed are environme",
    ),
]


@pytest.mark.parametrize(("event", "payload", "said"), MALFORMED)
def test_a_malformed_dispatch_gets_one_precise_answer(event: Event, payload: dict[str, Any], said: str) -> None:
    """It names the type, the key, the value and what is allowed."""
    with pytest.raises(BadInputError) as refused:
        dispatch(event, **payload)
    assert str(refused.value).startswith(f"repository_dispatch {event}: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given", ["text", 7, ["x"], True])
def test_a_payload_that_is_no_object_is_named(given: object) -> None:
    """GitHub sends null for a dispatch without one, which asks for the defaults."""
    with pytest.raises(BadInputError, match="expected an object"):
        read_dispatch("staging-deploy", REPOSITORY, {"client_payload": given}, RULES)
    assert read_dispatch("staging-deploy", REPOSITORY, {"client_payload": None}, RULES)


@given(st.sampled_from(EVENTS), st.dictionaries(st.text(max_size=12) | st.just("environment"), ANYTHING, max_size=3))
def test_no_payload_breaks_the_reader(event: Event, payload: dict[str, Any]) -> None:
    """Any payload is a request or a short BadInputError."""
    try:
        said = str(dispatch(event, **{"reason": "", **payload}))
    except BadInputError as error:
        said = str(error)
    assert len(said) < 700
