"""Options of the commands `deploy` and `rollback` as parts of a request; a wrong one is an OutOfReachError."""

from collections.abc import Sequence

from cli.aws.operator import OutOfReachError


def one_ref(given: Sequence[str]) -> str:
    """The only ref of those that were given as argument, --ref and --tag."""
    if len(given) == 1:
        return given[0]
    if not given:
        raise OutOfReachError(
            "nothing to deploy was named: give a commit, branch or tag, such as `main` or --tag v1.2.0"
        )
    raise OutOfReachError(f"{' and '.join(given)} were given: name one commit, branch or tag")


def part_and_version(part: str, to: str, image: str) -> tuple[str, str]:
    """What `kiro-worker rollback` restores: `--image api=v1.2.2` stands for `--part api --to v1.2.2`."""
    if not image:
        return part, to
    if part or to:
        raise OutOfReachError("--image names the part and the version: leave --part and --to out")
    ((service, tag),) = images_of([image]).items()
    return service, tag


def images_of(given: Sequence[str]) -> dict[str, str]:
    """`api=v1.2.3` → `{"api": "v1.2.3"}`."""
    found: dict[str, str] = {}
    for text in given:
        service, equals, tag = text.partition("=")
        if not (service and equals and tag):
            raise OutOfReachError(f"--image {text}: write service=tag, such as api=v1.2.3")
        if service in found:
            raise OutOfReachError(f"--image {text}: {service} is given twice")
        found[service] = tag
    return found
