"""What a forked worker takes over from the server that imported the product's functions."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.platform import PROJECT

TAKE_OVER = """
import sys
from pathlib import Path
from local.prefork import preload_functions, take_over

take_over(Path(sys.argv[1]), preload_functions())
print("functions.handler" in sys.modules)
import functions.runtime
print(functions.runtime.__file__)
"""


@pytest.mark.parametrize("change", ["", *(pytest.param(one, marks=pytest.mark.long) for one in ("changed", "missing"))])
def test_a_package_with_other_files_is_imported_itself(tmp_path: Path, change: str) -> None:
    """Otherwise an update of the platform, or a file that the package lacks, would not be seen."""
    shutil.copytree(PROJECT / "functions", tmp_path / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "functions" / "domain" / "errors.py"
    if change == "changed":
        file.write_text(file.read_text("utf-8") + "# changed\n", "utf-8")
    elif change == "missing":
        file.unlink()
    done = subprocess.run(
        [sys.executable, "-c", TAKE_OVER, str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{PROJECT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if change == "missing":
        assert "No module named 'functions.domain.errors'" in done.stderr
    else:
        assert done.stdout.splitlines() == [str(not change), str(tmp_path / "functions" / "runtime.py")], done.stderr
