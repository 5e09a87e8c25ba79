"""The largest foreign file of each kind that is read: manifests, reports, artifacts and what commands leave.

A file within its limits is read in bounded memory and time; `docs/reference/limits.md` has both, measured. A file
beyond one is refused with the file, the figure and the next step. The worker's program in a build includes this file.
"""

from dataclasses import dataclass

KIB, MIB = 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limit:
    """`size` is in bytes, unpacked; `elements` are what the reader counts; `depth` is how deep they may be nested."""

    size: int
    elements: int
    depth: int


YAML = Limit(size=256 * KIB, elements=20_000, depth=50)
"""Manifests and allow-lists; elements are keys and values."""
LONGEST_NUMBER = 100
"""Characters of a number in YAML: a number in base 60 (`1:30`) is read in time that grows with its square."""
JSON = Limit(size=32 * MIB, elements=2_000_000, depth=100)
"""Reports of scanners and previews; elements are commas and opening brackets, also those within texts."""
XML = Limit(size=32 * MIB, elements=1_000_000, depth=100)
"""JUnit and Cobertura reports; elements are tags."""
LONGEST_TAG = MIB
"""Bytes of one tag or comment in XML, which is kept in memory until it ends."""
LOAD_RUN = Limit(size=MIB, elements=100_000, depth=100)
"""The figures of a load run; elements are those of JSON, or the cells of a table."""
OUTPUTS = Limit(size=256 * KIB, elements=2_000, depth=2)
"""The `outputs.json` of a command, which becomes variables of builds; elements as in JSON."""
RESULTS = Limit(size=4 * MIB, elements=200_000, depth=20)
"""The `results.json` of a work item's build; elements as in JSON."""
MOST_FILES = 10_000
"""Files that the paths of one gate may match."""
MOST_ELEMENTS = 4_000_000
"""Elements in all files of one gate."""
MEMBER = 64 * MIB
"""Bytes of any other file in an archive, unpacked, or of an object in the bucket."""
ARCHIVE = 512 * MIB
"""Bytes of an archive as it is stored."""
DIRECTORY = 16 * MIB
"""Bytes of an archive's directory: one entry has 46 bytes and the name, and takes about ten times that in memory."""


class Budget:
    """The files of one gate together."""

    def __init__(self, elements: int = MOST_ELEMENTS) -> None:
        self._left = self._all = elements

    def take(self, elements: int) -> None:
        """Count the elements of one more file; a ValueError if all files have too many."""
        self._left -= elements
        if self._left < 0:
            raise ValueError(f"all files together have more than {self._all} elements: name fewer files")
