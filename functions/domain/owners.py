"""Which repository of the stack may deliver what: names of manifests, targets and environments."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from msgspec import field

from functions.domain.values import Value

if TYPE_CHECKING:
    from functions.domain.manifests import Manifest

# The keys and positions that lead to a value of the manifest.
KeyPath = tuple[str | int, ...]
# What a part changes by name, in one environment: the manifest's key that has the name, and the name.
Names = Mapping[str, str]


class Claim(Value, frozen=True):
    """What a repository may deliver; None stands for everything.

    `targets` are the names of what its services change, such as Lambda functions; `*` stands for any characters. Only
    the one repository of a stack may have everything: with several ones, manifests and targets are given, and no two
    repositories have the same. `images` are the ECR repositories (URIs) from which a request may name images, by
    service. With `builds_images` the repository's own build makes images, too.
    """

    repository: str
    manifests: list[str] | None = None
    targets: list[str] | None = None
    environments: list[str] | None = None
    images: dict[str, str] = field(default_factory=dict)
    builds_images: bool = False

    @property
    def requested(self) -> tuple[str, ...]:
        """The services whose images come by request only."""
        return () if self.builds_images else tuple(self.images)

    def enters(self, environment: str) -> bool:
        """Whether its releases enter an environment."""
        return self.environments is None or environment in self.environments

    def changes(self, target: str) -> bool:
        """Whether a target of this name is its own."""
        return self.targets is None or any(fnmatchcase(target, pattern) for pattern in self.targets)


def claim_of(repository: str, claims: Iterable[Claim]) -> Claim | None:
    """The claim of a repository; None if the stack does not deliver it."""
    return next((one for one in claims if one.repository == repository), None)


def refusals(
    manifest: "Manifest", claim: Claim, names: Mapping[str, Mapping[str, Names]]
) -> Iterator[tuple[KeyPath, str]]:
    """What a manifest names and its repository may not deliver, each with its place in the file.

    `names` are those of every part by environment.
    """
    owner = claim.repository
    if claim.manifests is not None and manifest.name not in claim.manifests:
        yield (
            ("name",),
            f"{manifest.name} is no manifest of {owner}; {_own('manifests', claim.manifests)}",
        )
    wanted: list[tuple[KeyPath, str]] = [(("environments", at), name) for at, name in enumerate(manifest.environments)]
    wanted += [(("gates", "afterDeploy", name), name) for name in manifest.after_deploy]
    for place, name in wanted:
        if not claim.enters(name):
            yield place, f"{owner} may not deliver to {name}; {_own('environments', claim.environments or [])}"
    for environment, parts in names.items():
        for part, keys in parts.items():
            for key, name in keys.items():
                if not claim.changes(name):
                    what = f"{name} (in {environment}) is no target of {owner}; {_own('targets', claim.targets or [])}"
                    yield (*key_path_of(part), key), what


def overlaps(claims: Sequence[Claim]) -> Iterator[tuple[int, int, str]]:
    """The claims, by position, that have a manifest or a target in common, and what they have in common."""
    for at, one in enumerate(claims):
        for later, other in enumerate(claims[at + 1 :], at + 1):
            for name in one.manifests or ():
                if name in (other.manifests or ()):
                    yield at, later, f"the manifest {name}"
            for mine in one.targets or ():
                for theirs in other.targets or ():
                    if _meet(mine, theirs):
                        yield at, later, f"the target {mine}" + (f" (as {theirs})" if theirs != mine else "")


@cache
def _meet(one: str, other: str) -> bool:
    """Whether some name matches both patterns."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return _meet(one[1:], other) or _meet(one, other[1:])
    if other[0] == "*":
        return _meet(other, one)
    return one[0] == other[0] and _meet(one[1:], other[1:])


def key_path_of(part: str) -> KeyPath:
    """Where a part (`shop/api`) is in the manifest."""
    name = part.rpartition("/")[2]
    return (name,) if name == "infrastructure" else ("services", name)


def _own(key: str, allowed: Sequence[str]) -> str:
    """What is allowed, and the next step."""
    return (
        f"its {key} are {', '.join(allowed) or 'none'}: name one of these, or have an operator add it to `{key}` "
        "of the repository in github.repositories"
    )
