"""What environments demand, and what nothing reports (G6)."""

from typing import get_args

import pytest
from msgspec.structs import replace

from functions.domain.demands import AFTER, BEFORE, REPORTS, GateName, demands, skipped, unreported, usual
from functions.domain.gates import Verdict
from functions.domain.manifests import AfterDeploy, Manifest
from functions.domain.plans import StagePlan
from functions.gates import registry
from tests.functions.samples import environment

EVERYTHING: dict[str, dict[str, object]] = {"tests": {}, "coverage": {}, "security": {}}
INTEGRATION = AfterDeploy("i.yml", {"integration": {"integration": ["i.xml"]}})
NAMES = ("test", "staging", "production")


def stage(name: str, demanded: tuple[str, ...], after: AfterDeploy | None = None) -> StagePlan:
    """One environment of a plan."""
    return StagePlan(environment(name=name, demanded_gates=list(demanded)), (), (), after)


def test_every_gate_that_can_be_demanded_is_one() -> None:
    """With the keys of the manifest that the gate itself declares; `build` and `preview` are always judged."""
    gates = {gate.name: gate for gate in registry.GATES}
    assert set(get_args(GateName)) == {*BEFORE, *AFTER} == gates.keys() - {"build", "preview"}
    for name, place in REPORTS.items():
        sections = ("afterDeploy",) if name in AFTER else ("build", "gates")
        keys = {key for section in sections for key in gates[name].manifest(section)}  # type: ignore[arg-type]
        assert {one.rpartition(".")[2] for one in place.replace(" or ", ", ").split(", ")} <= keys
        assert ("after" if name in AFTER else "before") in gates[name].when


def test_unit_tests_coverage_and_security_come_before_any_environment() -> None:
    """G1 to G4: integration after the first, e2e and load between, smoke after the last, however many there are."""
    for count in (1, 2, 3, 4):
        found = [usual(position, count) for position in range(count)]
        assert all(one[:3] == ("tests", "coverage", "security") for one in found)
        suites = [one[3:] for one in found]
        assert suites == [("integration",), *[("e2e", "performance")] * (count - 2), ("smoke",)][-count:]


def test_a_manifest_adds_and_takes_nothing_away() -> None:
    """What the stack demands is demanded whatever the manifest names."""
    strict = environment(demanded_gates=["tests", "smoke"])
    assert demands(strict, {}, None) == {"tests", "smoke"}
    assert demands(strict, {"security": {}}, INTEGRATION) == {"tests", "smoke", "security", "integration"}
    assert demands(environment(), {"preview": {}}, None) == frozenset()


def test_a_missing_report_closes_the_gate_by_name() -> None:
    """One verdict a gate: the environments that demand it, the key of the manifest, and the way out."""
    stages = (stage("test", ("coverage",)), stage("staging", ("tests",)), stage("production", ("coverage", "tests")))
    (verdict,) = unreported(stages, {}, {"build", "tests"}, emergency=False)
    assert verdict == Verdict(
        "coverage",
        "failed",
        "the gate `coverage` is demanded for test and production, and no build delivered its report: name it in "
        "delivery.yml (build.cobertura), or have an operator change environments[].demandedGates",
    )


def test_a_suite_is_demanded_in_each_environment() -> None:
    """That of another environment does not count; the release stops before it enters the first one."""
    stages = (stage("test", ("integration",), INTEGRATION), stage("staging", ("e2e", "integration"), None))
    found = unreported(stages, {}, {"build"}, emergency=False)
    assert [one.name for one in found] == ["integration", "e2e"]
    assert "demanded for staging, and delivery.yml names no report of it" in found[0].reason
    assert "gates.afterDeploy.staging.integration" in found[0].reason


def test_an_emergency_lacks_no_suite() -> None:
    """P8: it runs no tests after a deployment; what is judged before one stays demanded."""
    stages = (stage("test", ("tests", "integration", "performance")),)
    assert [one.name for one in unreported(stages, {}, {"build"}, emergency=True)] == ["tests"]


def test_what_nobody_demands_is_not_missing() -> None:
    """`demandedGates: []` is the stack's decision."""
    assert unreported((stage("test", ()),), {}, {"build"}, emergency=False) == ()


def test_what_a_manifest_names_must_be_judged() -> None:
    """An allow-list without a scanner, for example, is a gate that nothing judges."""
    (verdict,) = unreported((stage("test", ()),), {"security": {"allowList": "a"}}, {"build"}, emergency=False)
    assert (verdict.name, verdict.outcome) == ("security", "failed")


@pytest.mark.parametrize(
    ("named", "skippable", "refused"),
    [
        ((), (), ()),
        (("production",), (), ("test", "staging")),
        (("production",), ("test",), ("staging",)),
        (("production",), ("test", "staging"), ()),
        (("test", "production"), (), ("staging",)),
        (("test",), (), ()),
        (("staging",), (), ("test",)),
        (("elsewhere",), (), ()),
    ],
)
def test_no_environment_is_left_out_unless_the_stack_says_so(
    named: tuple[str, ...], skippable: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    """Before one that the manifest names; those after the last one are not entered, which skips nothing."""
    environments = [environment(name=name, skippable=name in skippable) for name in NAMES]
    found = list(skipped(replace(Manifest("hello", "b.yml", []), environments=list(named)), environments))
    assert [place for place, _ in found] == [("environments",)] * len(refused)
    assert all(f"leaves out {name}, " in text for name, (_, text) in zip(refused, found, strict=True))
