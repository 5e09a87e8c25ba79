"""The names of build projects."""

from functions.domain.projects import project_of


def test_each_repository_has_its_own() -> None:
    """GitHub compares names without regard to case, and so does the name of a project."""
    names = [project_of("kiro-pipeline-test-build", one) for one in ("acme/shop", "acme/web", "Acme/Shop")]
    assert names[0] == names[2] != names[1]
    assert all(name.startswith("kiro-pipeline-test-build-") for name in names)
