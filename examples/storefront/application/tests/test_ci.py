import os
import subprocess
import sys
from pathlib import Path

import pytest
from ci.changed import OWN, changed
from ci.version import next_version

APPLICATION = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("messages", "version"),
    [
        (["fix: count orders"], "v1.2.4"),
        (["perf(api): read once"], "v1.2.4"),
        (["fix: count orders", "feat: sell shirts"], "v1.3.0"),
        (["feat!: new addresses"], "v2.0.0"),
        (["fix: addresses\n\nBREAKING CHANGE: the old ones are gone"], "v2.0.0"),
        (["docs: say it", "no convention"], None),
        ([], None),
    ],
)
def test_the_next_version_follows_from_the_commits(messages, version):
    """The strongest commit decides; other tags than versions do not count."""
    assert next_version(["v1.2.3", "v1.2.0", "v1.10", "dev-1"], messages) == version


def test_the_first_version():
    """Without a version tag it starts at zero."""
    assert next_version([], ["feat: sell mugs"]) == "v0.1.0"


def test_only_changed_services_are_built():
    """The file of one service concerns this one; a shared file concerns all; documents and tests none."""
    assert changed(["storefront/web.py", "README.md"]) == ["web"]
    assert changed(["storefront/store.py"]) == list(OWN)
    assert changed(["Dockerfile"]) == list(OWN)
    assert changed(["tests/test_api.py", "ci/version.py"]) == []


def test_each_service_is_a_module_and_a_target_of_the_dockerfile():
    """A service that is built has its code, and its own command."""
    stages = (APPLICATION / "Dockerfile").read_text("utf-8")
    for service, files in OWN.items():
        assert all((APPLICATION / file).exists() for file in files)
        module = service.replace("-", "_")
        assert f'FROM base AS {service}\nCMD ["python", "-m", "storefront.{module}"]' in stages


def test_the_commands_read_git(tmp_path):
    """In a repository with a version and a later commit, they print the next version and the changed services."""

    def git(*arguments):
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        subprocess.run(["git", *identity, "-C", str(tmp_path), *arguments], check=True, capture_output=True)

    def python(*arguments):
        command = [sys.executable, "-m", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(APPLICATION)}
        return subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True).stdout

    git("init", "--initial-branch=main")
    git("commit", "--allow-empty", "-m", "feat: sell mugs")
    git("tag", "v1.0.0")
    git("checkout", "-b", "feature/page")
    (tmp_path / "storefront").mkdir()
    (tmp_path / "storefront" / "web.py").write_text("", "utf-8")
    git("add", "--all")
    git("commit", "-m", "fix: the page")
    assert python("ci.version") == "v1.0.1"
    assert python("ci.changed", "main") == '["web"]\n'
    assert "dns-worker" in python("ci.changed")
