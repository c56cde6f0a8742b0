"""The web server: a socket that is bound first, and workers that share one snapshot."""

import errno
import os
import socket
import tempfile
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import Any, TypeVar

import uvicorn
from uvicorn.supervisors import Multiprocess

from api import memory
from api.admission import Admission
from api.app import create_app
from api.current import Current
from api.keys import Keys
from api.limits import Limits
from api.persisted import read_documents
from api.rate import Rates
from graph.errors import UsageError
from modelkin.connection import BoundedConnection, Bounds
from modelkin.jobs import opened
from modelkin.progress import configure_logging
from modelkin.settings import Settings

L = TypeVar("L", Limits, Bounds)

_BACKLOG = 1024
"""Connections that may wait to be accepted."""


def bind(host: str, port: int) -> socket.socket:
    """Bind a socket to serve from.

    Raises
    ------
    UsageError
        When the port is in use, not allowed, or the host is none of this machine's.
    """
    try:
        bound = socket.create_server((host, port), backlog=_BACKLOG)
        # Connections inherit it. Without it an answer's body waits 40 ms for the client's word that
        # it has the head; asyncio sets it only on sockets that it made itself.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"port {port} is in use; choose another with --port"
        else:
            reason = f"cannot serve on {host} port {port}: {error.strerror or error}"
        raise UsageError(reason) from error
    except OverflowError as error:
        raise UsageError(f"--port {port} is no port; it is from 0 to 65535") from error
    return bound


def admission(settings: Settings) -> Admission:
    """Return who may ask, and how much, by the settings.

    Raises
    ------
    UsageError
        When nobody could ask, or no query could be as large as its limit.
    """
    if settings.api_keys is None and not settings.anonymous:
        raise UsageError(
            "MODELKIN_ANONYMOUS is false and MODELKIN_API_KEYS names no file, so that nobody could"
            " ask: name a file of keys"
        )
    for name in ("rate_key_cost", "rate_address_cost"):
        if 0 < (cost := getattr(settings, name)) < settings.limit_cost:
            raise UsageError(
                f"MODELKIN_{name.upper()} is {cost}, less than the {settings.limit_cost} of one"
                " query: raise it, or lower MODELKIN_LIMIT_COST"
            )
    return Admission(
        Keys(settings.api_keys) if settings.api_keys else None,
        anonymous=settings.anonymous,
        key_rates=Rates(settings.rate_key_requests, settings.rate_key_cost),
        address_rates=Rates(settings.rate_address_requests, settings.rate_address_cost),
    )


def documents(settings: Settings) -> dict[str, str] | None:
    """Return the documents that alone are answered; None for all.

    Raises
    ------
    UsageError
        When their file is missing or is not what it should be.
    """
    return read_documents(settings.documents) if settings.documents else None


def limited(kind: type[L], settings: Settings) -> L:
    """Return a dataclass of limits, each by the setting that bears its name."""
    names = [field.name for field in fields(kind)]
    return kind(**{name: getattr(settings, f"limit_{name}") for name in names})


def application() -> Callable[..., Any]:
    """Make the ASGI application of the environment's settings; each worker calls it."""
    configure_logging()
    memory.compact()
    settings = Settings()
    current = Current(opened(settings), settings.snapshot_cache, settings.refresh_s)
    app = create_app(
        current,
        limits=limited(Limits, settings),
        graphiql=settings.graphiql,
        introspection=settings.introspection,
        origins=[origin for origin in settings.cors_origins.split(",") if origin],
        max_age_s=settings.max_age_s,
        admission=admission(settings),
        documents=documents(settings),
    )
    memory.keep()
    return app


def configuration(
    application: str | Callable[..., Any],
    *,
    workers: int = 1,
    proxies: str = "",
    bounds: Bounds | None = None,
) -> uvicorn.Config:
    """Return how uvicorn serves.

    Parameters
    ----------
    application
        The ASGI application, or for workers the import name of what makes it.
    workers
        Processes that answer.
    proxies
        Addresses or networks, separated by commas, whose ``X-Forwarded-For`` is believed.
    bounds
        Of each worker's connections.
    """
    bounds = bounds or Bounds()
    return uvicorn.Config(
        application,
        http=partial(BoundedConnection, bounds=bounds),  # type: ignore[arg-type]
        ws="none",
        timeout_keep_alive=bounds.idle_s,
        factory=isinstance(application, str),
        workers=workers,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
    )


def serve(bound: socket.socket, workers: int, settings: Settings) -> None:
    """Serve until the process is told to end.

    Parameters
    ----------
    bound
        From `bind`.
    workers
        Processes that answer; with more than one, this process only watches over them.
    settings
        Whose proxies and bounds of connections hold; each worker reads the others itself.
    """
    config = configuration(
        "modelkin.server:application",
        workers=workers,
        proxies=settings.proxies,
        bounds=limited(Bounds, settings),
    )
    server = uvicorn.Server(config)
    if workers == 1:
        server.run(sockets=[bound])
        if not server.started:
            raise SystemExit(1)
    else:
        # Where workers add up what they count.
        with tempfile.TemporaryDirectory(prefix="modelkin-metrics-") as directory:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
            Multiprocess(config, [bound]).run()
