"""The lines that a rule draws: numbers in `drop_if` that something measured is compared with, and how to move them.

Of `output_words < CASE WHEN output_language = 'zh' THEN 12 ELSE 8 END` they are 12 and 8; of `100 * links > words`
there is none. DuckDB's parser says where each number stands, so the rest of the text stays as it was written.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb

from pipelines.storage import user_sql
from pipelines.storage.user_sql import Node

_OPERATORS = {
    "COMPARE_LESSTHAN": "<",
    "COMPARE_LESSTHANOREQUALTO": "<=",
    "COMPARE_GREATERTHAN": ">",
    "COMPARE_GREATERTHANOREQUALTO": ">=",
}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NUMBER = re.compile(rb"-?\s*(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][+-]?\d+)?")
_PREFIX = len("SELECT\n")


@dataclass(frozen=True, slots=True)
class Bound:
    """`measure operator value`, all SQL, for records of which `when` is true ("" is all); value is text[start:end].

    `location` is that of the number in the parser's tree.
    """

    measure: str
    operator: str
    value: float
    when: str
    start: int
    end: int
    location: int


@cache
def find(drop_if: str) -> tuple[Bound, ...]:
    """The lines of a rule in the order of their places. Raises RefusedSQL, duckdb.Error where it is no expression."""
    found = [bound for node in _outside_lambdas(user_sql.parse(drop_if)) for bound in _of_comparison(node, drop_if)]
    return tuple(sorted(found, key=lambda bound: bound.start))


def move(drop_if: str, values: Mapping[int, float]) -> str:
    """`drop_if` with other values of the bounds with these numbers in `find`. Raises KeyError for one it lacks."""
    bounds = dict(enumerate(find(drop_if)))
    for number in sorted(values, reverse=True):
        bound = bounds[number]
        drop_if = drop_if[: bound.start] + written(values[number]) + drop_if[bound.end :]
    return drop_if


def written(value: float) -> str:
    """A number as SQL: 8, -0.5, 0.000001; without an exponent, which people read less well."""
    return str(int(value)) if float(value).is_integer() else format(Decimal(repr(value)), "f")


def _outside_lambdas(tree: Any) -> Iterator[Node]:
    """All parts of an expression that see the record; a lambda sees an element of a list."""
    if isinstance(tree, dict) and "class" in tree and tree["class"] != "LAMBDA":
        yield tree
    if isinstance(tree, dict | list) and not (isinstance(tree, dict) and tree.get("class") == "LAMBDA"):
        for each in tree.values() if isinstance(tree, dict) else tree:
            yield from _outside_lambdas(each)


def _of_comparison(node: Node, text: str) -> Iterator[Bound]:
    if node.get("class") == "BETWEEN":
        yield from _bounds(node["input"], ">=", node["lower"], text)
        yield from _bounds(node["input"], "<=", node["upper"], text)
    elif node.get("class") == "COMPARISON" and (operator := _OPERATORS.get(node["type"])):
        yield from _bounds(node["left"], operator, node["right"], text)
        yield from _bounds(node["right"], _TURNED[operator], node["left"], text)


def _bounds(measured: Node, operator: str, bound: Node, text: str) -> Iterator[Bound]:
    if not any(node.get("class") == "COLUMN_REF" for node in user_sql.nodes(measured)):
        return
    for constant, when in _constants(bound, ""):
        if place := _place(constant, text):
            yield Bound(_bare(measured), operator, _value(constant), when, *place, constant["query_location"])


def _constants(node: Node, when: str) -> Iterator[tuple[Node, str]]:
    """The numbers that an expression may be, each with the condition under which it is."""
    if node["type"] == "VALUE_CONSTANT" and _value(node) is not None:
        yield node, when
    elif node["type"] == "CASE_EXPR":
        for check in node["case_checks"]:
            is_so = _bare(check["when_expr"])
            yield from _constants(check["then_expr"], _both(when, is_so))
            when = _both(when, f"({is_so}) IS NOT TRUE")
        yield from _constants(node["else_expr"], when)


def _bare(node: Node) -> str:
    """The SQL of a tree without the brackets that DuckDB puts around all of it."""
    sql = user_sql.unparse(node)
    with suppress(duckdb.Error, user_sql.RefusedSQL):
        if sql.startswith("(") and user_sql.unparse(user_sql.parse(sql[1:-1])) == sql:
            return sql[1:-1]
    return sql


def _both(one: str, other: str) -> str:
    return f"{one} AND ({other})" if one else other


def _value(constant: Node) -> Any:
    """The number, or None where it is a text, a truth value or null."""
    kind, value = constant["value"]["type"], constant["value"].get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value / 10 ** kind["type_info"]["scale"] if kind["id"] == "DECIMAL" else value


def _place(constant: Node, text: str) -> tuple[int, int] | None:
    """First character and the one after the last; None where what stands there does not read as the number."""
    encoded, start = text.encode(), constant["query_location"] - _PREFIX
    found = _NUMBER.match(encoded, start) if 0 <= start < len(encoded) else None
    if not found or float(re.sub(rb"[\s_]", b"", found[0])) != _value(constant):
        return None
    first = len(encoded[:start].decode())
    return first, first + len(found[0].decode())
