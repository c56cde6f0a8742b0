"""The built-in sample: real models to look at before the first crawl of the Hub has ended."""

from importlib import resources
from pathlib import Path

from graph.snapshot import SAMPLE
from ingest.jsonl import JsonlSource


def sample_source() -> JsonlSource:
    """Return the sample as a source; a snapshot that is measured from it says that it is one."""
    # A path, since the package is always unpacked: numba does not cache in an archive.
    path = Path(str(resources.files(__name__).joinpath("models.jsonl")))
    return JsonlSource(path, name=SAMPLE)
