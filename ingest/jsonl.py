"""Models from a file: one list item of ``GET /api/models`` a line, gzipped or not."""

import contextlib
import gzip
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

import orjson
from graph.errors import InputError
from graph.quality import Reason

from ingest.source import Page

_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class JsonlSource:
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
        Lines a page.

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

    @property
    def name(self) -> str:
        """How a run names the file.

        Raises
        ------
        InputError
            When there is no such file.
        """
        if self._name:
            return self._name
        with _readable(self._path):
            told = self._path.stat()
        changed = datetime.fromtimestamp(told.st_mtime, UTC).isoformat(timespec="seconds")
        return f"{self._path} ({told.st_size} bytes, {changed})"

    @property
    def complete(self) -> bool:
        """Whether its end is the end of the file."""
        return self._limit is None

    @property
    def total(self) -> int | None:
        """Unknown: counting the lines would read the file twice."""
        return self._limit

    def pages(self, cursor: str | None) -> Iterator[Page]:
        """Read pages of lines.

        Raises
        ------
        InputError
            When the file cannot be opened, or its first lines hold no JSON object.
        """
        start = int(cursor) if cursor else 0
        with _readable(self._path), _open(self._path) as file:
            yield from self._pages(file, start)

    def _pages(self, file: IO[bytes], start: int) -> Iterator[Page]:
        done = start
        lines = _Lines(islice(file, start, self._limit))
        while chunk := list(islice(lines, self._page_size)):
            items, rejected = _decode(chunk, done + 1)
            if not done and not any(isinstance(item, dict) for item in items):
                raise InputError(
                    f"{self._path} is not JSONL: its first {len(chunk)} lines hold no JSON object;"
                    " give a file with one list item of /api/models a line"
                )
            done += len(chunk)
            if lines.cut:
                rejected.append((Reason.CUT_FILE, f"{self._path} after line {done}"))
            yield Page(items, str(done), rejected)
        if not done:
            raise InputError(f"{self._path} is empty; give a file with one model a line")


class _Lines(Iterator[bytes]):
    """Lines up to the end, or up to where a gzip stream is cut or damaged."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self.cut = False

    def __next__(self) -> bytes:
        try:
            return next(self._lines)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            self.cut = True
            raise StopIteration from None


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"cannot read {path}: {reason}; check the path") from error


def _open(path: Path) -> IO[bytes]:
    file = path.open("rb")
    if file.peek(2)[:2] == _GZIP_MAGIC:
        file.close()
        return gzip.open(path, "rb")
    return file


def _decode(lines: list[bytes], first: int) -> tuple[list[Any], list[tuple[str, str]]]:
    """Decode lines, of which the first has this number in its file."""
    items: list[Any] = []
    rejected: list[tuple[str, str]] = []
    for number, line in enumerate(lines, first):
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
