"""Metrics: what was asked and how it went, of one worker or of all."""

import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.admission import Admission
from api.rate import Rates
from tests.served import Published, Served
from tests.test_cli import ask, serving, write
from tests.test_cli import published as crawled

QUERY = "{ models(first: 10) { nodes { id likes } } }"
COST = 1 + 10 * (1 + 2)


def samples(text: str) -> dict[str, float]:
    """Return the values of all samples, by name and labels."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def told(api: Served) -> dict[str, float]:
    answer = api.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return samples(answer.text)


@pytest.fixture
def fresh(published: Published) -> Iterator[Served]:
    with published.served() as served:
        yield served


def test_requests_are_counted_by_how_they_end(fresh: Served) -> None:
    assert not [name for name in told(fresh) if name.startswith("modelkin_requests")]
    fresh.post(QUERY)
    fresh.post(QUERY)
    got = fresh.client.get("/graphql", params={"query": QUERY})
    fresh.client.get(
        "/graphql", params={"query": QUERY}, headers={"if-none-match": got.headers["etag"]}
    )
    fresh.post("{ nothing }")
    fresh.client.put("/graphql")
    found = told(fresh)
    requests = {k: v for k, v in found.items() if k.startswith("modelkin_requests_total")}
    assert requests == {
        "modelkin_requests_total{answer=executed,status=200}": 1,
        "modelkin_requests_total{answer=kept,status=200}": 2,
        "modelkin_requests_total{answer=unchanged,status=304}": 1,
        "modelkin_requests_total{answer=refused,status=200}": 1,
        "modelkin_requests_total{answer=refused,status=405}": 1,
    }
    assert found["modelkin_refused_total{code=GRAPHQL_VALIDATION_FAILED}"] == 1
    assert found["modelkin_refused_total{code=METHOD_NOT_ALLOWED}"] == 1
    assert found["modelkin_request_seconds_count{}"] == 6
    assert 0 < found["modelkin_request_seconds_sum{}"] < 60
    assert found["modelkin_query_cost_count{}"] == 1
    assert found["modelkin_query_cost_sum{}"] == COST
    assert found["modelkin_query_cost_bucket{le=30.0}"] == 0
    assert found["modelkin_query_cost_bucket{le=100.0}"] == 1


def test_the_snapshot_is_told(fresh: Served) -> None:
    found, manifest = told(fresh), fresh.current.eco.manifest
    assert found[f"modelkin_snapshot_info{{id={manifest.id},sample=true}}"] == 1
    assert found["modelkin_snapshot_models{}"] == manifest.models
    age = "modelkin_snapshot_as_of_timestamp_seconds{}"
    assert found[age] == pytest.approx(manifest.as_of / 1000)


def test_what_clients_send_makes_no_new_series(published: Published) -> None:
    with published.served(admission=Admission(address_rates=Rates(requests=30))) as api:
        for number in range(40):
            headers = {"authorization": f"Bearer {number}"}
            query = {"query": f"{{ nothing{number} }}"}
            method = ("PUT", "PATCH", "DELETE")[number % 3]
            api.client.request(method, "/graphql", json=query, headers=headers)
            api.client.get(f"/{number}")
        refused = {k: v for k, v in told(api).items() if k.startswith("modelkin_refused_total")}
        assert set(refused) == {
            "modelkin_refused_total{code=RATE_LIMITED}",
            "modelkin_refused_total{code=METHOD_NOT_ALLOWED}",
        }


def test_two_workers_are_told_as_one(tmp_path: Path) -> None:
    store = tmp_path / "store"
    crawled(write(tmp_path / "models.jsonl", {"id": "a/b"}), store)
    with serving("serve", "--workers", 2, "--store", store) as (_, port):
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: ask(port, "{ snapshot { models } }"), range(100)))

        def seen() -> dict[str, float]:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
                return samples(answer.read().decode())

        executed = "modelkin_requests_total{answer=executed,status=200}"
        kept = "modelkin_requests_total{answer=kept,status=200}"
        for found in (seen() for _ in range(6)):
            assert found.get(executed, 0) + found.get(kept, 0) == 100
            assert found["modelkin_request_seconds_count{}"] == 100
            assert found["modelkin_snapshot_models{}"] == 1
