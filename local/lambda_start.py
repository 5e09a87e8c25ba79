"""What a function's `bootstrap` runs: `python -I -S lambda_start.py GUARD EMULATOR_PID MODULE [ARGUMENT…]`.

Hands its environment and streams to the prefork server and stays for as long as the worker does. Without a prefork
server, or before it is ready, it becomes the worker itself. It imports as little as it can: each worker has one.
"""

import json
import os
import socket
import sys

PREFORK = "LAMBDA_PREFORK"
# what the prefork server has on its path, too: local/strict/__init__.py
HOOK = os.path.join(os.path.dirname(__file__), "strict", "hook")  # noqa: PTH118, PTH120 - pathlib takes long to import


def main() -> None:
    """The emulator watches and ends this process; the connection passes that on, both ways."""
    guard, emulator, *command = sys.argv[1:]
    order = {
        "environment": dict(os.environ),
        "directory": os.getcwd(),  # noqa: PTH109 - pathlib takes long to import
        "command": command,
        "emulator": int(emulator),
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        try:
            line.connect(os.environ.get(PREFORK, ""))
            socket.send_fds(line, [json.dumps(order).encode()], [1, 2])
        except OSError:
            os.environ["PYTHONPATH"] = HOOK
            os.execv(sys.executable, [sys.executable, "-P", guard, emulator, *command])  # noqa: S606 - no shell
        line.recv(1)
    sys.exit("the worker has ended")


if __name__ == "__main__":
    main()
