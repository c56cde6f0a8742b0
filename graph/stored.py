"""What a store holds, in order for measuring: models in ascending order of ids, and their bases."""

from concurrent.futures import Executor, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.ascending import ascending
from graph.csr import Csr, Rows, csr
from graph.records import Relation, Status
from graph.snapshot import MODELS
from graph.store.port import Columns
from graph.traversal import Codes

_OF_FEW = {field.name for field in MODELS if pa.types.is_dictionary(field.type)} | {"relation"}
"""Columns whose values are few enough to be kept as a dictionary."""


class Stored(NamedTuple):
    """Models and derivations. Rows are the models, ascending by id.

    Attributes
    ----------
    models
        The stored columns, each in one piece, texts of few values as dictionaries; of several
        models under one id the one that lives, then the newest, comes first.
    bases, base_relations
        Each row's bases, once for each relation, and the code of that.
    derivatives, derivative_relations
        The same the other way.
    """

    models: dict[str, pa.Array]
    bases: Csr
    base_relations: Codes
    derivatives: Csr
    derivative_relations: Codes

    @property
    def live(self) -> NDArray[np.bool_]:
        """Which rows are live models."""
        return self.has_status(Status.LIVE)

    def has_status(self, status: Status) -> NDArray[np.bool_]:
        """Return which rows have a status."""
        column = self.models["status"]
        labels = column.dictionary.to_pylist()
        code = labels.index(status.value) if status.value in labels else -1
        flags: NDArray[np.bool_] = column.indices.to_numpy() == code
        return flags

    def numbers(self, name: str, unknown: int) -> NDArray[np.int64]:
        """Return a column of numbers, with something in place of what is unknown."""
        values: NDArray[np.int64] = self.models[name].fill_null(unknown).to_numpy()
        return values

    def codes(self, name: str) -> NDArray[np.int32]:
        """Return a text column as places in its dictionary; -1 where unknown."""
        values: NDArray[np.int32] = self.models[name].indices.fill_null(-1).to_numpy()
        return values


def as_stored(
    models: dict[str, pa.ChunkedArray], derivations: dict[str, pa.ChunkedArray]
) -> Stored:
    """Put in order what `graph.store.port.read_columns` read; nothing is left of it there."""
    with ThreadPoolExecutor() as pool:  # Arrow computes without Python's lock
        columns = _in_pieces(pool, models)
        keys = columns["key"]
        ends = _in_pieces(pool, derivations)
        both = pa.chunked_array([ends["child"], ends["base"]])
        numbers = pool.submit(pc.index_in, both, value_set=keys)

        rows = ascending(columns["id"])
        columns["id"] = columns["id"].take(pa.array(rows))
        _settle_ties(rows, columns)
        taken = pa.array(rows)
        others = columns.keys() - {"id"}
        sorted_columns = pool.map(lambda name: columns.pop(name).take(taken), others)
        columns |= dict(zip(others, sorted_columns, strict=True))
        places = np.empty(len(rows), np.int32)
        places[rows] = np.arange(len(rows), dtype=np.int32)
        child, base = np.split(places[numbers.result().to_numpy()], 2)

    codes = _codes(ends["relation"])
    by_relation = np.argsort(codes, kind="stable")
    child, base, codes = child[by_relation], base[by_relation], codes[by_relation]
    bases, order = csr(child, base, len(rows))
    derivatives, order_back = csr(base, child, len(rows))
    return Stored(columns, bases, codes[order], derivatives, codes[order_back])


def _in_pieces(pool: Executor, columns: Columns) -> dict[str, pa.Array]:
    """Return each column in one piece, taking it from where it was; dictionaries where of few."""

    def piece(name: str) -> pa.Array:
        column = columns.pop(name)
        return (column.dictionary_encode() if name in _OF_FEW else column).combine_chunks()

    names = list(columns)
    return dict(zip(names, pool.map(piece, names), strict=True))


def _codes(relations: pa.DictionaryArray) -> Codes:
    """Return each relation's code."""
    labels = relations.dictionary.to_pylist()
    codes = np.array([list(Relation).index(Relation(label)) for label in labels], np.int8)
    found: Codes = codes[relations.indices.to_numpy()]
    return found


def _settle_ties(rows: Rows, columns: dict[str, pa.Array]) -> None:
    """Put, of several models under one id, the one that lives first, then the newest."""
    ids = columns["id"]
    same = pc.equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    if not same.any():
        return
    tied = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
    there = pa.array(rows[tied])
    some = {
        "id": ids.take(pa.array(tied)),
        "gone": pc.not_equal(columns["status"].take(there).cast(pa.string()), Status.LIVE.value),
        "key": columns["key"].take(there),
    }
    keys = [("id", "ascending"), ("gone", "ascending"), ("key", "descending")]
    rows[tied] = rows[tied][pc.sort_indices(pa.table(some), sort_keys=keys).to_numpy()]
