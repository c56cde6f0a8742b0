"""A list item of ``GET /api/models`` becomes a `Model`: pure, and never raising for bad data.

Which base is believed, when the sources differ: ``baseModels`` alone where it names any; else
the tags with a relation, else the plain tags, else the card.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from graph.quality import Reason, shown
from graph.records import (
    Model,
    Reference,
    Relation,
    Status,
    author_of,
    encode_references,
    id_key,
)
from ingest.legacy import LEGACY_IDS

Doubt = tuple[Reason, str]

_ID_LENGTH = 200
"""Characters of the longest id: a part has up to 96, the oldest a few more."""

_STRAY_LENGTH = 1000
"""Characters of a declared base that is no Hub id that are kept, such as a list in one text."""

_TEXT_LENGTH = 200
"""Characters of the longest licence, library or task; the longest known have some 60."""

_ID = re.compile(r"[\w.\-]+(?:/[\w.\-]+)?", re.ASCII)
_BASE_ID = re.compile(r"[\w\-][\w.\-]*/[\w\-][\w.\-]*", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{24}")
_HUB_ADDRESS = re.compile(r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/(?:models/)?", re.I)
_BASE_TAG = "\nbase_model:"
_LICENSE_TAG = "\nlicense:"
_RELATIONS = {relation.value: relation for relation in Relation if relation != Relation.UNKNOWN}
_OF_ONE_BASE = set(_RELATIONS) - {Relation.MERGE.value}
_GATED = {False: "no", True: "auto", "auto": "auto", "manual": "manual"}
_INT64_MAX = 2**63 - 1


def transform(item: Any) -> tuple[Model | None, list[Doubt]]:
    """Turn one list item into a model, with what was doubtful about it.

    Returns
    -------
    model, doubts
        The model is None when the item names none. A field that cannot be read is None in the
        model. Each doubt is a reason and an example that names the model.
    """
    if not isinstance(item, dict):
        return None, [(Reason.NOT_AN_OBJECT, shown(item))]
    get = item.get
    id = get("id") or get("modelId")
    if not id:
        return None, [(Reason.NO_ID, shown(item))]
    if not isinstance(id, str) or not is_model_id(id):
        return None, [(Reason.BAD_ID, shown(id))]
    doubts: list[Doubt] = []
    key = get("_id")
    if not (isinstance(key, str) and _KEY.fullmatch(key)):
        if key is not None:
            doubts.append((Reason.BAD_KEY, f"{id}: _id {shown(key)}"))
        key = id_key(id)
    tags = _tags(get("tags"), id, doubts)
    card = _object(get("cardData"), "cardData", id, doubts)
    weights = _object(get("safetensors"), "safetensors", id, doubts)
    return Model(
        key,
        id,
        author_of(id),
        _date(get("createdAt"), "createdAt", id, doubts),
        _date(get("lastModified"), "lastModified", id, doubts),
        _count(get("downloads"), "downloads", id, doubts),
        _count(get("downloadsAllTime"), "downloadsAllTime", id, doubts),
        _count(get("likes"), "likes", id, doubts),
        _text(_license(tags, card), "license", id, doubts),
        _text(get("library_name"), "library_name", id, doubts),
        _text(get("pipeline_tag"), "pipeline_tag", id, doubts),
        _count(weights.get("total"), "safetensors.total", id, doubts),
        _gated(get("gated"), id, doubts),
        _declared(id, key, get("baseModels"), tags, card, doubts),
        Status.DELETED if get("removed") is True else Status.LIVE,
    ), doubts


def is_model_id(id: str) -> bool:
    """Tell whether a model could bear this id: ``author/name``, or one part as the oldest do."""
    return len(id) <= _ID_LENGTH and _ID.fullmatch(id) is not None


@lru_cache(maxsize=65_536)
def is_base_id(id: str) -> bool:
    """Tell whether a declared base is a Hub id.

    A single word is one only if it is among the oldest models' ids: the Hub gives none today,
    so any other is a local name or a placeholder.
    """
    return id in LEGACY_IDS or (len(id) <= _ID_LENGTH and _BASE_ID.fullmatch(id) is not None)


def _tags(value: Any, id: str, doubts: list[Doubt]) -> str:
    """Return the tags, each between newlines: most models need but two searches in them."""
    if value is None:
        return ""
    if not isinstance(value, list):
        doubts.append((Reason.BAD_FIELD, f"{id}: tags {shown(value)}"))
        return ""
    try:
        text = "\n".join(value)
        readable = text.count("\n") == len(value) - 1
    except TypeError:
        readable = False
    if not readable and value:
        doubts.append((Reason.BAD_FIELD, f"{id}: a tag is no text of one line"))
        text = "\n".join(tag for tag in value if isinstance(tag, str) and "\n" not in tag)
    return f"\n{text}\n"


def _object(value: Any, name: str, id: str, doubts: list[Doubt]) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    doubts.append((Reason.BAD_FIELD, f"{id}: {name} {shown(value)}"))
    return {}


def _text(value: Any, name: str, id: str, doubts: list[Doubt]) -> str | None:
    """Read a short text that any store, file format and terminal can take."""
    if value is None or value == "":
        return None
    # Neither NUL nor half a surrogate pair is printable, and some store refuses either.
    if isinstance(value, str) and value.isprintable() and len(value) <= _TEXT_LENGTH:
        return value
    doubts.append((Reason.BAD_FIELD, f"{id}: {name} {shown(value)}"))
    return None


def _count(value: Any, name: str, id: str, doubts: list[Doubt]) -> int | None:
    if value is None or (type(value) is int and 0 <= value <= _INT64_MAX):
        return value
    if isinstance(value, float) and value.is_integer() and 0 <= value <= _INT64_MAX:
        return int(value)
    doubts.append((Reason.BAD_COUNT, f"{id}: {name} {shown(value)}"))
    return None


def _date(value: Any, name: str, id: str, doubts: list[Doubt]) -> int | None:
    if value is None:
        return None
    if isinstance(value, str):
        try:
            date = datetime.fromisoformat(value)
            if date.tzinfo is None:
                date = date.replace(tzinfo=UTC)
            return round(date.timestamp() * 1000)
        except (ValueError, OverflowError):
            pass
    doubts.append((Reason.BAD_DATE, f"{id}: {name} {shown(value)}"))
    return None


def _gated(value: Any, id: str, doubts: list[Doubt]) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool | str) and value in _GATED:
        return _GATED[value]
    doubts.append((Reason.BAD_FIELD, f"{id}: gated {shown(value)}"))
    return None


def _license(tags: str, card: dict[str, Any]) -> Any:
    """Return what the first licence tag says, else the card, whatever its type."""
    start = tags.find(_LICENSE_TAG)
    if start >= 0:
        start += len(_LICENSE_TAG)
        return tags[start : tags.index("\n", start)]
    value = card.get("license")
    if isinstance(value, list):
        return value[0] if value else None
    return value


def _declared(
    id: str,
    key: str,
    base_models: Any,
    tags: str,
    card: dict[str, Any],
    doubts: list[Doubt],
) -> str | None:
    """Return the declared bases of the most trusted source that names any, as one text."""
    card_names = card.get("base_model")
    tagged = _BASE_TAG in tags
    if not tagged and not base_models and not card_names:
        return None
    if not card_names and (agreed := _agreed(id, key, base_models, tags)):
        return agreed
    sources = [
        _from_base_models(base_models, id, doubts),
        *_from_tags(tags),
        _from_card(card_names, card.get("base_model_relation"), id, doubts),
    ]
    believed, *others = [source for source in sources if source] or [[]]
    names = {reference.id for reference in believed}
    for other in others:
        if {reference.id for reference in other} != names:
            also = sorted({reference.id for reference in other})
            example = f"{id}: {sorted(names)} believed, also {also}"
            doubts.append((Reason.SOURCES_DISAGREE, example))
            break
    if believed and not tagged and not base_models:
        doubts.append((Reason.BASES_FROM_CARD, f"{id}: {believed[0].id}"))
    return encode_references(_checked(id, key, believed, doubts))


def _agreed(id: str, key: str, base_models: Any, tags: str) -> str | None:
    """Return the one declared base as text where ``baseModels`` and the tags agree on it.

    So it is with most derivatives, and nothing is doubtful about them; the closer look that
    others need takes ten times as long. None where it is needed.
    """
    try:
        relation = base_models["relation"]
        (model,) = base_models["models"]
        base, base_key = model["id"], model["_id"]
        plain = (
            relation in _OF_ONE_BASE
            and is_base_id(base)
            and base != id
            and base_key != key
            and _KEY.fullmatch(base_key)
            and tags.count(_BASE_TAG) == 2
            and f"{_BASE_TAG}{base}\n" in tags
            and f"{_BASE_TAG}{relation}:{base}\n" in tags
        )
    except (KeyError, TypeError, ValueError):
        return None
    return f"{relation}:{base}:{base_key}" if plain else None


def _from_tags(tags: str) -> tuple[list[Reference], list[Reference]]:
    """Read ``base_model:relation:id`` and plain ``base_model:id``, apart."""
    typed, plain = [], []
    for rest in tags.split(_BASE_TAG)[1:]:
        name = rest.partition("\n")[0]
        relation, _, base = name.partition(":")
        if base and relation in _RELATIONS:
            typed.append(Reference(_RELATIONS[relation], base))
        elif name:
            plain.append(Reference(Relation.UNKNOWN, name))
    return typed, plain


def _from_base_models(value: Any, id: str, doubts: list[Doubt]) -> list[Reference]:
    """Read ``{"relation": "merge", "models": [{"_id": "...", "id": "..."}]}``."""
    if not value:
        return []
    models = value.get("models") if isinstance(value, dict) else None
    if not isinstance(models, list):
        doubts.append((Reason.BAD_FIELD, f"{id}: baseModels {shown(value)}"))
        return []
    relation = _relation(value.get("relation"))
    references = []
    for model in models:
        base = model.get("id") if isinstance(model, dict) else None
        if not isinstance(base, str) or not base:
            doubts.append((Reason.BAD_FIELD, f"{id}: baseModels {shown(model)}"))
            continue
        key = model.get("_id")
        known = isinstance(key, str) and _KEY.fullmatch(key)
        references.append(Reference(relation, base, key if known else None))
    return references


def _from_card(value: Any, relation: Any, id: str, doubts: list[Doubt]) -> list[Reference]:
    """Read the card's ``base_model``: a text or a list of them."""
    if not value:
        return []
    names = value if isinstance(value, list) else [value]
    how = _relation(relation)
    references = []
    for name in names:
        if isinstance(name, str):
            if name.strip():
                references.append(Reference(how, name.strip()))
        else:
            doubts.append((Reason.BAD_FIELD, f"{id}: card base_model {shown(name)}"))
    return references


def _relation(value: Any) -> Relation:
    found = _RELATIONS.get(value) if isinstance(value, str) else None
    return found or Relation.UNKNOWN


def _checked(id: str, key: str, declared: list[Reference], doubts: list[Doubt]) -> list[Reference]:
    """Keep each base once; what is no Hub id strays, and so does the model itself."""
    kept: dict[Reference, None] = {}
    for relation, name, base_key, _ in declared:
        base = _HUB_ADDRESS.sub("", name).rstrip("/") if ":" in name else name
        strays = True
        if not is_base_id(base):
            doubts.append((Reason.BASE_NOT_AN_ID, f"{id}: {name}"))
            base = _printable(name)
        elif base == id or base_key == key:
            doubts.append((Reason.SELF_REFERENCE, id))
        else:
            strays = False
        kept[Reference(relation, base, base_key, strays)] = None
    references = [reference for reference in kept if not reference.strays]
    if references and references[0].relation is Relation.UNKNOWN:
        doubts.append((Reason.RELATION_UNKNOWN, f"{id}: {references[0].id}"))
    if len(references) == 1 and references[0].relation is Relation.MERGE:
        doubts.append((Reason.MERGE_OF_ONE, f"{id}: {references[0].id}"))
    return list(kept)


def _printable(name: str) -> str:
    """Return a declared base that is no Hub id as a short text that anything can show."""
    kept = name[:_STRAY_LENGTH]
    return kept if kept.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in kept)
