"""Rates: what one client may ask in a minute, by key or by address."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.admission import Admission
from api.failure import RequestError
from api.keys import Keys, add_key
from api.rate import Allowances, Bucket, Rates
from graph.errors import UsageError
from modelkin.server import admission
from modelkin.settings import Settings
from tests.served import Published, Served

QUERY = "{ snapshot { id } }"
PAGE = "{ models(first: 10) { nodes { id likes } } }"


class Clock:
    """Seconds, as a test says."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_quota_and_fills_evenly() -> None:
    clock = Clock()
    bucket = Bucket(60, clock)
    assert [bucket.take(20) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(1) == 1
    assert bucket.left == (0, 60)
    clock.now = 1.5
    assert bucket.left == (1, 59)
    assert bucket.take(1) == 0
    assert bucket.take(1) == 0.5
    clock.now = 1000
    assert bucket.left == (60, 0)


@given(st.integers(1, 1000), st.lists(st.tuples(st.floats(0, 90), st.integers(1, 300))))
def test_no_minute_has_more_than_two_quotas(quota: int, turns: list[tuple[float, int]]) -> None:
    clock = Clock()
    bucket = Bucket(quota, clock)
    taken: list[tuple[float, int]] = []
    for pause, amount in turns:
        clock.now += pause
        wait = bucket.take(amount)
        if not wait:
            taken.append((clock.now, amount))
        elif amount <= quota:
            clock.now += wait * (1 + 1e-9) + 1e-6
            assert bucket.take(amount) == 0, "it is there when it was said to be"
            taken.append((clock.now, amount))
    for start, _ in taken:
        assert sum(a for at, a in taken if start <= at <= start + 60) <= 2 * quota + 1


def test_the_clients_that_are_remembered_are_bounded() -> None:
    known = Allowances(Rates(requests=1), clients=100, clock=Clock())
    known.of("first").take("requests", 1)
    with pytest.raises(RequestError):
        known.of("first").take("requests", 1)
    for number in range(1000):
        known.of(number)
    assert len(known) == 100
    unbounded = Allowances(Rates())
    for number in range(1000):
        unbounded.of(number).take("requests", 10**9)
    assert len(unbounded) == 0


def scope(host: str | None, **headers: str) -> dict[str, Any]:
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "headers": fields, "client": None if host is None else (host, 5)}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("unknown", "_hidden", False),
        (None, None, True),
    ],
)
def test_clients_without_a_key_are_told_apart_by_their_network(
    one: str | None, other: str | None, same: bool
) -> None:
    let_in = Admission(address_rates=Rates(requests=1))
    let_in.admit(scope(one))
    if same:
        with pytest.raises(RequestError, match="1 requests a minute"):
            let_in.admit(scope(other))
    else:
        let_in.admit(scope(other))


def test_requests_beyond_the_rate_are_429(published: Published) -> None:
    with published.served(admission=Admission(address_rates=Rates(requests=3))) as api:
        first = api.post(QUERY)
        assert first.headers["ratelimit-policy"] == '"requests";q=3;w=60'
        assert first.headers["ratelimit"] == '"requests";r=2;t=20'
        api.post("{")
        assert api.client.put("/graphql").status_code == 405
        for refused in (api.post(QUERY), api.client.get("/graphql", params={"query": QUERY})):
            assert refused.status_code == 429
            assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
            assert 1 <= int(refused.headers["retry-after"]) <= 20
        for free in ("/healthz", "/readyz", "/metrics", "/"):
            assert api.client.get(free).status_code == 200


def test_cost_beyond_the_rate_is_429_before_it_is_executed(published: Published) -> None:
    # The page costs 1 + 10 * (1 + 2).
    with published.served(admission=Admission(address_rates=Rates(cost=70))) as api:
        left = [api.post(PAGE + "#" * turn).headers["ratelimit"] for turn in range(2)]
        assert [told.split(";")[1] for told in left] == ["r=39", "r=8"]
        refused = api.post(PAGE + "##")
        assert refused.status_code == 429
        assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert "70 cost a minute" in refused.json()["errors"][0]["message"]
        assert api.post(PAGE).status_code == 200, "what the worker still has costs nothing"
        api.lives()


def test_a_key_has_a_rate_of_its_own_and_guesses_count_as_strangers(
    published: Published, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    headers = {name: f"Bearer {add_key(file, name)}" for name in ("ann", "bob")}
    let_in = Admission(Keys(file), key_rates=Rates(requests=5), address_rates=Rates(requests=2))

    def status(authorization: str) -> int:
        sent = {"authorization": authorization}
        return api.client.post("/graphql", json={"query": QUERY}, headers=sent).status_code

    with published.served(admission=let_in) as api:
        assert [status(headers["ann"]) for _ in range(6)] == [200] * 5 + [429]
        assert status(headers["bob"]) == 200
        assert [status("Bearer guess") for _ in range(3)] == [401, 401, 429]
        assert api.post(QUERY).status_code == 429
        assert status(headers["bob"]) == 200


def test_a_quota_smaller_than_one_query_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELKIN_RATE_ADDRESS_COST", "100")
    with pytest.raises(UsageError, match=r"MODELKIN_RATE_ADDRESS_COST is 100.*MODELKIN_LIMIT_COST"):
        admission(Settings())
    monkeypatch.setenv("MODELKIN_LIMIT_COST", "100")
    admission(Settings())


def forwarded(api: Served, addresses: str) -> int:
    """Ask through a proxy on this machine, and return the status."""
    headers = {"x-forwarded-for": addresses}
    return api.client.post("/graphql", json={"query": QUERY}, headers=headers).status_code


def test_what_a_proxy_says_is_believed_only_of_those_that_a_setting_names(
    published: Published,
) -> None:
    def let_in() -> Admission:
        return Admission(address_rates=Rates(requests=1))

    for others in ("", "192.0.2.0/24"):
        with published.served(admission=let_in(), proxies=others) as api:
            told = [forwarded(api, f"203.0.113.{number}") for number in range(3)]
            assert told == [200, 429, 429]
    with published.served(admission=let_in(), proxies="127.0.0.1, 10.0.0.0/8") as api:
        told = [forwarded(api, f"203.0.113.{number}, 10.1.2.3") for number in (1, 2, 1)]
        assert told == [200, 200, 429]
        told = [forwarded(api, f"{number}.2.3.4, 203.0.113.9") for number in range(3)]
        assert told == [200, 429, 429], "what a client claims of itself is not believed"
