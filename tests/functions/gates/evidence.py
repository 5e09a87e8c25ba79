"""Evidence for the tests of gates: a build and its artifact."""

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from zipfile import ZipFile

from functions.adapters.builds import BuildEnd
from functions.domain.errors import SourceError
from functions.domain.performance import Performance
from functions.domain.plans import StagePlan
from functions.gates.base import EnvironmentEvidence, ReleaseEvidence
from tests.functions.samples import archive, environment

SUCCEEDED = BuildEnd("succeeded", "", "https://log")
FAILED = BuildEnd("failed", "BUILD: exit 1", "https://log")
STAGES = (
    StagePlan(environment(name="test", coverage_percent=10.0), (), ()),
    StagePlan(environment(coverage_percent=80.0), (), ()),
)


def opened(files: Mapping[str, str] | None) -> ZipFile | str:
    """An artifact with these files, or the reason why there is none."""
    return "s3://gone" if files is None else ZipFile(BytesIO(archive(dict(files))))


def of_release(
    files: Mapping[str, str] | None,
    build: BuildEnd = SUCCEEDED,
    stages: tuple[StagePlan, ...] = STAGES,
    source: Mapping[str, bytes] | None = None,
) -> ReleaseEvidence:
    """The build of a release; without a source, reading it fails."""

    def read(path: str) -> bytes | None:
        if source is None:
            raise SourceError("the source is lost")
        return source.get(path)

    return ReleaseEvidence(build, opened(files), stages, read, date(2026, 1, 31))


def of_environment(
    files: Mapping[str, str] | None, build: BuildEnd = SUCCEEDED, last: Performance | None = None
) -> EnvironmentEvidence:
    """The tests in production."""
    return EnvironmentEvidence(build, opened(files), "production", lambda: last)
