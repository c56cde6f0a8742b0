"""Snapshots in Neo4j: compressed streams of the files, cut into byte parts.

A snapshot is two streams: its tables, which go when it is no longer among the newest, and its
lasting files, which stay. A part is a transaction, for a snapshot is too large for one. What makes
the parts a snapshot is the last transaction, which dates it: undated ones are not listed, and are
swept by the next publishing.
"""

import contextlib
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from graph import snapshot
from graph.errors import NotFoundError, SnapshotFormatError, StoreError
from graph.snapshot import LASTING_FILES
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

# The newest is listed first, wherever the clock was set to.
_PUBLISH = """
MATCH (o:Snapshot) WHERE o.id <> $id
WITH max(o.published_at) AS last
MATCH (s:Snapshot {id: $id})
SET s += $fields, s.published_at = CASE WHEN last >= $now THEN last + 1 ELSE $now END
"""

_LIST = """
MATCH (s:Snapshot) WHERE s.published_at IS NOT NULL
RETURN s.id AS id, s.published_at AS published_at, s.size AS size, s.whole AS whole
ORDER BY published_at DESC, id DESC
"""

_UNPUBLISHED = "MATCH (s:Snapshot) WHERE s.published_at IS NULL RETURN s.id AS id"

# What was to be stripped and was not, since something failed, still has its checksum.
_STRIPPABLE = """
MATCH (s:Snapshot) WHERE s.published_at IS NOT NULL AND s.tables IS NOT NULL
RETURN s.id AS id ORDER BY s.published_at DESC, id DESC SKIP $keep
"""

_STRIP = "MATCH (s:Snapshot {id: $id}) SET s.whole = false, s.size = s.lasting_size"

_FORGET_TABLES = "MATCH (s:Snapshot {id: $id}) REMOVE s.tables"

_DROP_PARTS = """
MATCH (p:SnapshotPart) USING INDEX p:SnapshotPart(id) WHERE p.id STARTS WITH $prefix
WITH p LIMIT $limit
DELETE p
"""

_DROP = "MATCH (s:Snapshot {id: $id}) DELETE s"

_FIND = """
MATCH (s:Snapshot {id: $id}) WHERE s.published_at IS NOT NULL
RETURN s.whole AS whole, s.tables AS tables, s.lasting AS lasting
"""

_PARTS = """
MATCH (p:SnapshotPart) USING INDEX p:SnapshotPart(id) WHERE p.id STARTS WITH $prefix
RETURN p.bytes AS bytes ORDER BY p.id
"""

_LASTING, _TABLES = "lasting", "tables"
"""The streams: parts are named by snapshot, stream and number, and a property has the checksum."""


def open_tables(directory: Path) -> dict[str, pa.RecordBatch]:
    """Map a snapshot's tables; refuse what is none before anything is stored."""
    return snapshot.read(directory)[1]


def upload(held: Held, snapshot_id: str, directory: Path) -> None:
    """Store a directory's files as a snapshot, and publish it."""
    held.write(run(_ANNOUNCE, id=snapshot_id))
    files = sorted(directory.iterdir())
    streams = {
        _LASTING: [path for path in files if path.name in LASTING_FILES],
        _TABLES: [path for path in files if path.name not in LASTING_FILES],
    }
    fields: dict[str, Any] = {
        stream: _upload(held, f"{snapshot_id}/{stream}", among) for stream, among in streams.items()
    }
    sizes = {stream: sum(path.stat().st_size for path in streams[stream]) for stream in streams}
    fields |= {
        "whole": True,
        "size": sum(sizes.values()),
        "lasting_size": sizes[_LASTING],
    }
    held.write(run(_PUBLISH, id=snapshot_id, fields=fields, now=now_ms()))


def _upload(held: Held, prefix: str, files: list[Path]) -> str:
    """Store files as the parts of one stream, and return its checksum."""
    digest = hashlib.sha256()
    with tempfile.TemporaryDirectory(prefix="modelkin-") as temporary:
        packed = Path(temporary) / "packed"
        _pack(files, packed)
        with packed.open("rb") as file:
            for number, part in enumerate(iter(lambda: file.read(PART_BYTES), b"")):
                held.write(run(_WRITE_PART, id=f"{prefix}/{number:06}", bytes=part))
                digest.update(part)
    return digest.hexdigest()


def retain(client: Client, held: Held, keep: int) -> None:
    """Strip all but the newest ``keep`` snapshots, and drop what failed publishings left."""
    for id in _ids(client, _UNPUBLISHED):
        _drop_parts(held, f"{id}/")
        held.write(run(_DROP, id=id))
    for id in _ids(client, _STRIPPABLE, keep=keep):
        held.write(run(_STRIP, id=id))
        _drop_parts(held, f"{id}/{_TABLES}/")
        held.write(run(_FORGET_TABLES, id=id))


def _ids(client: Client, query: str, **values: int) -> list[str]:
    return client.read(lambda transaction: [r["id"] for r in transaction.run(query, values)])


def _drop_parts(held: Held, prefix: str) -> None:
    dropping = run(_DROP_PARTS, prefix=prefix, limit=DROPPED_PARTS)
    while held.write(dropping).counters.nodes_deleted:
        pass


def published(client: Client) -> list[SnapshotInfo]:
    """List the published snapshots, the newest first."""
    return client.read(
        lambda transaction: [SnapshotInfo(*record.values()) for record in transaction.run(_LIST)]
    )


def fetch(client: Client, snapshot_id: str, cache: Path, *, whole: bool = True) -> Path:
    """Copy a snapshot into the cache, unless it is there already, and return its directory.

    It appears there at once, by a rename; of several processes that copy one wins, and all of
    them use its copy. Just the lasting files have a place of their own. What the store holds no
    longer whole goes from the cache too.
    """
    missing = NotFoundError(f"the store {client.url} has no snapshot {snapshot_id!r}")
    if not snapshot_id or snapshot_id.startswith(".") or Path(snapshot_id).name != snapshot_id:
        raise missing
    if (cache / snapshot_id).is_dir():
        return cache / snapshot_id
    found = client.read(lambda transaction: transaction.run(_FIND, id=snapshot_id).data())
    if not found:
        raise missing
    whole = whole and found[0]["whole"]
    target = cache / snapshot_id if whole else cache / ".lasting" / snapshot_id
    if target.is_dir():
        return target
    with _cache_errors(cache):
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{snapshot_id}-", dir=cache) as temporary:
            packed, unpacked = Path(temporary) / "packed", Path(temporary) / "unpacked"
            unpacked.mkdir()
            for stream in [_LASTING, _TABLES] if whole else [_LASTING]:
                download = partial(_download, prefix=f"{snapshot_id}/{stream}/", packed=packed)
                if client.read(download) != found[0][stream]:
                    if client.read(lambda t: t.run(_FIND, id=snapshot_id).data()) != found:
                        # It was stripped while it was copied.
                        return fetch(client, snapshot_id, cache, whole=False)
                    raise SnapshotFormatError(
                        f"the snapshot {snapshot_id} in {client.url} is damaged;"
                        " run 'modelkin measure'"
                    )
                _unpack(packed, unpacked)
            try:
                unpacked.rename(target)
            except OSError:
                if not target.is_dir():
                    raise
        if whole:
            stripped = {info.id for info in published(client) if not info.whole}
            for copy in cache.iterdir():
                if copy.name in stripped:
                    shutil.rmtree(copy, ignore_errors=True)
    return target


def _download(transaction: Transaction, prefix: str, packed: Path) -> str:
    """Write the parts of a stream into a file, and return their checksum."""
    digest = hashlib.sha256()
    with packed.open("wb") as file:
        for record in transaction.run(_PARTS, prefix=prefix):
            file.write(record["bytes"])
            digest.update(record["bytes"])
    return digest.hexdigest()


@contextlib.contextmanager
def _cache_errors(cache: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the snapshot cache {cache} cannot be written: {error.strerror or error}; check its"
            " permissions and the free space"
        ) from error


def _pack(files: list[Path], packed: Path) -> None:
    """Write files as one compressed stream."""
    with (
        pa.output_stream(str(packed), compression="zstd") as stream,
        tarfile.open(fileobj=stream, mode="w|", bufsize=_COPY_BYTES) as archive,
    ):
        for path in files:
            entry = tarfile.TarInfo(path.name)
            entry.size = path.stat().st_size
            with path.open("rb") as file:
                archive.addfile(entry, file)


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
