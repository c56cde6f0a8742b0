"""The bases that models declare, a number each, however many there are."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.records import STRAY_PREFIX, Relation
from ingest.known import key_hashes
from ingest.numbers import Numbers
from ingest.texts import Archive, Rows

RELATIONS = list(Relation)
"""By their codes."""

_NAMES = pa.array([relation.value for relation in RELATIONS])


@dataclass(frozen=True, slots=True)
class References:
    """Declared bases, an entry each.

    Attributes
    ----------
    children
        The rows of the models that declare them, in ascending order.
    relations
        How they were made from them, as `RELATIONS` has it.
    ids, id_hashes
        The ids by which the bases are declared.
    key_hashes
        The Hub's keys that are declared beside them; the hash of no text where there is none.
    """

    children: Numbers[np.int32] = field(default_factory=lambda: Numbers(np.int32))
    relations: Numbers[np.int8] = field(default_factory=lambda: Numbers(np.int8))
    ids: Archive = field(default_factory=Archive)
    id_hashes: Numbers[np.uint64] = field(default_factory=lambda: Numbers(np.uint64))
    key_hashes: Numbers[np.uint64] = field(default_factory=lambda: Numbers(np.uint64))

    def extend(self, first: int, declared: pa.Array) -> None:
        """Add what models declare, of which the first one has this row.

        They declare it as `graph.records.encode_references` writes it. What makes no derivation
        is left out.
        """
        declaring = np.flatnonzero(declared.is_valid().to_numpy(zero_copy_only=False))
        lists = pc.split_pattern(declared.take(pa.array(declaring)), " ")
        children, entries = pc.list_parent_indices(lists), pc.list_flatten(lists)
        relating = pc.invert(pc.match_substring(entries, f":{STRAY_PREFIX}"))
        children, entries = children.filter(relating), entries.filter(relating)
        # A colon at the end, so that there are three parts also without a key.
        parts = pc.split_pattern(pc.binary_join_element_wise(entries, "", ":"), ":")
        relations, ids, keys = (pc.list_element(parts, place) for place in range(3))
        children = first + declaring[children.to_numpy()]
        self.children.extend(children.astype(np.int32))
        self.relations.extend(relation_codes(relations))
        self.ids.extend(ids)
        self.id_hashes.extend(key_hashes(ids.to_pylist()))
        self.key_hashes.extend(key_hashes(keys.to_pylist()))


def relation_codes(names: pa.Array) -> NDArray[np.int8]:
    """Return the code of each relation."""
    codes: Rows = pc.index_in(names, value_set=_NAMES).to_numpy()
    return codes.astype(np.int8)
