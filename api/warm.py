"""Warming: what the first queries of a snapshot would wait for is worked out before them."""

import contextlib
from collections.abc import Iterator
from itertools import product

from graphql import execute_sync, parse

from api import memory
from api.query import Context
from api.schema import graphql_schema
from graph import search
from graph.concentration import concentration
from graph.ecosystem import Ecosystem
from graph.errors import NotFoundError
from graph.families import Attribution, Credit
from graph.shares import By, Definition, Weight, series, share

SERIES = 50
"""Groups of each kind, the largest ones, whose series are worked out."""

LISTS = (
    "{ models(first: 1) { totalCount } }",
    *(
        f"{{ families(first: 1, orderBy: {order}) {{ totalCount }} }}"
        for order in (
            "DESCENDANTS",
            "DERIVATIVES",
            "AUTHORS",
            "MODELS",
            "DOWNLOADS",
            "PAGERANK",
            "KEY",
        )
    ),
    "{ influence(first: 1) { weight } }",
    "{ licenseDrift { edges } }",
    "{ families(first: 1) { nodes { growth { recent } influence { pagerank } } } }",
    "{ families(first: 1) { nodes { mostAdopted { days } } } }",
    "{ families(first: 1) { nodes { inferredCopies } } }",
    "{ share(by: COUNTRY, excludeAutomated: true) { total } }",
)
"""Queries whose parts others need too."""


def warm(eco: Ecosystem) -> Iterator[None]:
    """Work out what first queries would wait for, what is asked most first.

    Yields
    ------
    None
        After each step, which takes at most some seconds for millions of models.
    """
    with contextlib.suppress(NotFoundError):
        eco.row("")  # reads the former ids
    yield
    search.prepare(eco)
    yield
    usual = Attribution.LINEAGE, Credit.FRACTIONAL
    for by, weight in product(By, Weight):
        definition = Definition(weight, *usual)
        found = share(eco, by, definition, SERIES)
        series(eco, by, found.keys, definition)
        yield
    for query in LISTS:
        execute_sync(graphql_schema(), parse(query), context_value=Context(eco))
        yield
    # Families last, so that theirs are the arrays that are remembered.
    for by, attribution, weight, credit in product([*By][::-1], Attribution, Weight, Credit):
        definition = Definition(weight, attribution, credit)
        share(eco, by, definition, 1)
        concentration(eco, by, definition)
        yield
    memory.give_back()
