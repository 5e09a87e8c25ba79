"""Secrets have no values; parameters hold settings that are not secret."""

from components.stack.secrets import parameters
from components.stack.settings import Settings
from tests.components.recorder import Outcome


def _settings(**github: object) -> Settings:
    environments = [{"name": "test", "protected": False}]
    apart: dict[str, list[str]] = {"manifests": [], "targets": []}
    repositories = [{"name": name, **apart} for name in ("acme/shop", "acme/web")]
    whole = {"github": {"repositories": repositories, **github}, "environments": environments}
    return Settings.model_validate(whole, strict=False)


def test_parameters_are_found_by_path(switched_on: Outcome) -> None:
    """The path has project and stack, so that `aws ssm get-parameters-by-path` lists those of one stack; encrypted."""
    found = {one.inputs["name"]: one.inputs for one in switched_on.recorder.of("ssm/parameter:Parameter")}
    assert set(found) == {
        "/kiro-pipeline/test/github-owner",
        "/kiro-pipeline/test/github-repositories",
        "/kiro-worker/test/project-status-column",
    }
    assert {one["type"] for one in found.values()} == {"SecureString"}
    assert {one["keyId"] for one in found.values()} == {switched_on.outputs["keyArn"]}


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
