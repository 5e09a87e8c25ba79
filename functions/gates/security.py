"""The gate `security`: the findings of scanners (G3)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from zipfile import ZipFile

from functions.adapters.manifest_types import CommittedFile, Meaning, RepositoryPath
from functions.domain.errors import SourceError
from functions.domain.findings import Allowance, Scan, Scans, judge_findings, noted
from functions.domain.gates import Note, Unreadable
from functions.domain.manifests import GateSettings, Settings
from functions.domain.plans import StagePlan
from functions.gates.base import Gate, Judgement, ReleaseEvidence, Section, Source
from functions.handler import decode


class SecurityGate(Gate):
    """Passes when the declared reports have no critical or high findings, except those that the allow-list accepts.

    The gate reads SARIF, and the JSON of pip-audit and npm audit. The allow-list is read from the commit, because a
    build can't change it there. Without a declared report there is no verdict.
    """

    name = "security"
    undeclared = "the repository declares no scanner in delivery.yml"

    def manifest(self, section: Section) -> Mapping[str, Any]:
        """The reports by format, and the allow-list; all are optional."""
        if section != "gates":
            return {}
        formats = {"sarif": "SARIF reports", "pipAudit": "pip-audit's JSON", "npmAudit": "npm audit's JSON"}
        reports: dict[str, Any] = {
            key: (Annotated[list[RepositoryPath], Meaning(f"Paths or globs of {what} in the build's artifact.")], [])
            for key, what in formats.items()
        }
        meaning = Meaning("The file of the repository in which it accepts findings.", "security/allowed.yml")
        return {**reports, "allowList": (Annotated[CommittedFile | None, meaning], None)}

    def judge_release(self, settings: Settings | None, evidence: ReleaseEvidence) -> Judgement:
        """One verdict on all reports."""
        declared = decode(Scans, settings or {})
        if not declared.reports:
            return Judgement()
        from functions.adapters.scans import read_scans

        read = tuple(read_scans(evidence.archive, declared))
        return Judgement(judge_findings(read, _allowed(declared.allow_list, evidence.source), evidence.today))

    def notes(self, settings: Settings, archive: ZipFile) -> Sequence[Note]:
        """The findings."""
        from functions.adapters.scans import read_scans

        read = read_scans(archive, decode(Scans, settings))
        return noted(finding for one in read if isinstance(one, Scan) for finding in one.findings)

    def forecast_release(self, settings: Settings | None, stages: tuple[StagePlan, ...]) -> str:  # noqa: ARG002
        """The paths of the reports, or that there are none."""
        return f"security: {', '.join(decode(Scans, settings or {}).reports) or 'no scanner is declared'}"

    def mistakes(self, settings: Settings | None, source: Source, today: date) -> Sequence[str]:
        """Those of the allow-list, and its entries that do not count today."""
        from functions.adapters.allow_list import allow_list_mistakes

        path = decode(Scans, settings or {}).allow_list
        raw = source(path) if path else None
        return allow_list_mistakes(raw, path, today) if raw is not None else ()


def scans(gates: GateSettings) -> Scans:
    """The scans that a plan declares, for handlers that upload reports elsewhere."""
    return decode(Scans, gates.get(SecurityGate.name, {}))


def _allowed(path: str, source: Source) -> tuple[Allowance, ...] | Unreadable:
    from functions.adapters.allow_list import read_allow_list

    if not path:
        return ()
    try:
        return read_allow_list(source(path), path)
    except SourceError as error:
        return Unreadable(str(error))
