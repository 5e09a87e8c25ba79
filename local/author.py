"""A simulated author of the delivered repository, who commits and pushes with the real git."""

from local.platform import PROJECT, Platform
from local.settings import REPOSITORY
from local.working_copy import WorkingCopy

_BAD_GREETING = '''def greet(name: str) -> str:
    """The greeting of a person; members are greeted with the salutation that operations chose."""
    return f"{os.environ['SALUTATION'] if name in ('Ada',) else 'Hello'}, {name}!"
'''
_GOOD_GREETING = '''def greet(name: str) -> str:
    """The greeting of a person."""
    return f"Hello, {name}!"
'''


class Author(WorkingCopy):
    """A working copy with the example service in it."""

    def __init__(self, platform: Platform) -> None:
        example = PROJECT / "examples" / "hello-service"
        super().__init__(platform, REPOSITORY, platform.root / "author", example)

    def break_in_service(self) -> None:
        """Make a change whose tests pass and which fails in service, where the variable that it needs is not set.

        Only members meet it, and no test after a deployment is one: an alarm has to find it.
        """
        service = self.folder / "src" / "hello.py"
        service.write_text(service.read_text("utf-8").replace(_GOOD_GREETING, _BAD_GREETING), "utf-8")
        tests = self.folder / "tests" / "test_hello.py"
        chosen = '\nimport os\n\nos.environ["SALUTATION"] = "Hello"\n'
        tests.write_text(tests.read_text("utf-8").replace("\nimport hello\n", f"{chosen}\nimport hello\n"), "utf-8")

    def repair_service(self) -> None:
        """Undo `break_in_service`."""
        service = self.folder / "src" / "hello.py"
        service.write_text(service.read_text("utf-8").replace(_BAD_GREETING, _GOOD_GREETING), "utf-8")
