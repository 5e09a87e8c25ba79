"""The gate `sbom`: the list of what a release contains (G7)."""

from collections.abc import Mapping
from typing import Annotated, Any

from functions.adapters.manifest_types import Meaning, RepositoryPath
from functions.domain.gates import judge_sbom
from functions.domain.manifests import GateSettings, Settings
from functions.domain.plans import StagePlan
from functions.gates.base import Gate, Judgement, ReleaseEvidence, Section


class SbomGate(Gate):
    """Passes when the declared SBOM can be read.

    The gate reads CycloneDX and SPDX 2, both as JSON. The SBOM is kept with the signed statement of the release, which
    has its digest. Without a declared SBOM there is no verdict.
    """

    name = "sbom"

    def manifest(self, section: Section) -> Mapping[str, Any]:
        """The SBOM of the build; it is optional."""
        meaning = Meaning("Path of the SBOM in the artifact: CycloneDX or SPDX 2, as JSON.", "reports/sbom.json")
        return {"sbom": (Annotated[RepositoryPath | None, meaning], None)} if section == "build" else {}

    def judge_release(self, settings: Settings | None, evidence: ReleaseEvidence) -> Judgement:
        """The verdict."""
        if settings is None:
            return Judgement()
        from functions.adapters.sboms import read_sbom

        return Judgement(judge_sbom(read_sbom(evidence.archive, settings["sbom"])))

    def forecast_release(self, settings: Settings | None, stages: tuple[StagePlan, ...]) -> str:  # noqa: ARG002
        """The path of the SBOM."""
        return "" if settings is None else f"sbom: {settings['sbom']}"


def sbom(gates: GateSettings) -> str:
    """The path of the SBOM that a plan declares, for the handler that keeps it; "" without one."""
    return str(gates.get(SbomGate.name, {}).get("sbom", ""))
