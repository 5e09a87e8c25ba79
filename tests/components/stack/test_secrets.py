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
        "/kiro-pipeline/test/github-repo",
        "/kiro-worker/test/github-project-config",
    }
    assert {one["type"] for one in found.values()} == {"SecureString"}
    assert {one["keyId"] for one in found.values()} == {switched_on.outputs["keyArn"]}


def test_what_is_not_configured_has_no_parameter() -> None:
    """Parameter Store allows no empty value."""
    found = {"github-owner": "acme", "github-repo": "acme/shop,acme/web", "github-project-config": "{}"}
    assert parameters(_settings()) == found
    assert parameters(_settings(organisation="Acme", projectNumber=7))["github-owner"] == "Acme"


def test_what_people_write_into_the_board_s_parameter_stays(switched_on: Outcome) -> None:
    """The program makes the parameter and does not change its value again, as it does those of the others."""
    names = {one.name for one in switched_on.recorder.of("ssm/parameter:Parameter")}
    ignored = {name: changes for name, changes in switched_on.recorder.ignored.items() if name in names}
    assert ignored == {"github-project-config": ("value",)}
