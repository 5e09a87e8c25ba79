"""The command `check`: the mistakes in a working tree's manifest, and what a push of it would change.

It needs no stack and no credentials, so that it runs before a push and in any CI.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from cli.facts import Facts
from cli.output import Form, Output, dumped
from cli.working_tree import WorkingTree
from functions.adapters.manifest_file import read_manifest
from functions.domain.commit_plans import plan
from functions.domain.environments import Environment, PartState, Version
from functions.domain.errors import BadInputError, ManifestError
from functions.domain.manifests import MANIFEST, Manifest, Part
from functions.domain.plans import Change
from functions.gates import registry

_BASE = "origin/main"
# A plan is about an environment. In this one, all of the other commit runs and was verified good.
_ENVIRONMENT = Environment(
    name="",
    region="",
    deploy_role_arn="",
    deploy_project="",
    approval=False,
    approval_timeout_seconds=0,
    approval_wait_seconds=0,
    watch_seconds=0,
    stabilise_seconds=0,
    coverage_percent=0,
)


def check(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="the folder of delivery.yml", exists=True, file_okay=False)
    ] = Path(),
    base: Annotated[str, typer.Option("--base", help=f"the commit to compare with; default: {_BASE}, if known")] = "",
    output: Output = Form.TABLE,
) -> None:
    """Check delivery.yml and the files that it names, and show what a push would change. It uses no AWS.

    The exit code is 0 without a mistake, 1 with mistakes, and 2 if nothing could be checked, because DIR is in no git
    repository or --base is no commit.
    """
    tree = WorkingTree(folder)
    try:
        files = tree.files()
    except BadInputError as error:
        raise typer.BadParameter(str(error), param_hint="DIR") from error
    onto = tree.commit(base or _BASE)
    if base and not onto:
        raise typer.BadParameter(f"{base} is no commit here: fetch it, or name another one", param_hint="--base")
    manifest, mistakes = _read(tree, files)
    found = {"mistakes": mistakes, **(_pushed(tree, manifest, onto) if manifest and onto else {})}
    typer.echo(dumped(found, output) if output.is_data else "\n".join(_lines(found)))
    raise typer.Exit(1 if mistakes else 0)


def _read(tree: WorkingTree, files: frozenset[str]) -> tuple[Manifest | None, list[str]]:
    """The manifest, if it can be read, and all mistakes in it and in the files that gates read."""
    raw = tree.read(MANIFEST) if MANIFEST in files else None
    if raw is None:
        return None, [f"{MANIFEST}:1:1: it is not in {tree.folder.resolve()}: add it, or name its folder"]
    try:
        manifest = read_manifest(raw, committed=files)
    except ManifestError as error:
        return None, [*error.mistakes]
    return manifest, registry.mistakes(manifest.gates, tree.read, datetime.now(UTC).date())


def _pushed(tree: WorkingTree, manifest: Manifest, onto: str) -> Facts:
    """The parts that a push changes and those that it does not, with reasons."""
    fork = tree.fork(onto)
    base = fork or onto
    version = Version(base, "", "", "", "", "")
    running = {
        name: PartState("", name, running=version, good=version, definition=definition)
        for name, definition in _parts_at(tree, base, manifest).items()
    }
    change = Change("ahead", tree.changed_since(fork)) if fork else Change("unknown", None)
    anywhere = replace(manifest, environments=[], after_deploy={})
    (stage,) = plan(anywhere, (_ENVIRONMENT,), {"": running}, {base: change}, "").stages
    return {
        "base": base,
        "changed": {one.part.name: one.reason for one in stage.parts},
        "unchanged": {one.part: one.reason for one in stage.skipped},
    }


def _parts_at(tree: WorkingTree, commit: str, now: Manifest) -> Mapping[str, Part | None]:
    """The parts of the manifest in a commit; those of today, defined otherwise, if it can't be read."""
    raw = tree.read_at(commit, MANIFEST)
    try:
        return {part.name: part for part in read_manifest(raw).parts} if raw else {}
    except ManifestError:
        return dict.fromkeys(part.name for part in now.parts)


def _lines(found: Facts) -> Iterator[str]:
    yield from found["mistakes"]
    yield f"{MANIFEST}: {len(found['mistakes']) or 'no'} mistake{'s' * (len(found['mistakes']) != 1)}"
    if "base" in found:
        yield f"\nA push changes, where {found['base'][:12]} runs and was verified good:"
        yield from _parts(found["changed"])
        yield "and does not change:"
        yield from _parts(found["unchanged"])
    elif not found["mistakes"]:
        yield f"\n{_BASE} is no commit here, so nothing is compared: name a commit with --base"


def _parts(reasons: Mapping[str, str]) -> Iterator[str]:
    yield from (f"  {name}: {reason}" for name, reason in reasons.items()) if reasons else ["  nothing"]
