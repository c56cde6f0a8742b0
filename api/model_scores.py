"""A model's scores: how central it is."""

import strawberry

from api.column import column, number
from api.scalars import Long
from graph.ecosystem import Ecosystem


@strawberry.type(description="How central a model is; edges run derivative -> base.")
class ModelScores:
    """A row of the snapshot."""

    eco: strawberry.Private[Ecosystem]
    row: strawberry.Private[int]

    direct_derivatives: int = number(
        "direct_derivatives", description="Models that name it as their base."
    )
    descendants: int = number(
        "descendants", description="Models that derive from it at any distance, each once."
    )
    depth: int = number(
        "depth",
        description="Steps to its farthest root; 0 for a root. A cycle counts as one model.",
    )
    pagerank: float = number(
        "pagerank",
        description="PageRank (alpha 0.85) among all models of the snapshot, summing to 1.",
    )
    katz: float = number(
        "katz",
        description="Katz centrality (alpha 0.1, beta 1), of Euclidean norm 1 over all models.",
    )
    betweenness: float = number(
        "betweenness",
        description="The fraction of shortest ways from model to base that lead through it.",
    )
    closeness: float = number(
        "closeness",
        description="How near its descendants are, weighted by their part of all models.",
    )
    harmonic: float = number(
        "harmonic", description="The sum of 1 / distance over its descendants."
    )
    downstream_downloads: Long = number(
        "downstream_downloads",
        description="Downloads of all its descendants in 30 days, each once, its own left out.",
    )
    downstream_downloads_all_time: Long = number(
        "downstream_downloads_all_time",
        description="The same since their creation; 0 where the source does not tell.",
    )
    distinct_authors: int = number(
        "distinct_authors", description="Distinct namespaces among its descendants."
    )
    recent_derivatives: int = number(
        "recent_derivatives",
        description="Descendants created in the 90 days before the snapshot's `asOf`.",
    )


def _within(name: str, description: str) -> float:
    return column(
        lambda shares: shares.eco.family_scores(name)[shares.rows].tolist(),
        description=description,
    )


@strawberry.type(
    description="How central a model is within a family, as if no other models were there. What"
    " counts descendants alone, such as harmonic centrality, is the same as among all models."
)
class MembershipScores:
    """A membership, a place in `Ecosystem.families_of`."""

    eco: strawberry.Private[Ecosystem]
    row: strawberry.Private[int]

    pagerank: float = _within(
        "pagerank", "PageRank (alpha 0.85) among the family's members, summing to 1."
    )
    katz: float = _within(
        "katz", "Katz centrality (alpha 0.1, beta 1), of Euclidean norm 1 over the members."
    )
    betweenness: float = _within(
        "betweenness",
        "The fraction of shortest ways from member to member that lead through it.",
    )
    closeness: float = _within(
        "closeness", "How near its descendants are, weighted by their part of the members."
    )
