"""Search: models by the parts of their id, the most used first."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph.csr import Rows
from graph.ecosystem import Ecosystem

_WORD = re.compile(r"[^\W_]+(?:\.\d+)*")


def search(eco: Ecosystem, text: str, first: int) -> Rows:
    """Return the rows of models whose id holds every word of a text.

    Case, punctuation and spaces do not count: ``qwen2.5 coder`` and ``qwen 2.5-coder`` find
    ``Qwen/Qwen2.5-Coder-7B``. The model of exactly that id comes first, then by downloads of
    30 days and by descendants; placeholders are found too.
    """
    words = [_squeeze(word) for word in _WORD.findall(text)]
    words = [word for word in words if word]
    if not words:
        return np.empty(0, np.int32)
    squeezed = eco.once("squeezed ids", lambda: _squeezed(eco.column("id")))
    found = pc.match_substring(squeezed, words[0])
    for word in words[1:]:
        found = pc.and_(found, pc.match_substring(squeezed, word))
    rows = np.flatnonzero(found.to_numpy(zero_copy_only=False)).astype(np.int32)
    exact = rows == (
        eco.names.find(text.strip()) if eco.names.find(text.strip()) is not None else -1
    )
    downloads = eco.numbers("downloads")[rows]
    order = np.lexsort((rows, -eco.numbers("descendants")[rows], -downloads, ~exact))
    return rows[order[:first]]


def _squeeze(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _squeezed(ids: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(pc.utf8_lower(ids), r"[^a-z0-9/]", "")
