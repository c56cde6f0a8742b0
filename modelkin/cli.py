"""The command line. Each command imports what it needs, so that ``--help`` is quick."""

import errno
import os
import sys
import threading
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from graph.errors import ModelkinError
from modelkin import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from graph.store import port
    from modelkin.settings import Settings

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Numbers of the errors that say that there is no room to write."""

EXIT_SIGTERM = 143
"""Exit code after SIGTERM: 128 and the signal's number."""

app = typer.Typer(
    name="modelkin",
    help="Who builds on whom among open models: crawl, measure, serve.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

registry = typer.Typer(
    help="Families, organisations, licences and origins of one's own.", no_args_is_help=True
)
app.add_typer(registry, name="registry")

Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        help="A directory, or a neo4j:// or bolt:// URL. Default: MODELKIN_STORE, or"
        " ./modelkin-data.",
        show_default=False,
    ),
]
Source = Annotated[
    str,
    typer.Argument(
        metavar="[hub|FILE]",
        help="The Hub, a JSONL file, gzipped or not, or a Parquet file, also by its hf:// address.",
    ),
]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Read no more than this many models; sweeps nothing.")
]
NoResume = Annotated[
    bool, typer.Option("--no-resume", help="Start anew, even if a crawl was interrupted.")
]
MaxShrink = Annotated[
    float,
    typer.Option(min=0, max=1, help="The largest fraction of models that may vanish in a crawl."),
]
Port = Annotated[int, typer.Option(help="The port; 0 for any that is free.")]


class Mode(StrEnum):
    """Whether a source is all there is."""

    FULL = "full"
    INCREMENTAL = "incremental"


def _settings(store: str | None) -> "Settings":
    """Read the settings, and put into the environment what the server's workers need of them."""
    from pydantic import ValidationError

    from graph.errors import UsageError
    from modelkin.settings import Settings

    if store is not None:
        os.environ["MODELKIN_STORE"] = store
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        variable = name if name.isupper() else f"MODELKIN_{name.upper()}"
        raise UsageError(f"{variable} is {first['input']!r}: {first['msg']}") from None
    os.environ.setdefault("NUMBA_CACHE_DIR", str(settings.cache.absolute() / "kernels"))
    return settings


@app.command()
def up(
    port: Port = 8000,
    sample: Annotated[bool, typer.Option("--sample", help="Never ask the Hub.")] = False,
    store: Store = None,
) -> None:
    """Serve at once, from the built-in sample, and crawl the Hub behind it.

    Later runs serve what is there.
    """
    from modelkin.server import bind, serve
    from modelkin.up import prepare, replace_sample

    settings = _settings(store)
    bound = bind("127.0.0.1", port)
    is_sample = prepare(settings)
    _announce(bound.getsockname()[1], sample=is_sample)
    stop = threading.Event()
    behind = threading.Thread(target=replace_sample, args=(settings, stop), daemon=True)
    if is_sample and not sample:
        behind.start()
    try:
        serve(bound, 1, settings)
    finally:
        stop.set()
        if behind.is_alive():
            behind.join()


@app.command()
def crawl(
    source: Source = "hub",
    mode: Annotated[
        Mode,
        typer.Option(
            help="full: what the source lacks is gone. incremental: nothing is, and of the Hub only"
            " what changed is read."
        ),
    ] = Mode.FULL,
    limit: Limit = None,
    no_resume: NoResume = False,
    max_shrink: MaxShrink = 0.05,
    store: Store = None,
) -> None:
    """Read a source and store what is new or changed."""
    from modelkin.jobs import sigterm

    settings = _settings(store)
    with sigterm() as stop:
        _crawl(settings, stop, source, lambda *_: mode, limit, not no_resume, max_shrink)


@app.command()
def measure(store: Store = None) -> None:
    """Compute all measures, and publish a snapshot."""
    from modelkin.jobs import sigterm

    settings = _settings(store)
    with sigterm() as stop:
        _measure(settings, stop)


@app.command()
def run(
    source: Source = "hub",
    every: Annotated[
        str | None,
        typer.Option(
            metavar="INTERVAL", help="Run again every so often: 30m, 6h, 1d, give or take 5%."
        ),
    ] = None,
    full_every: Annotated[
        str | None,
        typer.Option(
            metavar="INTERVAL",
            help="Crawl whole only so often, and in between what changed. Default: always whole.",
        ),
    ] = None,
    limit: Limit = None,
    no_resume: NoResume = False,
    max_shrink: MaxShrink = 0.05,
    store: Store = None,
) -> None:
    """Crawl, then measure; once, or every so often until SIGTERM."""
    from modelkin.jobs import RUNS_LOOKED_AT, sigterm
    from modelkin.schedule import is_full_due, repeat, seconds

    settings = _settings(store)
    every_s = seconds(every, "--every") if every else None
    full_every_s = seconds(full_every, "--full-every") if full_every else 0.0

    def mode(store: "port.Store", name: str) -> Mode:
        due = is_full_due(store.runs(RUNS_LOOKED_AT), name, full_every_s)
        return Mode.FULL if due else Mode.INCREMENTAL

    with sigterm() as stop:

        def job() -> None:
            _crawl(settings, stop, source, mode, limit, not no_resume, max_shrink)
            _measure(settings, stop)

        if every_s is None:
            job()
        else:
            repeat(job, every_s, stop)
            raise typer.Exit(EXIT_SIGTERM)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to serve on.")] = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer.")] = 1,
    store: Store = None,
) -> None:
    """Serve the newest snapshot, and follow newer ones."""
    from modelkin.jobs import opened
    from modelkin.server import admission, bind, documents
    from modelkin.server import serve as serve_on

    settings = _settings(store)
    # What cannot be opened is told before a port is taken.
    opened(settings).close()
    admission(settings)
    documents(settings)
    bound = bind(host, port)
    _announce(bound.getsockname()[1], sample=False, host=host)
    serve_on(bound, workers, settings)


@app.command()
def key(
    name: Annotated[str, typer.Argument(help="Whose key it is: letters, digits and . _ @ -")],
) -> None:
    """Make an API key: print it once, and append its hash to the file MODELKIN_API_KEYS.

    A key whose line is removed from the file is refused from then on.
    """
    from api.keys import add_key
    from graph.errors import UsageError

    settings = _settings(None)
    if settings.api_keys is None:
        raise UsageError("MODELKIN_API_KEYS names no file: set it to where the keys are kept")
    typer.echo(add_key(settings.api_keys, name))
    typer.echo(f"{name} is in {settings.api_keys}; the key is not shown again", err=True)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    store: Store = None,
) -> None:
    """Show the runs, the snapshots and what was doubtful in the data."""
    from modelkin.jobs import opened
    from modelkin.status import report, shown

    with opened(_settings(store)) as found:
        told = report(found)
    typer.echo(shown(told, as_json=as_json))


class ExportFormat(StrEnum):
    """What can be written."""

    CSV = "csv"
    PARQUET = "parquet"
    GRAPHML = "graphml"
    CYCLONEDX = "cyclonedx"
    REPORT = "report"


@app.command()
def export(
    format: Annotated[ExportFormat, typer.Argument(help="What to write.")],
    path: Annotated[
        Path,
        typer.Argument(help="csv, parquet: the directory to write into; else the file."),
    ],
    family: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only a family's models.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Only a model and its lineage; for cyclonedx, its ancestors."
        ),
    ] = None,
    partitioned: Annotated[
        bool,
        typer.Option(
            "--partitioned",
            help="parquet: models by the year of their creation, edges by relation.",
        ),
    ] = False,
    snapshot: Annotated[
        str | None, typer.Option(help="A snapshot's id; the newest by default.")
    ] = None,
    store: Store = None,
) -> None:
    """Write a snapshot as tables, a graph, a bill of materials, or a report to read."""
    from graph.errors import UsageError
    from modelkin.exports import write
    from modelkin.opening import open as open_snapshot

    if family and model:
        raise UsageError("--family and --model exclude each other: give one")
    if format == ExportFormat.REPORT and (family or model):
        raise UsageError("a report is of a whole snapshot: leave --family and --model out")
    if partitioned and format != ExportFormat.PARQUET:
        raise UsageError(f"--partitioned is for parquet, and there is none of it for {format}")
    eco = open_snapshot(_settings(store).store, snapshot)
    written = write(eco, format, path, family=family, model=model, partitioned=partitioned)
    for file in written:
        typer.echo(file)


@registry.command()
def check(
    file: Annotated[Path, typer.Argument(help="A TOML file of one's own, as MODELKIN_REGISTRY.")],
    diff: Annotated[
        bool,
        typer.Option("--diff", help="Tell what it changes in the numbers of the newest snapshot."),
    ] = False,
    attribution: Annotated[
        Literal["lineage", "publisher", "direct"], typer.Option(help="Of the numbers in --diff.")
    ] = "lineage",
    credit: Annotated[
        Literal["full", "fractional"],
        typer.Option(help="How a model of several roots counts in them."),
    ] = "fractional",
    first: Annotated[
        int, typer.Option(min=0, help="Models, and groups of each kind, that --diff names.")
    ] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="--diff as JSON.")] = False,
    store: Store = None,
) -> None:
    """Check a registry file, tell all that is wrong in it, and what it would change.

    Nothing is written; 'modelkin measure' with MODELKIN_REGISTRY set makes the change.
    """
    from graph.errors import RegistryError
    from graph.registry import load_registry

    try:
        found = load_registry(file)
    except RegistryError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(error.exit_code) from None
    typer.echo(f"{file} is right", err=as_json)
    if diff:
        from graph.families import Attribution, Credit
        from modelkin.opening import open as open_snapshot
        from modelkin.registry_diff import report, shown

        eco = open_snapshot(_settings(store).store)
        told = report(eco, found, Attribution(attribution), Credit(credit), first)
        typer.echo(shown(told, as_json=as_json))


@app.command()
def neo4j(
    port: Annotated[int, typer.Option(help="The Bolt port.")] = 7687,
    data: Annotated[Path, typer.Option(help="The server's directory.")] = Path("modelkin-neo4j"),
) -> None:
    """Run a real Neo4j on this machine, with nothing else installed."""
    from modelkin.neo4j_command import run as run_neo4j

    raise typer.Exit(run_neo4j(data, port))


def _crawl(
    settings: "Settings",
    stop: threading.Event,
    source: str,
    mode_for: "Callable[[port.Store, str], Mode]",
    limit: int | None,
    resume: bool,
    max_shrink: float,
) -> None:
    from modelkin import jobs

    origin = jobs.source_of(source, settings, limit=limit, stop=stop)
    name = origin.name  # a file that is missing is told before a store is made
    with jobs.opened(settings) as store:
        mode = mode_for(store, name)
        try:
            ended = jobs.crawl(
                store,
                origin,
                stop,
                mode=mode.value,
                resume=resume,
                max_shrink=max_shrink,
                batch_rows=settings.batch_rows,
            )
        except jobs.Stopped:
            raise typer.Exit(EXIT_SIGTERM) from None
    if ended.state == "stopped":
        raise typer.Exit(EXIT_SIGTERM)
    report = ended.report
    typer.echo(f"read {report['read']} models of {name}; wrote {report['written']} changes")


def _measure(settings: "Settings", stop: threading.Event) -> None:
    from modelkin import jobs

    with jobs.opened(settings) as store:
        try:
            info = jobs.measure(store, settings, stop)
        except jobs.Stopped:
            raise typer.Exit(EXIT_SIGTERM) from None
    typer.echo(f"published snapshot {info.id}")


def _announce(port: int, *, sample: bool, host: str = "127.0.0.1") -> None:
    shown = f"[{host}]" if ":" in host else host
    what = "the built-in sample of 2026-08-22" if sample else "the newest snapshot"
    typer.echo(f"modelkin serves {what} at http://{shown}:{port}/ (GraphQL at /graphql)")
    sys.stdout.flush()


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if version:
        typer.echo(f"modelkin {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; an error is one line on standard error, and an exit code."""
    from modelkin.progress import configure_logging

    configure_logging()
    try:
        app()
    except ModelkinError as error:
        typer.echo(f"modelkin: {' '.join(str(error).split())}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        told = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        if error.errno in _FULL:
            told += "; free space there, or name another place (--store, MODELKIN_CACHE, TMPDIR)"
        typer.echo(f"modelkin: {told}", err=True)
        sys.exit(1)
