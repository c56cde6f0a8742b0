"""A lineage arranged as a tree: bases to the left of the focus, derivatives to the right."""

from collections import defaultdict
from typing import NamedTuple

from graph.csr import Rows
from graph.lineage import Lineage


class Node(NamedTuple):
    """A model in the tree.

    Attributes
    ----------
    row
        The model.
    near
        The place in the list of the neighbour towards the focus; the focus is its own.
    code
        How one of the two was made from the other, as in `Lineage`; -1 of the focus.
    x
        Steps from the focus, bases below 0.
    y
        Rows below the focus, above it below 0; no two leaves of a side share one.
    leaf
        Whether nothing hangs on it.
    """

    row: int
    near: int
    code: int
    x: int
    y: float
    leaf: bool


def tree(lineage: Lineage) -> list[Node]:
    """Return the models of a lineage, each once a side, under its nearest neighbour.

    The focus comes first. Of several nearest neighbours the first by the order of the lineage is
    taken, and so are those that hang on one. In a cycle a model may stand on both sides.
    """
    above = _side(lineage, lineage.children, lineage.bases, -1)
    below = _side(lineage, lineage.bases, lineage.children, 1)
    moved = len(above) - 1
    return above + [node._replace(near=node.near + moved if node.near else 0) for node in below[1:]]


def _side(lineage: Lineage, near: Rows, far: Rows, direction: int) -> list[Node]:
    order = {row: place for place, row in enumerate(lineage.rows.tolist())}
    links = defaultdict(list)
    for start, end, code in zip(near.tolist(), far.tolist(), lineage.codes.tolist(), strict=True):
        links[start].append((order[end], code, end))
    nodes = [Node(int(lineage.rows[0]), 0, -1, 0, 0, True)]
    seen = {nodes[0].row}
    for place, node in enumerate(nodes):  # which grows: breadth first
        for _, code, row in sorted(links[node.row]):
            if row not in seen:
                seen.add(row)
                nodes.append(Node(row, place, code, node.x + direction, 0, True))
    return _spread(nodes)


def _spread(nodes: list[Node]) -> list[Node]:
    """Give each leaf a row of its own, and each other node the middle of what hangs on it."""
    leaves = [0] * len(nodes)
    for place in range(len(nodes) - 1, 0, -1):
        leaves[place] = leaves[place] or 1
        leaves[nodes[place].near] += leaves[place]
    hanging = {node.near for node in nodes[1:]}
    free = [0] * len(nodes)
    placed = []
    for place, node in enumerate(nodes):
        if place:
            free[place] = free[node.near]
            free[node.near] += leaves[place]
        y = free[place] + (leaves[place] - 1) / 2
        placed.append(node._replace(y=y, leaf=place not in hanging))
    return [node._replace(y=node.y - placed[0].y) for node in placed]
