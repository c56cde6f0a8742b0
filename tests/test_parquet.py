"""Parquet dumps as a source: every shape of their columns, and what may be wrong with a file."""

import base64
import json
import os
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest
from huggingface_hub import close_session, constants

from graph.errors import HubError, InputError, ModelkinError, UsageError
from graph.quality import Reason
from graph.store import open_store
from graph.store.schema import SCHEMAS
from ingest.crawl import Crawl
from ingest.hub_files import dataset_file
from ingest.jsonl import JsonlSource
from ingest.parquet import ParquetSource, is_parquet
from ingest.source import Source
from ingest.transform import transform
from modelkin.jobs import source_of
from modelkin.settings import Settings
from tests.hub_models import GeneratedModels
from tests.stores import rows

Column = Callable[[list[Any]], pa.Array]
"""How a writer makes a column of JSON values."""

ROWS = 700


def typed(type: pa.DataType) -> Column:
    return lambda values: pa.array(values, type)


def as_json(type: pa.DataType) -> Column:
    return lambda values: pa.array(
        [None if value is None else json.dumps(value) for value in values], type
    )


def moments(unit: str, zone: str | None) -> Column:
    def make(values: list[str | None]) -> pa.Array:
        dates = [value and datetime.fromisoformat(value) for value in values]
        return pa.array(dates, pa.timestamp("us", "UTC")).cast(pa.timestamp(unit, zone))

    return make


def structs(values: list[Any]) -> pa.Array:
    """As a writer does that knows no absent struct."""
    return pa.array([value or {} for value in values], BASE_MODELS)


BASE_MODELS = pa.struct(
    {
        "models": pa.list_(pa.struct({"_id": pa.string(), "id": pa.string()})),
        "relation": pa.string(),
    }
)
WEIGHTS = pa.struct(
    {"parameters": pa.struct({"BF16": pa.int64(), "F32": pa.int64()}), "total": pa.int64()}
)
CARD = pa.struct(
    {
        "license": pa.string(),
        "base_model": pa.list_(pa.string()),
        "language": pa.list_(pa.string()),
    }
)
LARGE_TEXT, TEXTS = pa.large_string(), pa.list_(pa.string())

HUB_STATS: dict[str, Column] = {
    "_id": typed(pa.string()),
    "id": typed(pa.string()),
    "author": typed(pa.string()),
    "cardData": as_json(pa.string()),
    "lastModified": moments("ms", "UTC"),
    "createdAt": moments("ms", "UTC"),
    "downloads": typed(pa.int64()),
    "downloadsAllTime": typed(pa.int64()),
    "likes": typed(pa.int32()),
    "trendingScore": typed(pa.int32()),
    "tags": typed(TEXTS),
    "library_name": typed(pa.string()),
    "pipeline_tag": typed(pa.string()),
    "siblings": as_json(pa.string()),
    "config": as_json(pa.string()),
    "gguf": typed(pa.struct({"total": pa.int64(), "architecture": pa.string()})),
    "safetensors": typed(WEIGHTS),
    "baseModels": typed(BASE_MODELS),
}

WEEKLY: dict[str, Column] = {
    **HUB_STATS,
    "id": typed(LARGE_TEXT),
    "createdAt": typed(pa.string()),
    "lastModified": typed(pa.string()),
    "tags": typed(pa.large_list(LARGE_TEXT)),
    "safetensors": as_json(LARGE_TEXT),
    "baseModels": as_json(pa.string()),
    "gated": lambda values: pa.array([str(value).lower() for value in values]),
}

DRIFTS: dict[str, dict[str, Column]] = {
    "seconds and nanoseconds": {
        "createdAt": moments("s", "Europe/Paris"),
        "lastModified": moments("ns", None),
    },
    "microseconds": {"createdAt": moments("us", None), "lastModified": moments("us", "+05:30")},
    "tags in JSON": {"tags": as_json(pa.string())},
    "card as a struct": {"cardData": typed(CARD)},
    "absent structs of absent parts": {"baseModels": structs},
    "bytes": {"id": typed(pa.binary()), "cardData": as_json(pa.large_binary())},
    "views": {"id": typed(pa.string_view()), "library_name": typed(pa.binary_view())},
    "dictionaries": {
        name: lambda values: pa.array(values, pa.string()).dictionary_encode()
        for name in ("library_name", "pipeline_tag")
    },
    "JSON by its own type": {"cardData": as_json(pa.json_())},
    "floats for lack of absence": {
        name: lambda values: pa.array(
            [float("nan") if value is None else value for value in values], pa.float64()
        )
        for name in ("downloads", "downloadsAllTime", "likes")
    },
    "halves": {"likes": typed(pa.float16())},
}


def models(count: int = ROWS) -> list[dict[str, Any]]:
    """Models with and without each field, their bases told in each of the ways."""
    found: list[dict[str, Any]] = []
    for number, model in enumerate(GeneratedModels(count)[:]):
        item = dict(model)
        base = item.get("baseModels")
        item["createdAt"] = f"{item['createdAt'][:19]}.000Z"
        item["cardData"] = {"license": "mit", "language": ["en", "zh"]} if number % 3 else None
        if base and number % 4 == 0:
            names = [parent["id"] for parent in base["models"]]
            item["cardData"] = {"base_model": names, "license": "apache-2.0"}
            item["tags"] = ["safetensors"]
            del item["baseModels"]
        elif base and number % 4 == 1:
            del item["baseModels"]
        for place, name in enumerate(
            ("likes", "downloads", "lastModified", "tags", "library_name")
        ):
            if number % 11 == place:
                item[name] = None
        if number % 13 == 0:
            item["safetensors"] = None
        if number % 17 == 0:
            del item["_id"]
        found.append(item)
    return found


def write(
    path: Path,
    items: list[Mapping[str, Any]] | list[dict[str, Any]],
    columns: Mapping[str, Column] = HUB_STATS,
    **options: Any,
) -> Path:
    table = pa.table(
        {name: make([item.get(name) for item in items]) for name, make in columns.items()}
    )
    pq.write_table(table, path, **{"row_group_size": 300, **options})
    return path


def write_jsonl(path: Path, items: list[dict[str, Any]], columns: Mapping[str, Column]) -> Path:
    """Write what a dump with these columns tells."""
    lines = [json.dumps({name: item.get(name) for name in columns}) for item in items]
    path.write_text("\n".join(lines))
    return path


def stored(directory: Path, source: Source) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Crawl, and return what is stored and what was doubtful."""
    with closing(open_store(str(directory))) as store:
        run = Crawl(store, source).run()
        assert run.state == "done"
        return (
            {table: rows(store, table, schema.names) for table, schema in SCHEMAS.items()},
            run.report["quality"],
        )


def read(source: Source, cursor: str | None = None) -> list[Any]:
    return [item for page in source.pages(cursor) for item in page.items]


def doubts(items: list[Any]) -> list[tuple[str, Reason]]:
    """Which doubts each id met with."""
    return [(str(item.get("id")), reason) for item in items for reason, _ in transform(item)[1]]


@pytest.mark.parametrize("kind", ["hub-stats", "weekly", *DRIFTS])
def test_a_dump_is_stored_as_the_same_models_in_jsonl_are(kind: str, tmp_path: Path) -> None:
    columns = WEEKLY if kind == "weekly" else HUB_STATS | DRIFTS.get(kind, {})
    items = models()
    if "createdAt" in DRIFTS.get(kind, {}):  # the dates that seconds can tell
        for item in items:
            item["lastModified"] = item["lastModified"] and f"{item['lastModified'][:19]}Z"
    dump = write(tmp_path / "models.parquet", items, columns)
    lines = write_jsonl(tmp_path / "models.jsonl", items, columns)
    content, quality = stored(tmp_path / "dump", ParquetSource(dump, page_size=150))
    expected, expected_quality = stored(tmp_path / "lines", JsonlSource(lines, page_size=150))
    assert len(content["models"]) >= ROWS
    assert len(content["derivations"]) > 300
    assert content == expected
    assert quality == expected_quality


def test_only_what_is_wanted_is_read_and_absent_columns_do_not_matter(tmp_path: Path) -> None:
    items = read(ParquetSource(write(tmp_path / "models.parquet", models(20))))
    wanted = set(HUB_STATS) - {"author", "trendingScore", "siblings", "config", "gguf"}
    assert set(items[1]) == wanted
    assert set(items[1]["safetensors"]) == {"total"}
    assert set(items[1]["cardData"]) == {"license"}
    few = write(tmp_path / "few.parquet", models(20), {"id": HUB_STATS["id"]})
    assert read(ParquetSource(few)) == [{"id": item["id"]} for item in models(20)]


@pytest.mark.parametrize("type", [CARD, pa.struct({"title": pa.string()})])
def test_a_struct_without_the_wanted_parts_is_left_out(type: pa.DataType, tmp_path: Path) -> None:
    items = [{"id": "a/b", "cardData": {"title": "x"}, "safetensors": None}]
    columns = {name: typed(type) for name in ("cardData", "safetensors")}
    path = write(tmp_path / "d.parquet", items, {"id": typed(pa.string()), **columns})
    assert {"id", "cardData"} >= set(read(ParquetSource(path))[0])
    assert doubts(read(ParquetSource(path))) == []


def test_what_cannot_be_decoded_counts_as_unknown_with_a_reason(tmp_path: Path) -> None:
    bad = pa.array([b"a/\xff", b"a/b", b"a/c", b"a/d", b"a/e", None, b"a b"]).view(pa.string())
    names = pa.array([b"x", b"\xfe", b"x", b"x", b"x", b"x", b"x"]).view(pa.string())
    words = pa.array([b"ok", b"ok", b"\xff", b"ok", b"ok", b"ok", b"ok"]).view(pa.string())
    tags = pa.ListArray.from_arrays(list(range(8)), words)
    deep = "[" * 100_000
    card = ["{", '{"license": NaN}', "", "null", '{"license": "mit", "x": NaN}', None, "[]"]
    dates = pa.array([0, 2**62, 0, 0, 0, 0, 0], pa.int64()).view(pa.timestamp("ms"))
    counts = [Decimal("1.5")] * 7
    table = pa.table(
        {
            "id": bad,
            "library_name": names,
            "tags": tags,
            "cardData": card,
            "safetensors": ["1", "null", "{}", deep, "{", "", None],
            "createdAt": dates,
            "downloads": counts,
            "likes": pa.array([2**64 - 1, 1, None, 3, 4, 5, 6], pa.uint64()),
            "baseModels": pa.array([[("a", "b")]] * 7, pa.map_(pa.string(), pa.string())),
        }
    )
    pq.write_table(table, tmp_path / "odd.parquet")
    items = read(ParquetSource(tmp_path / "odd.parquet"))
    assert len(items) == 7
    found = doubts(items)
    by_id = {
        id: sorted(reason for name, reason in found if name == id) for id in ("a/b", "a/c", "a/d")
    }
    always = [Reason.BAD_COUNT, Reason.BAD_FIELD]  # the downloads and the map
    assert by_id["a/b"] == sorted(
        [*always, Reason.BAD_DATE, Reason.BAD_FIELD, Reason.BAD_FIELD]
    )  # its date, library and licence
    assert by_id["a/c"] == sorted([*always, Reason.BAD_FIELD])  # its tags
    assert by_id["a/d"] == sorted([*always, Reason.BAD_FIELD])  # its weights
    model, _ = transform(items[4])
    assert model is not None
    assert (model.license, model.likes) == ("mit", 4)
    alone = [reason for item in items for reason, _ in transform(item)[1][:1]]
    assert (alone[0], alone[5], alone[6]) == (Reason.BAD_ID, Reason.NO_ID, Reason.BAD_ID)
    quality = stored(tmp_path / "store", ParquetSource(tmp_path / "odd.parquet"))[1]
    assert quality[Reason.BAD_DATE]["count"] == 1


@pytest.mark.parametrize("limit", [None, 450])
def test_reading_goes_on_from_each_cursor(limit: int | None, tmp_path: Path) -> None:
    path = write(tmp_path / "models.parquet", models(), row_group_size=170)
    source = ParquetSource(path, limit=limit, page_size=100)
    wanted = limit or ROWS
    assert (source.total, source.complete) == (wanted, limit is None)
    pages = list(source.pages(None))
    items = [item for page in pages for item in page.items]
    assert [item["id"] for item in items] == [item["id"] for item in models()][:wanted]
    assert max(len(page.items) for page in pages) == 100
    done = 0
    for page in pages:
        done += len(page.items)
        assert page.cursor == str(done)
        assert read(source, page.cursor) == items[done:]
    assert read(source, "123") == items[123:]


def test_a_crawl_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "models.parquet", models())
    whole, _ = stored(tmp_path / "whole", ParquetSource(path))
    looks: list[None] = []
    with closing(open_store(str(tmp_path / "parts"))) as store:

        def stop() -> bool:
            looks.append(None)
            return len(looks) == 3

        run = Crawl(store, ParquetSource(path, page_size=100), stop=stop).run()
        assert (run.state, run.report["read"]) == ("stopped", 300)
    parts, _ = stored(tmp_path / "parts", ParquetSource(path, page_size=100))
    assert parts == whole


def test_the_name_tells_a_changed_file(tmp_path: Path) -> None:
    path = write(tmp_path / "models.parquet", models(10))
    name = ParquetSource(path).name
    assert name == JsonlSource(path).name
    write(path, models(11))
    assert ParquetSource(path).name != name
    assert ParquetSource(path, name="dump").name == "dump"


def garble(path: Path, column: str, group: int = 0) -> None:
    """Overwrite the middle of a column's bytes in a row group."""
    metadata = pq.read_metadata(path).row_group(group)
    parts = [metadata.column(number) for number in range(metadata.num_columns)]
    part = next(part for part in parts if part.path_in_schema.split(".")[0] == column)
    data = bytearray(path.read_bytes())
    middle = part.data_page_offset + part.total_compressed_size // 2
    data[middle : middle + 8] = b"\xaa\x55" * 4
    path.write_bytes(data)


CHECKED: dict[str, Any] = {
    "write_page_checksum": True,
    "use_dictionary": False,
    "compression": "none",  # so that nothing but the checksum can tell
    "row_group_size": 200,
}


def test_a_damaged_row_group_is_told_after_what_came_before(tmp_path: Path) -> None:
    path = write(tmp_path / "models.parquet", models(), **CHECKED)
    garble(path, "id", group=2)
    pages = ParquetSource(path, page_size=100).pages(None)
    assert sum(len(page.items) for page in islice(pages, 4)) == 400
    with pytest.raises(
        InputError, match=r"models.parquet is .*damaged after row 400 .* again"
    ) as e:
        next(pages)
    assert "\n" not in str(e.value)


def test_row_groups_before_the_cursor_and_other_columns_are_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "models.parquet", models(), **CHECKED)
    garble(path, "author", group=1)
    garble(path, "trendingScore", group=2)
    garble(path, "id", group=0)
    source = ParquetSource(path, page_size=100)
    assert [item["id"] for item in read(source, "200")] == [m["id"] for m in models()][200:]
    with pytest.raises(InputError, match="after row 150"):
        read(source, "150")


class Keys(pe.KmsClient):
    def __init__(self, config: Any) -> None:
        super().__init__()

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        return base64.b64encode(key_bytes)

    def unwrap_key(self, wrapped_key: str, master_key_identifier: str) -> bytes:
        return base64.b64decode(wrapped_key)


@pytest.mark.parametrize("plain", [False, True])
def test_an_encrypted_file_is_refused(plain: bool, tmp_path: Path) -> None:
    configuration = pe.EncryptionConfiguration(
        footer_key="footer", column_keys={"ids": ["id"]}, plaintext_footer=plain
    )
    properties = pe.CryptoFactory(Keys).file_encryption_properties(
        pe.KmsConnectionConfig(), configuration
    )
    path = write(
        tmp_path / "models.parquet",
        models(10),
        {"id": HUB_STATS["id"]},
        encryption_properties=properties,
    )
    with pytest.raises(InputError, match=r"models\.parquet is encrypted .*give a copy"):
        read(ParquetSource(path))


def no_parquet(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_what_is_no_dump_is_refused_in_one_line(tmp_path: Path) -> None:
    good = write(tmp_path / "good.parquet", models(10))
    content = good.read_bytes()
    cases = {
        r"cannot read .*none\.parquet: No such file.*check": tmp_path / "none.parquet",
        r"cannot read .*: Is a directory": tmp_path,
        r"text\.parquet is not Parquet": no_parquet(tmp_path / "text.parquet", b'{"id": "a/b"}'),
        r"empty\.parquet is not Parquet": no_parquet(tmp_path / "empty.parquet", b""),
        r"cut\.parquet is cut short or damaged": no_parquet(
            tmp_path / "cut.parquet", content[: len(content) // 2]
        ),
        r"stub\.parquet is cut short": no_parquet(tmp_path / "stub.parquet", b"PAR1"),
        r"other\.parquet has no column id, but author;": write(
            tmp_path / "other.parquet", models(3), {"author": typed(pa.string())}
        ),
        r"numbers\.parquet has ids of type int64": write(
            tmp_path / "numbers.parquet", [{"id": 1}], {"id": typed(pa.int64())}
        ),
        r"bare\.parquet has no rows": write(tmp_path / "bare.parquet", []),
    }
    for told, path in cases.items():
        with pytest.raises(InputError, match=told) as raised:
            read(ParquetSource(path))
        assert "\n" not in str(raised.value)
    with pytest.raises(InputError, match="No such file"):
        _ = ParquetSource(tmp_path / "none.parquet").name
    with pytest.raises(InputError, match="cut short"):
        _ = ParquetSource(tmp_path / "cut.parquet").total


def test_memory_does_not_grow_with_the_file_nor_with_its_row_groups(tmp_path: Path) -> None:
    count, card_chars = 60_000, 1500
    text = random.Random(0).randbytes(count * card_chars // 2).hex()
    cards = [f'{{"x": "{text[n * card_chars : (n + 1) * card_chars]}"}}' for n in range(count)]
    table = pa.table({"id": [f"a/{number}" for number in range(count)], "cardData": cards})
    path = tmp_path / "large.parquet"
    pq.write_table(table, path, row_group_size=count, compression="none")
    del table, text, cards
    assert path.stat().st_size > 85 * 2**20
    before = pa.total_allocated_bytes()
    read_rows = peak = 0
    for page in ParquetSource(path, page_size=1000).pages(None):
        read_rows += len(page.items)
        peak = max(peak, pa.total_allocated_bytes() - before)
    assert read_rows == count
    assert peak < 12 * 2**20


# By name, and from the Hub


class Dataset(ThreadingHTTPServer):
    """Files of ``OWNER/NAME`` at the revisions main and v1, as the Hub resolves them."""

    daemon_threads = True

    def __init__(self, files: Mapping[str, bytes], status: int = 200, **headers: str) -> None:
        super().__init__(("127.0.0.1", 0), Resolve)
        self.files = files
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.cut = False
        self.requests: list[tuple[str, str, str | None]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> "Dataset":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Resolve(BaseHTTPRequestHandler):
    server: Dataset

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        server = self.server
        server.requests.append((self.command, self.path, self.headers.get("Authorization")))
        for revision in ("main", "v1"):
            content = server.files.get(
                self.path.removeprefix(f"/datasets/own/dumps/resolve/{revision}/")
            )
            if server.status == 200 and content is not None:
                return self.answer(200, content, {"ETag": f'"{len(content):040x}"'})
        missing = {"X-Error-Code": "EntryNotFound"} if server.status == 200 else server.headers
        return self.answer(404 if server.status == 200 else server.status, b"", missing)

    def answer(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"X-Repo-Commit": "c" * 40, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[: len(content) // 2] if self.server.cut else content)


@pytest.fixture
def _client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the client off proxies, the user's token and cache and all hosts but the loopback."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)
    (tmp_path / "token").write_text("hf_nobody-gave-this")
    close_session()
    yield
    close_session()


ADDRESS = "hf://datasets/own/dumps/models/2026-11-01/models.parquet"


@pytest.fixture
def dump(tmp_path: Path) -> bytes:
    return write(tmp_path / "dump.parquet", models(30)).read_bytes()


def opened(name: str, endpoint: str = "http://127.0.0.1:1", token: str | None = None) -> Source:
    settings = Settings.model_validate({"HF_ENDPOINT": endpoint, "HF_TOKEN": token})
    return source_of(name, settings, stop=threading.Event())


@pytest.mark.usefixtures("_client")
def test_a_file_of_the_hub_is_fetched_once_and_read(
    dump: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "models/2026-11-01/models.parquet"
    with Dataset({path: dump}) as hub:
        source = opened(ADDRESS, hub.url)
        assert isinstance(source, ParquetSource)
        assert [item["id"] for item in read(source)] == [item["id"] for item in models(30)]
        where = f"/datasets/own/dumps/resolve/main/{path}"
        assert hub.requests == [("HEAD", where, None), ("GET", where, None)]
        assert opened(ADDRESS, hub.url, "hf_given").name == source.name
        assert hub.requests[2:] == [("HEAD", where, "Bearer hf_given")]
        opened(ADDRESS.replace("dumps", "dumps@v1"), hub.url)
        assert hub.requests[3][1] == where.replace("main", "v1")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        assert opened(ADDRESS, hub.url).name == source.name
        assert len(hub.requests) == 4


REFUSALS: dict[str, tuple[type[ModelkinError], str, int, dict[str, str]]] = {
    "no file": (InputError, "has no file", 200, {}),
    "no revision": (InputError, "no such rev", 404, {"X_Error_Code": "RevisionNotFound"}),
    "no dataset": (InputError, "shows no dataset", 404, {"X_Error_Code": "RepoNotFound"}),
    "gated": (UsageError, "terms accepted", 403, {"X_Error_Code": "GatedRepo"}),
    "bad token": (UsageError, "check .* HF_TOKEN", 401, {}),
    "forbidden": (UsageError, "check .* HF_TOKEN", 403, {}),
    "no quota": (HubError, "did not give .*429", 429, {}),
    "down": (HubError, "did not give .*503", 503, {}),
}


@pytest.mark.usefixtures("_client")
@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_of_the_hub_are_told_in_one_line(case: str) -> None:
    error, told, status, headers = REFUSALS[case]
    with Dataset({}, status, **headers) as hub, pytest.raises(error, match=told) as raised:
        dataset_file(ADDRESS, endpoint=hub.url, token=None)
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)
    assert hub.url in str(raised.value)


@pytest.mark.usefixtures("_client")
def test_a_hub_that_breaks_off_or_is_not_there_is_for_later(
    dump: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Dataset({"models/2026-11-01/models.parquet": dump}) as hub:
        hub.cut = True
        with pytest.raises(HubError, match="did not give"):
            dataset_file(ADDRESS, endpoint=hub.url, token=None)
    with pytest.raises(HubError, match=r"did not give .*ConnectError"):
        dataset_file(ADDRESS, endpoint="http://127.0.0.1:1", token=None)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        dataset_file(ADDRESS, endpoint="http://127.0.0.1:1", token=None)


@pytest.mark.usefixtures("_client")
def test_an_address_or_a_cache_that_cannot_be_is_wrong_usage(
    dump: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in (
        "hf://datasets/own",
        "hf://models/own/dumps/a.parquet",
        "hf://datasets/own/a..b/c.parquet",
        "hf://datasets/own/dumps/../c.parquet",
    ):
        with pytest.raises(UsageError, match="address"):
            opened(address)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "dump.parquet"))
    with (
        Dataset({"models/2026-11-01/models.parquet": dump}) as hub,
        pytest.raises(UsageError, match=r"cannot keep .* HF_HOME"),
    ):
        dataset_file(ADDRESS, endpoint=hub.url, token=None)


def test_a_source_is_told_by_its_name_or_its_first_bytes(tmp_path: Path) -> None:
    plain = write(tmp_path / "models.parquet", models(3))
    renamed = tmp_path / "models"
    renamed.write_bytes(plain.read_bytes())
    lines = write_jsonl(tmp_path / "models.jsonl", models(3), HUB_STATS)
    assert isinstance(opened(str(plain)), ParquetSource)
    assert isinstance(opened(str(renamed)), ParquetSource)
    assert isinstance(opened(str(tmp_path / "none.PARQUET")), ParquetSource)
    assert isinstance(opened(str(lines)), JsonlSource)
    assert not is_parquet(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe")
    assert not is_parquet(tmp_path / "pipe")
