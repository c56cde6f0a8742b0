"""What is known, and what was doubtful in the data."""

from graph.ecosystem import Ecosystem
from graph.quality import Reason
from modelkin.figures.words import number, percent
from modelkin.report.section import Cell, Row, Section, Table


def doubts(eco: Ecosystem) -> Section:
    """Return coverage, and each reason with how often it was met and an example."""
    manifest = eco.manifest
    found = sorted(manifest.quality.items(), key=lambda entry: -entry[1]["count"])
    rows = [
        Row(
            reason,
            [
                Cell(number(told["count"])),
                Cell(Reason(reason).meaning),
                Cell(next(iter(told["examples"]), "")),
            ],
        )
        for reason, told in found
    ]
    text = [
        f"{percent(manifest.coverage)} of the {number(manifest.models)} live models declare a base;"
        " the others are roots, or do not tell. Nothing is dropped in silence: what was set aside,"
        " mended or is to be read with care is counted here, and one model may be in several rows.",
        f"{number(manifest.missing)} bases are named and were never seen;"
        f" {number(manifest.deleted)} deleted models are kept, since others derive from them.",
    ]
    columns = ["reason", "how often", "what it means", "for example"]
    return Section("Data quality", text, [Table("What was doubtful", columns, rows)])
