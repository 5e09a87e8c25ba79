"""Push deliveries: the deployment that one starts, and errors in the payload."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.errors import BadInputError
from functions.domain.pushes import Ignored, Start, read_push
from functions.domain.releases import LONGEST_NAME
from functions.domain.requests import Request
from functions.domain.triggers import TriggerRules

COMMIT = "1a2b3c4d5e6f" + "0" * 28
RULES = TriggerRules("main", ("test", "staging", "production"), ("production",), candidate_until="staging")
STAGED = replace(RULES, main_until="staging", branches=("feature/*", "hotfix/*"))
OURS = frozenset({"acme/hello-service"})
PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "before": "0" * 40,
    "after": COMMIT,
    "deleted": False,
    "repository": {"full_name": "acme/hello-service"},
    "head_commit": {
        "id": COMMIT,
        "message": "feat: greet",
    },
    "sender": {"login": "ada"},
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def changed(path: str, value: Any = None, *, gone: bool = False) -> dict[str, Any]:
    """The push with one field replaced or taken out."""
    made = deepcopy(PUSH)
    *above, last = path.split(".")
    place = made
    for name in above:
        place = place[name]
    if gone:
        del place[last]
    else:
        place[last] = value
    return made


def paths(value: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Every field of a payload."""
    for key, inner in value.items():
        yield prefix + key
        if isinstance(inner, dict):
            yield from paths(inner, f"{prefix}{key}.")


NEEDED = [path for path in paths(PUSH) if path not in ("deleted", "before", "sender", "sender.login")]


def test_a_forced_push_has_a_name_of_its_own() -> None:
    """P2: its commit may have been delivered before, and then nothing would start; a repetition has the same name."""
    forced = {**PUSH, "forced": True, "before": "b" * 40}
    plain, read = read_push(PUSH, OURS, RULES), read_push(forced, OURS, RULES)
    assert isinstance(plain, Start)
    assert isinstance(read, Start)
    assert (read.name, read.request.forced) == (f"{plain.name}-bbbbbbbb", True)
    assert len(read.name) <= LONGEST_NAME
    assert read == read_push(forced, OURS, RULES)
    branch = read_push({**forced, "ref": "refs/heads/feature/a"}, OURS, STAGED)
    assert isinstance(branch, Start)
    assert not branch.request.forced


def test_a_push_to_main_starts_its_release() -> None:
    """P1: its name has branch, repository and commit; it goes through all environments, and names the sender."""
    read = read_push(PUSH, OURS, RULES)
    request = Request("acme/hello-service", "refs/heads/main", COMMIT, trigger="push", by="ada")
    assert read == Start("main-c2c39833-1a2b3c4d5e6f", request)


@pytest.mark.parametrize("path", NEEDED)
def test_a_missing_field_is_named(path: str) -> None:
    """The error names the missing field."""
    with pytest.raises(BadInputError, match=re.escape(path)):
        read_push(changed(path, gone=True), OURS, RULES)


@pytest.mark.parametrize("path", NEEDED)
@pytest.mark.parametrize("value", [None, 7, [], True])
def test_a_field_of_the_wrong_kind_is_named(path: str, value: Any) -> None:
    """A field of another type is an error that names it."""
    with pytest.raises(BadInputError, match=re.escape(path)):
        read_push(changed(path, value), OURS, RULES)


@given(st.sampled_from(list(paths(PUSH))), ANYTHING)
def test_no_payload_breaks_the_reader(path: str, value: Any) -> None:
    """Any value of any field gives a start, a reason or a BadInputError."""
    try:
        read = read_push(changed(path, value), OURS, RULES)
    except BadInputError:
        return
    assert isinstance(read, (Start, Ignored))


@given(st.dictionaries(st.text(), ANYTHING))
def test_no_object_at_all_breaks_the_reader(payload: dict[str, Any]) -> None:
    """A payload of another form is a BadInputError."""
    with pytest.raises(BadInputError):
        read_push(payload, OURS, RULES)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (changed("repository.full_name", "evil/fork"), "evil/fork is not delivered"),
        (changed("ref", "refs/heads/feature"), "branch feature is not delivered"),
        (changed("ref", "refs/tags/nightly"), "tag nightly is no version; tags such as v1.2.0 and v1.2.0-rc.1"),
        (changed("ref", "refs/tags/1.2.0"), "tag 1.2.0 is no version"),
        (changed("ref", "refs/tags/v1.2.0-beta.1"), "tag v1.2.0-beta.1 is no version"),
        (changed("ref", "refs/tags/v01.2.0"), "tag v01.2.0 is no version"),
        ({**changed("ref", "refs/tags/v1.2.0"), "before": "e" * 40}, "tag v1.2.0 was moved; a version stays what it"),
        (changed("head_commit.message", "docs [skip ci]"), "asks for it, with [skip ci]"),
        ({**changed("head_commit.message", "rc [skip ci]"), "ref": "refs/tags/v1.2.0"}, "asks for it, with [skip ci]"),
        ({**changed("deleted", value=True), "after": "0" * 40, "head_commit": None}, "was deleted"),
        ({**PUSH, "after": "0" * 40, "head_commit": None}, "was deleted"),
    ],
)
def test_what_rightly_starts_nothing_says_why(payload: dict[str, Any], reason: str) -> None:
    """Foreign repositories, other branches, tags, deletions and skipped commits are ignored with a reason."""
    read = read_push(payload, OURS, RULES)
    assert isinstance(read, Ignored)
    assert reason in read.reason


@pytest.mark.parametrize(
    ("ref", "message", "until"),
    [
        ("refs/heads/main", "feat: greet", "staging"),
        ("refs/heads/main", "feat: greet [deploy-all]", ""),
        ("refs/heads/main", "feat: greet\n\n[DEPLOY-ALL]", ""),
        ("refs/heads/feature/greet", "feat: greet", "test"),
        ("refs/heads/feature/greet", "feat: greet [deploy-all]", "test"),
        ("refs/heads/hotfix/a/b", "fix: greet", "test"),
        ("refs/tags/v1.2.0-rc.1", "feat: greet", "staging"),
        ("refs/tags/v1.2.0-rc.1", "feat: greet [deploy-all]", "staging"),
        ("refs/tags/v1.2.0", "feat: greet", ""),
    ],
)
def test_each_ref_goes_as_far_as_the_settings_say(ref: str, message: str, until: str) -> None:
    """P1, P4: only a push to the main branch goes farther because of its message."""
    read = read_push(changed("ref", ref) | {"head_commit": {"id": COMMIT, "message": message}}, OURS, STAGED)
    assert isinstance(read, Start)
    assert read.request.until == until
    assert read.request.trigger == ("tag" if "tags" in ref else "push")


def test_an_annotated_tag_delivers_the_commit_that_it_names() -> None:
    """`after` of its push is the tag object (https://docs.github.com/en/webhooks/webhook-events-and-payloads#push)."""
    read = read_push(changed("ref", "refs/tags/v1.2.0") | {"after": "f" * 40}, OURS, RULES)
    assert isinstance(read, Start)
    assert (read.name, read.request.commit) == ("tag-v1.2.0-c2c39833-1a2b3c4d5e6f", COMMIT)


def test_branches_whose_names_look_alike_have_deployments_of_their_own() -> None:
    """`feature/a` and `feature-a` at one commit are two, and none is that of the main branch; none is too long."""
    rules = replace(STAGED, branches=("*",))
    branches = ("main", "feature/a", "feature-a", "main-", "-main", "feature/" + "long" * 30)
    reads = [read_push(changed("ref", f"refs/heads/{branch}"), OURS, rules) for branch in branches]
    names = {read.name for read in reads if isinstance(read, Start)}
    assert len(names) == len(branches)
    assert max(map(len, names)) <= LONGEST_NAME


def test_without_a_place_for_candidates_there_are_none() -> None:
    """A stack of one environment ignores release candidates, and says which setting delivers them."""
    read = read_push(changed("ref", "refs/tags/v1.2.0-rc.1"), OURS, replace(RULES, candidate_until=""))
    assert isinstance(read, Ignored)
    assert "github.candidateUntil" in read.reason


def test_a_foreign_push_is_not_read_further() -> None:
    """Of a repository that the stack does not deliver, only its name is read."""
    assert isinstance(read_push({"repository": {"full_name": "a/b"}}, OURS, RULES), Ignored)
    none = read_push(PUSH, frozenset(), RULES)
    assert isinstance(none, Ignored)
    assert "delivered: none" in none.reason


def test_the_branch_that_is_delivered_is_a_setting() -> None:
    """A push to the configured main branch starts a deployment, whatever its name."""
    assert isinstance(read_push(changed("ref", "refs/heads/trunk"), OURS, replace(RULES, main_branch="trunk")), Start)


@pytest.mark.parametrize("after", ["", "main", "A" * 40, "1" * 39])
def test_a_commit_id_that_is_none_is_named(after: str) -> None:
    """A commit id that is not complete is an error."""
    with pytest.raises(BadInputError, match="after"):
        read_push(changed("after", after), OURS, RULES)
