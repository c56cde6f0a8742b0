"""Persisted documents: a client sends a document's hash rather than the document.

Automatic ones, as Apollo's clients send them: ``extensions.persistedQuery.sha256Hash`` alone first
and, when the server does not know it, once more with the document. Or those of a file alone, for a
server that answers nothing but what its own frontends ask.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from api.failure import RequestError
from graph.errors import InputError
from graph.lru import Lru

_VERSION = 1
_HASH = re.compile(r"[0-9a-f]{64}")


class Persisted:
    """Documents by their hash.

    Parameters
    ----------
    room
        Bytes of the documents that clients have sent and that are kept; 0 for none.
    allowed
        If it is given, the only documents that are answered.
    """

    def __init__(self, room: int, allowed: Mapping[str, str] | None = None) -> None:
        self._allowed = allowed
        self._takes = room > 0
        self.kept: Lru[str] = Lru(room)

    def document(self, query: str | None, extensions: Mapping[str, Any]) -> str:
        """Return the document that a request means.

        Parameters
        ----------
        query
            The document, if the request has it.
        extensions
            Of the request.

        Raises
        ------
        RequestError
            When there is neither a document nor a hash, or the hash is unknown or another's, or
            the document is not allowed.
        """
        hash = _hash_told(extensions)
        if query is None and hash is None:
            raise RequestError("BAD_REQUEST", "the parameter query must be text that is not empty")
        if query is not None and hash not in {None, _sha256(query)}:
            raise RequestError("BAD_REQUEST", "sha256Hash is not the SHA-256 of the query")
        if self._allowed is not None:
            found = self._allowed.get(hash or _sha256(query or ""))
            if found is None:
                message = "this server answers only documents that it lists, and not this one"
                raise RequestError("DOCUMENT_NOT_ALLOWED", message, well_formed=True)
            return found
        if query is not None:
            return query
        if not self._takes:
            message = "PersistedQueryNotSupported"
            raise RequestError("PERSISTED_QUERY_NOT_SUPPORTED", message, well_formed=True)
        found = self.kept.get(hash)
        if found is None:  # Apollo's clients look for these very words
            message = "PersistedQueryNotFound"
            raise RequestError("PERSISTED_QUERY_NOT_FOUND", message, well_formed=True)
        return found

    def keep(self, query: str, extensions: Mapping[str, Any]) -> None:
        """Keep a valid document that was sent with its hash."""
        hash = _hash_told(extensions)
        if hash and self._allowed is None:
            self.kept.put(hash, query, len(query.encode()))


def read_documents(path: Path) -> dict[str, str]:
    """Read the documents that are allowed: a JSON object of documents by their SHA-256.

    Raises
    ------
    InputError
        When the file cannot be read, or is something else.
    """
    try:
        told = orjson.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path} is not JSON: {error}") from None
    if not isinstance(told, dict) or not all(isinstance(text, str) for text in told.values()):
        raise InputError(f"{path} is not a JSON object of documents by their SHA-256")
    for hash, text in told.items():
        if hash != _sha256(text):
            raise InputError(
                f"{path}: {hash[:80]} is not the SHA-256 of its document, which is {_sha256(text)}"
            )
    return told


def _hash_told(extensions: Mapping[str, Any]) -> str | None:
    told = extensions.get("persistedQuery")
    if told is None:
        return None
    hash = told.get("sha256Hash") if isinstance(told, dict) else None
    if not isinstance(hash, str) or not _HASH.fullmatch(hash) or told.get("version") != _VERSION:
        raise RequestError(
            "BAD_REQUEST",
            'persistedQuery must be {"version": 1, "sha256Hash": "64 hexadecimal digits"}',
        )
    return hash


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()
