"""Why a query fails: what a client is told, and what only the log says."""

import traceback
from typing import Any

import structlog
from graphql import GraphQLError

from graph.errors import CursorError, ModelkinError, NotFoundError, TryLaterError, UsageError

_TOLD = (UsageError, NotFoundError, CursorError, TryLaterError)
"""Errors whose message is about what the client sent. The others speak of the server's files."""

_MESSAGE = 500
"""Characters of a message at most: it may name an input, which may be long."""

_log = structlog.get_logger()


class RequestError(Exception):
    """A request that is refused before anything of it is executed.

    Parameters
    ----------
    code
        Stable, for programs.
    message
        One line that names the input and the mend.
    status
        Of HTTP, for a client of ``application/graphql-response+json``.
    well_formed
        Whether it is a GraphQL request at all. One that is gets 200 where ``application/json``
        is spoken, as clients of that media type expect.
    headers
        Headers of the answer.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        *,
        well_formed: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.status, self.well_formed = code, status, well_formed
        self.headers = headers or {}

    @property
    def told(self) -> list[dict[str, Any]]:
        """The ``errors`` of the answer."""
        return [{"message": str(self), "extensions": {"code": self.code}}]


class InvalidError(RequestError):
    """A document, or its variables, that GraphQL's own rules refuse."""

    def __init__(self, errors: list[GraphQLError], code: str = "GRAPHQL_VALIDATION_FAILED") -> None:
        super().__init__(code, errors[0].message, well_formed=True)
        self._errors = errors

    @property
    def told(self) -> list[dict[str, Any]]:
        """The ``errors`` of the answer."""
        return [_told(error, self.code, error.message) for error in self._errors]


class LimitError(RequestError):
    """A query that asks for more than it may."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, well_formed=True)


class TimeUpError(RequestError):
    """A query that took too long."""

    def __init__(self, seconds: float) -> None:
        message = f"the query took more than {seconds:g} s; ask for less at a time"
        super().__init__("TIME_LIMIT", message, 503)


def told(error: GraphQLError) -> dict[str, Any]:
    """Return what a client is told of an error in a field.

    What is not meant for clients is masked: the log has the kind of the error and the line that
    raised it, and at debug level the whole of it.
    """
    cause = error.original_error
    if isinstance(cause, _TOLD):
        code, message = cause.code, error.message
    elif cause is None:
        code, message = "GRAPHQL_EXECUTION_FAILED", error.message
    else:
        code = cause.code if isinstance(cause, ModelkinError) else ModelkinError.code
        message = "the server failed at this field; its log has the cause"
        last = traceback.extract_tb(cause.__traceback__)[-1:]
        place = [f"{frame.name}:{frame.lineno}" for frame in last]
        _log.error("a resolver failed", error=type(cause).__name__, at=place)
        _log.debug("why", path=error.path, exc_info=cause)
    return _told(error, code, message)


def _told(error: GraphQLError, code: str, message: str) -> dict[str, Any]:
    return {**error.formatted, "message": message[:_MESSAGE], "extensions": {"code": code}}
