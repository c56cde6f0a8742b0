"""Registry files read into checked rows: every message names file, row and mend."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from graph.errors import RegistryError
from graph.registry.definitions import (
    UNKNOWN_COUNTRY,
    Family,
    License,
    LicenseClass,
    Organization,
)

# table -> the field that identifies a row, then all fields; a "?" marks an optional one
TABLES: dict[str, tuple[str, ...]] = {
    "organization": ("name", "title", "country", "kind", "source"),
    "family": ("key", "name", "organization", "patterns", "source", "series?"),
    "license": ("id", "name", "class", "source"),
    "origin": ("id", "of", "source"),
}
_KINDS = ("company", "university", "nonprofit", "community", "government", "individual", "unknown")
_FAMILY_KEY = re.compile(r"[a-z0-9][a-z0-9.-]*")
_COUNTRIES = (  # ISO 3166-1 alpha-2, the 249 officially assigned codes
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, and where it stands, for messages."""

    origin: str
    values: Mapping[str, Any]

    def error(self, problem: str) -> RegistryError:
        """Make the error that says what is wrong with this row."""
        return RegistryError(f"{self.origin}: {problem}")

    def text(self, name: str) -> str:
        """Give a field that must be a text."""
        value = self.values[name]
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"{name} is {value!r}; give a text that is not empty")
        return value

    def one_of(self, name: str, known: tuple[str, ...]) -> str:
        """Give a field that must be one of a few texts."""
        if (value := self.text(name)) not in known:
            raise self.error(f"{name} is {value!r}; use one of {', '.join(known)}")
        return value

    def globs(self, name: str, value: object) -> tuple[str, ...]:
        """Give a value that must be a list of globs on ids."""
        good = isinstance(value, list) and value and all(isinstance(p, str) and p for p in value)
        if not good or not isinstance(value, list) or any(p.count("/") > 1 for p in value):
            raise self.error(f'{name} is {value!r}; give a list of id globs such as ["org/*"]')
        return tuple(value)


Rows = dict[str, dict[str, Row]]  # table -> key -> row


def read(file: Path | Traversable) -> Rows:
    """Read a file, and check its tables, its fields and that no key comes twice."""
    try:
        tables = tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        raise RegistryError(
            f"{file}: {error.strerror}; give the path of a TOML file that can be read"
        ) from None
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML
        problem = " ".join(str(error).split())
        raise RegistryError(f"{file}: {problem}; mend the TOML there") from None
    if strange := sorted(set(tables) - set(TABLES)):
        known = ", ".join(f"[[{table}]]" for table in TABLES)
        raise RegistryError(f"{file}: unknown table {strange[0]!r}; use {known}")
    return {table: dict(_rows(file, table, content)) for table, content in tables.items()}


def _rows(file: Path | Traversable, table: str, content: object) -> Iterator[tuple[str, Row]]:
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise RegistryError(f"{file}: {table} is no list of rows; start each row with [[{table}]]")
    fields = {name.rstrip("?"): not name.endswith("?") for name in TABLES[table]}
    key_field = TABLES[table][0]
    seen: dict[str, int] = {}
    for number, values in enumerate(content, 1):
        row = Row(f"{file}: {table} {number} ({values.get(key_field)!r})", values)
        if strange := sorted(set(values) - set(fields)):
            raise row.error(f"unknown field {strange[0]!r}; use {', '.join(fields)}")
        if missing := [
            name for name, required in fields.items() if required and name not in values
        ]:
            raise row.error(f"field {missing[0]!r} is missing; add it")
        key = row.text(key_field)
        if key in seen:
            raise row.error(f"the same {key_field} as row {seen[key]}; remove one of them")
        seen[key] = number
        yield key, row


def to_organization(row: Row) -> Organization:
    """Check an ``[[organization]]`` row."""
    country = row.text("country")
    if country != UNKNOWN_COUNTRY and country not in _COUNTRIES.split():
        raise row.error(f"country is {country!r}; use an ISO 3166-1 alpha-2 code or 'unknown'")
    kind = row.one_of("kind", _KINDS)
    return Organization(row.text("name"), row.text("title"), country, kind, row.text("source"))


def to_family(row: Row) -> Family:
    """Check a ``[[family]]`` row, but for its organisation, which is another row."""
    key, series = row.text("key"), row.values.get("series", {})
    if not _FAMILY_KEY.fullmatch(key):
        raise row.error("a key goes into URLs; use lower-case letters, digits, '-' and '.'")
    if not isinstance(series, dict):
        raise row.error(f"series is {series!r}; write it as a table of names and globs")
    return Family(
        key=key,
        name=row.text("name"),
        organization=row.text("organization"),
        patterns=row.globs("patterns", row.values["patterns"]),
        series=tuple((name, row.globs(f"series {name!r}", v)) for name, v in series.items()),
        source=row.text("source"),
    )


def to_license(row: Row) -> License:
    """Check a ``[[license]]`` row."""
    if (key := row.text("id")) != key.lower():
        raise row.error(f"the Hub spells licence ids in lower case; use {key.lower()!r}")
    license_class = LicenseClass(row.one_of("class", tuple(LicenseClass)))
    return License(key, row.text("name"), license_class, row.text("source"))
