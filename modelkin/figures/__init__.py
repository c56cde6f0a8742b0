"""The explorer's charts as plotly figures, for notebooks and reports.

::

    import modelkin
    eco = modelkin.open()
    modelkin.figures.share(eco, modelkin.By.FAMILY)
    modelkin.figures.lineage(eco, "Qwen/Qwen3-0.6B")

Each is one function of an ecosystem, or of a history, and returns a `plotly.graph_objects.Figure`:
``figure.show()``, ``figure.write_html(path)``. Under its title stand the definition of the numbers,
what is unknown of them, the coverage and the snapshot. `DEFINITION` is what counts mean where no
other definition is asked for.
"""

from modelkin.figures.compare import compare
from modelkin.figures.influence import influence
from modelkin.figures.licenses import licenses
from modelkin.figures.lineage import lineage
from modelkin.figures.models import models
from modelkin.figures.months import months
from modelkin.figures.note import DEFINITION
from modelkin.figures.parameters import parameters
from modelkin.figures.quality import quality
from modelkin.figures.ranks import ranks
from modelkin.figures.relations import relations
from modelkin.figures.share import share
from modelkin.figures.sizes import sizes
from modelkin.figures.snapshots import snapshots

__all__ = [
    "DEFINITION",
    "compare",
    "influence",
    "licenses",
    "lineage",
    "models",
    "months",
    "parameters",
    "quality",
    "ranks",
    "relations",
    "share",
    "sizes",
    "snapshots",
]
