"""`kiro-worker why`: one sentence, the clocks, whom it concerns, and the next command."""

from datetime import UTC, datetime

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.records import stored
from functions.adapters.waits_table import WaitsTable
from functions.domain.admissions import Held
from functions.domain.environments import Freeze
from functions.domain.waits import UnfreezeKey, Wait
from functions.domain.work_items import Item, Record
from functions.handler import encode
from tests.cli.conftest import Kiro, machine
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE


def start(kiro: Kiro, workflow: str, name: str) -> str:
    """Start an execution and return its ARN."""
    client = kiro.clients.client("stepfunctions")
    return str(client.start_execution(stateMachineArn=machine(workflow), name=name, input="{}")["executionArn"])


def test_a_frozen_out_release_names_who_froze_it_and_the_command(kiro: Kiro) -> None:
    """As text for people, as JSON with every field."""
    deployments = DeploymentsTable.connect(kiro.clients)
    deployments.begin(DEPLOYMENT, RELEASE, start(kiro, "deployment", DEPLOYMENT), "push")
    deployments.enter(DEPLOYMENT, "production", "waiting for unfreeze")
    stage = start(kiro, "stage", f"{DEPLOYMENT}-production")
    EnvironmentsTable.connect(kiro.clients).freeze("production", Freeze("the fair", "Ada", NOW))
    held = Wait(
        UnfreezeKey("production", f"{DEPLOYMENT}-production"),
        "token",
        stage,
        "production",
        encode(Held(DEPLOYMENT, RELEASE.repository, None, NOW)),
    )
    WaitsTable.connect(kiro.clients).store(held, datetime.now(UTC))
    assert kiro.run("why", DEPLOYMENT).output.splitlines() == [
        f"{DEPLOYMENT} waits for the unfreeze of production: Ada froze it at 2026-01-31 08:00 UTC: the fair",
        "  since  2026-01-31 08:00 UTC",
        "  for    Ada",
        "  next   `kiro-worker unfreeze production --reason …`",
    ]
    found = kiro.json("why", DEPLOYMENT)
    assert (found["name"], found["kind"], found["since"], found["dead"]) == (DEPLOYMENT, "freeze", NOW, False)


def test_an_item_is_found_by_its_number(kiro: Kiro) -> None:
    """As `kiro-worker items` shows it; one in quarantine says why, and what to do."""
    item = Item("PVTI_1", "issue", "Greet", "kiro/greet", NOW, NOW, "acme/hello-service", 7)
    record = stored(Record("PVTI_1", "quarantined", 2, reason="1 of 9 tests failed", item=item))
    kiro.clients.table("WORK_ITEMS_TABLE").put_item(Item=record)
    shown = kiro.run("why", "acme/hello-service#7").output
    assert "waits for a person to move its card: quarantined: 1 of 9 tests failed" in shown
    assert "/kiro retry" in shown


def test_unknown_names_are_refused(kiro: Kiro) -> None:
    """Each names the command that lists the known ones."""
    for name, command in (
        ("main-unknown", "`kiro-worker history`"),
        ("acme/hello-service#8", "`kiro-worker items --done`"),
    ):
        done = kiro.run("why", name)
        assert (done.exit_code, command in done.output) == (1, True)
