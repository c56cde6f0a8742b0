"""The ecosystem: a snapshot, opened. Every lineage, ranking and share is answered from it."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graph import snapshot
from graph.csr import Csr, Rows, induced, simple
from graph.errors import NotFoundError
from graph.families import Family
from graph.lru import Lru, Making
from graph.names import Names, place_of
from graph.records import ID_KEY_PREFIX, Relation
from graph.registry import LicenseClass
from graph.score_columns import FAMILY_SCORES, SCORES
from graph.search_index import search_index
from graph.traversal import Codes, Reached, reach

if TYPE_CHECKING:
    from graph.lineage_graph import LineageGraph

T = TypeVar("T")

ANSWERS = 16 * 1024 * 1024
"""Bytes, about, of the small answers that an ecosystem remembers for what clients ask."""

ARRAYS = 32 * 1024 * 1024
ARRAYS_PER_MODEL = 16
"""Bytes of the arrays that it remembers to work out others, at least, and for each model: room for
one division of all models, both ways."""

_MANY_LABELS = 10_000
"""Distinct texts of a column, as authors are, that are not kept as Python objects."""

_KEPT_FAMILIES = 4096
"""Families that stay Python objects, those that were asked for last."""

RELATIONS = list(Relation)
"""The relations in the order of their codes."""

_NODE_ATTRIBUTES = ("status", "author", "license", "task", "downloads", "parameters", "created_at")
_UNKNOWN = "unknown"


class Ecosystem:
    """Models and who builds on whom, read from a snapshot's memory-mapped files.

    A model is a row, a number; rows ascend by id. Everything is immutable, so one ecosystem
    serves any number of threads.

    Attributes
    ----------
    answers, arrays
        What is derived under keys that clients choose; what is not used is forgotten.

    Parameters
    ----------
    directory
        A snapshot, as `graph.store.port.Store.fetch` gives it.
    contents
        Manifest and tables in place of those that are read there.

    Raises
    ------
    SnapshotFormatError
        When the snapshot is of a newer format, or damaged.
    """

    def __init__(
        self,
        directory: Path,
        contents: tuple[snapshot.Manifest, dict[str, pa.RecordBatch]] | None = None,
    ) -> None:
        self.directory = directory
        self.manifest, self._tables = contents or snapshot.read(directory)
        self._derived: dict[object, Any] = {}
        self._making = Making()
        self.answers: Lru[Any] = Lru(ANSWERS)
        self.names = Names(self.column("id"))
        self.arrays: Lru[Any] = Lru(max(ARRAYS, ARRAYS_PER_MODEL * len(self)))
        self.bases, self.base_relations = self._lineage("bases", "base_relations")
        self.derivatives, self.derivative_relations = self._lineage(
            "derivatives", "derivative_relations"
        )
        self.roots = self._lists("roots")
        self.families_of = self._lists("families")
        self.family_shares: NDArray[np.float64] = self.column("family_shares").values.to_numpy(
            zero_copy_only=False
        )

    def __len__(self) -> int:
        """How many rows: live models, placeholders and deleted ones."""
        return len(self.names)

    def __repr__(self) -> str:
        m = self.manifest
        sample = ", a sample" if m.sample else ""
        return f"<Ecosystem {m.id}: {m.models} models, {m.derivations} derivations{sample}>"

    @cached_property
    def search_index(self) -> pa.RecordBatch:
        """`graph.search_index.SEARCH`; of a snapshot without one it is made here."""
        if "search" in self._tables:
            return self._tables["search"]
        use = (self.numbers("downloads"), self.numbers("descendants"))
        return search_index(self.column("id"), *use)

    @property
    def id(self) -> str:
        """The snapshot's id."""
        return self.manifest.id

    def once(self, key: object, make: Callable[[], T]) -> T:
        """Return what was derived from this snapshot under a key, derived at its first use."""
        if key not in self._derived:
            with self._making.of(key):
                if key not in self._derived:
                    self._derived[key] = make()
        found: T = self._derived[key]
        return found

    # Columns

    def column(self, name: str) -> pa.Array:
        """Return a column of ``models.arrow`` as it is."""
        return self._tables["models"].column(name)

    def table(self, name: str) -> pa.RecordBatch:
        """Return a whole table of the snapshot."""
        return self._tables[name]

    def family_scores(self, name: str) -> NDArray[np.float64]:
        """Return one of `graph.score_columns.FAMILY_SCORES`: a value a place in `families_of`."""
        values: NDArray[np.float64] = self.column(f"family_{name}").values.to_numpy()
        return values

    def scores(self) -> pa.Table:
        """Return every model's id and scores as an Arrow table, on the snapshot's own memory.

        ``eco.scores().to_pandas(split_blocks=True)`` and ``polars.from_arrow(eco.scores())``
        copy none of the scores either; pandas makes its own texts of the ids. The columns are
        those of ``docs/measures.md``, in the order of rows.
        """
        return pa.table({name: self.column(name) for name in ("id", *SCORES)})

    def numbers(self, name: str) -> NDArray[Any]:
        """Return a column of numbers; -1 where unknown."""
        return self.once(("numbers", name), lambda: _numbers(self.column(name)))

    def codes(self, name: str) -> NDArray[np.int32]:
        """Return a text column as places in `labels`; -1 where unknown."""
        return self.once(("codes", name), lambda: _codes(self.column(name)))

    def labels(self, name: str) -> list[str]:
        """Return the distinct values of a text column."""
        return self.once(("labels", name), self.column(name).dictionary.to_pylist)

    def code(self, name: str, label: str) -> int:
        """Return the code of a value of a text column; -2, which no row has, when there is none."""
        place = place_of(label, self.column(name).dictionary)
        return -2 if place is None else place

    def texts(self, name: str, rows: Rows) -> list[str | None]:
        """Return a text column of some rows; None where unknown."""
        codes = self.codes(name)[rows]
        labels = self.once(("texts", name), lambda: _texts(self.column(name).dictionary))
        if isinstance(labels, list):
            return [labels[code] for code in codes.tolist()]
        if len(codes) == 1:
            return [labels[codes[0]] if codes[0] >= 0 else None]
        found: list[str | None] = labels.column.take(pa.array(codes, mask=codes < 0)).to_pylist()
        return found

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """Which rows are live models."""
        labels = self.labels("status")
        return self.codes("status") == (labels.index("live") if "live" in labels else -2)

    @cached_property
    def derived(self) -> NDArray[np.bool_]:
        """Which rows are live models that declare a base: the derivatives."""
        return self.live & (self.bases.degrees() > 0)

    def _lists(self, name: str) -> Csr:
        column = self.column(name)
        return Csr(column.offsets.to_numpy(), column.values.to_numpy(zero_copy_only=False))

    def _lineage(self, name: str, relations: str) -> tuple[Csr, Codes]:
        codes: Codes = self.column(relations).values.to_numpy(zero_copy_only=False)
        return self._lists(name), codes

    # Models

    def row(self, id: str) -> int:
        """Return the row of a model by its id or a former id.

        Raises
        ------
        NotFoundError
            When no model bears it or ever bore it.
        """
        row = self.names.find(id)
        if row is None:
            row = self._aliases.get(id)
        if row is None:
            raise NotFoundError(f"no model {id!r}; 'search' finds ids by their parts")
        return row

    @cached_property
    def _aliases(self) -> dict[str, int]:
        column = self.column("aliases")
        return {
            alias: row
            for row in np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False)).tolist()
            for alias in column[row].as_py()
        }

    def ancestors(
        self, row: int, relations: frozenset[Relation] | None = None, max_depth: int | None = None
    ) -> Reached:
        """Return what a model descends from, nearest first."""
        return self._reach(self.bases, self.base_relations, row, relations, max_depth)

    def descendants(
        self, row: int, relations: frozenset[Relation] | None = None, max_depth: int | None = None
    ) -> Reached:
        """Return what descends from a model, nearest first."""
        return self._reach(self.derivatives, self.derivative_relations, row, relations, max_depth)

    def _reach(
        self,
        adjacency: Csr,
        codes: Codes,
        row: int,
        relations: frozenset[Relation] | None,
        max_depth: int | None,
    ) -> Reached:
        allowed = np.array([relations is None or r in relations for r in RELATIONS], np.bool_)
        steps = len(self) if max_depth is None else max_depth
        return reach(adjacency, codes, row, allowed=allowed, max_depth=steps)

    # Families

    @cached_property
    def families(self) -> "Families":
        """The families in the order of their numbers, registered ones first."""
        return Families(self.table("families"))

    @cached_property
    def family_keys(self) -> "FamilyKeys":
        """The families' keys, to look numbers up by."""
        return FamilyKeys(self.table("families"))

    def family_number(self, key: str) -> int:
        """Return a family's number.

        Raises
        ------
        NotFoundError
            When there is none of this key; the message names the nearest ones.
        """
        number = self.family_keys.find(key)
        if number is None:
            near = difflib.get_close_matches(key.lower(), self.family_keys.registered, n=3)
            hint = f"did you mean {', '.join(near)}?" if near else "'families' lists them"
            raise NotFoundError(f"no family {key!r}; {hint}")
        return number

    def family(self, key: str) -> "FamilyView":
        """Return a family by its key.

        Raises
        ------
        NotFoundError
            When there is none of this key.
        """
        return FamilyView(self, self.family_number(key))

    @cached_property
    def organizations(self) -> dict[str, dict[str, str]]:
        """The registered organisations by namespace: title, country, kind, source."""
        return {row["name"]: row for row in self.table("organizations").to_pylist()}

    def country(self, namespace: str | None) -> str:
        """Return a namespace's country, ISO 3166-1 alpha-2; "unknown" without a source."""
        known = self.organizations.get(namespace) if namespace else None
        return known["country"] if known else _UNKNOWN

    @cached_property
    def license_classes(self) -> list[LicenseClass]:
        """The class of each of ``labels("license")``."""
        classes = {row["id"]: row["class"] for row in self.table("licenses").to_pylist()}
        return [
            LicenseClass(classes.get(label.lower(), LicenseClass.UNKNOWN))
            for label in self.labels("license")
        ]

    # Graphs

    @cached_property
    def graph(self) -> "LineageGraph":
        """All models as a networkx graph, derivative -> base."""
        return self.subgraph(np.arange(len(self), dtype=np.int32))

    def subgraph(self, rows: Rows) -> "LineageGraph":
        """Return the models of some ascending rows and the derivations among them."""
        from graph.lineage_graph import LineageGraph  # noqa: PLC0415  (a server needs no networkx)

        every = len(rows) == len(self)
        bases = simple(self.bases)
        adjacency = bases if every else induced(bases, rows)
        names = self.names if every else Names(self.column("id").take(pa.array(rows)))

        def edge_attributes(edge: int) -> dict[str, Any]:
            child = rows[np.searchsorted(adjacency.offsets, edge, side="right") - 1]
            return {"relation": self.relation(int(child), int(rows[adjacency.targets[edge]]))}

        return LineageGraph(
            names, adjacency, lambda place: self._node(int(rows[place])), edge_attributes
        )

    def relation(self, child: int, base: int) -> str:
        """Return how a model was made from a base; several relations are joined by a comma."""
        start = self.bases.offsets[child]
        places = np.flatnonzero(self.bases.of(child) == base) + start
        return ",".join(RELATIONS[code] for code in self.base_relations[places])

    def _node(self, row: int) -> dict[str, Any]:
        values = {name: self.column(name)[row].as_py() for name in _NODE_ATTRIBUTES}
        return {name: value for name, value in values.items() if value is not None}


def _numbers(column: pa.Array) -> NDArray[Any]:
    if not column.null_count:
        return column.to_numpy(zero_copy_only=False)  # a flag has bits, not bytes
    if pa.types.is_integer(column.type):
        # A snapshot hides a -1 under each null, so that workers share its memory.
        dtype = column.type.to_pandas_dtype()
        hidden: NDArray[Any] = np.frombuffer(column.buffers()[1], dtype)[column.offset :]
        hidden = hidden[: len(column)]
        if (hidden[column.is_null().to_numpy(zero_copy_only=False)] == -1).all():
            return hidden
    return column.fill_null(-1).to_numpy(zero_copy_only=False)


def _texts(dictionary: pa.StringArray) -> list[str | None] | Names:
    """Return few texts as a list, in which -1 finds None, and many as they are."""
    return Names(dictionary) if len(dictionary) > _MANY_LABELS else [*dictionary.to_pylist(), None]


def _codes(column: pa.DictionaryArray) -> NDArray[np.int32]:
    return _numbers(column.indices)


class Families(Sequence[Family]):
    """The families of a snapshot, each made of its row when it is asked for.

    Parameters
    ----------
    table
        `graph.snapshot.FAMILIES`.
    """

    def __init__(self, table: pa.RecordBatch) -> None:
        columns = [table.column(field.name) for field in fields(Family)]
        self._size = len(table)
        self._made = lru_cache(_KEPT_FAMILIES)(
            lambda number: Family(*(column[number].as_py() for column in columns))
        )

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, number: int) -> Family: ...

    @overload
    def __getitem__(self, number: slice) -> list[Family]: ...

    def __getitem__(self, number: int | slice) -> Family | list[Family]:
        if isinstance(number, slice):
            return [self[place] for place in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(f"no family {number} among {len(self)}")
        return self._made(number)


class FamilyKeys:
    """Families' keys and numbers, without an object for each of the many that nobody registered.

    Parameters
    ----------
    table
        `graph.snapshot.FAMILIES`.
    """

    def __init__(self, table: pa.RecordBatch) -> None:
        self._keys = table.column("key")
        named = self._keys.filter(table.column("registered"))  # the first ones
        self._numbers = {key: number for number, key in enumerate(named.to_pylist())}
        self._founders = Names(table.column("name")[len(named) :])

    def __getitem__(self, number: int) -> str:
        key: str = self._keys[number].as_py()
        return key

    @property
    def registered(self) -> list[str]:
        """The keys that the registry names."""
        return list(self._numbers)

    def find(self, key: object) -> int | None:
        """Return a family's number, or None."""
        if not isinstance(key, str):
            return None
        if key in self._numbers:
            return self._numbers[key]
        # The others ascend by their founder's id, which is their key, or that behind a prefix.
        first = len(self._numbers)
        for id in (key, key.removeprefix(ID_KEY_PREFIX)):
            place = self._founders.find(id)
            while place is not None and place < len(self._founders) and self._founders[place] == id:
                if self[first + place] == key:
                    return first + place
                place += 1
        return None


class FamilyView:
    """One family of an ecosystem: its members by lineage, and their graph."""

    def __init__(self, eco: Ecosystem, number: int) -> None:
        self.eco = eco
        self.number = number
        self.family = eco.families[number]

    def __repr__(self) -> str:
        return f"<Family {self.family.key}: {len(self.rows)} models>"

    @property
    def rows(self) -> Rows:
        """Rows of its members, ascending."""
        members = self.eco.table("families").column("members")
        start, stop = members.offsets[self.number].as_py(), members.offsets[self.number + 1].as_py()
        rows: Rows = members.values[start:stop].to_numpy(zero_copy_only=False)
        return rows

    @cached_property
    def graph(self) -> "LineageGraph":
        """Its members as a networkx graph, derivative -> base."""
        return self.eco.subgraph(self.rows)

    def scores(self) -> pa.Table:
        """Return its members' ids and scores within the family, as an Arrow table.

        Its columns are ``id`` and `graph.score_columns.FAMILY_SCORES`, each as networkx gives it
        on `graph`; the rows are those of `rows`.
        """
        ids = self.eco.column("id").take(pa.array(self.rows))
        places = np.flatnonzero(self.eco.families_of.targets == self.number)
        scores = {name: self.eco.family_scores(name)[places] for name in FAMILY_SCORES}
        return pa.table({"id": ids, **scores})
