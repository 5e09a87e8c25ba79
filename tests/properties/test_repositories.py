"""Repositories of one stack share an environment: no alarm, link, release or status of one decides of another.

Tables, CloudWatch and GitHub are in memory; the decisions and the records are those of the platform.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, cast, get_args
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.adapters.clock import Clock
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.links import IncidentLinks
from functions.adapters.triggers import Triggers
from functions.domain.approvals import Approval, hash_secret
from functions.domain.approvers import Approvers
from functions.domain.environments import Environment, PartState
from functions.domain.events import Event
from functions.domain.incidents import Links
from functions.domain.order import Mark, Order, Passage
from functions.domain.triggers import TriggerRules
from functions.domain.waits import (
    AlarmsFacts,
    AlarmsKey,
    ApprovalFacts,
    ApprovalKey,
    Wait,
    WaitKey,
    WatchFacts,
    WatchKey,
)
from functions.domain.watches import NOTHING_ACCEPTED, AlarmChange, AlarmReading, CloudWatch
from functions.events.approval_page import approval_page
from functions.events.publish_status import publish_status
from functions.handler import decode, encode
from functions.procedures.decisions import Decisions
from functions.procedures.older_releases import end_waits
from functions.procedures.watches import end_concerned
from tests.functions.samples import COMMIT, RELEASE, SERVICE, detail, environment, version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHOP, WEB, MALLORY = REPOSITORIES = ("acme/shop", "acme/web", "mallory/shop")
WHERE = environment(name="production", critical_alarms=["whole"])
HERE = CloudWatch(WHERE.account, WHERE.region)
ACTS = ("alarm", "quiet", "approve", "reject", "newer")
EARLIER, LATER = "2020-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"
Step = tuple[str, str, str]


def errors(repository: str) -> str:
    """The alarm of a repository's part."""
    return f"{repository}-errors"


@dataclass
class Stack:
    """What handlers ask of tables, CloudWatch and Step Functions; `completed` has the answers by task token."""

    waits: dict[WaitKey, Wait] = field(default_factory=dict)
    approvals: dict[str, Approval] = field(default_factory=dict)
    states: dict[str, PartState] = field(default_factory=dict)
    in_alarm: set[str] = field(default_factory=set)
    completed: dict[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = (WHERE.name,)

    def add(self, repository: str) -> None:
        """A part that runs, and what waits for a release: a watch, a rollback and a request for approval."""
        # The hostile one names the alarms of all others, too.
        named = [errors(one) for one in (REPOSITORIES if repository == MALLORY else (repository,))]
        part = replace(SERVICE, name=f"{repository.replace('/', '-')}/api", critical_alarms=named)
        running = version(source=f"sources/{repository}/{COMMIT}.zip")
        owner = "" if repository == WEB else repository  # the record of one is from before owners were recorded
        self.states[part.name] = PartState(WHERE.name, part.name, running, None, part, repository=owner)
        facts: dict[WaitKey, Any] = {
            WatchKey(WHERE.name, repository): WatchFacts(WHERE, LATER, [], NOTHING_ACCEPTED, repository=repository),
            AlarmsKey(WHERE.name, repository): AlarmsFacts(WHERE, LATER, NOTHING_ACCEPTED, repository),
            ApprovalKey(repository): ApprovalFacts(WHERE, NOTHING_ACCEPTED),
        }
        for key, fact in facts.items():
            self.waits[key] = Wait(key, f"{type(key).__name__} {repository}", "arn:e", WHERE.name, encode(fact))
        hashes, times = [hash_secret(repository)], (EARLIER, EARLIER, LATER)
        deployment = f"main-{repository}-1"
        self.approvals[repository] = Approval(
            repository, "deploy", deployment, WHERE.name, {}, hashes, *times, repository=repository, order=Order(1, 1)
        )

    def of_environment(self, _: str) -> tuple[Wait, ...]:
        return tuple(self.waits.values())

    def find(self, key: WaitKey) -> Wait | None:
        return self.waits.get(key)

    def forget(self, key: WaitKey) -> None:
        self.waits.pop(key, None)

    def note_fact(self, key: WaitKey, name: str, value: Any) -> None:
        wait = self.waits[key]
        self.waits[key] = replace(wait, facts={**wait.facts, name: encode(value)})

    def approval(self, approval_id: str) -> Approval | None:
        found = self.approvals.get(approval_id)
        return decode(Approval, encode(found)) if found else None

    def approvals_of(self, _: str) -> tuple[Approval, ...]:
        return tuple(self.approvals.values())

    def decide(self, approval: Approval) -> bool:
        if self.approvals[approval.approval_id].state != "open":
            return False
        self.approvals[approval.approval_id] = approval
        return True

    consent = decide

    def succeed(self, token: str, answer: Any) -> bool:
        self.completed[token] = encode(answer)
        return True

    def parts(self, _: str) -> dict[str, PartState]:
        return self.states

    def put(self, *_: Any) -> None:
        """The bus: what is told of a decision is not looked at here."""

    def outside_alarms(self, _: str) -> tuple[()]:
        return ()

    def frozen(self, _: str) -> None:
        return None

    def passage(self, *_: str) -> Passage:
        return Passage()

    def note(self, *_: Any, **__: Any) -> None:
        """A deployment's record, which nobody reads here."""

    note_known = note

    def get(self, _: str) -> None:
        """There is no record, so no pin of a part of it."""

    def of(self, _: str) -> Approvers:
        return Approvers()

    def has_ended(self, _: str) -> bool:
        return False

    def key(self, *_: str) -> str:
        return "environment/production"

    def wake_older(self, *_: Any) -> None:
        """Nobody waits for the lock."""

    def read(self, _: Environment, critical: "Sequence[str]", __: "Sequence[str]") -> tuple[AlarmReading, ...]:
        return tuple(
            AlarmReading(name, "critical", "ALARM" if name in self.in_alarm else "OK", since="2026-01-01T00:00:00Z")
            for name in critical
        )


def act(stack: Stack, step: Step) -> None:
    """What is done in the name of a repository; `other` is whose request its link is tried on."""
    (repository, what, other), any_, clock = step, cast("Any", stack), Clock()
    health = EnvironmentHealth(any_, any_, any_)
    match what:
        case "alarm" | "quiet":
            (stack.in_alarm.add if what == "alarm" else stack.in_alarm.discard)(errors(repository))
            state = "ALARM" if what == "alarm" else "OK"
            change = AlarmChange(HERE, errors(repository), state, "above 5", "2026-01-01T00:00:00Z")
            end_concerned(change, any_, any_, health, any_, clock)
        case "approve" | "reject":
            form = {"secret": repository, "decision": what, "name": "Ada", "reason": "x"}
            request = {
                "requestContext": {"http": {"method": "POST", "sourceIp": "192.0.2.1", "userAgent": "x"}},
                "pathParameters": {"id": other},
                "body": urlencode(form),
            }
            approval_page(request, Decisions(any_, any_, any_, any_, health, any_, any_, any_, any_, clock))
        case "newer":
            newer = Mark(Order(1, 2), f"main-{repository}-2", COMMIT)
            end_waits(WHERE.name, repository, newer, any_, any_, any_)


def standing(stack: Stack) -> dict[str, Any]:
    """By repository: its part, what waits, the request, and the answers that its task tokens got."""
    return {
        name: (
            {key: wait for key, wait in stack.waits.items() if name in str(key)},
            stack.approvals[name],
            {token: answer for token, answer in stack.completed.items() if token.endswith(name)},
        )
        for name in REPOSITORIES
    }


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(REPOSITORIES), st.sampled_from(ACTS), st.sampled_from(REPOSITORIES)),
        min_size=2,
        max_size=8,
    )
)
def test_nothing_that_waits_for_another_ends(steps: list[Step]) -> None:
    """Whatever alarms of one repository, holders of its links or its newer releases do, no wait of another ends."""
    stack = Stack()
    for repository in REPOSITORIES:
        stack.add(repository)
    before = standing(stack)
    for step in steps:
        act(stack, step)
        after = standing(stack)
        mine = {step[0]: None, **({MALLORY: None} if step[1] in ("alarm", "quiet") else {})}
        assert {**after, **mine} == {**before, **mine}, step
        before = after


def test_each_act_can_end_what_is_its_own() -> None:
    """An alarm ends a watch and a request, its end the wait of a rollback, a link and a newer release a request."""
    for what, ended in {
        "alarm": ["WatchKey acme/shop", "ApprovalKey acme/shop"],
        "quiet": ["AlarmsKey acme/shop"],
        "approve": ["ApprovalKey acme/shop"],
        "reject": ["ApprovalKey acme/shop"],
        "newer": ["ApprovalKey acme/shop"],
    }.items():
        stack = Stack()
        for repository in (SHOP, WEB):
            stack.add(repository)
        act(stack, (SHOP, what, SHOP))
        assert list(stack.completed) == ended, what


def test_an_alarm_of_the_environment_concerns_all() -> None:
    """It belongs to no repository: every watch of the environment ends."""
    stack = Stack(in_alarm={"whole"})
    for repository in REPOSITORIES:
        stack.add(repository)
    any_ = cast("Any", stack)
    change = AlarmChange(HERE, "whole", "ALARM", "above 5", "2026-01-01T00:00:00Z")
    end_concerned(change, any_, any_, EnvironmentHealth(any_, any_, any_), any_, Clock())
    assert {f"WatchKey {one}" for one in REPOSITORIES} <= set(stack.completed)


@dataclass
class Hub:
    """A GitHub that keeps commit statuses and deployments by repository."""

    statuses: dict[str, list[tuple[str, str, str]]] = field(default_factory=lambda: defaultdict(list))
    deployments: dict[str, dict[int, tuple[str, str, str]]] = field(default_factory=lambda: defaultdict(dict))
    states: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    made: "Iterator[int]" = field(default_factory=lambda: count(1))

    def as_app(self, _: str) -> bool:
        return False

    def set_status(self, repository: str, sha: str, context: str, state: str, *_: str) -> None:
        self.statuses[repository].append((sha, context, state))

    def find_deployment(self, repository: str, sha: str, where: str, key: str) -> int | None:
        kept = self.deployments[repository]
        return next((number for number, facts in kept.items() if facts == (sha, where, key)), None)

    def create_deployment(
        self, repository: str, sha: str, where: str, _: str, payload: dict[str, str], **_more: bool
    ) -> int:
        number = next(self.made)
        self.deployments[repository][number] = (sha, where, payload["key"])
        return number

    def set_deployment_status(self, repository: str, number: int, state: str, *_: str) -> None:
        self.states[repository].append((number, state))

    def of(self, repository: str) -> tuple[int, int, int]:
        """How much of a repository there is."""
        return len(self.statuses[repository]), len(self.deployments[repository]), len(self.states[repository])


class _Unrecorded:
    """The records and settings of a stack that has none."""

    def get(self, _: str) -> None:
        return None

    def parts(self, _: str) -> dict[str, Any]:
        return {}

    def settings(self) -> tuple[tuple[()], tuple[()]]:
        return (), ()


EVENTS = [one.__name__ for one in get_args(Event)]
_RULES = TriggerRules("main", ("production",), ("production",), "", "production", ())
_TRIGGERS = Triggers(json.dumps(encode(_RULES)))
_LINKS = IncidentLinks(Links("", "", "eu-central-1"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(REPOSITORIES), st.sampled_from(EVENTS)), min_size=2, max_size=8))
def test_a_status_is_that_of_its_own_repository(steps: list[tuple[str, str]]) -> None:
    """Forks share a commit: events of one repository's release post nothing on another, nor on its deployments."""
    hub = Hub()
    for repository, name in steps:
        about = {"release": replace(RELEASE, repository=repository)} if "release" in detail(name) else {}
        before = {one: hub.of(one) for one in REPOSITORIES}
        told = {"detail-type": name, "detail": detail(name, **about)}
        nothing = cast("Any", _Unrecorded())
        publish_status(told, cast("Any", hub), nothing, nothing, nothing, _TRIGGERS, _LINKS)
        mine = {repository: None} if about else {}
        assert {**{one: hub.of(one) for one in REPOSITORIES}, **mine} == {**before, **mine}
        assert {number for number, _ in hub.states[repository]} <= set(hub.deployments[repository])
    assert {sha for kept in hub.statuses.values() for sha, *_ in kept} <= {RELEASE.commit}
