"""A JSONL file as a source: whatever is wrong with it, and going on in the middle of it."""

import gzip
import os
import threading
import zlib
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import InputError
from graph.quality import Reason
from ingest import jsonl
from ingest.jsonl import JsonlSource
from ingest.source import Page, Source


def line(number: int) -> bytes:
    return orjson.dumps({"id": f"org/model-{number}", "sha": f"{number * 2**31:x}"})


def lines(*numbers: int) -> bytes:
    return b"".join(line(number) + b"\n" for number in numbers)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models.jsonl"


def read(path: Path, cursor: str | None = None, **options: Any) -> list[Page]:
    return list(JsonlSource(path, **options).pages(cursor))


def numbers(pages: list[Page]) -> list[int]:
    return [int(item["id"].partition("-")[2]) for page in pages for item in page.items]


def rejected(pages: list[Page]) -> list[str]:
    return [reason for page in pages for reason, _ in page.rejected]


def test_pages(path: Path) -> None:
    path.write_bytes(lines(*range(5)))
    source: Source = JsonlSource(path, page_size=2)
    pages = list(source.pages(None))
    assert [len(page.items) for page in pages] == [2, 2, 1]
    assert [page.cursor for page in pages] == ["2", "4", "5"]
    assert numbers(pages) == list(range(5))
    assert rejected(pages) == []
    assert (source.total, source.complete) == (None, True)


@pytest.mark.parametrize("name", ["models.jsonl", "models.jsonl.gz", "models"])
@pytest.mark.parametrize("packed", [False, True])
def test_gzip_is_known_by_its_content(tmp_path: Path, name: str, packed: bool) -> None:
    data = lines(*range(3))
    (tmp_path / name).write_bytes(gzip.compress(data) if packed else data)
    assert numbers(read(tmp_path / name)) == [0, 1, 2]


def test_gzip_of_several_members_and_zeros_behind_them(path: Path) -> None:
    members = [gzip.compress(lines(0, 1)), gzip.compress(b""), gzip.compress(lines(2))]
    path.write_bytes(b"".join(members) + bytes(512))
    source = JsonlSource(path)
    assert numbers(list(source.pages(None))) == [0, 1, 2]
    assert source.complete


@pytest.mark.parametrize("packed", [False, True])
def test_file_larger_than_a_block(
    path: Path, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 37)
    data = lines(*range(300))
    path.write_bytes(gzip.compress(data) if packed else data)
    assert numbers(read(path)) == list(range(300))
    assert numbers(read(path, "123", limit=200)) == list(range(123, 200))


def test_missing_file(path: Path) -> None:
    with pytest.raises(InputError, match=r"models\.jsonl: No such file.*check the path"):
        read(path)
    with pytest.raises(InputError, match="No such file"):
        _ = JsonlSource(path).name


def test_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="directory"):
        read(tmp_path)


@pytest.mark.parametrize("data", [b"", gzip.compress(b"", mtime=0)])
def test_empty_file(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(InputError, match="is empty"):
        read(path)


@pytest.mark.parametrize(
    "data",
    [
        b"PAR1\x15\x04\x15\n\0\0\xff\xfe" * 50,
        b"id,author\ngpt2,openai\n",
        b"[1, 2]\n3\nnull\n",
        b'[\n  {\n    "id": "a/b"\n  }\n]\n',
        b"\n\n\n",
        b"\0" * 5000,
    ],
    ids=["parquet", "csv", "no objects", "one indented list", "blank", "zeros"],
)
@pytest.mark.parametrize("packed", [False, True])
def test_no_jsonl(path: Path, data: bytes, packed: bool) -> None:
    path.write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(InputError, match=r"is not JSONL.*one list item"):
        read(path)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + lines(0, 1, 2),
        lines(0, 1, 2).replace(b"\n", b"\r\n"),
        b"\n\n" + lines(0) + b" \t\n\r\n" + lines(1) + b"\n" + line(2),
        lines(0, 1) + b"  " + line(2) + b"  ",
    ],
    ids=["byte order mark", "carriage returns", "blank lines", "spaces"],
)
def test_shapes_that_editors_leave(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    pages = read(path)
    assert (numbers(pages), rejected(pages)) == ([0, 1, 2], [])


def test_lines_that_are_no_json(path: Path) -> None:
    path.write_bytes(lines(0) + b"{broken\n\xff\xfe\n" + lines(1) + b'{"id": "\\ud800"}\n')
    (page,) = read(path)
    assert numbers([page]) == [0, 1]
    assert [reason for reason, _ in page.rejected] == [Reason.NOT_JSON] * 3
    assert [example.partition(":")[0] for _, example in page.rejected] == [
        "line 2",
        "line 3",
        "line 5",
    ]


def test_lines_that_are_no_objects_are_left_to_the_transform(path: Path) -> None:
    path.write_bytes(lines(0) + b'[1]\n"text"\nnull\n7\n')
    (page,) = read(path)
    assert page.items[1:] == [[1], "text", None, 7]
    assert page.rejected == []


def test_last_line_that_is_cut(path: Path) -> None:
    path.write_bytes(lines(0, 1) + line(2)[:-5])
    source = JsonlSource(path)
    pages = list(source.pages(None))
    assert (numbers(pages), rejected(pages)) == ([0, 1], [Reason.NOT_JSON])
    assert pages[-1].cursor == "3"


def test_gzip_that_is_cut(path: Path) -> None:
    whole = gzip.compress(lines(*range(2000)))
    path.write_bytes(whole[: len(whole) // 2])
    source = JsonlSource(path, page_size=100)
    pages = list(source.pages(None))
    found = numbers(pages)
    assert 900 < len(found) < 1100
    assert found == list(range(len(found)))
    assert rejected(pages)[-1] == Reason.CUT_FILE
    assert not source.complete
    done = pages[-1].cursor
    assert pages[-1].rejected == [(Reason.CUT_FILE, f"{path} after line {done}")]


def test_gzip_without_its_checksum_is_cut(path: Path) -> None:
    path.write_bytes(gzip.compress(lines(*range(10)))[:-4])
    pages = read(path)
    assert (numbers(pages), rejected(pages)) == (list(range(10)), [Reason.CUT_FILE])


def test_cut_gzip_that_is_gone_on_with_is_still_known_to_be_cut(path: Path) -> None:
    whole = gzip.compress(lines(*range(2000)))
    path.write_bytes(whole[: len(whole) // 2])
    end = read(path)[-1].cursor
    source = JsonlSource(path)
    assert rejected(list(source.pages(end))) == [Reason.CUT_FILE]
    assert not source.complete


@pytest.mark.parametrize("damage", [b"\xff" * 40, bytes(40)])
def test_gzip_that_is_damaged_in_the_middle(path: Path, damage: bytes) -> None:
    data = bytearray(gzip.compress(lines(*range(2000))))
    middle = len(data) // 2
    data[middle : middle + 40] = damage
    path.write_bytes(data)
    source = JsonlSource(path)
    pages = list(source.pages(None))
    assert rejected(pages)[-1] == Reason.CUT_FILE
    assert numbers(read(path, limit=900)) == list(range(900))
    assert not source.complete


def test_gzip_with_a_wrong_checksum(path: Path) -> None:
    data = bytearray(gzip.compress(lines(*range(50))))
    data[-6] ^= 1
    path.write_bytes(data)
    pages = read(path)
    assert numbers(pages)[:40] == list(range(40))
    assert rejected(pages)[-1] == Reason.CUT_FILE


def test_junk_behind_a_gzip_member(path: Path) -> None:
    path.write_bytes(gzip.compress(lines(0, 1)) + b"junk")
    pages = read(path)
    assert (numbers(pages), rejected(pages)) == ([0, 1], [Reason.CUT_FILE])


def test_gzip_that_is_damaged_from_its_start(path: Path) -> None:
    path.write_bytes(b"\x1f\x8bjunk")
    with pytest.raises(InputError, match="holds no whole line"):
        read(path)


@given(st.data())
def test_any_cut_and_any_flipped_bit_is_survived(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "flipped.gz"
    content = bytearray(gzip.compress(lines(*range(200)), mtime=0))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        pages = read(path)
    except InputError:
        return
    assert all(isinstance(page.items, list) for page in pages)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("extra", [0, 1])
def test_huge_line(path: Path, packed: bool, extra: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "LINE_BYTES", 1000)
    monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 64)
    huge = b'{"id": "org/model-1", "x": "' + b"x" * (1000 - 30 + extra) + b'"}'
    huge = huge + b"y" * extra
    data = lines(0) + huge + b"\n" + b"z" * 100_000 + b"\n" + lines(2)
    path.write_bytes(gzip.compress(data) if packed else data)
    pages = read(path)
    assert numbers(pages) == ([0, 2] if extra else [0, 1, 2])
    assert rejected(pages) == [Reason.LONG_LINE] * (1 + extra)
    assert pages[-1].cursor == "4"


def test_huge_line_at_the_end_of_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "LINE_BYTES", 1000)
    monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 64)
    path.write_bytes(lines(0) + b"x" * 5000)
    pages = read(path)
    assert (numbers(pages), rejected(pages)) == ([0], [Reason.LONG_LINE])


def test_memory_is_bounded_whatever_the_length_of_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "LINE_BYTES", 1000)
    blocks = [b"a\n", *[b"x" * 600] * 50, b"y\nb\n"]
    found = [len(text) for some in jsonl._lines(iter(blocks)) for text in some]
    assert found == [1, 1001, 1]


def test_bomb_is_unpacked_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 4096)
    bomb = gzip.compress(bytes(10**7))
    sizes = [len(block) for block in jsonl._unpacked(bomb, iter([]))]
    assert (max(sizes), sum(sizes)) == (4096, 10**7)


@pytest.mark.parametrize("done", range(8))
def test_going_on_gives_the_rest(path: Path, done: int) -> None:
    path.write_bytes(lines(0, 1) + b"\n{broken\n" + lines(2, 3, 4))
    whole = read(path, page_size=1)
    rest = read(path, str(done), page_size=1) if done else whole
    assert rest == whole[done:]


@pytest.mark.parametrize(("limit", "expected"), [(1, [0]), (3, [0, 1, 2]), (9, [0, 1, 2, 3, 4])])
def test_limit(path: Path, limit: int, expected: list[int]) -> None:
    path.write_bytes(lines(*range(5)))
    source = JsonlSource(path, limit=limit, page_size=2)
    assert numbers(list(source.pages(None))) == expected
    assert (source.total, source.complete) == (limit, False)
    assert numbers(list(source.pages("1"))) == expected[1:]


def test_names(path: Path) -> None:
    path.write_bytes(line(0))
    os.utime(path, (0, 1_700_000_000))
    name = JsonlSource(path).name
    assert name == f"{path} ({len(line(0))} bytes, 2023-11-14T22:13:20+00:00)"
    os.utime(path, (0, 1_700_000_001))
    assert JsonlSource(path).name != name
    assert JsonlSource(path, name="sample").name == "sample"


def test_pages_that_are_not_read_to_the_end_leave_no_thread(path: Path) -> None:
    path.write_bytes(lines(*range(100)))
    before = threading.active_count()
    pages = JsonlSource(path, page_size=1).pages(None)
    next(pages)
    assert threading.active_count() == before + 1
    pages.close()  # type: ignore[attr-defined]  # it is a generator
    assert threading.active_count() == before


def test_failure_of_the_disk_is_an_input_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    path.write_bytes(gzip.compress(lines(0)))
    monkeypatch.setattr(zlib, "decompressobj", fail)
    with pytest.raises(InputError, match="Input/output error"):
        read(path)
