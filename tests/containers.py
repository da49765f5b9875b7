"""Put together again what a run keeps of its containers, entry by entry."""

import ast
from typing import Any

from dlnotes.book.storage.store import Run


def held(run: Run, name: str) -> Any:
    """Return a variable of a run that is a dictionary, a list, or one in another.

    A run keeps `share["MAE"]` under that name; a list comes back as a list.

    Raises:
        KeyError: the run has no such container.
    """
    tree: dict[Any, Any] = {}
    for label, value in run.values.items():
        node: ast.expr = ast.parse(label, mode="eval").body
        indexes: list[Any] = []
        while isinstance(node, ast.Subscript):
            indexes.insert(0, ast.literal_eval(node.slice))
            node = node.value
        if ast.unparse(node) == name and indexes:
            branch = tree
            for index in indexes[:-1]:
                branch = branch.setdefault(index, {})
            branch[indexes[-1]] = value
    if not tree:
        raise KeyError(name)
    return _listed(tree)


def _listed(branch: Any) -> Any:
    if not isinstance(branch, dict):
        return branch
    items = {key: _listed(value) for key, value in branch.items()}
    is_list = set(items) == set(range(len(items)))
    return [items[index] for index in range(len(items))] if is_list else items
