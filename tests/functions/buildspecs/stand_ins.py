"""Stand-ins for the agents of the presets, and for the programs that install them.

`npm`, `curl` and `unzip` accept exactly the command of a preset's installation and "install" a program of the agent's
name. That program accepts exactly the command line and the key that the vendor documents, answers in the vendor's form,
and edits the working copy. Unlike the real ones, it writes its key wherever it may: home, temporary folder, `/tmp`.
"""

import hashlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PROMPT = "PROMPT"
ANSWER = "The task is done."


@dataclass(frozen=True)
class StandIn:
    """What a preset is expected to call; PROMPT stands for the prompt.

    `installs` are the commands of the installation, `program` is the path of the installed program, `variable` has the
    key, and `output` is what the program prints when it has done its task.
    """

    installs: tuple[tuple[str, ...], ...]
    program: str
    variable: str
    words: tuple[str, ...]
    output: str


def _npm(package: str) -> tuple[tuple[str, ...], ...]:
    return (("npm", "install", "--prefix", ".", "--no-audit", "--no-fund", package),)


# The newest form of the result: fields that nothing reads are left out.
_CLAUDE = {"type": "result", "subtype": "success", "is_error": False, "num_turns": 7, "total_cost_usd": 0.31}
_CODEX = (
    {"type": "thread.started", "thread_id": "01a2262c-84b9-7593-8abf-7784e6856ca7"},
    {"type": "turn.started"},
    {"type": "error", "message": "Reconnecting... 1/5 (unexpected status 503)"},
    {"type": "item.completed", "item": {"id": "item_1", "type": "agent_message", "text": ANSWER}},
    {"type": "turn.completed", "usage": {"input_tokens": 24763, "output_tokens": 122}},
)
_ZIP = "kirocli-x86_64-linux.zip"
_BIN = "node_modules/.bin/"
STAND_INS = {
    "kiro": StandIn(
        (
            (
                *("curl", "-fsSL", "--retry", "3", "-o", _ZIP),
                f"https://prod.download.cli.kiro.dev/stable/3.2.0/{_ZIP}",
            ),
            ("unzip", "-q", _ZIP),
        ),
        "kirocli/bin/kiro-cli",
        "KIRO_API_KEY",
        ("chat", "--no-interactive", "--v3", "--trust-all-tools", PROMPT),
        f"\x1b[38;5;141m> \x1b[0m{ANSWER}\n\n ▸ Credits: 0.21 • Time: 5s\n",
    ),
    "claude": StandIn(
        _npm("@anthropic-ai/claude-code@2.1.332"),
        f"{_BIN}claude",
        "ANTHROPIC_API_KEY",
        (
            *("--bare", "-p", "--output-format", "json", "--no-session-persistence", "--dangerously-skip-permissions"),
            *("--max-budget-usd", "2.5", "--", PROMPT),
        ),
        json.dumps({**_CLAUDE, "result": ANSWER}),
    ),
    "codex": StandIn(
        _npm("@openai/codex@0.171.0"),
        f"{_BIN}codex",
        "CODEX_API_KEY",
        ("exec", "--json", "--ephemeral", "--ignore-rules", "--sandbox", "danger-full-access", PROMPT),
        "\n".join(map(json.dumps, _CODEX)),
    ),
    "copilot": StandIn(
        _npm("@github/copilot@1.0.102"),
        f"{_BIN}copilot",
        "COPILOT_GITHUB_TOKEN",
        (
            *("-s", "--allow-all-tools", "--no-ask-user", "--no-auto-update", "--disable-builtin-mcps"),
            *("--secret-env-vars=COPILOT_GITHUB_TOKEN", "-p", PROMPT),
        ),
        f"{ANSWER}\n",
    ),
}

_AGENT = """\
#!{python}
import hashlib, os, pathlib, sys
words, said = {words!r}, sys.argv[1:]
prompt = said[words.index("PROMPT")] if len(said) == len(words) else ""
expected = [prompt if word == "PROMPT" else word for word in words]
key = os.environ.get({variable!r}, "")
faults = []
if said != expected or not prompt.startswith("Work on task 1 of the spec in .kiro/specs/kiro/greet: Say it"):
    faults.append(f"unknown command line: {{said}}")
if hashlib.sha256(key.encode()).hexdigest() != {digest!r}:
    faults.append("Invalid API key")
others = [name for name in os.environ if name.startswith(("AWS_", "KIRO_G", "CODEBUILD"))]
faults += [f"{{name}} is none of my variables" for name in others]
home = pathlib.Path(os.environ["HOME"])
if list(home.iterdir()) or home.stat().st_mode & 0o77:
    faults.append("the home is not new, or not private")
tools = pathlib.Path(__file__).parent
if os.getuid() and os.access(tools, os.W_OK) or os.access(__file__, os.W_OK):
    faults.append("what was installed can be changed")
if faults:
    sys.exit("; ".join(faults))
for place in (home, pathlib.Path(os.environ["TMPDIR"]), pathlib.Path("/tmp"), pathlib.Path("/dev/shm")):
    folder = place / f"agent-{{os.getpid()}}"
    folder.mkdir()
    (folder / "key.txt").write_text(key)
    folder.chmod(0o755)
pathlib.Path("greeting.txt").write_text("Good day\\n")
sys.stdout.write({output!r})
"""
_INSTALLER = """\
#!{python}
import os, pathlib, sys
if [{name!r}, *sys.argv[1:]] != {words!r}:
    sys.exit(f"unknown command line: {{sys.argv}}")
if {variable!r} in os.environ or not os.getuid():
    sys.exit("an installation has no key, and is not run by root")
program = pathlib.Path({program!r})
program.parent.mkdir(parents=True, exist_ok=True)
program.write_text({content!r})
program.chmod(0o755)
"""


def write(stand_in: StandIn, key: str, folder: Path, python: str = sys.executable) -> None:
    """Write the programs of the installation into a folder; the key is in none of them."""
    agent = _AGENT.format(
        python=python,
        words=list(stand_in.words),
        variable=stand_in.variable,
        digest=hashlib.sha256(key.encode()).hexdigest(),
        output=stand_in.output,
    )
    folder.mkdir(parents=True, exist_ok=True)
    for words in stand_in.installs:
        file = folder / words[0]
        content = _INSTALLER.format(
            python=python,
            name=words[0],
            words=list(words),
            variable=stand_in.variable,
            program=stand_in.program,
            content=agent,
        )
        file.write_text(content)
        file.chmod(0o755)


# What the tests of a branch try: whatever they can read, for a key that they know only backwards.
_SEARCH = """\
import contextlib, os, pathlib
needle = {reverse!r}[::-1].encode()
read = 0


def look(path):
    global read
    with contextlib.suppress(OSError):
        content = path.read_bytes()
        read += 1
        if needle in content:
            print("FOUND in", path)


for one in pathlib.Path("/proc").glob("[0-9]*"):
    for name in ("environ", "cmdline"):
        look(one / name)
here = pathlib.Path.cwd()
places = [here.parent, pathlib.Path({build!r}), pathlib.Path(os.environ["HOME"])]
# Folders of all programs: what root put there before the build is no work of an agent.
for shared in map(pathlib.Path, ("/tmp", "/var/tmp", "/dev/shm")):
    for one in shared.iterdir():
        with contextlib.suppress(OSError):
            status = one.lstat()
            if status.st_uid:
                places.append(one)
            elif one.is_file() and status.st_ctime > {began!r}:
                look(one)
for place in places:
    for root, folders, files in os.walk(place):
        for name in files:
            file = pathlib.Path(root, name)
            with contextlib.suppress(OSError):
                if file.is_file() and file.stat().st_size < 10**6:
                    look(file)
if any(name.startswith(("AWS_", "KIRO_")) for name in os.environ):
    print("FOUND the build's own variables")
print("searched" if read > 20 else "read too little")
"""


def search(key: str, build: Path) -> dict[str, str]:
    """Files of a repository whose tests look for the key, with the build's folder among the places."""
    script = _SEARCH.format(reverse=key[::-1], build=str(build), began=time.time())
    words = {"test": ["python3", "search.py"], "junit": "j.xml", "coverage": "c.xml"}
    return {"search.py": script, ".kiro/worker.json": json.dumps(words)}
