"""The web server: a socket that is bound first, and workers that share one snapshot."""

import errno
import socket
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from api.app import create_app
from api.current import Current
from api.limits import Limits
from graph.errors import UsageError
from modelkin.jobs import opened
from modelkin.progress import configure_logging
from modelkin.settings import Settings

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


def application() -> Callable[..., Any]:
    """Make the ASGI application of the environment's settings; each worker calls it."""
    configure_logging()
    settings = Settings()
    current = Current(opened(settings), settings.snapshot_cache, settings.refresh_s)
    limits = Limits(**{f.name: getattr(settings, f"limit_{f.name}") for f in fields(Limits)})
    return create_app(
        current,
        limits=limits,
        graphiql=settings.graphiql,
        introspection=settings.introspection,
        origins=[origin for origin in settings.cors_origins.split(",") if origin],
        max_age_s=settings.max_age_s,
    )


def serve(bound: socket.socket, workers: int) -> None:
    """Serve until the process is told to end.

    Parameters
    ----------
    bound
        From `bind`.
    workers
        Processes that answer; with more than one, this process only watches over them.
    """
    config = uvicorn.Config(
        "modelkin.server:application",
        factory=True,
        workers=workers,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    if workers == 1:
        server.run(sockets=[bound])
        if not server.started:
            raise SystemExit(1)
    else:
        Multiprocess(config, [bound]).run()
