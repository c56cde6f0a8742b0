"""What is Neo4j's alone: its errors, broken commits, and the nodes for people who query it."""

import secrets
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from graph import snapshot
from graph.errors import CredentialsError, SnapshotFormatError, StoreError, StoreUrlError
from graph.records import Derivation, Relation
from graph.store import neo4j_cypher, open_store
from graph.store.port import Batch
from tests.bolt_proxy import BoltProxy
from tests.neo4j_server import Neo4jServer, free_port
from tests.stores import Neo4jPlace, load, rows
from tests.test_store import A, B, begin
from tests.test_store_snapshots import make_snapshot

SECRET = "not-the-password"


def refusal(kind: type[Exception], url: str, *, password: str = SECRET, **options: Any) -> str:
    """Return with which message a store is refused, which has no credentials in it."""
    with pytest.raises(kind) as caught:
        open_store(url, credentials=("neo4j", password), **options)
    message = str(caught.value)
    assert password not in message
    assert "\n" not in message
    return message


def test_urls_that_name_no_store() -> None:
    assert "neo4j://" in refusal(StoreUrlError, "http://localhost:7474")
    assert "names no store" in refusal(StoreUrlError, " ")
    message = refusal(StoreUrlError, f"bolt://neo4j:{SECRET}@localhost:7687")
    assert "NEO4J_USERNAME and NEO4J_PASSWORD" in message
    assert "bolt://HOST:7687" in refusal(StoreUrlError, "bolt://localhost:7687?policy=x")


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_no_server(scheme: str) -> None:
    url = f"{scheme}://127.0.0.1:{free_port()}"
    message = refusal(StoreError, url)
    assert f"no Neo4j answers at {url} (" in message
    assert "start the server" in message
    assert f"{scheme}+s://" in message


def test_addresses_that_cannot_be() -> None:
    assert "no Neo4j answers at" in refusal(StoreError, "bolt://no-such-host.invalid:7687")
    assert "no Neo4j answers at" in refusal(StoreError, "bolt://127.0.0.1:port")


def test_server_that_speaks_something_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with listener.accept()[0] as client:
                client.recv(100)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert "no Neo4j answers" in refusal(
            StoreError, f"bolt://127.0.0.1:{listener.getsockname()[1]}"
        )
        thread.join()


@pytest.mark.parametrize("scheme", ["bolt+s", "neo4j+s", "bolt+ssc"])
def test_tls_to_a_server_without(scheme: str, neo4j_server: Neo4jServer) -> None:
    address = neo4j_server.url.partition("://")[2]
    message = refusal(StoreError, f"{scheme}://{address}", password=neo4j_server.password)
    assert f"use {scheme.partition('+')[0]}://{address}" in message


def test_wrong_or_missing_credentials(neo4j_server: Neo4jServer) -> None:
    message = refusal(CredentialsError, neo4j_server.url)
    assert "NEO4J_USERNAME and NEO4J_PASSWORD" in message
    with pytest.raises(CredentialsError, match="asks for credentials; set NEO4J_USERNAME"):
        open_store(neo4j_server.url)


def test_database_that_is_not_there(neo4j_server: Neo4jServer) -> None:
    message = refusal(
        StoreError, neo4j_server.url, password=neo4j_server.password, database="other"
    )
    assert "no database 'other'" in message


def test_failing_statement_names_the_server_and_its_code(neo4j_place: Neo4jPlace) -> None:
    store = neo4j_place.open()
    run = begin(store)
    with pytest.raises(StoreError, match=r"failed: .*Neo\.ClientError"):
        store.write(run, Batch(models=[A._replace(likes={})], digests=[1]))  # type: ignore[arg-type]


@pytest.mark.parametrize("after", [True, False])
def test_commit_that_breaks_is_sent_again(neo4j_place: Neo4jPlace, after: bool) -> None:
    with BoltProxy(neo4j_place.url, after=after) as proxy:
        check_broken_commits(proxy, neo4j_place)


def check_broken_commits(proxy: BoltProxy, place: Neo4jPlace) -> None:
    place.url = proxy.url
    store = place.open()
    proxy.cuts = 1
    run = begin(store)
    proxy.cuts = 2
    batch = Batch(
        models=[A, B],
        digests=[1, 2],
        derivations=[Derivation(B.key, A.key, Relation.FINETUNE)],
        cursor="1",
        seen=b"12345678",
    )
    assert store.write(run, batch) > 0
    assert rows(store, "models", ["key"]) == [(A.key,), (B.key,)]
    assert len(rows(store, "derivations", ["child"])) == 1
    proxy.cuts = 1
    store.finish(run, "stopped", {})
    assert proxy.cuts == 0
    resumed = begin(store)
    assert (resumed.id, resumed.cursor, resumed.seen) == (run.id, "1", b"12345678")
    assert len(store.runs(9)) == 1
    proxy.cuts = 100
    with pytest.raises(StoreError, match="no Neo4j answers"):
        store.renew(resumed)


def test_many_begin_on_a_database_without_a_schema(neo4j_place: Neo4jPlace) -> None:
    for (name,) in neo4j_place.run("SHOW CONSTRAINTS YIELD name RETURN name"):
        neo4j_place.run(f"DROP CONSTRAINT {name}")
    for (name,) in neo4j_place.run(
        "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name"
    ):
        neo4j_place.run(f"DROP INDEX {name}")
    stores = [neo4j_place.open() for _ in range(6)]
    barrier = threading.Barrier(len(stores))
    errors: list[BaseException] = []

    def prepare(number: int) -> None:
        barrier.wait()
        try:
            begin(stores[number])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=prepare, args=(n,)) for n in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(error).__name__ for error in errors) == ["LeaseHeldError"] * 5
    constraints = neo4j_place.run("SHOW CONSTRAINTS YIELD labelsOrTypes AS l RETURN l[0]")
    assert sorted(label for (label,) in constraints) == sorted(neo4j_cypher.UNIQUE)


def test_nulls_are_absent_properties(neo4j_place: Neo4jPlace) -> None:
    store = neo4j_place.open()
    load(store, begin(store), [B])
    ((names,),) = neo4j_place.run("MATCH (m:Model) RETURN keys(m)")
    assert sorted(names) == ["author", "declared", "digest", "id", "key", "status"]


def test_nodes_say_what_the_newest_snapshot_says(neo4j_place: Neo4jPlace, tmp_path: Path) -> None:
    store = neo4j_place.open()
    run = begin(store)
    load(store, run, [A, B])
    # What an older snapshot left: scores that no longer hold, a family and an organisation.
    neo4j_place.run(
        "MATCH (m:Model {key: $key}) SET m.depth = 7, m.pagerank = 0.5"
        " CREATE (m)-[:IN_FAMILY {share: 1.0}]->(:Family {key: 'gone', name: 'Gone'}),"
        " (m)-[:PUBLISHED_BY]->(:Organization {name: 'gone'})",
        key=A.key,
    )
    store.publish(run, "s", make_snapshot(tmp_path, "s"), keep=5)
    scores = "[m.direct_derivatives, m.descendants, m.depth, m.pagerank]"
    assert neo4j_place.run(f"MATCH (m:Model) RETURN {scores} ORDER BY m.key") == [
        [[1, 1, 0, 0.65]],
        [[0, 0, 1, 0.35]],
    ]
    family = "(m:Model)-[i:IN_FAMILY]->(f:Family)"
    assert neo4j_place.run(
        f"MATCH {family} RETURN m.key, i.share, f.key, f.name ORDER BY m.key"
    ) == [
        [A.key, 1.0, "a", "A"],
        [B.key, 1.0, "a", "A"],
    ]
    assert neo4j_place.run("MATCH (f:Family) RETURN count(f)") == [[1]]
    published = "(m:Model)-[:PUBLISHED_BY]->(o:Organization)"
    assert neo4j_place.run(f"MATCH {published} RETURN m.key, properties(o) ORDER BY m.key") == [
        [key, {"name": "acme", "title": "Acme", "country": "NZ", "kind": "company"}]
        for key in (A.key, B.key)
    ]
    assert neo4j_place.run("MATCH (o:Organization) RETURN count(o)") == [[1]]
    # They are in the way of nothing.
    assert store.write(run, Batch(dropped_models=[A.key])) > 0
    assert rows(store, "models", ["key", "status"]) == [(B.key, "live")]


def test_models_without_relations_have_no_scores(neo4j_place: Neo4jPlace, tmp_path: Path) -> None:
    store = neo4j_place.open()
    run = begin(store)
    load(store, run, [A, B])
    directory = make_snapshot(tmp_path, "s")
    told, tables = snapshot.read(directory)
    nobody = pa.nulls(2, snapshot.MODELS.field("bases").type)
    models = pa.Table.from_batches([tables["models"]])
    for name in ("bases", "derivatives"):
        models = models.set_column(models.schema.get_field_index(name), name, nobody)
    neo4j_place.run("MATCH (m:Model) SET m.depth = 7")
    lonely = {name: pa.Table.from_batches([table]) for name, table in tables.items()}
    snapshot.write(tmp_path / "l", told, {**lonely, "models": models})
    store.publish(run, "l", tmp_path / "l", keep=5)
    assert neo4j_place.run("MATCH (m:Model) RETURN m.depth, m.pagerank") == [[None, None]] * 2


def test_what_is_no_snapshot_is_not_stored(neo4j_place: Neo4jPlace, tmp_path: Path) -> None:
    store = neo4j_place.open()
    run = begin(store)
    directory = make_snapshot(tmp_path, "s")
    (directory / "models.arrow").write_bytes(b"no arrow")
    with pytest.raises(SnapshotFormatError):
        store.publish(run, "s", directory, keep=5)
    assert neo4j_place.leftovers() == []


def test_large_snapshot_in_parts_and_a_damaged_one(
    neo4j_place: Neo4jPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.store.neo4j_snapshots.PART_BYTES", 500)
    monkeypatch.setattr("graph.store.neo4j_snapshots.DROPPED_PARTS", 2)
    store = neo4j_place.open()
    run = begin(store)
    load(store, run, [A, B])
    store.publish(run, "s", make_snapshot(tmp_path, "s"), keep=5)
    ((parts,),) = neo4j_place.run("MATCH (p:SnapshotPart) RETURN count(p)")
    assert parts > 3
    assert snapshot.read(store.fetch("s", tmp_path / "cache"))[0].id == "s"
    part = "MATCH (p:SnapshotPart {id: 's/tables/000001'})"
    neo4j_place.run(f"{part} SET p.bytes = $bytes", bytes=b"x" * 500)
    with pytest.raises(SnapshotFormatError, match=r"snapshot s in .* is damaged"):
        store.fetch("s", tmp_path / "another")
    assert list((tmp_path / "another").iterdir()) == []
    store.publish(run, "t", make_snapshot(tmp_path, "t"), keep=1)
    assert sorted(neo4j_place.leftovers()) == ["s", "t"]
    assert neo4j_place.run(f"{part} RETURN p.id") == []
    # What is in the cache stays readable.
    assert snapshot.read(store.fetch("s", tmp_path / "cache"))[0].id == "s"


def test_cache_that_cannot_be_written(neo4j_place: Neo4jPlace, tmp_path: Path) -> None:
    store = neo4j_place.open()
    run = begin(store)
    store.publish(run, "s", make_snapshot(tmp_path, "s"), keep=5)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cache .* cannot be written"):
        store.fetch("s", tmp_path / "file" / "cache")


def test_embedded_store_does_not_load_the_driver(tmp_path: Path) -> None:
    code = (
        "import sys; from graph.store import open_store;"
        "open_store(sys.argv[1]); sys.exit('neo4j' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True)


def test_user_who_is_locked_after_wrong_passwords_is_told_to_wait(
    neo4j_place: Neo4jPlace,
) -> None:
    neo4j_place.run("CREATE USER forgetful SET PASSWORD $password", password=secrets.token_hex())
    messages = []
    for _ in range(4):
        with pytest.raises(CredentialsError) as caught:
            open_store(neo4j_place.url, credentials=("forgetful", SECRET))
        messages.append(str(caught.value))
    neo4j_place.run("DROP USER forgetful")
    assert all("NEO4J_USERNAME and NEO4J_PASSWORD" in message for message in messages)
    assert "wait some seconds" in messages[-1]
