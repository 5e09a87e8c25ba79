"""The application repository, and what its workflows do on GitHub.

The workflows' own commands plan what is built; an image is what the Dockerfile copies, with the command that it names.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence

from local.dispatch import STARTED, dispatch
from local.ecs import EcsServer
from local.platform import Platform, PlatformError
from local.storefront.settings import APPLICATION, EXAMPLE, INFRASTRUCTURE, SERVICES
from local.working_copy import WorkingCopy

_TARGET = re.compile(r"^FROM base AS (\S+)\nCMD (\[.+\])$", re.MULTILINE)


class Application(WorkingCopy):
    """A working copy of `acme/storefront`; `tags` has the tag of each image by its digest."""

    def __init__(self, platform: Platform, ecs: EcsServer) -> None:
        platform.github.create_repository(APPLICATION)
        super().__init__(platform, APPLICATION, platform.root / "application", EXAMPLE / "application")
        self._platform = platform
        self._ecs = ecs
        self._runs = 0
        self.tags: dict[str, str] = {}

    def begin(self, tag: str) -> None:
        """Push the first commit and its version; its images are deployed by nobody yet."""
        commit = self.push("feat: sell mugs and shirts")
        self._build(tag, SERVICES)
        self.push_tag(tag, commit)

    def edit(self, file: str, before: str, after: str) -> None:
        """Replace a text that a file has once."""
        path = self.folder / file
        text = path.read_text("utf-8")
        if text.count(before) != 1:
            raise ValueError(f"{file} does not have {before!r} once")
        path.write_text(text.replace(before, after), "utf-8")

    def images_workflow(self, branch: str) -> str:
        """Do what `images.yml` does after a push: build what changed, and request it; returns the deployment's name.

        Of main the next version goes to `staging`, of another branch the commit to `dev`.
        """
        if branch == "main":
            tag, services = self._ci("version"), json.loads(self._ci("changed"))
        else:
            services = json.loads(self._ci("changed", "origin/main"))
            tag = f"dev-{self.commit_before(0)}"
        self._build(tag, services)
        self._runs += 1
        kind = "staging-deploy" if branch == "main" else "deploy-infrastructure"
        deployment = self.request(kind, dict.fromkeys(services, tag), f"run {self._runs}.1")
        if branch == "main":
            self.push_tag(tag, "HEAD")
        return deployment

    def request(self, kind: str, images: Mapping[str, str], reason: str) -> str:
        """Do what `deploy.yml` does; returns the name of the deployment that was started."""
        payload = {"reason": reason, "images": dict(images)}
        status, said = dispatch(self._platform.github, self._platform.token, INFRASTRUCTURE, kind, payload)
        if not said.startswith(STARTED):
            raise PlatformError(f"the dispatch {kind} was answered with {status}: {said}")
        return said.removeprefix(STARTED)

    def _build(self, tag: str, services: Sequence[str]) -> None:
        files = {f"storefront/{one.name}": one.read_text("utf-8") for one in self.folder.glob("storefront/*.py")}
        files["storefront/version.txt"] = tag
        commands = dict(_TARGET.findall((self.folder / "Dockerfile").read_text("utf-8")))
        for service in services:
            image = self._ecs.images.push(service, tag, files, json.loads(commands[service]))
            self.tags[image.partition("@")[2]] = tag

    def _ci(self, module: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", f"ci.{module}", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PlatformError(f"`python -m ci.{module}` of the application failed: {done.stderr.strip()}")
        return done.stdout.strip()
