"""The reference pages of the Python names, read from signatures and docstrings."""

from collections.abc import Iterator, Sequence

import griffe

import modelkin

Page = list[str]


def python(notice: str) -> str:
    """Return the page of what ``import modelkin`` gives, and of what its functions return."""
    loader = griffe.GriffeLoader()
    loader.load("graph")
    package = loader.load("modelkin")
    names = [_of(package[name]) for name in sorted(modelkin.__all__) if name != "__version__"]
    functions = [name for name in names if name.is_function]
    choices = [name for name in names if _is_choice(name)]
    classes = [name for name in names if name.is_class and name not in choices]
    lines = ["# Python", notice, "", *_PYTHON]
    for title, found in (
        ("Functions", functions),
        ("Classes", classes),
        ("Choices", choices),
        ("What they return", _results(loader, [*functions, *classes], known=names)),
    ):
        lines += ["", f"## {title}"]
        for name in found:
            lines += _entry(name)
    for module in (name for name in names if name.is_module):
        lines += ["", f"## `modelkin.{module.name}`", "", *_described(module)]
        for exported in sorted(map(str, module.exports or ())):
            home = module[exported]  # of a function that is named as its file, the file
            lines += _entry(_of(home[exported] if home.is_module else home))
    return "\n".join(lines) + "\n"


_PYTHON = [
    "What `import modelkin` gives. A model is a **row**, a number in an ecosystem: `eco.row(id)`",
    "finds it, and `eco.names[row]` is its id. Edges run derivative -> base.",
]


def records(notice: str) -> str:
    """Return the page of the records that a crawl yields and a store keeps."""
    module = griffe.load("graph.records")
    lines = ["# Records", notice, "", *_RECORDS]
    for name in ("Model", "Derivation", "Reference", "Relation", "Status"):
        lines += _entry(_of(module[name]), level=2)
    return "\n".join(lines) + "\n"


_RECORDS = [
    "What a crawl makes of its source and a store keeps: in Neo4j as",
    "`(:Model)-[:DERIVED_FROM {relation}]->(:Model)`, in a directory as rows of SQLite. `None` is",
    "unknown.",
]


def _of(name: griffe.Object | griffe.Alias) -> griffe.Object:
    return name.final_target if isinstance(name, griffe.Alias) else name


def _is_choice(name: griffe.Object) -> bool:
    return isinstance(name, griffe.Class) and any(str(base) == "StrEnum" for base in name.bases)


def _results(
    loader: griffe.GriffeLoader, names: Sequence[griffe.Object], known: Sequence[griffe.Object]
) -> list[griffe.Object]:
    """Return the classes of ours that functions return and that have no entry yet."""
    returned = [name for name in names if isinstance(name, griffe.Function)]
    returned += [
        member
        for name in names
        if isinstance(name, griffe.Class)
        for member in _members(name)
        if isinstance(member, griffe.Function)
    ]
    paths = {
        part.canonical_path
        for function in returned
        if isinstance(function.returns, griffe.Expr)
        for part in function.returns.iterate(flat=True)
        if isinstance(part, griffe.ExprName) and part.canonical_path.startswith("graph.")
    }
    found = [_of(loader.modules_collection[path]) for path in sorted(paths)]
    return [name for name in found if name.is_class and name not in known]


def _entry(name: griffe.Object, level: int = 3) -> Page:
    lines = ["", f"{'#' * level} `{name.name}`", ""]
    if isinstance(name, griffe.Function):
        lines += ["```text", _signature(name), "```", ""]
    lines += _described(name)
    if isinstance(name, griffe.Class):
        lines += _fields(name)
        for member in _members(name):
            lines += ["", f"{'#' * (level + 1)} `{name.name}.{member.name}`", ""]
            if isinstance(member, griffe.Function):
                lines += ["```text", _signature(member), "```", ""]
            lines += _described(member)
    return lines


def _members(name: griffe.Class) -> Iterator[griffe.Object]:
    """Give the public methods and properties that are described."""
    for member in name.members.values():
        if not member.name.startswith("_") and (member.is_function or _is_property(member)):
            yield _of(member)


def _is_property(member: griffe.Object | griffe.Alias) -> bool:
    return member.is_attribute and "property" in member.labels


def _fields(name: griffe.Class) -> Page:
    """Return the fields of a record with their types, or the values of an enumeration."""
    fields = [
        member
        for member in name.members.values()
        if isinstance(member, griffe.Attribute) and not _is_property(member)
    ]
    if _is_choice(name):
        return ["", ", ".join(f"`{name.name}.{f.name}`" for f in fields) + "."]
    if not fields or "__init__" in name.members:
        return []
    typed = [f"`{f.name}: {f.annotation}`" for f in fields if not f.name.startswith("_")]
    return ["", f"Fields: {', '.join(typed)}."]


def _signature(function: griffe.Function) -> str:
    """Return a signature on a line of its own, or a line for each parameter."""
    returns = f" -> {function.returns}" if function.returns is not None else ""
    parameters, star = [], False
    for parameter in function.parameters:
        if parameter.name == "self":
            continue
        if parameter.kind is griffe.ParameterKind.keyword_only and not star:
            parameters.append("*")
            star = True
        default = f" = {parameter.default}" if parameter.default is not None else ""
        parameters.append(f"{parameter.name}: {parameter.annotation}{default}")
    flat = f"{function.name}({', '.join(parameters)}){returns}"
    if len(flat) <= 100:
        return flat
    return "\n".join([f"{function.name}(", *(f"    {p}," for p in parameters), f"){returns}"])


def _described(name: griffe.Object) -> Page:
    lines: Page = []
    if name.docstring is None:
        return lines
    for section in name.docstring.parse("numpy", warnings=False):
        lines += [""] if lines else []
        if section.kind is griffe.DocstringSectionKind.text:
            lines += section.value.replace("\n::\n", "\n").splitlines()
        elif section.kind is griffe.DocstringSectionKind.admonition:
            lines += [f"**{section.title}**", "", *section.value.contents.splitlines()]
        else:
            lines += [f"**{section.kind.value.capitalize()}**", ""]
            for item in section.value:
                label = getattr(item, "name", "") or str(item.annotation).strip("()")
                lines += [f"* `{label}`: {' '.join(item.description.split())}"]
    return lines
