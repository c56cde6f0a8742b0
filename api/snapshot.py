"""The snapshot that an answer was read from, and what was doubtful in its data."""

from datetime import datetime
from typing import Self

import strawberry

from api.scalars import date
from graph.quality import Reason
from graph.snapshot import Manifest


@strawberry.type(description="A published snapshot: what all numbers of an answer are read from.")
class Snapshot:
    """A published snapshot."""

    id: str = strawberry.field(description="Sorts by time; it changes when the numbers may.")
    published_at: datetime | None = strawberry.field(description="When it was measured.")
    as_of: datetime | None = strawberry.field(
        description="When its data held: the end of the crawl; for a file the newest date in it."
    )
    source: str = strawberry.field(description="What was crawled.")
    sample: bool = strawberry.field(
        description="Whether it is the built-in sample, whose numbers say nothing of the whole Hub."
    )
    models: int = strawberry.field(description="Live models.")
    missing: int = strawberry.field(description="Placeholders: declared as a base, never seen.")
    deleted: int = strawberry.field(description="Deleted models that others build on.")
    derivations: int = strawberry.field(description="Declared derivations, each relation once.")
    coverage: float = strawberry.field(
        description="The fraction of live models that declare a base."
    )
    previous: str | None = strawberry.field(
        description="The snapshot that it was compared with when it was measured; null without one."
    )
    pagerank_residual: float | None = strawberry.field(
        description="How far the PageRanks are from their fixed point: by how much one more step"
        " would change them, summed over all models, which have 1 together."
    )
    whole: bool = strawberry.field(
        description="Whether all of it is kept; of others only series and changes are."
    )

    @classmethod
    def of(cls, manifest: Manifest, whole: bool = True) -> Self:
        """Describe a snapshot."""
        return cls(
            id=manifest.id,
            published_at=date(manifest.measured_at),
            as_of=date(manifest.as_of),
            source=manifest.source,
            sample=manifest.sample,
            models=manifest.models,
            missing=manifest.missing,
            deleted=manifest.deleted,
            derivations=manifest.derivations,
            coverage=manifest.coverage,
            previous=manifest.previous,
            pagerank_residual=manifest.pagerank_residual,
            whole=whole,
        )


@strawberry.type(description="Something that was doubtful in the data.")
class QualityIssue:
    """Something that was doubtful in the data."""

    reason: str = strawberry.field(description="A stable code.")
    meaning: str = strawberry.field(description="What it means, and what was done about it.")
    count: int = strawberry.field(description="How often.")
    examples: list[str] = strawberry.field(description="A few examples.")


@strawberry.type(description="What was doubtful in the data.")
class DataQuality:
    """What was doubtful in the data."""

    coverage: float = strawberry.field(
        description="The fraction of live models that declare a base."
    )
    issues: list[QualityIssue] = strawberry.field(description="By reason.")

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """Describe a snapshot's quality."""
        return cls(
            coverage=manifest.coverage,
            issues=[
                QualityIssue(
                    reason=reason,
                    meaning=Reason(reason).meaning,
                    count=entry["count"],
                    examples=entry["examples"],
                )
                for reason, entry in manifest.quality.items()
            ],
        )
