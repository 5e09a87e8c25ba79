"""Reads infrastructure previews from a build's artifact: the output of `pulumi preview --json`.

A preview that is missing, too large, not JSON, of another format, or that failed itself is Unreadable with file and
reason, and fails its gate.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from zipfile import ZipFile

from functions.adapters.json_documents import read_json
from functions.domain.errors import BadInputError, SourceError
from functions.domain.gates import Unreadable
from functions.domain.previews import Preview, ResourceStep
from functions.domain.texts import quote


def read_preview(archive: ZipFile, path: str) -> Preview | Unreadable:
    """The steps of a preview."""
    try:
        return Preview(path, tuple(_steps(_finished(read_json(archive, path)))))
    except SourceError as error:
        return Unreadable(str(error))
    except (BadInputError, ValueError) as error:
        return Unreadable(f"{path}: {error}")


def _finished(digest: Any) -> Mapping[str, Any]:
    """The digest of a preview that has finished; any other value is a BadInputError."""
    if not isinstance(digest, Mapping):
        raise BadInputError("not a preview: the document is not an object")
    for entry in _objects(digest.get("diagnostics", []), "diagnostics"):
        if entry.get("severity") == "error":
            raise BadInputError(f"the preview failed: {quote(entry.get('message', ''))}")
    if digest.get("maybeCorrupt"):
        raise BadInputError("the preview reports that the stack's state may be corrupt")
    summary = digest.get("changeSummary")
    if not isinstance(summary, Mapping):
        raise BadInputError("not a finished preview: changeSummary is missing; write it with `pulumi preview --json`")
    if set(summary) - {"same"} and not digest.get("steps"):
        raise BadInputError("changeSummary has changes, but there are no steps")
    return digest


def _steps(digest: Mapping[str, Any]) -> Iterator[ResourceStep]:
    for number, step in enumerate(_objects(digest.get("steps", []), "steps")):
        operation, resource = step.get("op"), step.get("urn")
        if not isinstance(operation, str) or not isinstance(resource, str):
            raise BadInputError(f"steps[{number}]: op or urn is missing or not a text")
        detailed = step.get("detailedDiff") or {}
        if not isinstance(detailed, Mapping):
            raise BadInputError(f"steps[{number}]: detailedDiff is not an object")
        kinds = [str(one.get("kind")) for one in _objects(list(detailed.values()), f"steps[{number}].detailedDiff")]
        replaces = bool(step.get("replaceReasons")) or any("replace" in kind for kind in kinds)
        differences = (*detailed, *_texts(step.get("diffReasons") or [], f"steps[{number}].diffReasons"))
        yield ResourceStep(operation, resource, differences, replaces)


def _objects(items: Any, what: str) -> list[Mapping[str, Any]]:
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise BadInputError(f"{what} is not a list of objects")
    return items


def _texts(items: Any, what: str) -> list[str]:
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise BadInputError(f"{what} is not a list of texts")
    return items
