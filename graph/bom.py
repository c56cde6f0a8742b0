"""Models and what they were made from, as a CycloneDX bill of materials (ML-BOM)."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType, Pedigree
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from graph.csr import Rows
from graph.ecosystem import Ecosystem
from graph.errors import UsageError

BOM_MODELS = 1_000
"""Models in one bill of materials, at most: few tools read a larger one."""

_HUB = "https://huggingface.co/"


def write_bom(eco: Ecosystem, rows: Rows, path: Path) -> None:
    """Write models as a bill of materials, CycloneDX 1.6 in JSON.

    A model is a component with the licence that it declares. Its bases are the ancestors in its
    pedigree, with the relation to each in the pedigree's notes, and what it depends on.

    Raises
    ------
    UsageError
        When there are more than `BOM_MODELS`.
    OSError
        When the file cannot be written.
    """
    if len(rows) > BOM_MODELS:
        raise UsageError(
            f"a bill of materials of {len(rows):,} models is more than the {BOM_MODELS:,} that"
            " one may hold: name a smaller --family, or one --model"
        )
    components = {int(row): _component(eco, int(row), bom_ref=True) for row in rows}
    bom = Bom(components=components.values())
    bom.metadata.timestamp = datetime.fromtimestamp(eco.manifest.as_of / 1000, UTC)
    for row, component in components.items():
        bases = sorted(set(eco.bases.of(row).tolist()))
        if bases:
            component.pedigree = Pedigree(
                ancestors=[_component(eco, base, bom_ref=False) for base in bases],
                notes="; ".join(f"{eco.relation(row, base)} of {_id(eco, base)}" for base in bases),
            )
        known = [components[base] for base in bases if base in components]
        bom.register_dependency(component, known)
    outputter = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    path.write_text(outputter.output_as_string(indent=2), encoding="utf-8")


def _component(eco: Ecosystem, row: int, *, bom_ref: bool) -> Component:
    id = _id(eco, row)
    author, _, name = id.rpartition("/")
    license = eco.column("license")[row].as_py()
    return Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        name=name,
        group=author or None,
        bom_ref=id if bom_ref else None,
        licenses=[LicenseFactory().make_from_string(license)] if license else None,
        purl=PackageURL("huggingface", author or None, name),
        external_references=[
            ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(_HUB + quote(id)))
        ],
    )


def _id(eco: Ecosystem, row: int) -> str:
    id: str = eco.column("id")[row].as_py()
    return id
