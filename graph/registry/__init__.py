"""Families, organisations, licences and origins: the definitions behind every count, as data.

The rows lie in the TOML files beside this module; ``docs/registry.md`` says what they mean
and how to add to them. Nothing is read at import: ``load_registry`` reads.
"""

import functools
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType

from graph.registry.definitions import Family, License, LicenseClass, Organization, Registry
from graph.registry.rows import TABLES, Row, Rows, read, to_family, to_license, to_organization

__all__ = ["Family", "License", "LicenseClass", "Organization", "Registry", "load_registry"]

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
        If a file cannot be read, or a row breaks a rule; the message names file, row and mend.
    """
    return _builtin() if extra is None else _registry([extra, *_builtin_files()])


def _builtin_files() -> list[Traversable]:
    return [resources.files(__name__).joinpath(name) for name in _FILES]


@functools.cache
def _builtin() -> Registry:
    return _registry(_builtin_files())


def _registry(files: list[Path] | list[Traversable] | list[Path | Traversable]) -> Registry:
    """Merge the files, the first one winning, and check what spans rows."""
    rows: Rows = {table: {} for table in TABLES}
    for file in files:
        for table, found in read(file).items():
            rows[table].update({k: row for k, row in found.items() if k not in rows[table]})
    organizations = {key: to_organization(row) for key, row in rows["organization"].items()}
    families = tuple(to_family(row) for row in rows["family"].values())
    for family in families:
        if family.organization not in organizations:
            raise rows["family"][family.key].error(
                f"organization {family.organization!r} has no row; add an [[organization]] with "
                "that name"
            )
    origins = {key: row.text("of") for key, row in rows["origin"].items()}
    _check_origins(origins, rows["origin"])
    return Registry(
        families=families,
        organizations=MappingProxyType(organizations),
        licenses=MappingProxyType({key: to_license(row) for key, row in rows["license"].items()}),
        origins=MappingProxyType(origins),
    )


def _check_origins(origins: Mapping[str, str], rows: Mapping[str, Row]) -> None:
    for start in origins:
        path = [start]
        while (target := origins.get(path[-1])) is not None:
            if target in path:
                circle = " -> ".join([*path, target])
                raise rows[start].error(f"made from itself ({circle}); name the original in `of`")
            path.append(target)
