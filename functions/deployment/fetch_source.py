"""FetchSource: copy the commit's source from GitHub into the artifacts bucket, from which builds read it."""

from copy import copy
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from functions.adapters.artifacts import Artifacts
from functions.adapters.github.client import GitHub
from functions.adapters.zip_archives import open_zip
from functions.domain.errors import SourceError
from functions.domain.limits import ARCHIVE
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.handler import Handler

_UNPACKED_LIMIT = 1024 * 1024 * 1024
_CHUNK = 1024 * 1024


class Input(Value, frozen=True):
    """The release to fetch."""

    deployment_id: str
    release: Release


class Output(Value, frozen=True):
    """The key of the source archive in the bucket."""

    source: str


# GitHub's archive and the one without its top folder, each of at most ARCHIVE.
HANDLER = Handler(
    allow=(*Artifacts.LIST, *Artifacts.WRITE, *GitHub.USE), timeout_seconds=240, memory_mb=512, storage_mb=1536
)


def fetch_source(event: Input, github: GitHub, artifacts: Artifacts) -> Output:
    """Copy the source unless the bucket has it; the archive of a commit never changes."""
    key = f"sources/{event.release.repository}/{event.release.commit}.zip"
    if artifacts.exists(key):
        return Output(key)
    with TemporaryFile() as downloaded, TemporaryFile() as source:
        github.download_archive(event.release.repository, event.release.commit, downloaded, ARCHIVE)
        strip_top_folder(downloaded, source)
        source.seek(0)
        artifacts.put(key, source)
    return Output(key)


def strip_top_folder(downloaded: BinaryIO, source: BinaryIO) -> None:
    """Copy an archive without its outermost folder, which GitHub adds; an unsafe path or size is a SourceError."""
    try:
        with (
            open_zip(downloaded, "GitHub's archive of the commit") as packed,
            ZipFile(source, "w", ZIP_DEFLATED) as unpacked,
        ):
            size = sum(member.file_size for member in packed.infolist())
            if size > _UNPACKED_LIMIT:
                raise SourceError(f"the source unpacks to {size} bytes, {_UNPACKED_LIMIT} allowed")
            for member in packed.infolist():
                _, _, name = member.filename.partition("/")
                if name.startswith("/") or ".." in name.split("/") or "\\" in name:
                    raise SourceError(f"the source has a file with an unsafe path: {member.filename[:200]}")
                if name and not member.is_dir():
                    kept = copy(member)
                    kept.filename = name
                    with packed.open(member) as content, unpacked.open(kept, "w") as place:
                        copyfileobj(content, place, _CHUNK)
    except BadZipFile as error:
        raise SourceError(f"GitHub's archive of the commit is not a zip archive: {error}") from error
