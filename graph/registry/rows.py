"""Registry files read into checked rows: every message names file, row and mend."""

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.resources.abc import Traversable
from itertools import repeat
from pathlib import Path
from typing import Any

from graph.errors import RegistryError
from graph.registry.definitions import UNKNOWN_COUNTRY, LicenseClass

Check = Callable[[str, Any], Any]
"""Takes a field's name and value, gives the value to keep; a RegistryError tells the mend."""

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


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RegistryError(f"{name} is {value!r}; give a text that is not empty")
    return value


def _family_key(name: str, value: Any) -> str:
    if not _FAMILY_KEY.fullmatch(_text(name, value)):
        raise RegistryError("a key goes into URLs; use lower-case letters, digits, '-' and '.'")
    return str(value)


def _license_id(name: str, value: Any) -> str:
    if (id := _text(name, value)) != id.lower():
        raise RegistryError(f"the Hub spells licence ids in lower case; use {id.lower()!r}")
    return id


def _country(name: str, value: Any) -> str:
    if _text(name, value) not in (UNKNOWN_COUNTRY, *_COUNTRIES.split()):
        raise RegistryError(f"{name} is {value!r}; use an ISO 3166-1 alpha-2 code or 'unknown'")
    return str(value)


def _one_of(known: tuple[str, ...], name: str, value: Any) -> str:
    if _text(name, value) not in known:
        raise RegistryError(f"{name} is {value!r}; use one of {', '.join(known)}")
    return str(value)


def _globs(name: str, value: Any) -> tuple[str, ...]:
    good = isinstance(value, list) and value and all(isinstance(p, str) and p for p in value)
    if not good or any(p.count("/") > 1 for p in value):
        raise RegistryError(f'{name} is {value!r}; give a list of id globs such as ["org/*"]')
    return tuple(value)


def _series(name: str, value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise RegistryError(f"{name} is {value!r}; write it as a table of names and globs")
    return tuple((line, _globs(f"{name} {line!r}", globs)) for line, globs in value.items())


TABLES: dict[str, dict[str, Check]] = {
    "organization": {
        "name": _text, "title": _text, "country": _country, "kind": partial(_one_of, _KINDS),
        "source": _text,
    },
    "family": {
        "key": _family_key, "name": _text, "organization": _text, "patterns": _globs,
        "source": _text, "series": _series,
    },
    "license": {
        "id": _license_id, "name": _text, "class": partial(_one_of, tuple(LicenseClass)),
        "source": _text,
    },
    "origin": {"id": _text, "of": _text, "source": _text},
}  # fmt: skip
"""Each table's fields; the first one identifies a row."""

_OPTIONAL = {"series"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: where it stands, for messages, and those of its fields that are right."""

    place: str
    values: dict[str, Any]

    def told(self, problem: str) -> str:
        """Return the line that says what is wrong with this row."""
        return f"{self.place}: {problem}"


Rows = dict[str, dict[str, Row]]  # table -> key -> row


def read(file: Path | Traversable) -> tuple[Rows, list[str]]:
    """Read a file.

    Returns
    -------
    rows, problems
        All that is wrong in it, a line each; of two rows of one key the first one counts.
    """
    try:
        text = file.read_bytes().decode()
        tables = tomllib.loads(text)
    except OSError as error:
        told = f"{error.strerror}; give the path of a TOML file that can be read"
        return {}, [f"{file}: {told}"]
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML
        return {}, [f"{file}: {' '.join(str(error).split())}; mend the TOML there"]
    rows: Rows = {}
    problems = []
    for table, content in tables.items():
        if table not in TABLES:
            known = ", ".join(f"[[{name}]]" for name in TABLES)
            problems.append(f"{file}: unknown table {table!r}; use {known}")
        elif not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
            told = f"{table} is no list of rows; start each row with [[{table}]]"
            problems.append(f"{file}: {told}")
        else:
            places = _places(file, text, table, len(content))
            rows[table], wrong = _rows(table, content, places)
            problems += wrong
    return rows, problems


def _rows(
    table: str, content: list[dict[str, Any]], places: Iterable[str]
) -> tuple[dict[str, Row], list[str]]:
    key_field = next(iter(TABLES[table]))
    rows: dict[str, Row] = {}
    problems = []
    seen: dict[str, int] = {}
    for number, (values, place) in enumerate(zip(content, places, strict=True), 1):
        right, wrong = _checked(table, values)
        row = Row(f"{place}: {table} {number} ({values.get(key_field)!r})", right)
        key = right.get(key_field)
        if key in seen:
            wrong.append(f"the same {key_field} as row {seen[key]}; remove one of them")
        elif key is not None:
            seen[key] = number
            rows[key] = row
        problems += [row.told(problem) for problem in wrong]
    return rows, problems


def _checked(table: str, values: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of a row that are right, and what is wrong with the others."""
    fields = TABLES[table]
    known = ", ".join(fields)
    problems = [f"unknown field {n!r}; use {known}" for n in values if n not in fields]
    right = {}
    for name, check in fields.items():
        if name in values:
            try:
                right[name] = check(name, values[name])
            except RegistryError as error:
                problems += error.problems
        elif name not in _OPTIONAL:
            problems.append(f"field {name!r} is missing; add it")
    return right, problems


def _places(file: Path | Traversable, text: str, table: str, rows: int) -> Iterable[str]:
    """Give where each row of a table stands, with its line where that is beyond doubt."""
    headers = list(re.finditer(rf"^[ \t]*\[\[[ \t]*{table}[ \t]*\]\]", text, re.MULTILINE))
    if len(headers) != rows:  # rows can be written in other ways
        return repeat(str(file), rows)
    return (f"{file}:{text.count(chr(10), 0, header.start()) + 1}" for header in headers)
