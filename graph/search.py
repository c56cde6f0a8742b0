"""Search: models by the parts of their id, the most used first."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph.csr import Rows
from graph.ecosystem import Ecosystem
from graph.errors import UsageError
from graph.search_index import fold
from graph.spelling import Vocabulary

MAX_TEXT = 256
"""Characters of a text that is searched for; no id of the Hub has as many."""

_WORD = re.compile(r"[^\W_]+(?:\.\d+)*")
_RUN = re.compile(r"[a-z]+|[0-9]+")

BLOCK = 4096
"""Texts that are read at once: some 100 KB, for it to end early where much is found."""

_VOCABULARY = 100_000
"""Models whose words are known: the most used."""


def search(eco: Ecosystem, text: str, first: int) -> Rows:
    """Return the rows of models whose id holds every word of a text.

    Case, punctuation and spaces do not count: ``qwen2.5 coder`` and ``qwen 2.5-coder`` find
    ``Qwen/Qwen2.5-Coder-7B``. The model of exactly that id comes first, then by downloads of
    30 days and by descendants; placeholders are found too. Where nothing is found, words that no
    model bears are taken for the nearest one that an often used model bears: ``qwen codr``.

    Raises
    ------
    UsageError
        When the text is longer than `MAX_TEXT`.
    """
    if len(text) > MAX_TEXT:
        raise UsageError(f"a text of {len(text)} characters; search for {MAX_TEXT} at most")
    words = _distinct(map(fold, _WORD.findall(text)))
    if not words:
        return np.empty(0, np.int32)
    found = holding(eco.search_index, words, first)
    if not len(found) and (respelled := _respelled(eco, words)) != words:
        found = holding(eco.search_index, respelled, first)
    exact = eco.names.find(text.strip())
    if exact is not None:
        found = np.concatenate([[np.int32(exact)], found[found != exact]])[:first]
    return found


def prepare(eco: Ecosystem) -> None:
    """Make what a first search would otherwise wait for."""
    search(eco, "a text that nothing holds", 1)
    _vocabulary(eco)


def _distinct(words: Iterator[str]) -> list[str]:
    """Return words once each, the longest first: it is mostly the rarest."""
    return sorted({word for word in words if word}, key=lambda word: (-len(word), word))


def holding(index: pa.RecordBatch, words: Sequence[str], first: int, block: int = BLOCK) -> Rows:
    """Return the first rows of an index whose text holds every word.

    Parameters
    ----------
    block
        How many texts are read at once.
    """
    rows, texts = index.columns
    needles = [word.encode() for word in words]
    found: list[pa.Array] = []
    missing = first
    for start in range(0, len(texts), block):
        if missing <= 0:
            break
        some = texts.slice(start, block)
        data = _bytes(some)
        if any(needle not in data for needle in needles):  # which is so of most blocks
            continue
        places = rows.slice(start, block)
        for word in words:
            held = pc.match_substring(some, word)
            some, places = some.filter(held), places.filter(held)
        found.append(places)
        missing -= len(places)
    return pa.chunked_array(found, pa.int32()).to_numpy()[:first]


def _bytes(texts: pa.StringArray) -> bytes:
    """Return texts end to end."""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset :]
    start, stop = int(ends[0]), int(ends[len(texts)])
    joined: bytes = data.slice(start, stop - start).to_pybytes()
    return joined


def _vocabulary(eco: Ecosystem) -> Vocabulary:
    def make() -> Vocabulary:
        used = eco.search_index.column("row").slice(0, _VOCABULARY)
        return Vocabulary(eco.column("id").take(used))

    return eco.once(_vocabulary, make)


def _respelled(eco: Ecosystem, words: Sequence[str]) -> list[str]:
    """Return the runs of letters and digits of some words, unknown ones as the nearest known."""
    vocabulary = _vocabulary(eco)
    runs = (run for word in words for run in _RUN.findall(word))
    return _distinct(run if run.isdigit() else vocabulary.nearest(run) or run for run in runs)
