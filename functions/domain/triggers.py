"""How far each way to start a release goes, by the settings of the stack (P1, P4).

| what comes | last environment |
| --- | --- |
| push to the main branch | `main_until`; with `[deploy-all]` in the commit message all |
| push to a branch that `branches` names | the first |
| tag `v1.2.0-rc.1` | `candidate_until` |
| tag `v1.2.0` | all |

A commit that the main branch does not reach never enters a protected environment, whatever asks for it.
"""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from functions.domain.releases import branch_or_tag
from functions.domain.values import Value

if TYPE_CHECKING:
    from functions.domain.owners import Claim
    from functions.domain.requests import Request

# https://semver.org without build metadata, and a `v`.
_NUMBER = r"(0|[1-9]\d{0,8})"
_RELEASE = re.compile(rf"v{_NUMBER}\.{_NUMBER}\.{_NUMBER}")
_CANDIDATE = re.compile(rf"v{_NUMBER}\.{_NUMBER}\.{_NUMBER}-rc\.{_NUMBER}")
_DEPLOY_ALL = re.compile(r"\[deploy-all\]", re.IGNORECASE)


class TriggerRules(Value, frozen=True):
    """The settings of the stack that say what starts a release, and how far it goes.

    `environments` are in the order in which a release enters them. `branches` are globs, in which `*` stands for any
    characters. `main_until` and `candidate_until` are environments; "" stands for all, and for a stack that delivers no
    release candidates.
    """

    main_branch: str
    environments: tuple[str, ...]
    protected: tuple[str, ...]
    main_until: str = ""
    candidate_until: str = ""
    branches: tuple[str, ...] = ()

    @property
    def main_ref(self) -> str:
        """The ref of the main branch."""
        return f"refs/heads/{self.main_branch}"


class NotDelivered(Value, frozen=True):
    """Why a ref is not delivered."""

    reason: str


def last_environment(ref: str, message: str, rules: TriggerRules) -> str | NotDelivered:
    """The last environment of a push of this ref, "" for all; or why the ref is not delivered.

    `message` is that of the commit.
    """
    kind, name = branch_or_tag(ref)
    if kind == "branch":
        return _branch(name, message, rules)
    if _RELEASE.fullmatch(name):
        return ""
    if not _CANDIDATE.fullmatch(name):
        return NotDelivered(f"tag {name} is no version; tags such as v1.2.0 and v1.2.0-rc.1 are delivered")
    if rules.candidate_until:
        return rules.candidate_until
    return NotDelivered(
        f"tag {name} is a release candidate, and this stack has no environment for them; set github.candidateUntil"
    )


def _branch(name: str, message: str, rules: TriggerRules) -> str | NotDelivered:
    if name == rules.main_branch:
        return "" if _DEPLOY_ALL.search(message) else rules.main_until
    if any(fnmatchcase(name, glob) for glob in rules.branches):
        return rules.environments[0]
    others = f" and of {', '.join(rules.branches)}" if rules.branches else ""
    return NotDelivered(
        f"branch {name} is not delivered; only pushes to {rules.main_branch}{others} are (github.branches)"
    )


def walked(request: "Request", claim: "Claim", environments: Sequence[str]) -> tuple[str, ...]:
    """The names of the environments that the request may enter: those of its repository, until the last one."""
    known = list(environments)
    last = known.index(request.until) + 1 if request.until in known else len(known)
    return tuple(name for name in known[:last] if claim.enters(name))


def refusal(request: "Request", claim: "Claim", environments: Sequence[str]) -> str:
    """Why the settings do not allow a request, with the next step; "" if they do."""
    unknown = sorted(set(request.images) - set(claim.images))
    if unknown:
        known = f"there are {', '.join(sorted(claim.images))}" if claim.images else "there is none"
        return (
            f"images.{unknown[0]}: the settings name no ECR repository for a service {unknown[0]} of "
            f"{request.repository}, {known}: correct the name, or add it to `images` of the repository in "
            "github.repositories"
        )
    if request.images and request.parts != "all":
        return (
            f"images ({', '.join(sorted(request.images))}) and parts = {request.parts} contradict each other: a "
            "request with images changes just these services; leave one of both out"
        )
    if request.until and request.until not in environments:
        return f"until = {request.until}: no environment of this stack; there are {', '.join(environments)}"
    # Pushes and tags end where the settings say, also for a repository that enters fewer environments.
    if request.until and request.trigger in ("dispatch", "operator") and not claim.enters(request.until):
        return f"until = {request.until}: {request.repository} may not deliver there; {_entered(claim, environments)}"
    if not walked(request, claim, environments):
        until = f" until {request.until}" if request.until else ""
        return f"{request.repository} may deliver to no environment{until}; {_entered(claim, environments)}"
    return ""


def _entered(claim: "Claim", environments: Sequence[str]) -> str:
    return f"its environments are {', '.join(filter(claim.enters, environments)) or 'none'}"


def unmerged_refusal(request: "Request", commit: str, claim: "Claim", rules: TriggerRules) -> str:
    """Why a commit that the main branch does not reach is refused; "" if it enters no protected environment."""
    names = walked(request, claim, rules.environments)
    protected = [name for name in names if name in rules.protected]
    if not protected:
        return ""
    open_ones = names[: names.index(protected[0])]
    step = f"merge it first, or deploy it until {open_ones[-1]}" if open_ones else "merge it first"
    return (
        f"{request.ref} ({commit[:12]}) is not on {rules.main_branch} of {request.repository}, and {protected[0]} is "
        f"protected: {step}"
    )
