"""GraphQL by GitHub's own schema: queries held against it, and executed over the fake's state."""

from __future__ import annotations

from functools import cache
from typing import Any

import graphql
from runner.npm import json_in

PACKAGE, VERSION, MEMBER = "@octokit/graphql-schema", "15.26.1", "schema.json"


@cache
def schema() -> graphql.GraphQLSchema:
    """Return GitHub's schema, as its npm package holds it."""
    return graphql.build_client_schema(json_in(PACKAGE, VERSION, MEMBER), assume_valid=True)


def invalid(body: Any) -> list[str]:
    """Return what the schema doesn't allow about a request: its query, and the values of its variables."""
    document = graphql.parse(body["query"])
    errors = list(graphql.validate(schema(), document))
    if not errors:
        (operation,) = (d for d in document.definitions if isinstance(d, graphql.OperationDefinitionNode))
        coerced = graphql.get_variable_values(schema(), operation.variable_definitions, body["variables"])
        errors = coerced if isinstance(coerced, list) else []
    return [f"POST /graphql: {error.message}" for error in errors]


def executed(body: Any, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the answer; `fields` resolve the mutation's, a LookupError is an error within it."""
    result = graphql.graphql_sync(schema(), body["query"], fields, variable_values=body["variables"])
    return dict(result.formatted)
