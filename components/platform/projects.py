"""The CodeBuild projects of a repository: their names within the stack, and where each writes its artifacts."""

from components.stack.settings import Settings

BUILD = "build"
TESTS = ("integration-test", "e2e-test")


def deploy_project(environment: str) -> str:
    """The name, within the stack, of the project that runs an environment's commands."""
    return f"deploy-{environment}"


def test_project(position: int) -> str:
    """The name, within the stack, of the project that tests an environment: integration in the first, else e2e."""
    return TESTS[min(position, 1)]


def things(settings: Settings) -> tuple[str, ...]:
    """The names, within the stack, that the projects of every repository begin with."""
    return (BUILD, *TESTS, *(deploy_project(one.name) for one in settings.environments))


def prefix_of(thing: str, repository: str) -> str:
    """The prefix of the artifacts bucket that a project writes its artifacts below; no setting but these two names it.

    Both projects of tests have the same, because the order of the environments decides which of them runs.
    """
    return f"builds/{repository}/{'tests' if thing in TESTS else thing}"
