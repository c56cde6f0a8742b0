"""The records that a crawl yields and a store keeps.

Records are named tuples, not dataclasses: a batch of them binds to a database statement as it
is, and millions are made in a crawl.
"""

from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote, unquote


class Relation(StrEnum):
    """How a derivative was made from its base; the Hub's four, and one for "not said"."""

    FINETUNE = "finetune"
    ADAPTER = "adapter"
    QUANTIZED = "quantized"
    MERGE = "merge"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """Whether the source holds the model.

    ``MISSING`` is a placeholder: somebody declares it as a base, but no source showed it.
    ``DELETED`` was there once; it is kept while something derives from it.
    """

    LIVE = "live"
    MISSING = "missing"
    DELETED = "deleted"


class Reference(NamedTuple):
    """A base as a derivative's metadata declares it, before anyone looked for it.

    One that ``strays`` is no Hub id, or is the model itself. It makes no derivation, and is kept
    so that an edit of the declaration shows.
    """

    relation: Relation
    id: str
    key: str | None = None
    strays: bool = False


class Model(NamedTuple):
    """One repository of the Hub, by its metadata alone.

    Attributes
    ----------
    key
        The Hub's ``_id`` (24 hex digits), constant for the life of a repository; ``id:<id>``
        where no source gave one.
    id
        ``author/name``, or one part for the oldest models. Changes when a model is renamed.
    author
        The namespace of ``id``; None for a one-part id.
    created_at, modified_at
        Milliseconds since 1970, UTC. The Hub gives every repository older than 2022-03-02
        that date.
    downloads
        Of the 30 days before the crawl.
    downloads_all_time, likes
        Since creation.
    license
        The Hub's licence id, such as ``apache-2.0``.
    library, task
        The Hub's ``library_name`` and ``pipeline_tag``.
    parameters
        Weights in the safetensors files, all dtypes together.
    gated
        ``no``, ``auto`` or ``manual``; None when the source does not say.
    declared
        The declared bases, as `encode_references` writes them.
    status
        Whether the source holds it.
    """

    key: str
    id: str
    author: str | None = None
    created_at: int | None = None
    modified_at: int | None = None
    downloads: int | None = None
    downloads_all_time: int | None = None
    likes: int | None = None
    license: str | None = None
    library: str | None = None
    task: str | None = None
    parameters: int | None = None
    gated: str | None = None
    declared: str | None = None
    status: Status = Status.LIVE


class Derivation(NamedTuple):
    """``(child)-[:DERIVED_FROM {relation}]->(base)``, both ends by their key."""

    child: str
    base: str
    relation: Relation


ID_KEY_PREFIX = "id:"
"""Marks the key of a model whose ``_id`` no source gave; the Hub's own keys are hexadecimal."""


def id_key(id: str) -> str:
    """Return the key of a model that is known by its id alone."""
    return ID_KEY_PREFIX + id


def author_of(id: str) -> str | None:
    """Return the namespace of an id; None for a one-part id."""
    author, slash, _ = id.partition("/")
    return author if slash else None


STRAY_PREFIX = "!"
"""Marks what strays; no Hub id holds it."""


def encode_references(references: list[Reference]) -> str | None:
    """Write references as one text, ``relation:id[:key]`` separated by spaces.

    Ids and keys hold neither spaces nor colons, so the text reads back exactly; an id that strays
    is percent-encoded behind `STRAY_PREFIX`.
    """
    if not references:
        return None
    texts = []
    for relation, id, key, strays in references:
        text = f"{relation}:{STRAY_PREFIX}{quote(id)}" if strays else f"{relation}:{id}"
        texts.append(f"{text}:{key}" if key else text)
    return " ".join(texts)


def decode_references(text: str | None) -> list[Reference]:
    """Read what `encode_references` wrote."""
    if not text:
        return []
    references = []
    for part in text.split(" "):
        relation, id, *key = part.split(":")
        strays = id.startswith(STRAY_PREFIX)
        if strays:
            id = unquote(id.removeprefix(STRAY_PREFIX))
        references.append(Reference(Relation(relation), id, key[0] if key else None, strays))
    return references
