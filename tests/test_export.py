"""Exports, read back by the tools that they are for."""

import csv
from pathlib import Path

import duckdb
import networkx as nx
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import graph.bom
from graph.bom import write_bom
from graph.ecosystem import Ecosystem
from graph.errors import NotFoundError, UsageError
from graph.export import linked_rows, model_rows, tables, write_parquet
from graph.export_schema import MEANING, SCHEMAS
from graph.score_columns import SCORES
from modelkin.exports import write

MODEL = "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"


def of_family(eco: Ecosystem, key: str) -> set[str]:
    return set(eco.column("id").take(eco.family(key).rows).to_pylist())


def test_graphml_reads_back_equal(sample_ecosystem: Ecosystem, tmp_path: Path) -> None:
    write(sample_ecosystem, "graphml", tmp_path / "qwen.graphml", family="qwen", model=None)
    read = nx.read_graphml(tmp_path / "qwen.graphml")
    ours = sample_ecosystem.family("qwen").graph
    assert read.is_directed()
    assert dict(read.nodes(data=True)) == dict(ours.nodes(data=True))
    assert {(u, v): d for u, v, d in read.edges(data=True)} == {
        (u, v): d for u, v, d in ours.edges(data=True)
    }
    assert read.number_of_edges() > 50


def test_graphml_of_all_that_is_linked(sample_ecosystem: Ecosystem, tmp_path: Path) -> None:
    write(sample_ecosystem, "graphml", tmp_path / "all.graphml", family=None, model=None)
    read = nx.read_graphml(tmp_path / "all.graphml")
    assert read.number_of_edges() == sample_ecosystem.graph.number_of_edges()
    assert all(degree for _, degree in read.degree())


def test_bill_of_materials_is_valid_and_names_the_bases(
    sample_ecosystem: Ecosystem, tmp_path: Path
) -> None:
    child = "bartowski/" + next(
        id.partition("/")[2]
        for id in sample_ecosystem.column("id").to_pylist()
        if id.startswith("bartowski/") and len(sample_ecosystem.bases.of(sample_ecosystem.row(id)))
    )
    path = tmp_path / "bom.json"
    write(sample_ecosystem, "cyclonedx", path, family=None, model=child)
    text = path.read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bom = orjson.loads(text)
    components = {component["bom-ref"]: component for component in bom["components"]}
    ancestors = sample_ecosystem.ancestors(sample_ecosystem.row(child)).rows
    assert set(components) == {child, *sample_ecosystem.column("id").take(ancestors).to_pylist()}
    bases = (
        sample_ecosystem.column("id")
        .take(sample_ecosystem.bases.of(sample_ecosystem.row(child)))
        .to_pylist()
    )
    pedigree = components[child]["pedigree"]
    assert [f"{a['group']}/{a['name']}" for a in pedigree["ancestors"]] == bases
    assert all(f"of {base}" in pedigree["notes"] for base in bases)
    depends = {each["ref"]: each.get("dependsOn", []) for each in bom["dependencies"]}
    assert depends[child] == bases
    assert components[child]["type"] == "machine-learning-model"
    assert components[child]["purl"] == f"pkg:huggingface/{child}"


def test_bill_of_a_family_is_valid(sample_ecosystem: Ecosystem, tmp_path: Path) -> None:
    write(sample_ecosystem, "cyclonedx", tmp_path / "bom.json", family="deepseek", model=None)
    text = (tmp_path / "bom.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    ids = {component["bom-ref"] for component in orjson.loads(text)["components"]}
    assert ids == of_family(sample_ecosystem, "deepseek")


def test_bill_that_is_too_large(
    sample_ecosystem: Ecosystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph.bom, "BOM_MODELS", 10)
    with pytest.raises(UsageError, match=r"models is more than the 10 .*--model"):
        write_bom(sample_ecosystem, linked_rows(sample_ecosystem), tmp_path / "bom.json")
    assert not (tmp_path / "bom.json").exists()


def test_tables_of_a_family(sample_ecosystem: Ecosystem, tmp_path: Path) -> None:
    write(sample_ecosystem, "csv", tmp_path, family="qwen", model=None)
    read = {}
    for name in ("models", "edges", "scores", "families"):
        with (tmp_path / f"{name}.csv").open(newline="") as file:
            read[name] = list(csv.DictReader(file))
    members = of_family(sample_ecosystem, "qwen")
    assert {row["id"] for row in read["models"]} == members
    assert {row["id"] for row in read["scores"]} == members
    whole = tables(sample_ecosystem)["edges"].to_pylist()
    assert read["edges"] == [e for e in whole if e["child"] in members and e["base"] in members]
    assert "qwen" in {row["key"] for row in read["families"]}
    assert len(read["families"]) < len(sample_ecosystem.families)


def test_parquet_of_a_model_is_its_whole_lineage(
    sample_ecosystem: Ecosystem, tmp_path: Path
) -> None:
    row = int(np.argmax(sample_ecosystem.numbers("descendants")))
    id = sample_ecosystem.column("id")[row].as_py()
    write(sample_ecosystem, "parquet", tmp_path, family=None, model=id)
    ids = pq.read_table(tmp_path / "models.parquet").column("id").to_pylist()
    expected = {
        id,
        *nx.ancestors(sample_ecosystem.graph, id),
        *nx.descendants(sample_ecosystem.graph, id),
    }
    assert set(ids) == expected
    assert ids == sorted(ids)


def test_parts_are_the_whole(sample_ecosystem: Ecosystem, tmp_path: Path) -> None:
    files = write_parquet(sample_ecosystem, tmp_path, partitioned=True)
    assert sorted(files) == sorted(tmp_path.glob("**/*.parquet"))
    whole = tables(sample_ecosystem)
    hive = ds.partitioning(pa.schema([("created_year", pa.int32())]), flavor="hive")
    models = ds.dataset(tmp_path / "models", partitioning=hive).to_table().sort_by("id")
    assert models.select(SCHEMAS["models"].names).equals(whole["models"])
    dates = whole["models"].column("created_at").cast(pa.timestamp("ms"))
    assert pc.year(dates).cast("int32").equals(models.column("created_year"))
    query = f"SELECT child, base, relation FROM '{tmp_path}/edges/**/*.parquet'"
    edges = duckdb.execute(query).fetchall()
    assert sorted(edges) == sorted(tuple(edge.values()) for edge in whole["edges"].to_pylist())
    for file in (tmp_path / "models").glob("*/*.parquet"):
        ids = pq.read_table(file, partitioning=None).column("id").to_pylist()
        assert ids == sorted(ids)


def test_parquet_tells_of_its_snapshot_and_of_its_columns(
    sample_ecosystem: Ecosystem, tmp_path: Path
) -> None:
    assert SCHEMAS["scores"].names == ["id", *SCORES]
    for file in write_parquet(sample_ecosystem, tmp_path, partitioned=True):
        told = pq.read_schema(file)
        assert told.metadata[b"modelkin.snapshot"].decode() == sample_ecosystem.id
        assert float(told.metadata[b"modelkin.coverage"]) == sample_ecosystem.manifest.coverage
        assert all(field.metadata[MEANING] for field in told)


def test_parts_never_mix_with_earlier_ones(sample_ecosystem: Ecosystem, tmp_path: Path) -> None:
    write_parquet(sample_ecosystem, tmp_path, partitioned=True)
    with pytest.raises(UsageError, match=r"models holds an earlier export; remove it"):
        write_parquet(sample_ecosystem, tmp_path, partitioned=True)


def test_model_in_a_cycle_comes_once(sample_ecosystem: Ecosystem) -> None:
    for row in range(len(sample_ecosystem)):
        rows = model_rows(
            sample_ecosystem, sample_ecosystem.column("id")[row].as_py(), descendants=True
        )
        assert len(set(rows.tolist())) == len(rows)


@pytest.mark.parametrize("part", [{"family": "nobody"}, {"model": "no/body"}])
def test_what_is_not_there(
    sample_ecosystem: Ecosystem, tmp_path: Path, part: dict[str, str]
) -> None:
    with pytest.raises(NotFoundError, match=r"nobody|no/body"):
        write(sample_ecosystem, "csv", tmp_path, family=part.get("family"), model=part.get("model"))
