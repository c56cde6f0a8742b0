"""What the registry holds, and the look-ups on it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase, translate

UNKNOWN_COUNTRY = "unknown"


class LicenseClass(StrEnum):
    """What a licence asks of those who build on the model."""

    PERMISSIVE = "permissive"
    COPYLEFT = "copyleft"
    NON_COMMERCIAL = "non-commercial"
    COMMUNITY_TERMS = "community-terms"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Family:
    """A named family of models; ``patterns`` and ``series`` are globs on ids."""

    key: str
    name: str
    organization: str
    patterns: tuple[str, ...]
    series: tuple[tuple[str, tuple[str, ...]], ...]
    source: str


@dataclass(frozen=True, slots=True)
class Organization:
    """A namespace of the Hub; ``country`` is ISO 3166-1 alpha-2, or "unknown"."""

    name: str
    title: str
    country: str
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class License:
    """A licence by the id that the Hub uses for it."""

    id: str
    name: str
    license_class: LicenseClass
    source: str


_Match = tuple[Callable[[str], object], Family]


@dataclass(frozen=True, slots=True, eq=False)
class Registry:
    """The definitions in force; ``families`` in order of precedence, ``origins`` from id to id."""

    families: tuple[Family, ...]
    organizations: Mapping[str, Organization]
    licenses: Mapping[str, License]
    origins: Mapping[str, str]
    _named: Mapping[str, list[_Match]] = field(init=False, repr=False)
    _anywhere: list[tuple[str, _Match]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # A million ids are looked up in a row, and nearly all of them are of namespaces that
        # no pattern names: one dict look-up must settle those.
        patterns = [(*_split(p), family) for family in self.families for p in family.patterns]
        named: dict[str, list[_Match]] = {ns: [] for ns, _, _ in patterns if not _is_glob(ns)}
        anywhere: list[tuple[str, _Match]] = []
        for namespace, name, family in patterns:
            match: _Match = (re.compile(translate(name)).match, family)
            if _is_glob(namespace):
                anywhere.append((namespace, match))
            for other, matches in named.items():
                if other == namespace or (_is_glob(namespace) and fnmatchcase(other, namespace)):
                    matches.append(match)
        object.__setattr__(self, "_named", named)
        object.__setattr__(self, "_anywhere", anywhere)

    def family_of(self, id: str) -> Family | None:
        """Give the first family with a pattern that matches the id: by name alone, no lineage."""
        namespace, name = _split(id)
        return next((family for match, family in self._of(namespace) if match(name)), None)

    def namespaces_of_families(self, among: Iterable[str]) -> set[str]:
        """Return those of some namespaces that any pattern is on ("" for ids of one part)."""
        if self._anywhere:
            return {namespace for namespace in among if self._of(namespace)}
        return self._named.keys() & among

    def _of(self, namespace: str) -> list[_Match]:
        matches = self._named.get(namespace)
        if matches is None:
            matches = [m for glob, m in self._anywhere if fnmatchcase(namespace, glob)]
        return matches

    def license_class(self, license: str | None) -> LicenseClass:
        """Give the class of a licence id, in any case; ``UNKNOWN`` when it has no row."""
        row = self.licenses.get(license.lower()) if license else None
        return row.license_class if row else LicenseClass.UNKNOWN

    def country(self, namespace: str | None) -> str:
        """Give the country of a namespace; "unknown" when it has no row."""
        row = self.organizations.get(namespace) if namespace else None
        return row.country if row else UNKNOWN_COUNTRY


def _split(id: str) -> tuple[str, str]:
    """Split an id, or a glob on ids, into namespace and name; legacy ids have no namespace."""
    namespace, slash, name = id.partition("/")
    return (namespace, name) if slash else ("", namespace)


def _is_glob(text: str) -> bool:
    return any(sign in text for sign in "*?[")
