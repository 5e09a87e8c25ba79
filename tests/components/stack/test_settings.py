"""The settings: typed and closed; a refusal names key, value and what is allowed."""

import json
import re
from typing import Any

import pytest

from components.stack.environment_settings import DeploymentFreeze, DeploymentWindow, EnvironmentSettings
from components.stack.github_settings import GitHub
from components.stack.settings import Backstops, CodeBuild, Settings
from components.stack.settings_file import SettingsError, parse
from functions.domain.approvers import Approvers
from functions.domain.owners import Claim
from functions.domain.triggers import TriggerRules
from functions.handler import decode
from tests.components.recorder import stack_config

GOOD: dict[str, Any] = {
    "github": {"repositories": ["acme/shop"]},
    "environments": [{"name": "test"}, {"name": "production", "approval": True}],
}
TEST, STAGING, LIVE = {"name": "test"}, {"name": "staging"}, {"name": "live", "approval": True}
ADA_AT_AWS = "arn:aws:sts::123456789012:assumed-role/Admin/ada@x.io"
PRODUCTION = {"name": "production", "approval": True}
ROLES = {
    "deployRoleArn": "arn:aws:iam::123456789012:role/deploy",
    "readRoleArn": "arn:aws:iam::123456789012:role/read",
}
WINDOW = {"days": ["mon", "fri"], "opens": "09:00", "closes": "17:00", "timezone": "Europe/Berlin"}
FREEZE = {"starts": "2026-12-24T00:00:00+01:00", "ends": "2026-12-27T00:00:00+01:00", "reason": "holidays"}


def _parse(stack: str = "test", **changed: Any) -> Settings:
    values = {**GOOD, **changed}
    return parse({key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}, stack)


def _environment(**changed: Any) -> list[dict[str, Any]]:
    return [{"name": "test", "protected": False, **changed}]


@pytest.mark.parametrize("stack", ["test", "staging", "production"])
def test_the_stack_files_are_valid(stack: str) -> None:
    """Every stack file is accepted."""
    given = {k.removeprefix("kiro-worker:"): v for k, v in stack_config(stack).items() if k.startswith("kiro-worker:")}
    assert parse(given, stack).environments[-1].approval


def test_defaults_are_those_of_the_requirements() -> None:
    """80 % coverage, a watch of 5 minutes, 24 hours for an approval, 90 days of logs, 500 USD."""
    settings = _parse()
    first = settings.environments[0]
    assert (first.coverage_percent, first.watch_seconds, first.approval_timeout_seconds) == (80, 300, 86_400)
    assert (settings.log_retention_days, settings.budget_usd, settings.lock_mode) == (90, 500, "superseded")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"colour": "blue"}, ["kiro-worker:colour", '"blue"', "unknown", "lockMode"]),
        ({"github": {"repositories": ["a/b"], "branch": "x"}}, ["kiro-worker:github.branch", "mainBranch"]),
        (
            {"github": {**GOOD["github"], "allowedNetworks": ["192.30.252.1/22"]}},
            ["allowedNetworks[0]", "host bits set"],
        ),
        ({"github": {**GOOD["github"], "allowedNetworks": ["github.com"]}}, ["must be a network such as 192.30.252.0"]),
        ({"securityHub": "yes"}, ["kiro-worker:securityHub", '"yes"']),
        (
            {"github": {**GOOD["github"], "mainUntil": "moon"}},
            ["github.mainUntil = moon: no environment here; there are"],
        ),
        (
            {"github": {**GOOD["github"], "candidateUntil": "moon"}},
            ["github.candidateUntil = moon: no environment here"],
        ),
        ({"github": {**GOOD["github"], "branches": ["a b"]}}, ["kiro-worker:github.branches[0]", '"a b"']),
        (
            {"github": {**GOOD["github"], "branches": ["feature/*"]}, "environments": [PRODUCTION]},
            ["github.branches = feature/*: their pushes would enter production, which is protected"],
        ),
        (
            {"environments": [{"name": "test", "protected": True}, {"name": "live", "protected": False}]},
            ["environments[0].approval must be true for test, which is protected"],
        ),
        (
            {"environments": [{"name": "test"}, {"name": "live"}]},
            ["environments[1].approval must be true for live", "the last one is protected unless"],
        ),
        (
            {"environments": _environment(demandedGates=["unit"])},
            ["environments[0].demandedGates[0]", '"unit"', "'coverage'", "'e2e'"],
        ),
        (
            {"environments": _environment(soakMinutes=60, enhancedWatchSeconds=3599)},
            ["soakMinutes = 60 needs enhancedWatchSeconds of at least 3600, not 3599"],
        ),
        (
            {"environments": _environment(pulumiBucket="states")},
            ["pulumiBucket and pulumiKeyArn belong together: give both or none"],
        ),
        ({"environments": _environment(aproval=True)}, ["environments[0].aproval", "approvalTimeoutSeconds"]),
        ({"logRetentionDays": "ninety"}, ["kiro-worker:logRetentionDays", '"ninety"']),
        ({"logRetentionDays": 91}, ["kiro-worker:logRetentionDays", "91", "90"]),
        ({"pollMinutes": 0}, ["kiro-worker:pollMinutes", "0", "greater than or equal to 1"]),
        ({"retainStateful": "yes"}, ["kiro-worker:retainStateful", '"yes"', "boolean"]),
        ({"lockMode": "random"}, ["kiro-worker:lockMode", '"random"', "superseded", "queued", "parallel"]),
        ({"notificationEmail": "nobody"}, ["kiro-worker:notificationEmail", '"nobody"']),
        ({"github": {"repositories": []}}, ["kiro-worker:github.repositories", "at least 1"]),
        ({"github": {"repositories": ["shop"]}}, ["kiro-worker:github.repositories[0]", '"shop"']),
        ({"worker": {"concurency": 2}}, ["kiro-worker:worker.concurency", "agentCommand"]),
        ({"worker": {"columns": {"done": "x"}}}, ["kiro-worker:worker.columns.done", "inReview"]),
        ({"worker": {"columns": {"todo": "A", "failed": "A"}}}, ["worker.columns", "four different columns"]),
        ({"worker": {"agentCommand": "kiro --spec {spec}"}}, ["kiro-worker:worker.agentCommand", "task"]),
        ({"worker": {"agent": "cursor"}}, ["kiro-worker:worker.agent", '"cursor"', "'claude'"]),
        (
            {"worker": {"agent": "kiro", "agentBudgetUsd": 3}},
            ["kiro-worker:worker", "agentBudgetUsd has no effect with agent = kiro"],
        ),
        (
            {"worker": {"agent": "codex", "agentCommand": "x {prompt}"}},
            ["agentCommand has no effect with agent = codex"],
        ),
        ({"worker": {"agent": "claude", "agentKeyVariable": "K"}}, ["agentKeyVariable has no effect"]),
        ({"worker": {"agentVersion": "1.2.3"}}, ["agentVersion has no effect with agent = command"]),
        ({"worker": {"agent": "claude", "agentVersion": "latest"}}, ["kiro-worker:worker.agentVersion", '"latest"']),
        ({"worker": {"branchNamespace": ""}}, ["kiro-worker:worker.branchNamespace"]),
        (
            {"github": {"repositories": ["a/b"], "projectNumber": 1}},
            ["organisation and projectNumber must be set together"],
        ),
        ({"environments": []}, ["kiro-worker:environments", "at least 1"]),
        ({"environments": _environment(name="Test 1")}, ["kiro-worker:environments[0].name", '"Test 1"']),
        ({"environments": _environment(watchSeconds="300")}, ["environments[0].watchSeconds", "integer"]),
        ({"environments": [{"name": "test"}, {"name": "test"}]}, ["test is listed twice"]),
        ({"environments": [{"name": "production"}]}, ["environments[0].approval must be true"]),
        ({"environments": _environment(approvers=["ada"])}, ["environments[0].approvers[0]", '"ada"']),
        ({"environments": _environment(approvalsNeeded=0)}, ["environments[0].approvalsNeeded", "1"]),
        (
            {"environments": _environment(approvers=["\u0430da@x.io"])},
            ["environments[0].approvers[0]", "must be ASCII"],
        ),
        ({"environments": _environment(approvalsNeeded=2)}, ["environments[0]", "lists 0 addresses", "2 people"]),
        (
            {"environments": _environment(approvalsNeeded=2, approvers=["ada@x.io"])},
            ["environments[0]", "lists 1 addresses", "2 people"],
        ),
        (
            {"environments": _environment(approvalsNeeded=2, approvers=["ada@x.io", "@x.io"])},
            ["environments[0]", "approvers: @x.io gets a shared link"],
        ),
        (
            {"environments": _environment(approvers=["ada@x.io", "Ada+2@X.io"])},
            ["environments[0]", "approvers: Ada+2@X.io is listed twice"],
        ),
        (
            {"environments": _environment(authorMayApprove=False, approvers=["ada@x.io"])},
            ["environments[0]", "approverLogins lacks ada@x.io", "authorMayApprove = false"],
        ),
        (
            {"environments": _environment(authorMayApprove=False, approverLogins={})},
            ["environments[0]", "lists 0 addresses", "authorMayApprove = false at least 1"],
        ),
        (
            {
                "environments": _environment(
                    authorMayApprove=False,
                    approvers=["ada@x.io", "bob@x.io"],
                    approverLogins={"ada@x.io": "ada", "bob@x.io": "Ada"},
                )
            },
            ["environments[0]", "one GitHub login for several addresses"],
        ),
        (
            {"environments": _environment(approvers=["ada@x.io"], approverIdentities={"bob@x.io": ADA_AT_AWS})},
            ["environments[0]", "approverIdentities: bob@x.io is not listed in approvers"],
        ),
        (
            {
                "environments": _environment(
                    approvers=["ada@x.io", "bob@x.io"],
                    approverIdentities={"ada@x.io": ADA_AT_AWS, "bob@x.io": ADA_AT_AWS},
                )
            },
            ["environments[0]", "approverIdentities names one AWS identity for several addresses"],
        ),
        (
            {"environments": _environment(approvers=["ada@x.io"], approverSlackUsers={"bob@x.io": "U0BOB12345"})},
            ["environments[0]", "approverSlackUsers: bob@x.io is not listed in approvers"],
        ),
        (
            {"environments": _environment(approvers=["ada@x.io"], approverSlackUsers={"ada@x.io": "@ada"})},
            ["environments[0].approverSlackUsers", '"@ada"'],
        ),
        (
            {"environments": _environment(approvers=["ada@x.io"], approverIdentities={"ada@x.io": "ada"})},
            ["environments[0].approverIdentities", '"ada"'],
        ),
        (
            {"environments": _environment(approvers=["ada@x.io"], approverLogins={"bob@x.io": "bob"})},
            ["environments[0]", "approverLogins: bob@x.io is not listed in approvers"],
        ),
        (
            {"environments": _environment(approvers=["ada@x.io"], approverLogins={"ada@x.io": "a da"})},
            ["environments[0].approverLogins.ada@x.io", '"a da"'],
        ),
        (
            {"environments": _environment(approvers=[f"person-{number}@example.com" for number in range(130)])},
            [
                "environments: approvers, approverLogins, approverIdentities and approverSlackUsers take",
                "at most 3000 reach the approval page",
            ],
        ),
        ({"environments": _environment(account="123456789012")}, ["environments[0]", "deployRoleArn is missing"]),
        (
            {"environments": _environment(**ROLES)},
            ["environments[0]", "account must be given with deployRoleArn", ROLES["deployRoleArn"]],
        ),
        (
            {"environments": _environment(account="123456789012", deployRoleArn=ROLES["deployRoleArn"])},
            ["environments[0]", "readRoleArn is missing: account 123456789012 needs two roles"],
        ),
        (
            {"environments": _environment(readRoleArn=ROLES["readRoleArn"])},
            ["environments[0]", "deployRoleArn is missing"],
        ),
        (
            {"environments": _environment(account="123456789012", **{**ROLES, "readRoleArn": "reader"})},
            ["environments[0].readRoleArn", '"reader"', "role/"],
        ),
        (
            {
                "environments": _environment(
                    account="123456789012", **{**ROLES, "readRoleArn": "arn:aws:iam::999999999999:role/read"}
                )
            },
            ["environments[0]", "the account of that role: arn:aws:iam::999999999999:role/read"],
        ),
        (
            {"environments": _environment(account="123456789012", **{**ROLES, "readRoleArn": ROLES["deployRoleArn"]})},
            ["environments[0]", f"readRoleArn = {ROLES['deployRoleArn']} is the deploy role, too", "only reads"],
        ),
        (
            {"environments": _environment(approvalTimeoutSeconds=60, approvalWaitSeconds=60)},
            ["environments[0]", "approvalWaitSeconds must be less"],
        ),
        ({"backstops": {"watchSeconds": 1}}, ["kiro-worker:backstops.watchSeconds", "1"]),
        ({"backstops": {"enhancedSeconds": 4}}, ["kiro-worker:backstops.enhancedSeconds", "4"]),
        ({"environments": _environment(name="a" * 17)}, ["environments[0].name", '"' + "a" * 17 + '"']),
        ({"environments": _environment(windows=[{**WINDOW, "days": ["Monday"]}])}, ["windows[0].days[0]", "'mon'"]),
        ({"environments": _environment(windows=[{**WINDOW, "days": []}])}, ["windows[0].days", "at least 1"]),
        ({"environments": _environment(windows=[{**WINDOW, "opens": "24:00"}])}, ["windows[0].opens", '"24:00"']),
        ({"environments": _environment(windows=[{**WINDOW, "closes": "9:00"}])}, ["windows[0].closes", '"9:00"']),
        (
            {"environments": _environment(windows=[{**WINDOW, "timezone": "Berlin"}])},
            ["windows[0].timezone", '"Berlin"', "Europe/Berlin"],
        ),
        ({"environments": _environment(windows=[{"days": ["mon"], "opens": "09:00"}])}, ["windows[0].closes"]),
        (
            {"environments": _environment(freezes=[{**FREEZE, "starts": "2026-12-24T00:00:00"}])},
            ["freezes[0].starts", "with its offset"],
        ),
        ({"environments": _environment(freezes=[{**FREEZE, "ends": "Christmas"}])}, ["freezes[0].ends", '"Christmas"']),
        ({"environments": _environment(freezes=[{**FREEZE, "reason": ""}])}, ["freezes[0].reason", "at least 1"]),
        ({"environments": _environment(onActiveAlarm="shrug")}, ["onActiveAlarm", '"shrug"', "block", "ask", "ignore"]),
        (
            {"environments": _environment(onMissingAlarmData="shrug")},
            ["onMissingAlarmData", '"shrug"', "block", "ask", "ignore"],
        ),
        ({"environments": _environment(enhancedWatchSeconds=8 * 86_400)}, ["enhancedWatchSeconds", "691200"]),
        (
            {"environments": _environment(windows=[{**WINDOW, "from": "09:00"}])},
            ["environments[0].windows[0].from", "known here: closes, days, opens, timezone"],
        ),
        ({"worker": {"columns": {"done": "Done"}}}, ["worker.columns.done", "known here: failed, inProgress"]),
        (
            {"codebuild": {"vpc": {"vpcId": "vpc-1", "subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}},
            ["codebuild.vpc.vpcId", "known here: id, securityGroups, subnets", "codebuild.vpc.id: missing"],
        ),
        ({"codebuild": {"vpc": {"id": "vpc-1", "subnets": [], "securityGroups": ["x"]}}}, ["vpc.subnets", '"x"']),
        ({"backstops": {"approvalSeconds": 5}}, ["backstops.approvalSeconds = 5", "86400 s", "2400 times"]),
        ({"backstops": {"unfreezeSeconds": 60}}, ["backstops.unfreezeSeconds = 60", "1209600 s", "2400 times"]),
        ({"environments": _environment(freezeWaitDays=32)}, ["environments[0].freezeWaitDays", "32"]),
        (
            {"environments": _environment(enhancedWatchSeconds=86_400), "backstops": {"enhancedSeconds": 30}},
            ["backstops.enhancedSeconds = 30", "86400 s", "2400 times"],
        ),
    ],
)
def test_a_wrong_setting_is_refused_by_name(changed: dict[str, Any], said: list[str]) -> None:
    """The message holds the key, the value and what is allowed."""
    with pytest.raises(SettingsError) as caught:
        _parse(**changed)
    message = str(caught.value)
    assert [word for word in said if word not in message] == []


def test_windows_and_freezes_reach_the_environment() -> None:
    """As the workflows read them; without windows, deployments may enter at any time."""
    windows = [WINDOW, {"days": ["sat"], "opens": "22:00", "closes": "02:00"}]
    given = _environment(windows=windows, freezes=[FREEZE], onActiveAlarm="ask", onMissingAlarmData="block")
    (one,) = _parse(environments=given).environments
    assert [(w.days, w.opens, w.closes, w.timezone) for w in one.windows] == [
        (("mon", "fri"), "09:00", "17:00", "Europe/Berlin"),
        (("sat",), "22:00", "02:00", "UTC"),
    ]
    assert [(f.starts, f.ends, f.reason) for f in one.freezes] == [tuple(FREEZE.values())]
    assert (one.on_active_alarm, one.on_missing_alarm_data) == ("ask", "block")
    plain = _parse().environments[0]
    assert (plain.windows, plain.freezes, plain.on_active_alarm, plain.on_missing_alarm_data) == (
        (),
        (),
        "block",
        "ignore",
    )


@pytest.mark.parametrize("mode", ["superseded", "queued", "parallel"])
def test_every_lock_mode_can_be_set(mode: str) -> None:
    """The three modes of `domain.locks`."""
    assert _parse(lockMode=mode).lock_mode == mode


def test_every_fault_is_named_at_once() -> None:
    """One error lists all faults, so that one correction is enough."""
    with pytest.raises(SettingsError) as caught:
        _parse(colour="blue", pollMinutes=0)
    assert "kiro-worker:colour" in str(caught.value)
    assert "kiro-worker:pollMinutes" in str(caught.value)


def test_a_missing_setting_is_named() -> None:
    """`github.repositories` must be set."""
    with pytest.raises(SettingsError, match="kiro-worker:github: missing"):
        parse({"environments": json.dumps(GOOD["environments"])}, "test")


def test_production_must_retain_its_data() -> None:
    """In the stack `production`, and only there, retainStateful must be true."""
    assert not _parse().retain_stateful
    with pytest.raises(SettingsError, match="retainStateful = false"):
        _parse(stack="production")
    assert _parse(stack="production", retainStateful=True).retain_stateful


def test_another_account_is_entered_through_its_roles() -> None:
    """Account, deploy role and read role together are valid."""
    (environment,) = _parse(environments=_environment(account="123456789012", **ROLES)).environments
    assert (environment.deploy_role_arn, environment.read_role_arn) == tuple(ROLES.values())


def test_only_accounts_besides_the_stacks_own_are_other_accounts() -> None:
    """An environment of the stack's own account may have given roles, too."""
    environments = [
        {
            "name": f"e{number}",
            "account": account,
            "deployRoleArn": f"arn:aws:iam::{account}:role/deploy",
            "readRoleArn": f"arn:aws:iam::{account}:role/read",
        }
        for number, account in enumerate(("999999999999", "123456789012", "999999999999"))
    ]
    settings = _parse(environments=[*environments, PRODUCTION])
    assert settings.other_accounts("123456789012") == ["999999999999"]


def test_the_approval_page_gets_the_approvers_of_every_environment() -> None:
    """A3: addresses with their logins, the number and whether authors count; an environment without any is there."""
    approving = {"approvers": ["ada@x.io", "bob@x.io"], "approverLogins": {"ada@x.io": "ada", "bob@x.io": "Bob"}}
    strict = {"name": "live", "approval": True, "approvalsNeeded": 2, "authorMayApprove": False, **approving}
    given = _parse(environments=[{"name": "test"}, strict]).approvers_json()
    found = {name: decode(Approvers, one) for name, one in json.loads(given).items()}
    assert found == {
        "test": Approvers(),
        "live": Approvers({"ada@x.io": "ada", "bob@x.io": "Bob"}, 2, author_may_approve=False),
    }


def test_every_setting_has_a_description() -> None:
    """The configuration reference is generated from the descriptions."""
    for kind in (Settings, GitHub, EnvironmentSettings, DeploymentWindow, DeploymentFreeze, Backstops, CodeBuild):
        undocumented = [name for name, field in kind.model_fields.items() if not field.description]
        assert undocumented == [], kind.__name__


def _two(*entries: Any) -> Settings:
    """Settings with these repositories."""
    return _parse(github={"repositories": list(entries)})


SHOP = {"name": "acme/shop", "manifests": ["shop"], "targets": ["shop-*"]}


def test_a_single_repository_needs_no_claim() -> None:
    """A text is the name of a repository that may deliver everything."""
    assert _two("acme/shop").github.claims() == [Claim("acme/shop")]


def test_several_repositories_have_a_claim_each() -> None:
    """The deployment's definition carries them; environments may be left out."""
    web = {"name": "acme/web", "manifests": ["web"], "targets": [], "environments": ["test"]}
    assert _two(SHOP, web).github.claims() == [
        Claim("acme/shop", ["shop"], ["shop-*"]),
        Claim("acme/web", ["web"], [], ["test"]),
    ]


API = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/api"
IMAGES = {"name": "acme/shop", "images": {"api": API}}
V = {"tags": "v*", "until": "test"}


def test_images_of_a_repository() -> None:
    """M3: the definition has the ECR repositories, the function that hears pushes has their rules."""
    found = _two({**IMAGES, "pushedImages": [V]})
    assert found.github.claims() == [Claim("acme/shop", images={"api": API})]
    assert json.loads(found.pushed_images_json()) == [
        {"repository": "acme/shop", "images": {"api": API}, "rules": [{"tags": "v*", "until": "test"}]}
    ]
    assert json.loads(_two("acme/shop").pushed_images_json()) == []
    assert _two({**IMAGES, "buildsImages": True}).github.built_images("acme/shop") == [API]
    assert _two(IMAGES).github.built_images("acme/shop") == []


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({**IMAGES, "images": {"api": "team/api"}}, "github.repositories[0].images.api"),
        ({**IMAGES, "images": {"api": f"{API}:v1"}}, "github.repositories[0].images.api"),
        ({**IMAGES, "images": {"API": API}}, "github.repositories[0].images.API"),
        ({"name": "acme/shop", "buildsImages": True}, "buildsImages = true needs images"),
        ({"name": "acme/shop", "pushedImages": [V]}, "pushedImages needs images"),
        ({**IMAGES, "pushedImages": [V], "buildsImages": True}, "pushedImages and buildsImages contradict each other"),
        ({**IMAGES, "pushedImages": [{**V, "until": "moon"}]}, "pushedImages[0].until = moon: no environment of the"),
        ({**IMAGES, "pushedImages": [{**V, "until": "production"}]}, "production is protected and takes only images"),
        ({**IMAGES, "environments": ["production"], "pushedImages": [V]}, "until = test: no environment of the repos"),
        ({**IMAGES, "pushedImages": [{"tags": "v 1", "until": "test"}]}, "github.repositories[0].pushedImages[0].tags"),
        ({**IMAGES, "images": {f"s{n}": API for n in range(60)}, "pushedImages": [V]}, "at most 3000 reach the"),
    ],
)
def test_images_that_can_not_be_delivered_are_refused(entry: Any, why: str) -> None:
    """I1: the line names the key, the value and what is allowed."""
    with pytest.raises(SettingsError) as caught:
        _two(entry)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ("acme/web", "acme/web does not: write for example {name: acme/shop, manifests: [shop], targets: [shop-*]}"),
        ({"name": "acme/web", "manifests": ["web"]}, "acme/web does not"),
        ({"name": "ACME/Shop", "manifests": ["x"], "targets": []}, "is listed twice"),
        ({"name": "acme/web", "manifests": ["shop"], "targets": []}, "both claim the manifest shop"),
        ({"name": "acme/web", "manifests": ["web"], "targets": ["*-test"]}, "both claim the target shop-* (as *-test)"),
        ({"name": "acme/web", "manifests": ["web"], "targets": [], "environments": ["moon"]}, "moon is no environment"),
        ({"name": "acme/web", "manifests": ["Web"], "targets": []}, "github.repositories[1].manifests[0]"),
        ({"name": "acme/web", "manifests": ["web"], "targets": ["x y"]}, "github.repositories[1].targets[0]"),
    ],
)
def test_what_two_repositories_both_claim_is_refused(other: Any, why: str) -> None:
    """The line names both and what they share, or what is missing with an example."""
    with pytest.raises(SettingsError, match=re.escape(why)):
        _two(SHOP, other)


def _rules(*environments: dict[str, Any], **github: Any) -> TriggerRules:
    """The rules of a stack with these environments."""
    settings = _parse(environments=list(environments), github={**GOOD["github"], **github})
    return decode(TriggerRules, json.loads(settings.triggers_json()))


@pytest.mark.parametrize(
    ("environments", "protected", "candidates"),
    [
        ((TEST, STAGING, PRODUCTION), ("production",), "staging"),
        ((STAGING, TEST, LIVE), ("live",), "staging"),
        ((TEST, LIVE), ("live",), "test"),
        ((LIVE,), ("live",), ""),
        ((PRODUCTION, LIVE), ("live",), "production"),
        (({**PRODUCTION, "protected": True}, {**LIVE, "protected": False}), ("production",), "production"),
    ],
)
def test_the_last_environment_is_protected_by_default(
    environments: tuple[dict[str, Any], ...], protected: tuple[str, ...], candidates: str
) -> None:
    """I2: by its position and its setting, whatever its name is; candidates end in staging, or in the last but one."""
    rules = _rules(*environments)
    assert (rules.protected, rules.candidate_until) == (protected, candidates)
    assert rules.environments == tuple(one["name"] for one in environments)
    assert (rules.main_until, rules.branches) == ("", ())


def test_what_starts_a_release_can_be_set() -> None:
    """P1, P4: every setting reaches the rules."""
    rules = _rules(
        TEST, STAGING, LIVE, mainBranch="trunk", mainUntil="staging", candidateUntil="test", branches=["hotfix/*"]
    )
    names = ("test", "staging", "live")
    assert rules == TriggerRules("trunk", names, ("live",), "staging", "test", ("hotfix/*",))


BEFORE_ANY = ["tests", "coverage", "security"]


@pytest.mark.parametrize(
    ("environments", "demanded"),
    [
        ((TEST, STAGING, PRODUCTION), (["integration"], ["e2e", "performance"], ["smoke"])),
        ((TEST, PRODUCTION), (["integration"], ["smoke"])),
        ((PRODUCTION,), (["smoke"],)),
    ],
)
def test_environments_demand_what_is_usual_at_their_position(
    environments: tuple[dict[str, Any], ...], demanded: tuple[list[str], ...]
) -> None:
    """G1, G6: tests, coverage and security before any, and suites after a deployment."""
    settings = _parse(environments=list(environments))
    found = [settings.demanded(position) for position in range(len(environments))]
    assert found == [[*BEFORE_ANY, *suites] for suites in demanded]


def test_a_stack_may_demand_other_gates() -> None:
    """Also none: that is the stack's decision."""
    settings = _parse(environments=[{**TEST, "demandedGates": []}, {**PRODUCTION, "demandedGates": ["tests", "e2e"]}])
    assert (settings.demanded(0), settings.demanded(1)) == ([], ["tests", "e2e"])
