"""The gate `preview`: what the build foresees of the infrastructure's changes (P5)."""

from functions.domain.gates import Verdict
from functions.domain.manifests import Settings, fill
from functions.domain.previews import Preview
from functions.gates.base import Gate, Judgement, ReleaseEvidence


class PreviewGate(Gate):
    """Fails when a preview that a part declares (`preview` of a command) can't be read, or did not come to its end.

    Previews that can be read have no verdict: parts that they find unchanged leave the plan, environment by
    environment.
    """

    name = "preview"

    def judge_release(self, settings: Settings | None, evidence: ReleaseEvidence) -> Judgement:  # noqa: ARG002
        """Of every part that declares one and is in; its settings are those of the part."""
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
