"""Families, organisations, licences and origins: the definitions behind every count, as data.

The rows lie in the TOML files beside this module; ``docs/registry.md`` says what they mean
and how to add to them. Nothing is read at import: ``load_registry`` reads.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from graph.errors import RegistryError
from graph.registry.definitions import Family, License, LicenseClass, Organization, Registry
from graph.registry.rows import TABLES, Row, Rows, read

__all__ = ["Family", "License", "LicenseClass", "Organization", "Registry", "load_registry"]

T = TypeVar("T")

_FILES = ("organizations.toml", "families.toml", "licenses.toml", "origins.toml")


def load_registry(extra: Path | None = None) -> Registry:
    """Read the built-in registry, and the user's own file over it.

    Parameters
    ----------
    extra : Path, optional
        A TOML file with any of ``[[family]]``, ``[[organization]]``, ``[[license]]`` and
        ``[[origin]]``. Its families come first, and its rows replace those of the same key.

    Raises
    ------
    RegistryError
        If a file cannot be read, or rows break a rule; its problems name file, row and mend.
    """
    return _builtin() if extra is None else _registry([extra, *_builtin_files()])


def _builtin_files() -> list[Traversable]:
    return [resources.files(__name__).joinpath(name) for name in _FILES]


@functools.cache
def _builtin() -> Registry:
    return _registry(_builtin_files())


def _registry(files: Sequence[Path | Traversable]) -> Registry:
    """Merge the files, the first one winning, and check what spans rows."""
    rows: Rows = {table: {} for table in TABLES}
    problems = []
    for file in files:
        found, wrong = read(file)
        problems += wrong
        for table, more in found.items():
            rows[table] = rows[table] | {k: row for k, row in more.items() if k not in rows[table]}
    problems += [*_homeless(rows), *_circular(rows["origin"])]
    if problems:
        raise RegistryError(*problems)
    return Registry(
        families=tuple(Family(**{"series": ()} | row.values) for row in rows["family"].values()),
        organizations=_each(rows["organization"], lambda values: Organization(**values)),
        licenses=_each(rows["license"], _license),
        origins=_each(rows["origin"], lambda values: values["of"]),
    )


def _each(rows: Mapping[str, Row], make: Callable[[dict[str, Any]], T]) -> Mapping[str, T]:
    return MappingProxyType({key: make(row.values) for key, row in rows.items()})


def _license(values: dict[str, Any]) -> License:
    license_class = LicenseClass(values["class"])
    return License(values["id"], values["name"], license_class, values["source"])


def _homeless(rows: Rows) -> Iterator[str]:
    """Tell of families whose organisation has no row."""
    for row in rows["family"].values():
        name = row.values.get("organization")
        if name is not None and name not in rows["organization"]:
            yield row.told(
                f"organization {name!r} has no row; add an [[organization]] with that name"
            )


def _circular(origins: Mapping[str, Row]) -> Iterator[str]:
    """Tell of what is made from itself, once for each circle."""
    told: set[str] = set()
    for start in origins:
        path = [start]
        while (row := origins.get(path[-1])) and (of := row.values.get("of", "")) not in path:
            path.append(of)
        if row and of == start and start not in told:
            told.update(path)
            circle = " -> ".join([*path, start])
            yield origins[start].told(f"made from itself ({circle}); name the original in `of`")
