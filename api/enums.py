"""The enumerations of the schema, each the one that the read model uses.

Imported before what uses them, for it registers them.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

import strawberry
from strawberry.types.enum import has_enum_definition

from graph.changes import Kind
from graph.families import Attribution, Credit
from graph.listing import OrderField
from graph.records import Relation, Status
from graph.registry import LicenseClass
from graph.shares import By, Weight

E = TypeVar("E", bound=type[StrEnum])


def described(description: str, *, called: str | None = None, **values: str) -> Callable[[E], E]:
    """Return what registers an enumeration, described as a whole and value by value.

    Parameters
    ----------
    description
        What the enumeration is.
    called
        Its name in the schema; that of the class when left out.
    values
        What each value means, by its name.
    """

    def register(kind: E) -> E:
        strawberry.enum(kind, name=called, description=description)
        if has_enum_definition(kind):
            for value in kind.__strawberry_definition__.values:
                value.description = values[value.name]
        return kind

    return register


described(
    "How a derivative was made from its base.",
    FINETUNE="Trained further from the base's weights.",
    ADAPTER="Weights to put beside the base's, such as a LoRA.",
    QUANTIZED="The base's weights in another number format.",
    MERGE="Made from the weights of several bases, or declared so.",
    UNKNOWN="Only the base is declared, not how.",
)(Relation)
described(
    "Whether the source holds a model.",
    LIVE="The source holds it.",
    MISSING="A placeholder: declared as a base but never seen.",
    DELETED="Gone; kept while something derives from it.",
)(Status)
described(
    "What a licence asks of those who build on a model. A reading aid, not legal advice.",
    PERMISSIVE="Use, change and pass on, with notice.",
    COPYLEFT="What is built on it goes under the same licence, weakly or strongly.",
    NON_COMMERCIAL="No commercial use, or research only.",
    COMMUNITY_TERMS="A vendor's own terms, or uses ruled out, as Llama's, Gemma's, OpenRAIL's.",
    UNKNOWN="None is declared, it is `other`, or nobody classified it.",
)(LicenseClass)
described(
    "To whom a model is attributed.",
    LINEAGE="The roots of its weights, through quantized and other copies.",
    PUBLISHER="Who released it.",
    DIRECT="Who released the models that it names as its bases; without any, nobody.",
)(Attribution)
described(
    "How a model of several roots counts.",
    FULL="Once for each, so that sums may exceed the total.",
    FRACTIONAL="In shares that sum to 1.",
)(Credit)
described(
    "What happened to a model.",
    called="ChangeKind",
    CAME="It lives, and was never seen before.",
    WENT="It is deleted, or no longer there.",
    RETURNED="It lives again.",
    RENAMED="It has another id.",
    PARENTS="Its author declares other bases; a base that was renamed is the same.",
    LICENSE="It has another licence.",
)(Kind)
described(
    "By what models are divided.",
    called="GroupBy",
    FAMILY="Families, by their keys.",
    ORGANIZATION="Namespaces: by PUBLISHER the model's own, by LINEAGE those of its roots.",
    COUNTRY="Countries of organisations, ISO 3166-1 alpha-2.",
    LICENSE_CLASS="Classes of licences: permissive, copyleft, non-commercial, community-terms.",
    RELATION="Ways in which a model was made: finetune, adapter, quantized, merge, unknown.",
)(By)
described(
    "What is counted.",
    MODELS="Live models.",
    DERIVATIVES="Live models that declare a base.",
    DOWNLOADS="Downloads of live models in the 30 days before the crawl.",
    DOWNLOADS_ALL_TIME="Downloads of live models since their creation.",
)(Weight)
described(
    "By what models are ordered; unknown values come last in either direction, and of equal ones"
    " the id decides. See `Model` and `ModelScores` for what the values are.",
    called="ModelOrderField",
    ID="`id`.",
    PAGERANK="`scores.pagerank`.",
    DESCENDANTS="`scores.descendants`.",
    DIRECT_DERIVATIVES="`scores.directDerivatives`.",
    DEPTH="`scores.depth`.",
    KATZ="`scores.katz`.",
    BETWEENNESS="`scores.betweenness`.",
    CLOSENESS="`scores.closeness`.",
    HARMONIC="`scores.harmonic`.",
    DOWNSTREAM_DOWNLOADS="`scores.downstreamDownloads`.",
    DISTINCT_AUTHORS="`scores.distinctAuthors`.",
    RECENT_DERIVATIVES="`scores.recentDerivatives`.",
    DOWNLOADS="`downloads`, of 30 days.",
    DOWNLOADS_ALL_TIME="`downloadsAllTime`, since creation.",
    LIKES="`likes`.",
    PARAMETERS="`parameters`, the number of weights.",
    CREATED_AT="`createdAt`; descending is newest first.",
    DISTANCE="Steps from the model whose `ancestors` or `descendants` these are; 0 in other lists.",
)(OrderField)
