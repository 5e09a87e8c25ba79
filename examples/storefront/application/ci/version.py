"""`python -m ci.version`: the next version, from the conventional commits since the last version tag.

Nothing is printed if no commit asks for a release. https://www.conventionalcommits.org/en/v1.0.0/
"""

import re
import subprocess

_TAG = re.compile(r"^v(\d+)\.(\d+)\.(\d+)$")
_SUBJECT = re.compile(r"^(?P<kind>[a-z]+)(\([^)]*\))?(?P<breaking>!)?: ")


def next_version(tags: list[str], messages: list[str]) -> str | None:
    """Such as `v1.3.0`: a breaking change raises the first number, `feat` the second, `fix` and `perf` the third."""
    released = [tuple(map(int, found.groups())) for tag in tags if (found := _TAG.match(tag))]
    major, minor, patch = max(released, default=(0, 0, 0))
    subjects = [(_SUBJECT.match(message), message) for message in messages]
    kinds = {found["kind"] for found, _ in subjects if found}
    if any((found and found["breaking"]) or "\nBREAKING CHANGE: " in text for found, text in subjects):
        return f"v{major + 1}.0.0"
    if "feat" in kinds:
        return f"v{major}.{minor + 1}.0"
    return f"v{major}.{minor}.{patch + 1}" if kinds & {"fix", "perf"} else None


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Print the next version of the checked-out commit."""
    tags = _git("tag", "--merged", "HEAD", "--sort=-version:refname").split()
    last = [tag for tag in tags if _TAG.match(tag)][:1]
    log = _git("log", "--format=%B%x00", *(f"{tag}..HEAD" for tag in last))
    print(next_version(tags, [one.strip() for one in log.split("\0") if one.strip()]) or "", end="")


if __name__ == "__main__":
    main()
