"""Mutations that cosmic-ray does not know: a call left out, and faults in SQL that stands in Python strings."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import parso
from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import Name

Span = tuple[tuple[int, int], tuple[int, int]]
IS_SQL = re.compile(r"\b(SELECT|FROM|WHERE|CASE|WHEN|OVER|ORDER BY|UNION|coalesce\()|count\(\*\)|sum\(|<>|^[a-z]+ <> ")
# what is looked for in SQL, and what takes its place
FAULTS = tuple(
    (re.compile(sought), instead)
    for sought, instead in (
        (r" = ", " <> "),
        (r" <> ", " = "),
        (r" > ", " >= "),
        (r" > ", " < "),
        (r" < ", " <= "),
        (r" < ", " > "),
        (r" AND ", " OR "),
        (r" OR ", " AND "),
        (r"\bIS NULL\b", "IS NOT NULL"),
        (r"\bNOT IN\b", "IN"),
        (r"\bNOT (?=[a-z({])", ""),
        (r" (?=IN \()", " NOT "),
        (r" DESC\b", ""),
        (r"ORDER BY ([\w.({}>* ]+?\)?)(?=[,)\n]|$| LIMIT| ROWS)", r"ORDER BY \1 DESC"),
        (r"\bORDER BY [\w.({}>* ]+?\)?, ", "ORDER BY "),
        (r"\bPARTITION BY [\w{}]+ ?", ""),
        (r"\bLEFT JOIN\b", "JOIN"),
        (r"(?<!LEFT )\bJOIN\b", "LEFT JOIN"),
        (r"\bUNION ALL\b", "UNION"),
        (r"\bUNION ALL\nSELECT .*", ""),
        (r"\bgreatest\(", "least("),
        (r"\bleast\(", "greatest("),
        (r"\bmax\(", "min("),
        (r"\bcoalesce\(([\w.{}]+), ", r"coalesce(NULL, "),
        (r"\('(\w+)', '(\w+)'\)", r"('\1')"),
        (r"\('(\w+)', '(\w+)'\)", r"('\2')"),
        (r"\b(WHERE|FILTER \()\s*(?=[a-z({])", r"\1 true OR "),
        (r"(?<=[ (\[])(\d{1,10})(?=[ ,)\n\]]|$)", lambda found: str(int(found[1]) + 1)),
        (r"(?<=[ (\[])([1-9]\d{0,9})(?=[ ,)\n\]]|$)", lambda found: str(int(found[1]) - 1)),
    )
)


class SqlFault(Operator):
    """One fault of the table, in one place of a string that holds SQL."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        return ((node.start_pos, node.end_pos) for _ in _faulty(node))

    def mutate(self, node: Any, index: int) -> Any:
        node.value = list(_faulty(node))[index]
        return node

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (Example("q = 'SELECT a WHERE b = 1'", "q = 'SELECT a WHERE b <> 1'"),)


def _faulty(node: Any) -> list[str]:
    """The text of this node with each of the faults that it can have."""
    is_text = node.type in ("string", "fstring_string") and node.parent.type not in ("simple_stmt", "file_input")
    if not is_text or not IS_SQL.search(node.value):
        return []
    found = [(fault, instead) for pattern, instead in FAULTS for fault in pattern.finditer(node.value)]
    texts = [_put(fault, instead) for fault, instead in found]
    return [text for text in texts if text != node.value]


def _put(fault: re.Match[str], instead: Any) -> str:
    text = instead(fault) if callable(instead) else fault.expand(instead)
    return fault.string[: fault.start()] + text + fault.string[fault.end() :]


class CallGone(Operator):
    """A call that is a statement of its own is left out: `os.fsync(file)` becomes `None`."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        if node.type == "atom_expr" and node.parent.type == "simple_stmt" and node.children[-1].get_code()[0] == "(":
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        return Name("None", node.start_pos, prefix=node.get_first_leaf().prefix)

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (Example("f(x)\n", "None\n"),)


class NoneReturned(Operator):
    """`return x` becomes `return None`."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        if node.type == "return_stmt" and node.children[1].get_code().strip() not in ("None", "[]", "{}", '""'):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.children[1] = parso.parse(" None").children[0]
        return node

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (Example("def f():\n    return x\n", "def f():\n    return None\n"),)
