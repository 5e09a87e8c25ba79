"""Secrets have no values; parameters hold settings that are not secret."""

from components.stack.secrets import parameters
from components.stack.settings import Settings


def _settings(**github: object) -> Settings:
    environments = [{"name": "test", "protected": False}]
    apart: dict[str, list[str]] = {"manifests": [], "targets": []}
    repositories = [{"name": name, **apart} for name in ("acme/shop", "acme/web")]
    whole = {"github": {"repositories": repositories, **github}, "environments": environments}
    return Settings.model_validate(whole, strict=False)


def test_what_is_not_configured_has_no_parameter() -> None:
    """Parameter Store allows no empty value."""
    assert parameters(_settings()) == {
        "github-owner": "acme",
        "github-repositories": "acme/shop,acme/web",
        "project-status-column": "Status",
    }


def test_the_board_has_parameters() -> None:
    """Organisation and number, if they are configured."""
    found = parameters(_settings(organisation="Acme", projectNumber=7))
    assert (found["github-owner"], found["project-organisation"], found["project-number"]) == ("Acme", "Acme", "7")
