"""How often a document names the same field in one place, bounded before it is validated.

GraphQL's rule that such fields must merge compares each with each, so that a document of two
thousand tokens can keep a thread busy for seconds. Here fields are only counted: selections that
stand in one place, fragments included, are taken together, and each set of them is counted once.
"""

from collections import defaultdict

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from api.failure import LimitError


def check_overlaps(document: DocumentNode, limit: int) -> None:
    """Check how many pairs of fields would be compared.

    Parameters
    ----------
    document
        Parsed, and not necessarily valid.
    limit
        Pairs and fields, at most.

    Raises
    ------
    LimitError
        When there are more.
    """
    fragments = {
        definition.name.value: definition.selection_set
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    places: list[list[SelectionSetNode]] = [
        [definition.selection_set]
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    seen: set[frozenset[int]] = set()
    work = 0
    while places:
        place = places.pop()
        known = frozenset(map(id, place))
        if known in seen:
            continue
        seen.add(known)
        for fields in _fields(place, fragments).values():
            work += len(fields) * (len(fields) + 1) // 2
            below = [field.selection_set for field in fields if field.selection_set]
            if below:
                places.append(below)
        if work > limit:
            raise LimitError(
                "OVERLAP_LIMIT",
                f"the document has more than {limit} pairs of fields of one name in one place: name"
                " each field once",
            )


def _fields(
    place: list[SelectionSetNode], fragments: dict[str, SelectionSetNode]
) -> dict[str, list[FieldNode]]:
    """Return the fields of selections that stand together, by the name that they answer to."""
    found: defaultdict[str, list[FieldNode]] = defaultdict(list)
    visited: set[int] = set()
    left = list(place)
    while left:
        selections = left.pop()
        if id(selections) in visited:
            continue
        visited.add(id(selections))
        for node in selections.selections:
            if isinstance(node, FieldNode):
                found[(node.alias or node.name).value].append(node)
            elif isinstance(node, InlineFragmentNode):
                left.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments:
                left.append(fragments[node.name.value])
    return found
