"""The command line as a process: what it prints, how it ends, and that nothing stored is lost."""

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from graph.measure import measure
from graph.registry import load_registry
from graph.store import open_store
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource
from tests.crawler import STARVED
from tests.hub import LoopbackHub
from tests.neo4j_server import free_port

START_S = 90
"""Seconds within which a server must be ready; kernels may have to be compiled first."""


def environment(**more: str) -> dict[str, str]:
    cleared = {
        k: v for k, v in os.environ.items() if not k.startswith(("MODELKIN_", "NEO4J_", "HF_"))
    }
    return cleared | {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_ENDPOINT": "http://127.0.0.1:9"} | more


def modelkin(*args: object, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "modelkin", *map(str, args)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(**more), check=False, timeout=120
    )


def failure(*args: object, **more: str) -> tuple[int, str]:
    """Return how a command failed: its exit code, and the one line that it says."""
    ended = modelkin(*args, **more)
    assert "Traceback" not in ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("modelkin: ")]
    return ended.returncode, line


def crawled(source: Path, store: Path) -> int:
    """Crawl without a process, and return how many changes were written."""
    with open_store(str(store)) as opened:
        written: int = Crawl(opened, JsonlSource(source)).run().report["written"]
    return written


def published(source: Path, store: Path) -> None:
    """Crawl and measure without a process."""
    crawled(source, store)
    with open_store(str(store)) as opened:
        measure(opened, load_registry())


def live(store: Path) -> set[str]:
    with open_store(str(store)) as opened:
        rows = [
            row for batch in opened.columns("models", ["id", "status"]) for row in batch.to_pylist()
        ]
    return {row["id"] for row in rows if row["status"] == "live"}


def write(path: Path, *items: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return write(
        tmp_path / "models.jsonl",
        {"id": "Qwen/Qwen3-8B", "createdAt": "2026-01-01T00:00:00.000Z", "downloads": 5},
        {"id": "a/tune", "tags": ["base_model:finetune:Qwen/Qwen3-8B", "license:mit"]},
        {"id": "b/gguf", "tags": ["base_model:quantized:a/tune"]},
    )


def test_crawl_measure_status_and_export(tmp_path: Path, models: Path) -> None:
    store = tmp_path / "store"
    crawled = modelkin("crawl", models, "--store", store)
    assert crawled.returncode == 0, crawled.stderr
    assert re.search(r"read 3 models of .*models\.jsonl .*; wrote 5 changes", crawled.stdout)
    again = modelkin("crawl", models, MODELKIN_STORE=str(store))
    assert again.stdout.rstrip().endswith("wrote 0 changes")
    assert modelkin("measure", "--store", store).returncode == 0
    told = json.loads(modelkin("status", "--json", "--store", store).stdout)
    assert [run["kind"] for run in told["runs"]] == ["measure", "crawl", "crawl"]
    assert told["runs"][0]["snapshot"] == told["snapshots"][0]["id"]
    assert "measure done" in modelkin("status", "--store", store).stdout

    out = tmp_path / "out"
    assert modelkin("export", "csv", out, "--store", store).returncode == 0
    assert (out / "edges.csv").read_text().splitlines() == [
        '"child","base","relation"',
        '"a/tune","Qwen/Qwen3-8B","finetune"',
        '"b/gguf","a/tune","quantized"',
    ]
    scores = (out / "scores.csv").read_text().splitlines()
    assert scores[0].startswith('"id","direct_derivatives","descendants","depth","pagerank","katz"')
    assert scores[1].startswith('"Qwen/Qwen3-8B",1,2,0,')
    assert modelkin("export", "parquet", out, "--store", store).returncode == 0
    assert pyarrow.parquet.read_table(out / "models.parquet").column("id").to_pylist() == [
        "Qwen/Qwen3-8B",
        "a/tune",
        "b/gguf",
    ]


def test_phases_are_json_lines_where_there_is_no_terminal(tmp_path: Path, models: Path) -> None:
    ended = modelkin("crawl", models, "--store", tmp_path / "store")
    phases = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [phase["phase"] for phase in phases] == ["load", "settle"]


def test_a_missing_file_ends_with_2_and_makes_no_store(tmp_path: Path) -> None:
    code, line = failure("crawl", tmp_path / "none.jsonl", "--store", tmp_path / "store")
    assert code == 2
    assert "none.jsonl: No such file" in line
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("content", [b"", b"not json\n", b"[1]\n2\n", b"PAR1\x00\xff"])
def test_a_file_that_is_no_jsonl_ends_with_2_and_keeps_what_is_stored(
    tmp_path: Path, models: Path, content: bytes
) -> None:
    store = tmp_path / "store"
    crawled(models, store)
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(content)
    code, line = failure("crawl", bad, "--store", store)
    assert code == 2
    assert "bad.jsonl" in line
    assert crawled(models, store) == 0


def test_a_cut_file_is_read_up_to_the_cut(tmp_path: Path) -> None:
    lines = "".join(
        json.dumps({"id": f"a/m{i}", "x": os.urandom(99).hex()}) + "\n" for i in range(99)
    )
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(lines.encode())[:-2000])
    store = tmp_path / "store"
    assert modelkin("crawl", cut, "--store", store).returncode == 0
    quality = json.loads(modelkin("status", "--json", "--store", store).stdout)["quality"]
    assert quality["cut_file"]["count"] == 1


def test_a_shrinking_source_is_refused_and_says_how_to_accept_it(
    tmp_path: Path, models: Path
) -> None:
    store = tmp_path / "store"
    crawled(models, store)
    fewer = write(tmp_path / "fewer.jsonl", {"id": "c/new"})
    code, line = failure("crawl", fewer, "--store", store)
    assert code == 1
    assert "--max-shrink" in line
    assert live(store) == {"Qwen/Qwen3-8B", "a/tune", "b/gguf", "c/new"}
    assert modelkin("crawl", fewer, "--store", store, "--max-shrink", 1).returncode == 0
    assert live(store) == {"c/new"}


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("measure", "--store", "mysql://x"), 2, "neo4j://"),
        (("measure", "--store", "bolt://u:secret@localhost"), 2, "NEO4J_PASSWORD"),
        (("measure", "--store", ""), 2, "names no store"),
        (("export", "csv", "out", "--store", "{tmp}/empty"), 1, "modelkin run"),
        (("measure", "--store", "{tmp}/empty"), 1, "modelkin crawl"),
        (("crawl", "hub", "--store", "{tmp}/empty"), 75, "HF_ENDPOINT"),
        (("serve", "--port", "99999", "--store", "{tmp}/empty"), 2, "99999"),
    ],
)
def test_wrong_usage_is_one_line(
    tmp_path: Path, args: tuple[str, ...], code: int, words: str
) -> None:
    filled = [arg.replace("{tmp}", str(tmp_path)) for arg in args]
    found, line = failure(*filled, MODELKIN_HUB_FIRST_ANSWER_S="1")
    assert found == code
    assert words in line
    assert "secret" not in line


def test_a_neo4j_that_is_down_or_refuses(neo4j_server: Any) -> None:
    down = f"bolt://127.0.0.1:{free_port()}"
    code, line = failure("status", "--store", down, NEO4J_PASSWORD="whatever")
    assert (code, down.removeprefix("bolt://") in line) == (1, True)
    wrong = {"NEO4J_USERNAME": neo4j_server.username, "NEO4J_PASSWORD": "wrong-password"}
    code, line = failure("status", "--store", neo4j_server.url, **wrong)
    assert (code, "NEO4J_PASSWORD" in line, "wrong-password" in line) == (2, True, False)


def test_a_bad_setting_names_its_variable(tmp_path: Path) -> None:
    code, line = failure("status", "--store", tmp_path / "s", MODELKIN_LIMIT_DEPTH="deep")
    assert code == 2
    assert "MODELKIN_LIMIT_DEPTH is 'deep'" in line


def test_a_snapshot_of_a_newer_format_is_refused(tmp_path: Path, models: Path) -> None:
    store = tmp_path / "store"
    published(models, store)
    (manifest,) = store.glob("snapshots/*/manifest.json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 99}))
    code, line = failure("export", "csv", tmp_path / "out", "--store", store)
    assert code == 1
    assert "format 99" in line
    assert "upgrade" in line


def test_usage_errors_are_typers_own() -> None:
    ended = modelkin("crawl", "--limit", "x")
    assert (ended.returncode, "--limit" in ended.stderr) == (2, True)
    assert modelkin("nothing").returncode == 2
    assert modelkin("--version").stdout.startswith("modelkin ")


def test_a_disk_that_is_full_is_told_with_the_mend(tmp_path: Path) -> None:
    models = write(tmp_path / "models.jsonl", *({"id": f"a/m{n}"} for n in range(2000)))
    published(models, tmp_path / "store")
    full = [sys.executable, "-c", STARVED, "50000", "export", "csv", str(tmp_path / "out")]
    ended = subprocess.run(
        [*full, "--store", str(tmp_path / "store")],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
        timeout=120,
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("modelkin: ")
    assert line.endswith(
        "free space there, or name another place (--store, MODELKIN_CACHE, TMPDIR)"
    )


def test_sigterm_ends_a_crawl_with_143_and_the_next_goes_on(tmp_path: Path) -> None:
    big = tmp_path / "big.jsonl"
    with big.open("w") as file:
        for number in range(300_000):
            file.write(f'{{"id": "a/m{number}"}}\n')
    store = tmp_path / "store"
    command = [sys.executable, "-m", "modelkin", "crawl", str(big), "--store", str(store)]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE) as crawl:
        deadline = time.monotonic() + START_S
        while not stored(store) and time.monotonic() < deadline:
            time.sleep(0.02)
        crawl.send_signal(signal.SIGTERM)
        crawl.communicate()
        assert crawl.returncode == 143
    part = stored(store)
    assert 0 < part < 300_000
    assert modelkin("crawl", big, "--store", store).returncode == 0
    assert stored(store) == 300_000
    with open_store(str(store)) as opened:
        (run,) = opened.runs(5)
    assert (run.state, run.report["read"]) == ("done", 300_000)


def test_sigterm_ends_a_measure_between_its_steps(tmp_path: Path, models: Path) -> None:
    store = tmp_path / "store"
    assert modelkin("crawl", models, "--store", store).returncode == 0
    command = [sys.executable, "-m", "modelkin", "measure", "--store", str(store)]
    with (
        open_store(str(store)) as opened,
        subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE) as measure,
    ):
        deadline = time.monotonic() + START_S
        while opened.runs(1)[0].kind != "measure" and time.monotonic() < deadline:
            time.sleep(0.001)
        measure.send_signal(signal.SIGTERM)
        measure.communicate()
        assert measure.returncode == 143
        assert (opened.runs(1)[0].state, opened.snapshots()) == ("stopped", [])
    assert modelkin("measure", "--store", store).returncode == 0


def stored(store: Path) -> int:
    if not (store / "store.sqlite").exists():
        return 0
    with open_store(str(store)) as opened:
        return sum(batch.num_rows for batch in opened.columns("models", ["key"]))


@contextmanager
def serving(*args: object, **more: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a command that serves, and wait until it is ready."""
    port = free_port()
    command = [sys.executable, "-m", "modelkin", *map(str, args), "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment(**more), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        wait_for(lambda: get(port, "/readyz") is not None, process)
        yield process, port
    finally:
        process.terminate()
        process.communicate(timeout=30)


def wait_for(holds: Any, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while not holds():
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline, "not ready in time"
        time.sleep(0.1)


def get(port: int, path: str) -> Any:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return json.loads(answer.read())
    except OSError:
        return None


def ask(port: int, query: str) -> Any:
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql", body, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["data"]


def test_up_serves_the_sample_then_the_hub_then_what_is_there(tmp_path: Path) -> None:
    store = tmp_path / "store"
    source = "{ snapshot { source sample models } }"
    with LoopbackHub(models=2000) as hub:
        with serving("up", "--store", store, HF_ENDPOINT=hub.url, MODELKIN_REFRESH_S="0.1") as (
            process,
            port,
        ):
            wait_for(lambda: not ask(port, source)["snapshot"]["sample"], process)
            told = ask(port, source)["snapshot"]
            assert told == {"source": "hub", "sample": False, "models": 2000}
        requests = len(hub.requests)
        with serving("up", "--store", store, HF_ENDPOINT=hub.url) as (_, port):
            assert ask(port, source)["snapshot"]["models"] == 2000
        assert len(hub.requests) == requests, "a later run serves what is there"


def test_up_stays_on_the_sample_where_the_hub_cannot_be_reached(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with serving("up", "--store", store, MODELKIN_HUB_FIRST_ANSWER_S="1") as (process, port):
        assert ask(port, "{ snapshot { sample } }")["snapshot"]["sample"] is True
        assert process.stderr is not None
        told = ""
        while "the Hub was not crawled" not in told:
            told = process.stderr.readline().decode()
        assert ask(port, "{ snapshot { sample } }")["snapshot"]["sample"] is True


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, line = failure("serve", "--port", port, "--store", tmp_path / "store")
    assert code == 2
    assert f"port {port} is in use; choose another with --port" in line


def test_two_workers_serve_one_snapshot(tmp_path: Path, models: Path) -> None:
    store = tmp_path / "store"
    published(models, store)
    with serving("serve", "--workers", 2, "--store", store) as (_, port):
        assert ask(port, "{ snapshot { models } }")["snapshot"]["models"] == 3


def test_run_every_runs_again_and_ends_by_sigterm(tmp_path: Path, models: Path) -> None:
    store = tmp_path / "store"
    command = [sys.executable, "-m", "modelkin", "run", str(models), "--every", "0.2s"]
    with subprocess.Popen(
        [*command, "--store", str(store)], env=environment(), stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        told = [run.stdout.readline() for _ in range(4)]
        run.send_signal(signal.SIGTERM)
        run.communicate()
        assert run.returncode == 143
    assert [line.split()[0] for line in told] == ["read", "published", "read", "published"]
    assert told[2].endswith("wrote 0 changes\n")
    assert failure("run", models, "--every", "often")[0] == 2


def test_run_crawls_whole_and_in_between_what_changed(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with LoopbackHub(models=30) as hub:
        for _ in range(2):
            ended = modelkin("run", "--full-every", "1d", "--store", store, HF_ENDPOINT=hub.url)
            assert (ended.returncode, ended.stdout.split()[0]) == (0, "read"), ended.stderr
    with open_store(str(store)) as opened:
        modes = [run.mode for run in opened.runs(9) if run.kind == "crawl"]
    assert modes == ["incremental", "full"]
    assert failure("run", "--full-every", "often")[0] == 2
