"""The gate `sbom`."""

from functions.domain.gates import Verdict
from functions.gates.sbom import SbomGate, sbom
from tests.functions.gates.evidence import STAGES, of_release

SETTINGS = {"sbom": "sbom.json"}
GOOD = '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a"}]}'


def test_an_sbom_that_can_be_read_passes() -> None:
    """Anything else fails, with the reason; without a declared one there is no verdict."""
    good = SbomGate().judge_release(SETTINGS, of_release({"sbom.json": GOOD})).verdict
    assert good == Verdict("sbom", "passed", "CycloneDX 1.6 lists 1 components")
    bad = SbomGate().judge_release(SETTINGS, of_release({"sbom.json": "{}"})).verdict
    assert bad
    assert bad.outcome == "failed"
    assert SbomGate().judge_release(None, of_release({})).verdict is None


def test_the_forecast_names_the_path() -> None:
    """Without one there is no line, and nothing is kept."""
    assert SbomGate().forecast_release(SETTINGS, STAGES) == "sbom: sbom.json"
    assert SbomGate().forecast_release(None, STAGES) == ""
    assert (sbom({"sbom": SETTINGS}), sbom({})) == ("sbom.json", "")
