"""The gate `preview`: reports of the changes that infrastructure commands would make (P5)."""

from functions.domain.gates import Verdict
from functions.domain.manifests import Settings, fill
from functions.domain.previews import Preview
from functions.gates.base import Gate, Judgement, ReleaseEvidence


class PreviewGate(Gate):
    """Fails when a declared preview (`preview` of a command) can't be read or is incomplete.

    A preview that can be read has no verdict: if it shows no change, its part is left out of the release in that
    environment.
    """

    name = "preview"

    def judge_release(self, settings: Settings | None, evidence: ReleaseEvidence) -> Judgement:  # noqa: ARG002
        """Read the previews of all parts in the plan that declare one."""
        from functions.adapters.previews import read_preview

        previews: dict[tuple[str, str], Preview] = {}
        broken: list[str] = []
        for stage in evidence.stages:
            name = stage.environment.name
            for part in (chosen.part for chosen in stage.parts if chosen.part.preview):
                path = fill(part.preview, {"environment": name}, f"{part.name}.preview")
                found = read_preview(evidence.archive, path)
                if isinstance(found, Preview):
                    previews[name, part.name] = found
                else:
                    broken.append(found.reason)
        verdict = Verdict(self.name, "failed", "; ".join(dict.fromkeys(broken))) if broken else None
        return Judgement(verdict, previews=previews)
