"""Reads SBOMs: CycloneDX and SPDX 2, both as JSON.

https://cyclonedx.org/docs/1.6/json/ (`bomFormat` and `specVersion` are required)
https://spdx.github.io/spdx-spec/v2.3/document-creation-information/ (so is `spdxVersion`)
"""

from zipfile import ZipFile

from functions.adapters.json_documents import list_of, object_of, read_json
from functions.domain.errors import BadInputError, SourceError
from functions.domain.gates import Sbom, Unreadable


def read_sbom(archive: ZipFile, path: str) -> Sbom | Unreadable:
    """The format and the number of components of an SBOM in the artifact; Unreadable if it is missing or no SBOM."""
    try:
        whole = object_of(read_json(archive, path), "the document")
        if whole.get("bomFormat") == "CycloneDX":
            return Sbom(
                f"CycloneDX {whole.get('specVersion')}", len(list_of(whole.get("components", []), "components"))
            )
        version = str(whole.get("spdxVersion", ""))
        if version.startswith("SPDX-2."):
            return Sbom(version.replace("-", " "), len(list_of(whole.get("packages", []), "packages")))
    except SourceError as error:
        return Unreadable(str(error))
    except (BadInputError, ValueError) as error:
        return Unreadable(f"{path}: {error}")
    return Unreadable(
        f"{path}: neither CycloneDX (`bomFormat`) nor SPDX 2 (`spdxVersion`) as JSON: have a tool write one"
    )
