"""Snapshots in Neo4j: one compressed stream of the files, cut into byte parts.

A part is a transaction, for a snapshot is too large for one. What makes the parts a snapshot is
the last transaction, which dates it: undated ones are not listed, and are swept by the next
publishing.
"""

import contextlib
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa

from graph import snapshot
from graph.errors import NotFoundError, StoreError
from graph.store.lease import now_ms
from graph.store.neo4j_client import Client, Transaction, run
from graph.store.neo4j_lease import Held
from graph.store.port import SnapshotInfo

PART_BYTES = 1 << 20
"""Bytes of a part: larger ones are hardly faster, smaller ones are."""

DROPPED_PARTS = 64
"""Parts that are deleted in one transaction."""

_COPY_BYTES = 1 << 20

_ANNOUNCE = "MERGE (s:Snapshot {id: $id})"

_WRITE_PART = "MERGE (p:SnapshotPart {id: $id}) SET p.bytes = $bytes"

_PUBLISH = "MATCH (s:Snapshot {id: $id}) SET s += $fields"

_LIST = """
MATCH (s:Snapshot) WHERE s.published_at IS NOT NULL
RETURN s.id AS id, s.published_at AS published_at, s.size AS size
ORDER BY published_at DESC, id DESC
"""

_ALL = "MATCH (s:Snapshot) RETURN s.id AS id"

_HIDE = "MATCH (s:Snapshot {id: $id}) REMOVE s.published_at"

_DROP_PARTS = """
MATCH (p:SnapshotPart) USING INDEX p:SnapshotPart(id) WHERE p.id STARTS WITH $prefix
WITH p LIMIT $limit
DELETE p
"""

_DROP = "MATCH (s:Snapshot {id: $id}) DELETE s"

_FIND = """
MATCH (s:Snapshot {id: $id}) WHERE s.published_at IS NOT NULL
RETURN s.stored AS stored, s.sha256 AS sha256
"""

_PARTS = """
MATCH (p:SnapshotPart) USING INDEX p:SnapshotPart(id) WHERE p.id STARTS WITH $prefix
RETURN p.bytes AS bytes ORDER BY p.id
"""


def open_tables(directory: Path) -> dict[str, pa.RecordBatch]:
    """Map a snapshot's tables; refuse what is none before anything is stored."""
    return snapshot.read(directory)[1]


def upload(held: Held, snapshot_id: str, directory: Path) -> None:
    """Store a directory's files as a snapshot, and publish it."""
    held.write(run(_ANNOUNCE, id=snapshot_id))
    digest = hashlib.sha256()
    stored = 0
    with tempfile.TemporaryDirectory(prefix="modelkin-") as temporary:
        packed = Path(temporary) / "packed"
        size = _pack(directory, packed)
        with packed.open("rb") as file:
            for number, part in enumerate(iter(lambda: file.read(PART_BYTES), b"")):
                held.write(run(_WRITE_PART, id=f"{snapshot_id}/{number:06}", bytes=part))
                digest.update(part)
                stored += len(part)
    fields = {
        "published_at": now_ms(),
        "size": size,
        "stored": stored,
        "sha256": digest.hexdigest(),
    }
    held.write(run(_PUBLISH, id=snapshot_id, fields=fields))


def retain(client: Client, held: Held, keep: int) -> None:
    """Drop all but the newest ``keep`` snapshots, and what failed publishings left behind."""
    kept = {info.id for info in published(client)[:keep]}
    for id in client.read(lambda transaction: [r["id"] for r in transaction.run(_ALL)]):
        if id in kept:
            continue
        held.write(run(_HIDE, id=id))
        dropping = run(_DROP_PARTS, prefix=f"{id}/", limit=DROPPED_PARTS)
        while held.write(dropping).counters.nodes_deleted:
            pass
        held.write(run(_DROP, id=id))


def published(client: Client) -> list[SnapshotInfo]:
    """List the published snapshots, the newest first."""
    return client.read(
        lambda transaction: [SnapshotInfo(*record.values()) for record in transaction.run(_LIST)]
    )


def fetch(client: Client, snapshot_id: str, cache: Path) -> Path:
    """Copy a snapshot into the cache, unless it is there already, and return its directory.

    It appears there whole, by a rename; of several processes that copy at once one wins, and
    all of them use its copy.
    """
    missing = NotFoundError(f"the store {client.url} has no snapshot {snapshot_id!r}")
    if not snapshot_id or snapshot_id.startswith(".") or Path(snapshot_id).name != snapshot_id:
        raise missing
    target = cache / snapshot_id
    if target.is_dir():
        return target
    found = client.read(lambda transaction: transaction.run(_FIND, id=snapshot_id).single())
    if found is None:
        raise missing
    with _cache_errors(cache):
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{snapshot_id}-", dir=cache) as temporary:
            packed, unpacked = Path(temporary) / "packed", Path(temporary) / "unpacked"
            if client.read(lambda transaction: _download(transaction, snapshot_id, packed)) != (
                found["stored"],
                found["sha256"],
            ):
                if snapshot_id not in {info.id for info in published(client)}:
                    raise missing  # it was dropped while it was copied
                raise StoreError(
                    f"the snapshot {snapshot_id} in {client.url} is damaged; run 'modelkin measure'"
                )
            unpacked.mkdir()
            _unpack(packed, unpacked)
            try:
                unpacked.rename(target)
            except OSError:
                if not target.is_dir():
                    raise
    return target


def _download(transaction: Transaction, snapshot_id: str, packed: Path) -> tuple[int, str]:
    """Write the parts into a file, and return its size and checksum."""
    digest = hashlib.sha256()
    size = 0
    with packed.open("wb") as file:
        for record in transaction.run(_PARTS, prefix=f"{snapshot_id}/"):
            part = record["bytes"]
            file.write(part)
            digest.update(part)
            size += len(part)
    return size, digest.hexdigest()


@contextlib.contextmanager
def _cache_errors(cache: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the snapshot cache {cache} cannot be written: {error.strerror or error}; check its"
            " permissions and the free space"
        ) from error


def _pack(directory: Path, packed: Path) -> int:
    """Write a directory's files as one compressed stream, and return their size."""
    size = 0
    with (
        pa.output_stream(str(packed), compression="zstd") as stream,
        tarfile.open(fileobj=stream, mode="w|", bufsize=_COPY_BYTES) as archive,
    ):
        for path in sorted(directory.iterdir()):
            entry = tarfile.TarInfo(path.name)
            entry.size = path.stat().st_size
            size += entry.size
            with path.open("rb") as file:
                archive.addfile(entry, file)
    return size


def _unpack(packed: Path, directory: Path) -> None:
    with (
        pa.input_stream(str(packed), compression="zstd") as stream,
        tarfile.open(fileobj=stream, mode="r|", bufsize=_COPY_BYTES) as archive,
    ):
        for entry in archive:
            content = archive.extractfile(entry)
            if content is None or Path(entry.name).name != entry.name:
                raise StoreError(f"a snapshot holds {entry.name!r}, which is no plain file")
            with (directory / entry.name).open("wb") as file:
                _copy(content, file)


def _copy(content: IO[bytes], file: IO[bytes]) -> None:
    """Copy, and wait for the disk: a copy that a power cut emptied would be used for ever."""
    shutil.copyfileobj(content, file, _COPY_BYTES)
    file.flush()
    os.fsync(file.fileno())


def discard(directory: Path) -> None:
    """Remove the files of a snapshot that is stored."""
    shutil.rmtree(directory)
