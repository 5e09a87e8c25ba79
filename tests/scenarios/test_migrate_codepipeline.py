"""docs/migrate.md, *From AWS CodePipeline*: functions of a pipeline are taken over, and go back to it (R5)."""

from collections.abc import Iterator

import pytest

from local.platform import Platform
from tests.scenarios.migrating import FIRST, GUIDE, NEXT, Migration, environment
from tests.scenarios.small import answer, functions

pytestmark = pytest.mark.long
SECTION = "From AWS CodePipeline"
OLD = "deployed by the pipeline"


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migration]:
    """A stack with the first environment only; the functions of both exist, and only the next one has an alias.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-LambdaDeploy.html: without FunctionAlias
    a pipeline changes `$LATEST`, with it the alias, which points to a version.
    """
    mails = {"functions": [f"orders-{FIRST}", f"mails-{FIRST}"]}
    changes = {"environments": [environment(FIRST, **mails)]}
    made = Platform(tmp_path_factory.mktemp("codepipeline"), "test", print, changes=changes, wait_scale=0.1)
    with made as platform:
        functions(platform.clients, [f"orders-{FIRST}", f"orders-{NEXT}", f"mails-{FIRST}"], OLD)
        client, following = platform.clients.client("lambda"), f"orders-{NEXT}"
        version = client.publish_version(FunctionName=following)["Version"]
        client.create_alias(FunctionName=following, Name="live", FunctionVersion=version)
        yield Migration(platform, SECTION, lambda name: answer(platform.clients, f"orders-{name}"))


@pytest.fixture(scope="module")
def first(migration: Migration) -> str:
    """The function has got its alias by the commands of the guide, and the first release; returns what answers then."""
    publish, alias = GUIDE.commands(SECTION)
    version = migration.shell.run(publish)
    migration.shell.run(alias.replace("VERSION", version))
    assert migration.answers(FIRST) == OLD
    record = migration.push("first")
    assert (record["outcome"], set(record["stages"])) == ("deployed", {FIRST}), record["reason"]
    return migration.answers(FIRST)


def test_the_first_release_goes_back_to_what_the_pipeline_deployed(migration: Migration, first: str) -> None:
    """The commands of the guide: the version of the alias from before answers again, then the release does."""
    assert first == "first"
    assert migration.try_the_way_back() == (OLD, "first")


@pytest.mark.usefixtures("first")
def test_the_next_environment_is_added_and_goes_back_to_the_pipeline(migration: Migration) -> None:
    """A release goes through both environments; a drill in the last one restores what the pipeline deployed there."""
    migration.driver.platform.change(environments=[environment(FIRST), environment(NEXT)])
    record = migration.push("both")
    assert (record["outcome"], set(record["stages"])) == ("deployed", {FIRST, NEXT}), record["reason"]
    assert record[f"approval_{NEXT}_deploy"]["by"] == "Grace Hopper"
    assert (migration.answers(FIRST), migration.answers(NEXT)) == ("both", "both")
    assert migration.back(NEXT)["outcome"] == "restored"
    assert (migration.answers(FIRST), migration.answers(NEXT)) == ("both", OLD)


@pytest.mark.usefixtures("first")
def test_neither_a_command_nor_a_function_without_an_alias_goes_back_at_first(migration: Migration) -> None:
    """The rollback of their first release ends as `partly`; the function with an alias goes back nevertheless."""
    both = {"functions": [f"orders-{FIRST}", f"mails-{FIRST}"]}
    migration.driver.platform.change(environments=[environment(FIRST, **both)])
    before = migration.answers(FIRST)
    migration.services |= {
        "mails": {"kind": "lambda", "function": "mails-{environment}", "artifact": "dist/function.zip"},
        "script": {"kind": "command", "buildspec": "script.yml"},
    }
    script = (
        "version: 0.2\nphases: {build: {commands: ['echo {} > outputs.json']}}\nartifacts: {files: [outputs.json]}\n"
    )
    record = migration.push("new parts", **{"script.yml": script})
    assert record["outcome"] == "deployed", record["reason"]
    ended = migration.back(FIRST)
    assert ended["outcome"] == "partly", ended
    assert {name for name in ("mails", "script", "orders") if f"/{name}" in ended["reason"]} == {"mails", "script"}
    assert migration.answers(FIRST) == before
