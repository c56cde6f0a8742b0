"""Models from a file: one list item of ``GET /api/models`` a line, gzipped or not."""

import contextlib
import math
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import IO, Any

import orjson

from graph.errors import InputError
from graph.quality import Reason
from ingest.files import readable, version_of
from ingest.source import Page, Source

LINE_BYTES = 16 * 2**20
"""Bytes of the longest line that is read: a list item with every field has some 100 KB."""

_BLOCK_BYTES = 8 * 2**20
"""Bytes read or unpacked in one go: large, so that the reading thread seldom needs the GIL."""

_PIECE_BYTES = 64
"""Packed bytes before a damage that may be lost with it."""

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class JsonlSource(Source):
    """A JSONL file as a `Source`.

    Parameters
    ----------
    path
        The file; gzip is recognised by its first bytes, whatever its name.
    name
        How a run names the source; by default the path, the size and the time of the last
        change, so that a crawl of a file that has changed does not go on in the middle.
    limit
        Read no more than this many lines; None for all.
    page_size
        Lines a page: as many as a store takes best in one transaction.

    Notes
    -----
    The cursor is the number of lines read. A damaged line is set aside with a reason; a file
    that ends in the middle is read up to there, and its last page says so.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str | None = None,
        limit: int | None = None,
        page_size: int = 10_000,
    ) -> None:
        self._path = path
        self._name = name
        self._limit = limit
        self._page_size = page_size
        self._cut = False

    @property
    def name(self) -> str:
        """How a run names the file.

        Raises
        ------
        InputError
            When there is no such file.
        """
        return self._name or version_of(self._path)

    @property
    def complete(self) -> bool:
        """Whether its end is the end of the file, as far as was read: not so when it is cut."""
        return self._limit is None and not self._cut

    @property
    def total(self) -> int | None:
        """Unknown: counting the lines would read the file twice."""
        return self._limit

    def pages(self, cursor: str | None, since: int | None = None) -> Iterator[Page]:  # noqa: ARG002
        """Read pages of lines.

        Raises
        ------
        InputError
            When the file cannot be opened, or its first lines hold no JSON object.
        """
        done = int(cursor) if cursor else 0
        with readable(self._path), self._path.open("rb") as file:
            for first, lines in self._slices(file, done):
                items, rejected = _decode(lines, first)
                if first == 1 and not any(isinstance(item, dict) for item in items):
                    raise InputError(
                        f"{self._path} is not JSONL: its first {len(lines)} lines hold no JSON"
                        " object; give a file with one list item of /api/models a line"
                    )
                done = first + len(lines) - 1
                yield Page(items, str(done), rejected)
        if not done:
            fault = "holds no whole line" if self._cut else "is empty"
            raise InputError(f"{self._path} {fault}; give a file with one model a line")
        if self._cut:
            yield Page([], str(done), [(Reason.CUT_FILE, f"{self._path} after line {done}")])

    def _slices(self, file: IO[bytes], done: int) -> Iterator[tuple[int, list[bytes]]]:
        """Cut the lines that are wanted into pages, each with the number of its first line."""
        passed = 0
        end = math.inf if self._limit is None else self._limit
        for lines in _lines(_ahead(self._blocks(file))):
            for start in range(max(0, done - passed), len(lines), self._page_size):
                stop = min(start + self._page_size, len(lines), end - passed)
                if start < stop:
                    yield passed + start + 1, lines[start : int(stop)]
            passed += len(lines)
            if passed >= end:
                return

    def _blocks(self, file: IO[bytes]) -> Iterator[bytes]:
        """Read blocks, unpacked, up to the end or up to where a gzip stream is damaged."""
        packed = iter(lambda: file.read(_BLOCK_BYTES), b"")
        first = next(packed, b"")
        if not first.startswith(_GZIP_MAGIC):
            yield from chain([first], packed)
            return
        try:
            yield from _unpacked(first, packed)
        except (EOFError, zlib.error):
            self._cut = True


def _unpacked(data: bytes, packed: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack the members of a gzip file; zlib checks the length and checksum of each."""
    while data:
        member = zlib.decompressobj(_GZIP_FORMAT)
        while not member.eof:
            data = data or next(packed, b"")
            if not data:
                raise EOFError
            before = member.copy()
            try:
                yield member.decompress(data, _BLOCK_BYTES)
            except zlib.error:
                yield _up_to_damage(before, data)
                raise
            data = member.unconsumed_tail
        # What follows the last member may be zeros, up to the end of a block of some device.
        data = (member.unused_data or next(packed, b"")).lstrip(b"\0")


def _up_to_damage(member: "zlib._Decompress", data: bytes) -> bytes:
    """Unpack once more in small pieces, for zlib gives nothing of a piece that is damaged."""
    found = []
    with contextlib.suppress(zlib.error):
        for start in range(0, len(data), _PIECE_BYTES):
            found.append(member.decompress(data[start : start + _PIECE_BYTES]))  # noqa: PERF401  (what came before the damage counts)
    return b"".join(found)


def _ahead(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Fetch the next block in a thread while the one before is worked on."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = thread.submit(next, blocks, None)
            yield block


def _lines(blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Cut each block into the lines that end in it; of a line too long only the start is kept."""
    rest = b""
    for block in blocks:
        end, *others = block.split(b"\n")
        rest += end[: LINE_BYTES + 1 - len(rest)]
        if others:
            yield [rest, *others[:-1]]
            rest = others[-1]
    if rest:
        yield [rest]


def _decode(lines: list[bytes], first: int) -> tuple[list[Any], list[tuple[str, str]]]:
    """Decode lines, of which the first has this number in its file."""
    items: list[Any] = []
    rejected: list[tuple[str, str]] = []
    for number, line in enumerate(lines, first):
        if len(line) > LINE_BYTES:
            rejected.append((Reason.LONG_LINE, f"line {number}: over {LINE_BYTES} bytes"))
            continue
        try:
            items.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            text = line.removeprefix(_BYTE_ORDER_MARK).strip()
            if not text:
                continue
            try:
                items.append(orjson.loads(text))
            except orjson.JSONDecodeError as error:
                rejected.append((Reason.NOT_JSON, f"line {number}: {error}"))
    return items, rejected
