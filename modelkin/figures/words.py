"""Numbers and names as people read them; what is None is unknown, and said so."""

from graph.families import Attribution, Credit
from graph.listing import OrderField
from graph.records import Relation
from graph.registry import LicenseClass
from graph.shares import By, Weight

UNKNOWN = "unknown"

RELATIONS = {
    Relation.FINETUNE: "fine-tune",
    Relation.ADAPTER: "adapter",
    Relation.QUANTIZED: "quantized",
    Relation.MERGE: "merge",
    Relation.UNKNOWN: "relation not told",
}
LICENSE_CLASSES = {
    LicenseClass.PERMISSIVE: "permissive",
    LicenseClass.COPYLEFT: "copyleft",
    LicenseClass.COMMUNITY_TERMS: "community terms",
    LicenseClass.NON_COMMERCIAL: "non-commercial",
    LicenseClass.UNKNOWN: "unknown",
}
WEIGHTS = {
    Weight.MODELS: "models",
    Weight.DERIVATIVES: "derivatives",
    Weight.DOWNLOADS: "downloads, 30 days",
    Weight.DOWNLOADS_ALL_TIME: "downloads, all time",
}
ATTRIBUTIONS = {
    Attribution.LINEAGE: "lineage",
    Attribution.PUBLISHER: "publisher",
    Attribution.DIRECT: "direct base",
}
CREDITS = {Credit.FULL: "fully for each root", Credit.FRACTIONAL: "in shares"}
GROUPS = {
    By.FAMILY: "family",
    By.ORGANIZATION: "organisation",
    By.COUNTRY: "country",
    By.LICENSE_CLASS: "licence class",
    By.RELATION: "relation",
}
MEASURES = {
    OrderField.DESCENDANTS: "descendants",
    OrderField.DIRECT_DERIVATIVES: "direct derivatives",
    OrderField.DISTINCT_AUTHORS: "authors downstream",
    OrderField.PAGERANK: "PageRank",
    OrderField.KATZ: "Katz",
    OrderField.BETWEENNESS: "betweenness",
    OrderField.CLOSENESS: "closeness",
    OrderField.HARMONIC: "harmonic",
    OrderField.DOWNSTREAM_DOWNLOADS: "downloads downstream",
    OrderField.RECENT_DERIVATIVES: "recent derivatives",
    OrderField.DOWNLOADS: "own downloads",
}
"""What models can be ranked by."""


def number(value: float | None) -> str:
    """Return a count, with its thousands apart and one decimal where it has any."""
    return UNKNOWN if value is None else f"{value:,.1f}".removesuffix(".0")


def percent(fraction: float) -> str:
    """Return a fraction in percent; one that is too small for a decimal is not called none."""
    return "<0.1%" if 0 < fraction < 0.0005 else f"{fraction:.1%}"


def group_name(by: By, key: str) -> str:
    """Return the name of a group of a share."""
    if by == By.LICENSE_CLASS:
        return LICENSE_CLASSES[LicenseClass(key)]
    return RELATIONS[Relation(key)] if by == By.RELATION else key
