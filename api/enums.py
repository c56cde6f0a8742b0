"""The enumerations of the schema, each the one that the read model uses."""

import strawberry

from graph.changes import Kind
from graph.families import Attribution, Credit
from graph.listing import OrderField
from graph.records import Relation, Status
from graph.registry import LicenseClass
from graph.shares import By, Weight

strawberry.enum(
    Relation,
    description="How a derivative was made from its base; UNKNOWN where only the base is declared.",
)
strawberry.enum(
    Status,
    description="LIVE: the source holds it. MISSING: a placeholder, declared as a base but never"
    " seen. DELETED: gone, kept while something derives from it.",
)
strawberry.enum(LicenseClass, description="What a licence asks of those who build on a model.")
strawberry.enum(
    Attribution,
    description="To whom a model is attributed. LINEAGE: the roots of its weights. PUBLISHER: who"
    " released it. DIRECT: who released the models that it names as its bases.",
)
strawberry.enum(
    Credit,
    description="How a model of several roots counts. FULL: once for each, so that sums may exceed"
    " the total. FRACTIONAL: in shares that sum to 1.",
)
strawberry.enum(
    Kind,
    name="ChangeKind",
    description="What happened to a model. CAME: it lives, and was never seen before. WENT: it is"
    " deleted, or no longer there. RETURNED: it lives again. RENAMED: it has another id. PARENTS:"
    " its author declares other bases; a base that was renamed is the same. LICENSE: it has"
    " another licence.",
)
strawberry.enum(By, name="GroupBy", description="By what models are divided.")
strawberry.enum(
    Weight,
    description="What is counted. MODELS: live models. DERIVATIVES: those that declare a base."
    " DOWNLOADS: of 30 days. DOWNLOADS_ALL_TIME: since creation.",
)
strawberry.enum(
    OrderField,
    name="ModelOrderField",
    description="By what models are ordered; unknown values come last. DISTANCE: steps from the"
    " model at which a walk began (0 elsewhere).",
)
