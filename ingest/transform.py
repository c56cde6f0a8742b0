"""A list item of ``GET /api/models`` becomes a `Model`: pure, and never raising for bad data.

Which base is believed, when the sources differ: ``baseModels`` alone where it names any; else
the tags with a relation, else the plain tags, else the card.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from graph.quality import Reason
from graph.records import Model, Reference, Relation, encode_references, id_key

from ingest.legacy import LEGACY_IDS

Doubt = tuple[Reason, str]

_ID_LENGTH = 200
"""Characters of the longest id: a part has up to 96, the oldest a few more."""

_ID = re.compile(r"[\w.\-]+(?:/[\w.\-]+)?", re.ASCII)
_BASE_ID = re.compile(r"[\w\-][\w.\-]*/[\w\-][\w.\-]*", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{24}")
_HUB_ADDRESS = re.compile(r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/(?:models/)?", re.I)
_BASE_TAG = "\nbase_model:"
_LICENSE_TAG = "\nlicense:"
_BASE_TAGS = re.compile(r"\nbase_model:(?:(finetune|adapter|quantized|merge):)?([^\n]+)")
_RELATIONS = {relation.value: relation for relation in Relation if relation != Relation.UNKNOWN}
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
    doubts: list[Doubt] = []
    if not isinstance(item, dict):
        return None, [(Reason.NOT_AN_OBJECT, repr(item))]
    id = item.get("id") or item.get("modelId")
    if not id:
        return None, [(Reason.NO_ID, repr(item))]
    if not isinstance(id, str) or not is_model_id(id):
        return None, [(Reason.BAD_ID, repr(id))]
    key = item.get("_id")
    if key is None or (isinstance(key, str) and _KEY.fullmatch(key)):
        key = key or id_key(id)
    else:
        doubts.append((Reason.BAD_KEY, f"{id}: _id {key!r}"))
        key = id_key(id)
    tags = _tags(item, id, doubts)
    card = item.get("cardData")
    if not isinstance(card, dict):
        card = {}
    safetensors = item.get("safetensors")
    if not isinstance(safetensors, dict):
        safetensors = {}
    author, slash, _ = id.partition("/")
    return Model(
        key,
        id,
        author if slash else None,
        _date(item, "createdAt", id, doubts),
        _date(item, "lastModified", id, doubts),
        _count(item, "downloads", id, doubts),
        _count(item, "downloadsAllTime", id, doubts),
        _count(item, "likes", id, doubts),
        _license(tags, card),
        _text(item, "library_name", id, doubts),
        _text(item, "pipeline_tag", id, doubts),
        _count(safetensors, "total", id, doubts),
        _gated(item, id, doubts),
        encode_references(_bases(id, key, item.get("baseModels"), tags, card, doubts)),
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


def _tags(item: dict[str, Any], id: str, doubts: list[Doubt]) -> str:
    """Return the tags, each between newlines: most models need but two searches in them."""
    tags = item.get("tags")
    if tags is None:
        return ""
    if not isinstance(tags, list):
        doubts.append((Reason.BAD_FIELD, f"{id}: tags {tags!r}"))
        return ""
    try:
        text = "\n".join(tags)
    except TypeError:
        doubts.append((Reason.BAD_FIELD, f"{id}: a tag is not text"))
        text = "\n".join(tag for tag in tags if isinstance(tag, str))
    return f"\n{text}\n"


def _text(item: dict[str, Any], name: str, id: str, doubts: list[Doubt]) -> str | None:
    value = item.get(name)
    if value is None or type(value) is str:
        return value or None
    doubts.append((Reason.BAD_FIELD, f"{id}: {name} {value!r}"))
    return None


def _count(item: dict[str, Any], name: str, id: str, doubts: list[Doubt]) -> int | None:
    value = item.get(name)
    if value is None or (type(value) is int and 0 <= value <= _INT64_MAX):
        return value
    if isinstance(value, float) and value.is_integer() and 0 <= value <= _INT64_MAX:
        return int(value)
    doubts.append((Reason.BAD_COUNT, f"{id}: {name} {value!r}"))
    return None


def _date(item: dict[str, Any], name: str, id: str, doubts: list[Doubt]) -> int | None:
    value = item.get(name)
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
    doubts.append((Reason.BAD_DATE, f"{id}: {name} {value!r}"))
    return None


def _gated(item: dict[str, Any], id: str, doubts: list[Doubt]) -> str | None:
    value = item.get("gated")
    if value is None:
        return None
    if isinstance(value, bool | str) and value in _GATED:
        return _GATED[value]
    doubts.append((Reason.BAD_FIELD, f"{id}: gated {value!r}"))
    return None


def _license(tags: str, card: dict[str, Any]) -> str | None:
    start = tags.find(_LICENSE_TAG)
    if start >= 0:
        start += len(_LICENSE_TAG)
        return tags[start : tags.index("\n", start)] or None
    value = card.get("license")
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) and value else None


def _bases(
    id: str,
    key: str,
    base_models: Any,
    tags: str,
    card: dict[str, Any],
    doubts: list[Doubt],
) -> list[Reference]:
    """Return the declared bases of the most trusted source that names any."""
    card_names = card.get("base_model")
    tagged = _BASE_TAG in tags
    if not tagged and not base_models and not card_names:
        return []
    typed, plain = _from_tags(tags)
    sources = [typed, plain, _from_card(card_names, card.get("base_model_relation"), id, doubts)]
    if base_models:
        sources.insert(0, _from_base_models(base_models, id, doubts))
    believed: list[Reference] = []
    for source in sources:
        if not source:
            continue
        if not believed:
            believed = source
        elif _ids(source) != _ids(believed):
            example = f"{id}: {_ids(believed)} believed, also {_ids(source)}"
            doubts.append((Reason.SOURCES_DISAGREE, example))
            break
    if believed and not tagged and not base_models:
        doubts.append((Reason.BASES_FROM_CARD, f"{id}: {believed[0].id}"))
    return _checked(id, key, believed, doubts)


def _ids(references: list[Reference]) -> list[str]:
    return sorted({reference.id for reference in references})


def _from_tags(tags: str) -> tuple[list[Reference], list[Reference]]:
    """Read ``base_model:relation:id`` and plain ``base_model:id``, apart."""
    typed, plain = [], []
    for relation, name in _BASE_TAGS.findall(tags):
        if relation:
            typed.append(Reference(_RELATIONS[relation], name))
        else:
            plain.append(Reference(Relation.UNKNOWN, name))
    return typed, plain


def _from_base_models(value: Any, id: str, doubts: list[Doubt]) -> list[Reference]:
    """Read ``{"relation": "merge", "models": [{"_id": "...", "id": "..."}]}``."""
    models = value.get("models") if isinstance(value, dict) else None
    if not isinstance(models, list):
        doubts.append((Reason.BAD_FIELD, f"{id}: baseModels {value!r}"))
        return []
    relation = _RELATIONS.get(str(value.get("relation")), Relation.UNKNOWN)
    references = []
    for model in models:
        base = model.get("id") if isinstance(model, dict) else None
        if not isinstance(base, str) or not base:
            doubts.append((Reason.BAD_FIELD, f"{id}: baseModels {model!r}"))
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
    how = _RELATIONS.get(str(relation), Relation.UNKNOWN)
    references = []
    for name in names:
        if isinstance(name, str):
            if name.strip():
                references.append(Reference(how, name.strip()))
        else:
            doubts.append((Reason.BAD_FIELD, f"{id}: card base_model {name!r}"))
    return references


def _checked(id: str, key: str, declared: list[Reference], doubts: list[Doubt]) -> list[Reference]:
    """Keep each base once, without what is no Hub id and without the model itself."""
    references: list[Reference] = []
    for declaration in declared:
        relation, name, base_key = declaration
        base = _HUB_ADDRESS.sub("", name).rstrip("/") if ":" in name else name
        if not is_base_id(base):
            doubts.append((Reason.BASE_NOT_AN_ID, f"{id}: {name}"))
            continue
        if base == id or base_key == key:
            doubts.append((Reason.SELF_REFERENCE, id))
            continue
        reference = declaration if base is name else Reference(relation, base, base_key)
        if reference not in references:
            references.append(reference)
    if references and references[0].relation is Relation.UNKNOWN:
        doubts.append((Reason.RELATION_UNKNOWN, f"{id}: {references[0].id}"))
    if len(references) == 1 and references[0].relation is Relation.MERGE:
        doubts.append((Reason.MERGE_OF_ONE, f"{id}: {references[0].id}"))
    return references
