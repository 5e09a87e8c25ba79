"""The GraphQL documents fit GitHub's published schema, and what the local GitHub runs is that schema."""

import os
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from graphql.type import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from functions.adapters.github.documents import document
from local.github.graphql import schema

FOLDER = Path(__file__).parents[4] / "functions" / "adapters" / "github"
DOCUMENTS = sorted(file.stem for file in FOLDER.glob("*.graphql"))
# Where `npm install --prefix build/npm @octokit/graphql-schema@15.26.1 …` puts it; `make test` does when npm is there.
NPM = Path(__file__).parents[4] / "build" / "npm" / "node_modules" / "@octokit"
PUBLISHED = Path(os.environ.get("OCTOKIT", NPM)) / "graphql-schema" / "schema.graphql"
# The filter argument, which GitHub serves and the published schema does not tell yet.
EXCEPTION = {("ProjectV2", "items", "query")}
needs_npm = pytest.mark.skipif(not PUBLISHED.exists(), reason="npm's @octokit/graphql-schema is not installed")


@cache
def published() -> GraphQLSchema:
    """The whole schema, as npm has it."""
    return build_schema(PUBLISHED.read_text("utf-8"), assume_valid=True)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_fits_the_schema_that_the_local_github_runs(name: str) -> None:
    """Every field, argument and type; the filter only where the server has it."""
    sent = parse(document(name))
    assert validate(schema(filters=True), sent) == []
    assert bool(validate(schema(filters=False), sent)) == (name == "board_items_filtered")


@needs_npm
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_fits_the_published_schema(name: str) -> None:
    """But for the one argument that is excepted."""
    errors = validate(published(), parse(document(name)))
    said = {error.message for error in errors}
    assert said == ({"Unknown argument 'query' on field 'ProjectV2.items'."} if "filtered" in name else set())


@needs_npm
def test_the_local_schema_is_a_part_of_the_published_one() -> None:
    """Same types, fields, arguments and nullability; nothing is there that GitHub has not."""
    ours, theirs = schema(filters=True), published()
    for name, kind in ours.type_map.items():
        if name.startswith("__") or not isinstance(
            kind, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)
        ):
            continue
        other = theirs.type_map[name]
        assert isinstance(other, type(kind))
        for field_name, field in kind.fields.items():
            assert str(field.type) == str(other.fields[field_name].type), f"{name}.{field_name}"
            for argument in getattr(field, "args", {}):
                told = argument in other.fields[field_name].args
                assert told != ((name, field_name, argument) in EXCEPTION), f"{name}.{field_name}({argument})"
