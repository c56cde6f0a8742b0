"""Shares, series and sizes against a slow count by definition."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from itertools import product

import networkx as nx
import pytest
from hypothesis import given

from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.family_counts import family_authors
from graph.records import Relation
from graph.selection import ANY, Filter
from graph.shares import By, Definition, Weight, series, share, sizes
from tests.lineages import REGISTRY, Item, ecosystem, examples, item, item_lists

EVERY = list(product(By, Weight, Attribution))


class Counted:
    """An ecosystem counted one model at a time, from its list items and the registry alone."""

    def __init__(self, items: list[Item]) -> None:
        self.items = {entry["id"]: entry for entry in items}
        self.graph = nx.MultiDiGraph()
        self.graph.add_nodes_from(self.items)
        for id, entry in self.items.items():
            for tag in entry["tags"]:
                if tag.startswith("base_model:"):
                    _, relation, base = tag.split(":")
                    self.graph.add_edge(id, base, relation)
        self.founders = set()
        for component in nx.strongly_connected_components(self.graph):
            if not any(set(self.graph[node]) - component for node in component):
                self.founders.add(min(component, key=self._age))

    def _age(self, id: str) -> tuple[str, str]:
        return self.items.get(id, {}).get("createdAt", "unknown"), id

    def weight(self, id: str, weight: Weight) -> int:
        entry = self.items[id]
        match weight:
            case Weight.MODELS:
                return 1
            case Weight.DERIVATIVES:
                return int(bool(self.graph[id]))
            case Weight.DOWNLOADS:
                return int(entry.get("downloads", 0))
            case Weight.DOWNLOADS_ALL_TIME:
                return int(entry.get("downloadsAllTime", 0))

    def groups(self, id: str, by: By, attribution: Attribution) -> dict[str | None, Fraction]:
        """Return a model's part in each group; None is the unknown one."""
        parts: dict[str | None, Fraction] = defaultdict(Fraction)
        if by == By.RELATION:
            names = [relation for _, _, relation in self.graph.out_edges(id, keys=True)]
        else:
            names = [
                self._group(source, by, attribution) for source in self._sources(id, attribution)
            ]
        for name in names:
            parts[name] += Fraction(1, len(names))
        return dict(parts) or {None: Fraction(1)}

    def _sources(self, id: str, attribution: Attribution) -> list[str]:
        match attribution:
            case Attribution.PUBLISHER:
                return [id]
            case Attribution.DIRECT:
                return list(self.graph[id])
            case Attribution.LINEAGE:
                return list(({id} | nx.descendants(self.graph, id)) & self.founders)

    def _group(self, id: str, by: By, attribution: Attribution) -> str | None:
        author = id.partition("/")[0] if "/" in id else None
        family = REGISTRY.family_of(id)
        if attribution == Attribution.LINEAGE and id in REGISTRY.origins:
            family = REGISTRY.family_of(REGISTRY.origins[id])
        if attribution == Attribution.LINEAGE and family is not None:
            author = family.organization
        match by:
            case By.FAMILY:
                own = attribution == Attribution.LINEAGE and self.graph.in_degree(id) > 0
                return family.key if family else id if own else None
            case By.ORGANIZATION:
                return author
            case By.COUNTRY:
                country = REGISTRY.country(author)
                return None if country == "unknown" else country
            case By.LICENSE_CLASS:
                tags = self.items.get(id, {"tags": []})["tags"]
                names = [tag.removeprefix("license:") for tag in tags if tag.startswith("lic")]
                told = REGISTRY.license_class(names[0] if names else None).value
                return None if told == "unknown" else told
        raise AssertionError(by)

    def totals(self, by: By, definition: Definition) -> dict[str | None, Fraction]:
        totals: dict[str | None, Fraction] = defaultdict(Fraction)
        for id, group, part in self.parts(by, definition.attribution):
            whole = definition.credit == Credit.FULL
            totals[group] += self.weight(id, definition.weight) * (1 if whole else part)
        return {group: value for group, value in totals.items() if value}

    def parts(self, by: By, attribution: Attribution) -> Iterator[tuple[str, str | None, Fraction]]:
        for id in self.items:
            for group, part in self.groups(id, by, attribution).items():
                yield id, group, part


def check_shares(eco: Ecosystem, counted: Counted) -> None:
    for by, weight, attribution in EVERY:
        total = sum(counted.weight(id, weight) for id in counted.items)
        for credit in Credit:
            definition = Definition(weight, attribution, credit)
            expected = counted.totals(by, definition)
            expected.pop(None, None)
            found = share(eco, by, definition)
            values = dict(zip(found.keys, found.values, strict=True))
            assert values == pytest.approx({k: float(v) for k, v in expected.items() if k})
            assert found.keys == sorted(values, key=lambda key: (-values[key], key))
            assert found.total == total
            fractional = counted.totals(by, Definition(weight, attribution, Credit.FRACTIONAL))
            unknown = float(fractional.get(None, 0) / total) if total else 0
            assert found.unknown == pytest.approx(unknown, abs=1e-12)
            if credit == Credit.FRACTIONAL:
                whole = sum(found.values) + found.unknown * found.total
                assert whole == pytest.approx(found.total)


def check_series(eco: Ecosystem, counted: Counted) -> None:
    for by, weight, attribution in EVERY:
        for credit in Credit:
            definition = Definition(weight, attribution, credit)
            keys = [*share(eco, by, definition).keys, "no such key"]
            expected: dict[tuple[str | None, str], Fraction] = defaultdict(Fraction)
            dated = {
                id: entry["createdAt"][:7]
                for id, entry in counted.items.items()
                if "createdAt" in entry and counted.weight(id, weight)
            }
            for id, group, part in counted.parts(by, attribution):
                if id in dated:
                    value = part if credit == Credit.FRACTIONAL else 1
                    expected[group, dated[id]] += value * counted.weight(id, weight)
            months, values = series(eco, by, keys, definition)
            assert list(values) == keys
            assert months == _months(sorted(dated.values()))
            for key in keys:
                assert len(values[key]) == len(months)
                assert values[key] == pytest.approx([float(expected[key, m]) for m in months])


def _months(dated: list[str]) -> list[str]:
    """Return every month from the first to the last."""
    if not dated:
        return []
    first, last = (datetime.strptime(month, "%Y-%m") for month in (dated[0], dated[-1]))
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{month // 12}-{month % 12 + 1:02}" for month in months]


def check_sizes(eco: Ecosystem) -> None:
    for weight, attribution, credit in product(Weight, Attribution, Credit):
        whole = share(eco, By.FAMILY, Definition(weight, attribution, credit))
        values = dict(zip(whole.keys, whole.values, strict=True))
        for number, family in enumerate(eco.families):
            size = sizes(eco, number, weight)[attribution, credit]
            assert size == pytest.approx(values.get(family.key, 0))


def check_authors(eco: Ecosystem, counted: Counted) -> None:
    for attribution, relation in product(Attribution, (None, Relation.MERGE)):
        expected: dict[str | None, set[str]] = defaultdict(set)
        for id, family, _ in counted.parts(By.FAMILY, attribution):
            relations = {made for _, _, made in counted.graph.out_edges(id, keys=True)}
            if "/" in id and (relation in relations if relation else relations):
                expected[family].add(id.partition("/")[0])
        models = Filter(relations=(relation,)) if relation else ANY
        found = family_authors(eco, attribution, models)
        assert found.tolist() == [len(expected[family.key]) for family in eco.families]


MODELS = [
    item("red/7b", downloads=10, downloadsAllTime=99, createdAt="2023-12-31T23:59:59.999Z"),
    item("red/chat", "finetune:red/7b", downloads=5, license="mit"),
    item("blue/8b", license="nc", createdAt="2024-01-01T00:00:00.000Z"),
    item("mirror/red-7b", downloads=3, createdAt="2024-03-15T12:00:00.000Z"),
    item("quant/red-7b", "quantized:mirror/red-7b", downloads=8),
    item("user/merge", "merge:red/chat", "merge:blue/8b", "merge:solo/base", license="odd"),
    item("user/twice", "finetune:red/chat", "quantized:red/chat", "merge:blue/8b", downloads=6),
    item("user/of-lost", "adapter:blue/lost", createdAt="2024-03-01T00:00:00.000Z"),
    item("solo/base", license="mit"),
    item("loop/a", "finetune:loop/z", downloads=1),
    item("loop/z", "finetune:loop/a", createdAt="2024-02-02T02:02:02.000Z"),
    item("unknown/model", downloads=2),
    item("gpt2", downloads=4),
]


@pytest.fixture(scope="module")
def eco() -> Ecosystem:
    return ecosystem(MODELS)


def test_the_example_is_counted_by_definition(eco: Ecosystem) -> None:
    check_shares(eco, Counted(MODELS))


def test_the_series_of_the_example(eco: Ecosystem) -> None:
    check_series(eco, Counted(MODELS))


def test_the_sizes_of_the_example_are_its_shares(eco: Ecosystem) -> None:
    check_sizes(eco)


def test_the_authors_of_the_example_are_counted_once_a_family(eco: Ecosystem) -> None:
    check_authors(eco, Counted(MODELS))
    numbers = {family.key: number for number, family in enumerate(eco.families)}
    found = family_authors(eco, Attribution.LINEAGE)
    assert found[numbers["red"]] == 3  # red itself, quant, and user, of whom two models are
    assert found[numbers["blue"]] == 1


def test_a_share_by_hand(eco: Ecosystem) -> None:
    """Downloads by family: red 10 + 5, the copy 3 and its quantization 8; of twice, half of 6."""
    by_lineage = Definition(Weight.DOWNLOADS, Attribution.LINEAGE, Credit.FRACTIONAL)
    found = share(eco, By.FAMILY, by_lineage)
    assert dict(zip(found.keys, found.values, strict=True)) == {
        "red": 29,
        "gpt2": 4,
        "blue": 3,
        "loop/z": 1,
    }
    assert found.total == 39
    assert found.unknown == pytest.approx(2 / 39)


def test_a_namespace_may_be_called_unknown(eco: Ecosystem) -> None:
    definition = Definition(Weight.DOWNLOADS, Attribution.PUBLISHER, Credit.FULL)
    found = share(eco, By.ORGANIZATION, definition)
    assert dict(zip(found.keys, found.values, strict=True))["unknown"] == 2


@given(item_lists())
@examples(60)
def test_drawn_ecosystems_are_counted_by_definition(items: list[Item]) -> None:
    eco, counted = ecosystem(items), Counted(items)
    check_shares(eco, counted)
    check_series(eco, counted)
    check_sizes(eco)
    check_authors(eco, counted)
