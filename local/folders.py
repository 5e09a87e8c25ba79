"""The folders that laptop runs write to, below `.local`."""

import os
import shutil
from pathlib import Path

HOME = Path(__file__).parents[1] / ".local"


def fresh_folder(name: str) -> Path:
    """The path of this process's folder (not created); folders of processes that have ended are removed."""
    HOME.mkdir(exist_ok=True)
    for old in HOME.iterdir():
        pid = old.name.rpartition("-")[2]
        if old.is_dir() and pid.isdigit() and not alive(int(pid)):
            shutil.rmtree(old, ignore_errors=True)
    return HOME / f"{name}-{os.getpid()}"


def alive(pid: int) -> bool:
    """Whether a process with this id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
