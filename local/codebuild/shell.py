"""Runs buildspec commands so that each starts with the variables and the directory of the one before.

Each command is a script of its own, as in CodeBuild's agent: `exit` ends the command and not the build. When the script
ends, its variables and its directory are saved.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from local.codebuild.processes import BuildProcesses

SCRIPT = """\
[ -f '{state}/environment.sh' ] && . '{state}/environment.sh'
[ -f '{state}/directory' ] && cd "$(cat '{state}/directory')"
export CODEBUILD_BUILD_SUCCEEDING={succeeding}
trap 'code=$?
unset CODEBUILD_BUILD_SUCCEEDING
export -p > "{state}/environment.new" && mv "{state}/environment.new" "{state}/environment.sh"
pwd > "{state}/directory"
exit $code' EXIT
set -a
"""


_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")


class Shell:
    """One build's shell; its state is kept in files between commands."""

    def __init__(self, processes: BuildProcesses, directory: Path, source: Path) -> None:
        self._processes = processes
        self._state = directory / "state"
        self._source = source
        self._state.mkdir()
        self.program = "sh"
        self.environment: Mapping[str, str] = {}

    def run(self, command: str, *, succeeding: bool) -> int | None:
        """Run one command; returns its exit status, or None when the build was ended in the meantime."""
        script = self._state / "script.sh"
        script.write_text(SCRIPT.format(state=self._state, succeeding=int(succeeding)) + command + "\n")
        # dash has no option --noprofile; neither shell reads start-up files for a script
        return self._processes.run([self.program, str(script)], self.environment, self._source)

    def values(self, words: Sequence[str]) -> list[str]:
        """Return the shell's expansion of each double-quoted word, such as `$VERSION-$(date +%F)`."""
        if not words:
            return []
        answer = self._state / "values"
        quoted = " ".join(f'"{word}"' for word in words)
        self.run(f"printf '%s\\0' {quoted} > '{answer}'", succeeding=True)
        return answer.read_text().split("\0")[:-1] if answer.exists() else []

    def expand(self, texts: Iterable[str]) -> list[str]:
        """Return the texts with the current values of their variables, such as `$CODEBUILD_SRC_DIR/site`."""
        found = list(texts)
        names = list(dict.fromkeys(one[1] or one[2] for text in found for one in _VARIABLE.finditer(text)))
        values = dict(zip(names, self.values([f"${{{name}}}" for name in names]), strict=False))
        return [_VARIABLE.sub(lambda one: values.get(one[1] or one[2], ""), text) for text in found]
