"""The walk of docs/storefront.md: from a branch to production, a bad image taken back, a hotfix, and older tags.

Each step says what it found, and how that differs from what the guide promises.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from functions.adapters.records import plain
from functions.domain.releases import execution_name
from local.executions import Progress
from local.load import Answer, Ask, Load, share_of
from local.platform import Platform
from local.storefront.application import Application
from local.storefront.infrastructure import Infrastructure
from local.storefront.settings import ENVIRONMENTS, INFRASTRUCTURE, SERVICES
from local.storefront.terminal import Ran, Terminal

FIRST, SECOND, BAD, HOTFIX = "v1.2.2", "v1.2.3", "v1.2.4", "v1.2.5"
CANARY_PERCENT = 10.0
# Tests order mugs only, so an image that fails for shirts passes them.
SHOPPERS = (*[Ask("/products")] * 2, *[Ask("/orders", {"item": "shirt"})] * 3)
_API, _WEB = "storefront/api.py", "storefront/web.py"
_PRODUCTS = 'PRODUCTS = {"mug": "A mug", "shirt": "A shirt"}\n'
_ORDERED = '"status": "received"}\n    if'
_PRICED = '"status": "received", "price": PRICES[item] * quantity}\n    if'
Running = Mapping[str, Mapping[str, str]]


@dataclass(slots=True)
class Step:
    """One deployment: its record, its executions, and what ran and was answered in production meanwhile.

    `running` has the tags of all services by environment, after the deployment; `answers` those of `api` in `prod`.
    """

    title: str
    record: dict[str, Any]
    executions: list[Progress]
    seconds: float
    running: Running
    answers: list[Answer] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Walk:
    """The repositories and services of one platform, and the tags that run there when all goes well.

    `follow` waits for the end of a deployment, and decides its approval requests; `say` gets every command that ran.
    """

    def __init__(
        self, platform: Platform, follow: Callable[[str], list[Progress]], say: Callable[[Ran], None] = lambda _: None
    ) -> None:
        self._follow = follow
        self._records = platform.clients.session.resource("dynamodb", endpoint_url=platform.emulator.endpoint).Table(
            platform.outputs["deploymentsTable"]
        )
        self.shop = Infrastructure(platform)
        self._application = Application(platform, self.shop.ecs)
        self._infrastructure = self.shop.repository(platform)
        self.terminal = Terminal(platform, self._application, self.shop, say)
        self._tags = {environment: dict.fromkeys(SERVICES, FIRST) for environment in ENVIRONMENTS}

    def set_up(self) -> Step:
        """Push the first images, create the services, and deliver the infrastructure to all environments."""
        self._application.begin(FIRST)
        self.shop.create(FIRST)
        commit = self._infrastructure.push("feat: four services in three environments")
        step = self._followed("the infrastructure", execution_name(INFRASTRUCTURE, "refs/heads/main", commit))
        self._judge(step, "deployed", ENVIRONMENTS)
        return step

    def branch(self) -> Step:
        """Push a branch: one service changes, in one environment."""
        run = self.terminal.run
        self._application.edit(_WEB, "<title>Storefront</title>", "<title>Mugs and shirts</title>")
        run("git checkout -b feature/title")
        run('git commit --all --message "fix: the title says what the shop sells"')
        run("git push origin feature/title")
        step = self._followed("a branch", self.terminal.started)
        self._tags["dev"]["web"] = f"dev-{self._application.commit_before(0)}"
        run("curl --silent https://dev.shop.example.com/health")
        run("curl --silent https://api.dev.shop.example.com/health")
        self._judge(step, "deployed", ("dev",))
        return step

    def merge(self) -> Step:
        """Merge the branch: all services get the next version, until staging, with all tests and a load run."""
        run = self.terminal.run
        run("git checkout main")
        run("git merge --ff-only feature/title")
        run("git push origin main")
        step = self._version("a version", SECOND)
        run("curl --silent https://api.staging.shop.example.com/health")
        return step

    def production(self) -> Step:
        """Production takes what staging proved, with an approval, and `api` as a canary."""
        images = " ".join(f"{service}={SECOND}" for service in SERVICES)
        step = self._requested("production", _workflow("production-deploy", images, "customers asked for it"))
        self._tags["prod"] = dict.fromkeys(SERVICES, SECOND)
        self.terminal.run("curl --silent https://api.shop.example.com/health")
        self._judge(step, "deployed", ("prod",))
        self._judge_answers(step, {FIRST, SECOND})
        return step

    def bad_image_tested(self) -> Step:
        """An image that fails for customers passes all tests: they order mugs only."""
        self._application.edit(_API, _PRODUCTS, f'{_PRODUCTS}PRICES = {{"mug": 12}}\n')
        self._application.edit(_API, _ORDERED, _PRICED)
        self.terminal.run('git commit --all --message "fix: an order has a price"')
        self.terminal.run("git push origin main")
        return self._version("a bad image in staging", BAD)

    def bad_image(self) -> Step:
        """Production takes the bad image back at its first share."""
        step = self._requested(
            "a bad image in production", _workflow("production-deploy", f"api={BAD}", "orders have a price")
        )
        self.terminal.run("curl --silent https://api.shop.example.com/health")
        self._judge(step, "restored", ("prod",))
        self._judge_answers(step, {SECOND, BAD}, bad=BAD)
        return step

    def hotfix(self) -> Step:
        """A hotfix is merged, and overtakes its own tests as an emergency; the approval and the canary stay."""
        self._application.edit(_API, 'PRICES = {"mug": 12}', 'PRICES = {"mug": 12, "shirt": 25}')
        self.terminal.run('git commit --all --message "fix: a shirt has a price"')
        self.terminal.run("git push origin main")
        tested = self.terminal.started
        step = self._requested("a hotfix", _workflow("emergency-deploy", f"api={HOTFIX}", "orders need a price"))
        self._follow(tested)
        step.running = self.running()
        for environment in ENVIRONMENTS:
            # which of the two releases decides about the other services depends on who is first
            others = {} if environment == "prod" else {one: step.running[environment][one] for one in SERVICES[1:]}
            self._tags[environment] |= {"api": HOTFIX, **others}
        self.terminal.run("curl --silent https://api.shop.example.com/health")
        self._judge(step, "deployed", ENVIRONMENTS)
        self._judge_answers(step, {SECOND, HOTFIX})
        return step

    def back(self) -> Step:
        """Production goes back by an older tag; staging keeps the newer one."""
        wanted = f'kiro-worker deploy {INFRASTRUCTURE} main --image api={SECOND} --reason "prices are wrong" --yes'
        step = self._requested("an older tag", wanted)
        self._tags["prod"]["api"] = SECOND
        self.terminal.run("curl --silent https://api.shop.example.com/health")
        self.terminal.run("curl --silent https://api.staging.shop.example.com/health")
        self._judge(step, "deployed", ("prod",))
        self._judge_answers(step, {SECOND, HOTFIX})
        return step

    def running(self) -> Running:
        """The tags of the images that run; several tags of a service are joined."""
        found = {environment: self.shop.digests(environment) for environment in ENVIRONMENTS}
        known = self._application.tags
        return {
            environment: {service: " ".join(sorted(known[one] for one in digests)) for service, digests in own.items()}
            for environment, own in found.items()
        }

    @contextmanager
    def customers(self) -> Iterator[list[Answer]]:
        """50 requests a second to `api` in production; their answers."""
        with Load(self.shop.address("prod", "api"), SHOPPERS) as load:
            yield load.answers

    def _version(self, title: str, tag: str) -> Step:
        """What a push to main has started: all services get its version, until staging."""
        step = self._followed(title, self.terminal.started)
        for environment in ("dev", "staging"):
            self._tags[environment] = dict.fromkeys(SERVICES, tag)
        self._judge(step, "deployed", ("dev", "staging"))
        return step

    def _requested(self, title: str, command: str) -> Step:
        """A deployment that a command requests, and what customers meet meanwhile."""
        with self.customers() as answers:
            self.terminal.run(command)
            step = self._followed(title, self.terminal.started)
        step.answers = list(answers)
        return step

    def _followed(self, title: str, deployment: str) -> Step:
        started = time.monotonic()
        executions = self._follow(deployment)
        seconds = time.monotonic() - started
        record: dict[str, Any] = plain(self._records.get_item(Key={"deploymentId": deployment}).get("Item", {}))
        return Step(title, record, executions, seconds, self.running())

    def _judge(self, step: Step, outcome: str, stages: tuple[str, ...]) -> None:
        found = step.record.get("outcome")
        if found != outcome:
            step.problems.append(f"ended {found}, expected {outcome}: {step.record.get('reason')}")
        entered = tuple(step.record.get("stages", ()))
        if set(entered) != set(stages):
            step.problems.append(f"entered {', '.join(entered) or 'nothing'}, expected {', '.join(stages)}")
        for environment, tags in self._tags.items():
            for service, tag in tags.items():
                running = step.running[environment][service]
                if running != tag:
                    step.problems.append(f"{service} in {environment} runs {running or 'nothing'}, expected {tag}")

    def _judge_answers(self, step: Step, versions: set[str], bad: str = "") -> None:
        """Every answer is that of a known version, and only those of a bad one have failed."""
        failed = [one for one in step.answers if one.failed and one.version != bad]
        if failed:
            step.problems.append(f"{len(failed)} requests failed that no bad version answered: {failed[:3]}")
        met = {one.version for one in step.answers if not one.failed}
        if met - versions:
            step.problems.append(f"customers met {', '.join(sorted(met - versions))}, expected {', '.join(versions)}")
        share = share_of(bad, step.answers)
        if bad and not any(one.failed for one in step.answers):
            step.problems.append(f"no request to {bad} has failed, so nothing was shown")
        if bad and share.exceeds(CANARY_PERCENT):
            step.problems.append(f"{share.of_version} of {share.answers} requests met {bad}, more than its share")


def _workflow(kind: str, images: str, reason: str) -> str:
    return f'gh workflow run deploy.yml -f type={kind} -f images="{images}" -f reason="{reason}"'
