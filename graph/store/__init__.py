"""Where models and snapshots are kept: the port, and the way from a URL to an adapter."""

from pathlib import Path

from graph.errors import StoreUrlError
from graph.store.port import Store

NEO4J_SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")


def open_store(
    url: str,
    *,
    credentials: tuple[str, str] | None = None,
    database: str = "neo4j",
) -> Store:
    """Open a store: a Neo4j address, or a directory for the embedded one.

    Parameters
    ----------
    url
        ``neo4j://`` or ``bolt://`` (also ``+s``, ``+ssc``), or a directory's path, which is
        made when it does not exist.
    credentials
        User name and password, for Neo4j.
    database
        The Neo4j database.

    Raises
    ------
    StoreUrlError
        When the URL names neither.
    StoreError, CredentialsError
        When the store cannot be reached, or refuses.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme in NEO4J_SCHEMES:
        if "@" in rest:
            raise StoreUrlError(
                f"the store URL {scheme}://... holds credentials;"
                " give them by NEO4J_USERNAME and NEO4J_PASSWORD"
            )
        from graph.store.neo4j import Neo4jStore  # noqa: PLC0415  (the driver costs 0.5 s)

        return Neo4jStore(url, credentials, database=database)
    if separator or not url.strip():
        raise StoreUrlError(
            f"{url!r} names no store; give a directory, or a URL that begins with"
            " neo4j://, neo4j+s://, bolt:// or bolt+s://"
        )
    from graph.store.embedded import EmbeddedStore  # noqa: PLC0415

    return EmbeddedStore(Path(url).expanduser())
