"""The entry point: reads what to do from variables; the exit code is 1 if the stack is not what it should be."""

import os
import sys
from pathlib import Path

from ..work_item.errors import WorkError
from .order import read
from .stack import Stack


def main() -> int:
    """Apply the stack; the last line of the log says why it could not be applied."""
    try:
        Stack(read(os.environ), os.environ, Path.cwd()).apply()
    except WorkError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
