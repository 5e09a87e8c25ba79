"""`kiro-worker pin`, `kiro-worker unpin` and `kiro-worker rollback --pin`."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.drift import Author, Drift
from functions.domain.pins import Pin
from tests.cli.conftest import Kiro
from tests.cli.test_commands import released
from tests.cli.test_plan import copy, push
from tests.functions.samples import COMMAND, LEASE, NOW, OLDER, SERVICE, state, version
from tests.local.github.support import REPOSITORY, WorkingCopy

__all__ = ["copy", "released"]


def pins(kiro: Kiro) -> dict[str, Pin]:
    """The pins of production."""
    return EnvironmentsTable.connect(kiro.clients).pins("production")


def told(kiro: Kiro, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The events that commands publish from now on."""
    found: list[Any] = []
    monkeypatch.setattr("functions.adapters.bus.Bus.put", lambda _, event: found.append(event))
    return found


def test_a_pin_and_its_end_record_the_caller(released: Kiro, monkeypatch: pytest.MonkeyPatch) -> None:
    """R14: who, why, since when and until what; everything that runs there, or one part; people are notified."""
    EnvironmentsTable.connect(released.clients).save(state(COMMAND), LEASE)
    events = told(released, monkeypatch)
    shown = released.run("pin", "production", "--reason", "errors after main-1").output
    assert "hello is pinned in production since" in shown
    assert "until `kiro-worker unpin`: errors after main-1" in shown
    assert pins(released).keys() == {"hello", "infrastructure"}
    assert pins(released)["hello"].by.startswith("arn:aws:sts")
    assert "pinned in production" in " ".join(released.run("status").output.split())
    assert released.json("status")[1]["pins"][0]["reason"] == "errors after main-1"
    assert "no longer: hello" in released.run("unpin", "production", "--part", "hello", "--reason", "fixed").output
    assert pins(released).keys() == {"infrastructure"}
    released.json("unpin", "production", "--reason", "fixed")
    assert pins(released) == {}
    assert [(type(one).__name__, one.parts) for one in events] == [
        ("PartsPinned", ("hello", "infrastructure")),
        ("PartsUnpinned", ("hello",)),
        ("PartsUnpinned", ("infrastructure",)),
    ]


def test_a_second_pin_never_replaces_the_first_in_silence(released: Kiro, monkeypatch: pytest.MonkeyPatch) -> None:
    """R14: the same again changes and tells nothing; another reason names what it replaced."""
    events = told(released, monkeypatch)
    first = released.json("pin", "production", "--reason", "errors")["pins"]
    assert released.json("pin", "production", "--reason", "errors") == {
        "environment": "production",
        "pins": first,
        "replaced": [],
    }
    assert len(events) == 1
    again = released.run("pin", "production", "--reason", "errors again").output
    assert "before: hello is pinned" in again
    assert "it replaces a pin: hello is pinned in production since" in events[1].reason


def test_a_rollback_pins_what_goes_back(released: Kiro) -> None:
    """R14: with its reason, or the rollback's name; a pin that is there already keeps who and why."""
    done = released.json("rollback", "production", "--pin")
    pinned = pins(released)
    assert pinned["hello"].reason == f"rolled back by {done['rollback']}"
    assert [one["part"] for one in done["pinned"]["pins"]] == ["hello"]
    assert "is pinned in production" in released.run("rollback", "production", "--part", "hello", "--pin").output
    assert pins(released) == pinned
    released.run("rollback", "production", "--to", OLDER, "--pin", "--reason", "errors")
    assert pins(released)["hello"].reason == "errors"


def test_without_the_option_nothing_is_pinned(released: Kiro) -> None:
    """A rollback alone keeps no release out."""
    released.json("rollback", "production")
    assert pins(released) == {}


def test_a_pin_until_a_newer_commit_names_it_in_full(kiro: Kiro, copy: WorkingCopy) -> None:
    """R14: a branch, tag or short commit, as GitHub knows it now; a plan then says what keeps a release out."""
    sha = push(copy)
    running = EnvironmentsTable.connect(kiro.clients)
    name, source = replace(SERVICE, name="hello/hello"), f"sources/{REPOSITORY}/x.zip"
    running.save(state(name, version(sha, source=source), good=None), LEASE)
    kiro.json("pin", "production", "--until-newer-than", sha[:10], "--reason", "errors")
    assert pins(kiro)["hello/hello"].newer_than == sha
    later = copy.commit("docs: more", {"README.md": "more"})
    copy.push()
    found = {one: kiro.json("plan", one, "--repository", REPOSITORY)["stages"][1]["pinned"] for one in (sha, later)}
    assert found == {sha: ["hello/hello"], later: []}
    assert "pinned" in kiro.run("plan", sha, "--repository", REPOSITORY).output


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("pin", "moon", "--reason", "r"), "no environment 'moon'; there are test, production"),
        (("pin", "test", "--reason", "r"), "nothing runs in test"),
        (("pin", "production", "--part", "api", "--reason", "r"), "no part 'api'; there are hello"),
        (("unpin", "production", "--reason", "r"), "nothing is pinned in production"),
        (("unpin", "production", "--part", "hello", "--reason", "r"), "hello is not pinned in production"),
    ],
)
def test_what_is_wrong_is_named(released: Kiro, command: tuple[str, ...], said: str) -> None:
    """With the next step, and exit code 1; nothing is pinned."""
    done = released.run(*command)
    assert (done.exit_code, said in done.stderr) == (1, True), done.output
    assert pins(released) == {}


def test_a_commit_is_of_one_repository(released: Kiro) -> None:
    """Parts of several can't be pinned until one commit."""
    theirs = version("9" * 40, source="sources/acme/other/9.zip")
    EnvironmentsTable.connect(released.clients).save(state(replace(SERVICE, name="other"), theirs), LEASE)
    done = released.run("pin", "production", "--until-newer-than", "main", "--reason", "r")
    assert "these parts are of acme/hello-service, acme/other: name one part with --part" in done.stderr


def test_status_shows_drift(released: Kiro) -> None:
    """R15: with who changed the part."""
    drift = Drift("production", "hello", "1a2b (version 2)", "version 1", NOW, Author("arn:grace", NOW, "UpdateAlias"))
    EnvironmentsTable.connect(released.clients).note_drift(drift)
    assert released.json("status")[1]["parts"][0]["drift"]["found"] == "version 1"
    assert "changed by arn:grace" in " ".join(released.run("status").output.split())
