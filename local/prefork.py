"""Starts Lambda workers by forking a process that has imported their code: `python -P prefork.py SOCKET PARENT_PID`.

A cold start mostly imports the SDK and the product, and a laptop starts all functions of the platform at the same time.
A forked worker runs AWS's own runtime client on the function's own code, as a worker without this server does: what was
imported here is used only by a function whose package has the same files. `lambda_start.py` is the client: one
connection belongs to one worker, and when either side ends, the other ends too.
"""

import gc
import json
import os
import random
import runpy
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

PRELOADED = ("aws_lambda_powertools", "msgspec", "github", "yaml", "zoneinfo")
SERVICES = ("codebuild", "dynamodb", "lambda", "s3", "secretsmanager", "sns", "sqs", "stepfunctions")
PROJECT = Path(__file__).parents[1]
# The entry point connects a handler when it is imported.
ENTRY = "functions.runtime"
MESSAGE_BYTES = 1 << 20
LOOK_SECONDS = 1.0


def preload() -> None:
    """Import what functions import, and read the data files that their libraries load late, such as service models."""
    for module in PRELOADED:
        import_module(module)
    import_module("pydantic").create_model("Nothing")
    session: Any = import_module("botocore.session")
    session.create_loader = cache(session.create_loader)  # one loader for all sessions, whose cache stays
    nobody = import_module("boto3").Session("nobody", "nothing", region_name="us-east-1")
    nobody.resource("dynamodb")
    for service in SERVICES:
        nobody.client(service)


def preload_functions() -> dict[str, bytes]:
    """Import the modules of the product's functions, but for their entry point; returns the contents of their files."""
    folder = PROJECT / "functions"
    names = (".".join(file.relative_to(PROJECT).with_suffix("").parts) for file in sorted(folder.rglob("*.py")))
    sys.path.insert(0, str(PROJECT))
    for name in names:
        if name != ENTRY and not name.startswith("functions.buildspecs"):
            import_module(name.removesuffix(".__init__"))
    sys.path.remove(str(PROJECT))
    files = (Path(module.__file__ or "") for module in imported_functions().values())
    return {str(file.relative_to(PROJECT)): file.read_bytes() for file in files}


def imported_functions() -> dict[str, Any]:
    """The modules of `functions` that are imported here, by their names."""
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "functions"}


def take_over(directory: Path, files: dict[str, bytes]) -> None:
    """Use the imported functions for the package in a directory if it has the same `files`; otherwise forget them."""
    try:
        same = all((directory / path).read_bytes() == content for path, content in files.items())
    except OSError:
        same = False
    for name, module in imported_functions().items():
        if not same:
            del sys.modules[name]
        elif hasattr(module, "__path__"):  # what is imported later comes from the package
            module.__path__ = [str(directory.joinpath(*name.split(".")))]


def follow(line: socket.socket, emulator: int) -> None:
    """Kill this worker's process group as soon as its starter (which closes `line`) or the emulator has ended."""
    with suppress(ProcessLookupError):
        select.select([line.fileno(), os.pidfd_open(emulator)], [], [])
    os.killpg(0, signal.SIGKILL)


def become(line: socket.socket, files: dict[str, bytes]) -> None:
    """Take over the starter's environment, directory, streams and command line, and run its module."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, streams, _, _ = socket.recv_fds(line, MESSAGE_BYTES, 2)
    order = json.loads(message)
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["directory"])
    random.seed()  # otherwise all workers would draw the same numbers
    threading.Thread(target=follow, args=(line, order["emulator"]), daemon=True).start()
    take_over(Path(order["directory"]), files)
    module, *arguments = order["command"]
    sys.path.insert(0, order["directory"])  # as `python -m` does
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def main() -> None:
    """Fork a worker for every connection, until the parent has ended."""
    path, parent = sys.argv[1], int(sys.argv[2])
    files: dict[str, bytes] = {}
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for workers: the system reaps them
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(path)
        server.listen(64)
        while os.getppid() == parent:
            if not select.select([server], [], [], LOOK_SECONDS)[0]:
                continue
            line, _ = server.accept()
            if not files:  # only at the first connection: an emulator may never run a function
                preload()
                files = preload_functions()
                # a later garbage collection would touch these pages and so copy them into every worker
                gc.freeze()
            if os.fork() == 0:
                server.close()
                become(line, files)
                return
            line.close()


if __name__ == "__main__":
    main()
