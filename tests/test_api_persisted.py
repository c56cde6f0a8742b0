"""Persisted documents: by hash, as Apollo's clients ask, and those of a file alone."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.limits import Limits
from api.persisted import read_documents
from graph.errors import InputError
from tests.served import Published, Served

QUERY = "query Some($n: Int = 2) { models(first: $n) { nodes { id } } }"
OTHER = "{ snapshot { id } }"
GRAPHQL = "application/graphql-response+json"


def hashed(query: str) -> dict[str, Any]:
    """Return the extensions of a request that names a document by its hash."""
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}}


def by_hash(api: Served, hashed_query: str, *, get: bool = False, **told: Any) -> httpx2.Response:
    """Ask with a hash alone."""
    body = {"extensions": hashed(hashed_query), **told}
    if get:
        params = {k: v if isinstance(v, str) else json.dumps(v) for k, v in body.items()}
        return api.client.get("/graphql", params=params)
    return api.client.post("/graphql", json=body)


def refusal(answer: httpx2.Response) -> tuple[str, str]:
    """Return the code and the message of a refused request."""
    assert "data" not in answer.json()
    (error,) = answer.json()["errors"]
    return error["extensions"]["code"], error["message"]


NOT_FOUND = ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")


@pytest.mark.parametrize("get", [False, True])
def test_a_document_is_sent_once_and_then_its_hash(published: Published, get: bool) -> None:
    with published.served() as api:
        unknown = by_hash(api, QUERY, get=get)
        assert unknown.status_code == 200
        assert refusal(unknown) == NOT_FOUND
        assert unknown.headers["cache-control"] == "no-store"
        strict = api.client.post(
            "/graphql", json={"extensions": hashed(QUERY)}, headers={"accept": GRAPHQL}
        )
        assert (strict.status_code, refusal(strict)) == (400, NOT_FOUND)
        whole = by_hash(api, QUERY, get=get, query=QUERY)
        assert len(whole.json()["data"]["models"]["nodes"]) == 2
        assert by_hash(api, QUERY, get=get).json() == whole.json()
        fewer = by_hash(api, QUERY, get=get, variables={"n": 1}).json()
        assert len(fewer["data"]["models"]["nodes"]) == 1
        assert refusal(by_hash(api, OTHER, get=get)) == NOT_FOUND


def test_a_hash_by_get_is_for_caches_and_for_browsers(published: Published) -> None:
    with published.served() as api:
        by_hash(api, QUERY, query=QUERY)
        first = by_hash(api, QUERY, get=True)
        assert (
            first.headers["etag"]
            == (api.client.get("/graphql", params={"query": QUERY}).headers["etag"])
        )
        params = {"extensions": json.dumps(hashed(QUERY))}
        headers = {"if-none-match": first.headers["etag"]}
        assert api.client.get("/graphql", params=params, headers=headers).status_code == 304
        browser = api.client.get("/graphql", params=params, headers={"accept": "text/html,*/*"})
        assert browser.json() == first.json()


def test_what_is_not_valid_is_not_kept(published: Published) -> None:
    with published.served() as api:
        for bad in ("{", "{ nothing }", "{ models(first: 0) { totalCount } }"):
            assert by_hash(api, bad, query=bad).json()["errors"]
            assert refusal(by_hash(api, bad)) == NOT_FOUND
        api.lives()


@pytest.mark.parametrize(
    "told",
    [
        {"version": 1, "sha256Hash": sha256(OTHER.encode()).hexdigest()},
        {"version": 2, "sha256Hash": sha256(QUERY.encode()).hexdigest()},
        {"sha256Hash": sha256(QUERY.encode()).hexdigest()},
        {"version": 1, "sha256Hash": sha256(QUERY.encode()).hexdigest().upper()},
        {"version": 1, "sha256Hash": "0" * 63 + "\n"},
        {"version": 1, "sha256Hash": 1},
        {"version": 1},
        {},
        [],
        "x",
        1,
    ],
)
def test_a_hash_that_is_none_or_another_s_is_refused(api: Served, told: Any) -> None:
    answer = api.post(QUERY, extensions={"persistedQuery": told})
    assert answer.status_code == 400
    assert refusal(answer)[0] == "BAD_REQUEST"
    api.lives()


def test_what_clients_sent_is_bounded(published: Published) -> None:
    with published.served(limits=Limits(persisted_bytes=200)) as api:
        queries = [f"{{ snapshot {{ id }} }} #{number:030}" for number in range(20)]
        for query in queries:
            assert by_hash(api, query, query=query).status_code == 200
        known = [query for query in queries if "data" in by_hash(api, query).json()]
        assert known == queries[-3:]
    with published.served(limits=Limits(persisted_bytes=0)) as api:
        assert "data" in by_hash(api, QUERY, query=QUERY).json()
        told = ("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
        assert refusal(by_hash(api, QUERY)) == told


def test_only_the_documents_of_a_file_are_answered(published: Published, tmp_path: Path) -> None:
    file = tmp_path / "documents.json"
    file.write_text(json.dumps({sha256(QUERY.encode()).hexdigest(): QUERY}))
    with published.served(documents=read_documents(file)) as api:
        whole = api.post(QUERY).json()
        assert len(whole["data"]["models"]["nodes"]) == 2
        assert by_hash(api, QUERY).json() == whole
        for answer in (
            by_hash(api, OTHER),
            by_hash(api, OTHER, query=OTHER),
            by_hash(api, OTHER, get=True),
            api.post(OTHER),
            api.post(QUERY + " "),
        ):
            assert refusal(answer)[0] == "DOCUMENT_NOT_ALLOWED"
        assert refusal(api.client.post("/graphql", json={}))[0] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "not a JSON object"),
        ('{"a": 1}', "not a JSON object"),
        ('{"a": "{ __typename }"}', "a is not the SHA-256 of its document, which is"),
        (None, "cannot be read"),
    ],
)
def test_a_file_of_something_else_is_refused(
    tmp_path: Path, content: str | None, words: str
) -> None:
    file = tmp_path / "documents.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match=words):
        read_documents(file)
