"""`python -m ci.changed BASE`: the services whose images change since a commit, as a JSON list; without BASE all."""

import json
import subprocess
import sys

# The files of one service alone; every other file in the image is shared by all of them.
OWN = {
    "api": {"storefront/api.py"},
    "web": {"storefront/web.py"},
    "listener": {"storefront/listener.py"},
    "dns-worker": {"storefront/dns_worker.py"},
}
SHARED = ("storefront/", "Dockerfile", ".dockerignore", "requirements.txt")


def changed(files: list[str]) -> list[str]:
    """The services that these files concern."""
    own = set().union(*OWN.values())
    if any(file.startswith(SHARED) and file not in own for file in files):
        return list(OWN)
    return [service for service, its in OWN.items() if its & set(files)]


def main(base: str | None) -> None:
    """Compare with the commit at which the branch left the base."""
    services = list(OWN)
    if base:
        command = ["git", "diff", "--name-only", f"{base}...HEAD"]
        services = changed(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines())
    print(json.dumps(services))


if __name__ == "__main__":
    main(next(iter(sys.argv[1:]), None))
