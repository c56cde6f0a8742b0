"""What the columns of a Parquet dump hold, as the list items that JSON would give."""

import json
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

_COLUMNS = (
    "_id",
    "id",
    "createdAt",
    "lastModified",
    "downloads",
    "downloadsAllTime",
    "likes",
    "tags",
    "library_name",
    "pipeline_tag",
    "gated",
    "cardData",
    "safetensors",
    "baseModels",
)
"""What `ingest.transform` looks at. Files, configurations and GGUF headers are most of a dump."""

_PARTS = {
    "cardData": ("base_model", "base_model_relation", "license"),
    "safetensors": ("total",),
}
"""Of these columns no more is kept: some cards hold hundreds of evaluation results."""

_JSON = ("tags", "cardData", "safetensors", "baseModels")
"""Columns that are JSON where they are text."""

_GATED = {"false": False, "False": False, "true": True, "True": True}
"""A column has one type, so the Hub's false becomes a text beside ``auto`` and ``manual``."""

_UNREADABLE = "a value that cannot be decoded"


def projection(schema: pa.Schema) -> list[str]:
    """Name the columns, or parts of columns, that are wanted and there."""
    paths = []
    for name in _COLUMNS:
        if schema.get_field_index(name) < 0:
            continue
        type = schema.field(name).type
        if name in _PARTS and pa.types.is_struct(type):
            paths += [f"{name}.{part}" for part in _PARTS[name] if type.get_field_index(part) >= 0]
        else:
            paths.append(name)
    return paths


def items(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return the rows, each as a list item of ``GET /api/models``."""
    names = batch.schema.names
    columns = [_column(name, batch.column(name)) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _column(name: str, array: pa.Array) -> list[Any]:
    """Return a column's values as JSON would hold them."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if is_text(array.type):
        values = _texts(array)
        if name == "gated":
            return [_GATED.get(value, value) for value in values]
        return _decoded(values, _PARTS.get(name)) if name in _JSON else values
    if pa.types.is_timestamp(array.type):
        # Without its zone, which needs no database then; Arrow counts in UTC, as transform does.
        array = array.view(pa.timestamp(array.type.unit)).cast(pa.string())
    elif pa.types.is_date(array.type):
        array = array.cast(pa.string())
    elif pa.types.is_floating(array.type):
        # Data frames write "absent" so.
        array = pc.if_else(pc.is_nan(array), None, array)
    values = _values(array)
    if name == "baseModels" and pa.types.is_struct(array.type):
        # Some writers know no absent struct, only one of absent parts.
        return [
            None if type(value) is dict and not any(value.values()) else value for value in values
        ]
    return values


def is_text(type: pa.DataType) -> bool:
    """Tell whether a column holds texts, also where a writer forgot to say that its bytes are."""
    if pa.types.is_dictionary(type):
        type = type.value_type
    return any(
        is_kind(type)
        for is_kind in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_binary_view,
        )
    )


def _texts(array: pa.Array) -> list[Any]:
    """Decode texts; of one that is not UTF-8 the odd bytes become halves of surrogate pairs.

    These no id, name or date may hold, so that `ingest.transform` counts it as unknown.
    """
    binary = array.cast(pa.large_binary())
    try:
        return list(binary.cast(pa.large_string()).to_pylist())
    except (pa.ArrowInvalid, UnicodeDecodeError):
        values = binary.to_pylist()
        return [value and value.decode("utf-8", "surrogateescape") for value in values]


def _values(array: pa.Array) -> list[Any]:
    try:
        return list(array.to_pylist())
    except (ValueError, OverflowError):  # such as a tag that is not UTF-8
        return [_value(cell) for cell in array]


def _value(cell: pa.Scalar) -> Any:
    try:
        return cell.as_py()
    except (ValueError, OverflowError):
        return _UNREADABLE


def _decoded(texts: list[Any], parts: tuple[str, ...] | None) -> list[Any]:
    """Decode JSON; what is none stays the text that it is, which no such column should hold."""
    values: list[Any] = []
    for text in texts:
        if not text:
            values.append(None)
            continue
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            value = _leniently(text)
        if parts and type(value) is dict:
            # At once: ten thousand whole cards would fill the memory and slow the next ones.
            value = {part: value[part] for part in parts if part in value}
        values.append(value)
    return values


def _leniently(text: str) -> Any:
    """Decode JSON as Python's own writer makes it, with NaN among the results of some card."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
