"""An expression's patterns asked only of those records that its other conditions leave open.

DuckDB sorts the conditions of a WHERE by their cost. In a column it computes each for every row; a pattern over whole
texts costs ten to a hundred times what a comparison does.
"""

from functools import lru_cache
from typing import Any

from pipelines.storage import user_sql
from pipelines.storage.user_sql import Node

PATTERNS = "regexp_"
_GUARDED = "CASE WHEN ({cheap}) IS NOT DISTINCT FROM false THEN false ELSE ({cheap}) AND ({dear}) END"


@lru_cache(maxsize=1_000)  # rules, and their parts
def cheap_first(sql: str) -> str:
    """An expression that is true, false and NULL wherever `sql` is."""
    return user_sql.written(_guarded(user_sql.parts(sql)[0])) if PATTERNS in sql.lower() else user_sql.closed(sql)


def _guarded(node: Any) -> Any:
    if isinstance(node, list):
        return [_guarded(each) for each in node]
    if not isinstance(node, dict) or node.get("class") == "CONSTANT":
        return node
    inner = {key: _guarded(each) for key, each in node.items()}
    if inner.get("type") != "CONJUNCTION_AND":
        return inner
    parts: dict[str, list[Node]] = {"cheap": [], "dear": []}
    for child in inner["children"]:
        parts["dear" if _matches(child) else "cheap"].append(child)
    if not all(parts.values()):
        return inner
    sides = {name: user_sql.written({**inner, "children": children}) for name, children in parts.items()}
    return user_sql.parts(_GUARDED.format(**sides))[0]


def _matches(tree: Node) -> bool:
    """Whether it asks for a pattern anywhere."""
    return any(str(node.get("function_name", "")).lower().startswith(PATTERNS) for node in user_sql.nodes(tree))
