"""Every setting, with its unit, in one place; read from the environment at the edge."""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Annotated

from platformdirs import user_cache_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from graph.errors import UsageError


def default_cache() -> Path:
    """Return the user's cache directory or, for a user who has none, one for temporary files.

    Raises
    ------
    UsageError
        When that belongs to somebody else.
    """
    with contextlib.suppress(RuntimeError):  # a user without a home
        cache = user_cache_path("modelkin")
        if _is_writable(cache):
            return cache
    cache = Path(tempfile.gettempdir(), f"modelkin-{os.getuid()}")
    cache.mkdir(mode=0o700, exist_ok=True)
    if cache.stat().st_uid != os.getuid():
        raise UsageError(f"{cache} belongs to another user; set MODELKIN_CACHE to a directory")
    return cache


def _is_writable(directory: Path) -> bool:
    """Whether files can be written into a directory, which need not be there yet."""
    path = directory.absolute()
    nearest = next(p for p in (path, *path.parents) if os.access(p, os.F_OK))
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


class Settings(BaseSettings):
    """Settings by environment variables: ``MODELKIN_`` and the name, in any case.

    The Hub's own variables ``HF_ENDPOINT``, ``HF_TOKEN``, ``HF_TOKEN_PATH`` and
    ``HF_HUB_OFFLINE`` are honoured, and ``NEO4J_USERNAME``, ``NEO4J_PASSWORD``,
    ``NEO4J_PASSWORD_FILE``, ``NEO4J_AUTH_FILE`` (see `modelkin.credentials`).
    """

    model_config = SettingsConfigDict(env_prefix="MODELKIN_", extra="ignore")

    store: Annotated[str, Field(description="A directory, or a Neo4j URL.")] = "modelkin-data"
    neo4j_database: Annotated[str, Field(description="The Neo4j database.")] = "neo4j"
    cache: Annotated[
        Path, Field(description="Where compiled kernels and snapshots of a Neo4j store are kept.")
    ] = Field(default_factory=default_cache)
    registry: Annotated[
        Path | None,
        Field(description="A TOML file of own families, organisations, licences, origins."),
    ] = None
    keep_snapshots: Annotated[
        int, Field(ge=1, description="Snapshots that stay whole, the newest included.")
    ] = 5

    batch_rows: Annotated[
        int, Field(ge=1, description="Models or relations that a crawl writes in one transaction.")
    ] = 10_000

    hub_endpoint: Annotated[
        str, Field(validation_alias="HF_ENDPOINT", description="The Hub's address.")
    ] = "https://huggingface.co"
    hub_token: Annotated[
        SecretStr | None,
        Field(validation_alias="HF_TOKEN", description="A token: a larger quota."),
    ] = None
    hub_token_path: Annotated[
        str,
        Field(
            validation_alias="HF_TOKEN_PATH",
            description="A file that holds the token; used without the former.",
        ),
    ] = ""
    hub_timeout_s: Annotated[
        float, Field(gt=0, description="Seconds for one whole answer of the Hub.")
    ] = 30.0
    hub_first_answer_s: Annotated[
        float, Field(gt=0, description="Seconds to wait for the Hub's first answer.")
    ] = 55.0
    hub_silence_s: Annotated[
        float, Field(gt=0, description="Seconds without an answer after which a crawl ends.")
    ] = 600.0
    hub_quota_reserve: Annotated[
        float, Field(ge=0, lt=1, description="Fraction of the Hub's quota left to others.")
    ] = 0.1

    hub_overlap_s: Annotated[
        float,
        Field(
            ge=0,
            description="Seconds before the last crawl's newest change down to which an"
            " incremental crawl reads.",
        ),
    ] = 3600.0
    hub_look_ups: Annotated[
        int,
        Field(
            ge=0,
            description="Models that the Hub's list no longer shows though others derive from"
            " them, of which each is asked for by name before it counts as deleted, at most.",
        ),
    ] = 500

    api_keys: Annotated[
        Path | None,
        Field(description="A file of the names and hashes of API keys; `modelkin key` writes it."),
    ] = None
    anonymous: Annotated[bool, Field(description="Whether who sends no API key may ask, too.")] = (
        True
    )
    rate_key_requests: Annotated[
        int, Field(ge=0, description="Requests a minute with one API key, at most; 0 for any.")
    ] = 0
    rate_key_cost: Annotated[
        int,
        Field(
            ge=0,
            description="Values that may be asked for in a minute with one API key; 0 for any.",
        ),
    ] = 0
    rate_address_requests: Annotated[
        int,
        Field(ge=0, description="Requests a minute of one address without a key; 0 for any."),
    ] = 0
    rate_address_cost: Annotated[
        int,
        Field(
            ge=0,
            description="Values that one address may ask for in a minute without a key; 0 for any.",
        ),
    ] = 0
    proxies: Annotated[
        str,
        Field(
            description="Addresses or networks, separated by commas, of the proxies whose"
            " X-Forwarded-For is believed."
        ),
    ] = ""
    documents: Annotated[
        Path | None,
        Field(
            description="A JSON file of documents by their SHA-256: only these are answered.",
        ),
    ] = None
    graphiql: Annotated[
        bool, Field(description="Whether /graphql shows GraphiQL to a browser.")
    ] = True
    introspection: Annotated[
        bool, Field(description="Whether clients may ask for the schema; GraphiQL needs it.")
    ] = True
    cors_origins: Annotated[
        str,
        Field(
            description="Sites, separated by commas, whose pages may ask from a browser; * for all."
        ),
    ] = ""
    max_age_s: Annotated[
        int,
        Field(ge=0, description="Seconds for which caches may give an answer to a GET unasked."),
    ] = 0
    refresh_s: Annotated[
        float, Field(gt=0, description="Seconds between looks for a newer snapshot.")
    ] = 5.0
    limit_connections: Annotated[
        int,
        Field(
            gt=0,
            description="Connections that a worker holds open, at most, and fewer than `ulimit -n`"
            " by a hundred; one more ends the one that has waited for its client for longest.",
        ),
    ] = 500
    limit_head_bytes: Annotated[
        int, Field(gt=0, description="Bytes of a request's line and headers, at most.")
    ] = 512 * 1024
    limit_head_s: Annotated[
        float,
        Field(
            gt=0,
            description="Seconds in which a request's line and headers must have arrived, and"
            " after an answer what is left of the body.",
        ),
    ] = 10.0
    limit_answer_s: Annotated[
        float, Field(gt=0, description="Seconds in which a client must have taken an answer.")
    ] = 60.0
    limit_idle_s: Annotated[
        int,
        Field(gt=0, description="Seconds for which a connection stays open between requests."),
    ] = 5
    limit_body_bytes: Annotated[
        int, Field(gt=0, description="Bytes of a request's body, at most.")
    ] = 256 * 1024
    limit_body_s: Annotated[
        float, Field(gt=0, description="Seconds in which a request's body must have arrived.")
    ] = 10.0
    limit_depth: Annotated[
        int, Field(gt=0, description="Levels of nested fields in a query, at most.")
    ] = 12
    limit_aliases: Annotated[
        int, Field(gt=0, description="Aliased fields in a query, at most.")
    ] = 30
    limit_tokens: Annotated[int, Field(gt=0, description="Tokens of a document, at most.")] = 2000
    limit_overlaps: Annotated[
        int,
        Field(gt=0, description="Pairs of fields of one name in one place of a query, at most."),
    ] = 10_000
    limit_cost: Annotated[
        int, Field(gt=0, description="Values that a query may ask for, at most.")
    ] = 50_000
    limit_first: Annotated[
        int, Field(gt=0, le=1000, description="Nodes of the largest page, at most.")
    ] = 1000
    limit_query_s: Annotated[
        float, Field(gt=0, description="Seconds that a query may take, its waiting included.")
    ] = 10.0
    limit_queries: Annotated[
        int, Field(gt=0, description="Queries that a worker holds, executing or waiting, at most.")
    ] = 100
    limit_cached_tokens: Annotated[
        int, Field(ge=0, description="Tokens of the documents that stay parsed, at most.")
    ] = 200_000
    limit_cached_bytes: Annotated[
        int, Field(ge=0, description="Bytes of the answers that a worker keeps, at most.")
    ] = 64 * 1024 * 1024
    limit_persisted_bytes: Annotated[
        int,
        Field(
            ge=0,
            description="Bytes of the documents that a worker keeps for clients that send their"
            " hash, at most.",
        ),
    ] = 8 * 1024 * 1024

    @property
    def snapshot_cache(self) -> Path:
        """Where snapshots of a Neo4j store are copied to."""
        return self.cache / "snapshots"

    @field_validator("cache")
    @classmethod
    def _check_cache(cls, cache: Path) -> Path:
        if not _is_writable(cache):
            raise ValueError("nothing can be written there")
        return cache
