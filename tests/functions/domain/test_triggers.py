"""How far a request may go by the settings of the stack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.owners import Claim
from functions.domain.requests import Request
from functions.domain.triggers import TriggerRules, last_environment, refusal, unmerged_refusal, walked

NAMES = ("test", "staging", "production")
RULES = TriggerRules("main", NAMES, ("production",), "staging", "staging", ("feature/*",))
ALL = Claim("acme/hello")
SOME = Claim("acme/hello", environments=["test", "production"])


def request(until: str = "", **more: object) -> Request:
    """A request of an operator for a branch."""
    return Request("acme/hello", "refs/heads/feature/a", until=until, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("until", "claim", "names"),
    [
        ("", ALL, NAMES),
        ("staging", ALL, ("test", "staging")),
        ("", SOME, ("test", "production")),
        ("staging", SOME, ("test",)),
    ],
)
def test_a_request_walks_the_environments_of_its_repository(until: str, claim: Claim, names: tuple[str, ...]) -> None:
    """Those up to the last one, without those that its repository may not enter."""
    assert walked(request(until), claim, NAMES) == names


@pytest.mark.parametrize(
    ("asked", "claim", "said"),
    [
        (request("moon"), ALL, "until = moon: no environment of this stack; there are test, staging, production"),
        (request("staging"), SOME, "until = staging: acme/hello may not deliver there; its environments are test, pro"),
        (request("test"), Claim("acme/hello", environments=["production"]), "may not deliver there"),
        (
            request("test", trigger="push"),
            Claim("acme/hello", environments=["production"]),
            "acme/hello may deliver to no environment until test; its environments are production",
        ),
        (
            request(images={"api": "v1"}),
            ALL,
            "images.api: the settings name no ECR repository for a service api of acme/hello, there is none: correct",
        ),
        (
            request(images={"web": "v1"}),
            Claim("acme/hello", images={"api": "r"}),
            "a service web of acme/hello, there are api",
        ),
        (
            request(images={"api": "v1"}, parts="infrastructure"),
            Claim("acme/hello", images={"api": "r"}),
            "images (api) and parts = infrastructure contradict each other",
        ),
        (request(images={"api": "v1"}), Claim("acme/hello", images={"api": "r"}), ""),
        (request("staging", trigger="push"), SOME, ""),
        (request("production"), SOME, ""),
        (request(), ALL, ""),
    ],
)
def test_what_the_settings_do_not_allow_is_refused(asked: Request, claim: Claim, said: str) -> None:
    """The refusal names the key, its value and what is allowed; a push ends where the settings say, in silence."""
    found = refusal(asked, claim, NAMES)
    assert said in found
    assert bool(said) == bool(found)


@pytest.mark.parametrize(
    ("until", "protected", "said"),
    [
        (
            "",
            ("production",),
            "is not on main of acme/hello, and production is protected: merge it first, or deploy it u",
        ),
        ("staging", ("production",), ""),
        ("staging", ("staging", "production"), "staging is protected: merge it first, or deploy it until test"),
        ("test", NAMES, "test is protected: merge it first"),
    ],
)
def test_an_unmerged_commit_enters_no_protected_environment(until: str, protected: tuple[str, ...], said: str) -> None:
    """The refusal names ref, commit, branch and environment, and how far it may go."""
    rules = TriggerRules("main", NAMES, protected)
    found = unmerged_refusal(request(until), "1a2b3c4d5e6f7", ALL, rules)
    assert said in found
    assert bool(said) == bool(found)
    assert not found or found.startswith("refs/heads/feature/a (1a2b3c4d5e6f) ")


@given(
    st.sampled_from(["refs/heads/feature/a", "refs/tags/v1.2.0-rc.3", "refs/heads/main"]),
    st.text(max_size=20) | st.just("x [deploy-all]"),
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
)
def test_no_branch_or_candidate_goes_farther_than_the_settings_say(ref: str, message: str, claimed: list[str]) -> None:
    """Whatever the commit message says, and whatever the repository may enter."""
    until = last_environment(ref, message, RULES)
    assert isinstance(until, str)
    asked = Request("acme/hello", ref, until=until, trigger="push")
    names = walked(asked, Claim("acme/hello", environments=claimed), NAMES)
    farthest = {"refs/heads/feature/a": 1, "refs/tags/v1.2.0-rc.3": 2, "refs/heads/main": 3}[ref]
    assert set(names) <= set(NAMES[:farthest])
