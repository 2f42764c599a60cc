"""What SQL that users write may do: an expression in a policy computes, a query in the shell reads.

DuckDB's own parser gives the tree (`json_serialize_sql`), and the tree is compared with lists of what is allowed. So
text is never taken for SQL before it is known to be one whole expression or one whole query.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb

from pipelines.errors import did_you_mean

Node = dict[str, Any]
BEFORE = "SELECT\n"  # before an expression, to make it a statement

# parts of an expression that look at one record only
_EXPRESSIONS = {
    *("BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT"),
    *("FUNCTION", "LAMBDA", "LAMBDA_REF", "OPERATOR"),
}
_INSTEAD = {
    "SUBQUERY": "a subquery",
    "WINDOW": "a window over other records",
    "STAR": "*",
    "PARAMETER": "a parameter",
}
# scalar functions that DuckDB calls consistent, and whose answer is another one on another day or machine
_NOT_CONSISTENT = {"age", "current_localtime", "current_localtimestamp", "current_setting", "getvariable", "version"}
# words that the parser takes for columns
_CLOCKS = {
    *("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_user", "user"),
    *("session_user", "current_role", "current_schema", "current_catalog"),
}
# macros of DuckDB that only compute; the others ask for the user, the session or the catalog
_MACROS = {"array_to_string", "days_in_month", "fdiv", "fmod", "nullif", "round_even", "roundbankers", "split_part"}
_CONSISTENT = {("scalar", "CONSISTENT")}
_LISTS = ("list_", "array_")
# functions in FROM that only read. The others set something, write a file, run text as SQL, or read memory.
_READERS = {
    *("unnest", "range", "generate_series", "repeat", "repeat_row", "json_each", "json_tree", "summary", "glob"),
    *("read_parquet", "parquet_scan", "read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_json_objects"),
    *("read_ndjson", "read_ndjson_auto", "read_ndjson_objects", "read_text", "read_blob", "sniff_csv"),
    *("parquet_metadata", "parquet_schema", "parquet_file_metadata", "parquet_kv_metadata", "parquet_full_metadata"),
    *("duckdb_columns", "duckdb_tables", "duckdb_views", "duckdb_functions", "duckdb_types", "duckdb_settings"),
    *("duckdb_schemas", "duckdb_databases", "duckdb_keywords", "duckdb_extensions", "duckdb_memory"),
    *("pragma_table_info", "pragma_version", "pragma_show", "show_tables", "pg_timezone_names", "histogram"),
}
_SETTERS = {"setseed", "write_log", "nextval", "currval", "sleep_ms", "pg_sleep"}


class RefusedSQL(ValueError):
    """SQL that does more than it may; the message says what."""


def check_expression(text: str) -> None:
    """Raises RefusedSQL unless `text` is one expression over the columns of one record."""
    node = _only_node(f"{BEFORE}{text}\n")
    bare: Node = {"type": "SELECT_NODE", "modifiers": [], "where_clause": None, "having": None, "qualify": None}
    if any(node.get(key) != value for key, value in bare.items()) or not _has_no_clauses(node):
        raise RefusedSQL("more than an expression; write what comes after SELECT, up to a comma or FROM")
    if len(node["select_list"]) != 1:
        raise RefusedSQL(f"{len(node['select_list'])} expressions, separated by commas; write one")
    _statements(f"SELECT (\n{text}\n)")  # as it will stand in a query: no semicolon, no name after it
    _check_parts(node["select_list"])


def check_order(text: str) -> None:
    """Raises RefusedSQL unless `text` is a list of expressions to order by, each with ASC, DESC or NULLS."""
    node = _only_node(f"SELECT 1 ORDER BY\n{text}\n")
    modifiers = node.get("modifiers", [])
    if [each["type"] for each in modifiers] != ["ORDER_MODIFIER"] or not _has_no_clauses(node):
        raise RefusedSQL("more than an order; write what comes after ORDER BY")
    _statements(f"SELECT rank() OVER (ORDER BY\n{text}\n)")
    _check_parts([order["expression"] for order in modifiers[0]["orders"]])


def check_query(text: str) -> None:
    """Raises RefusedSQL unless all that the query calls only reads."""
    tree = _statements(text)
    tables = [node["function"]["function_name"].lower() for node in nodes(tree) if node["type"] == "TABLE_FUNCTION"]
    called = [node["function_name"].lower() for node in nodes(tree) if node.get("class") == "FUNCTION"]
    refused = [name for name in tables if name not in _READERS] + [name for name in called if name in _SETTERS]
    if refused:
        raise RefusedSQL(f"{refused[0]}() is refused: it does not only read")


def closed(text: str) -> str:
    """`text` such that a comment at its end does not take in what follows."""
    return f"{text}\n" if "--" in text else text


@cache
def column_references(text: str) -> frozenset[str]:
    """The names in an expression that may be columns."""
    refs = (node["column_names"] for node in nodes(_statements(f"{BEFORE}{text}\n")) if _is_reference(node))
    return frozenset(name for names in refs for name in names)


def parts(text: str) -> list[Node]:
    """All nodes of an expression, always in the same order; `query_location` counts the bytes of BEFORE too."""
    return [*nodes(_only_node(f"{BEFORE}{text}\n")["select_list"])]


def written(node: Node) -> str:
    """A node of `parts` as SQL."""
    return _rendered([{"node": _bare_select(node), "named_param_map": []}])


def replaced(text: str, number: int, value: str) -> str:
    """An expression with the expression `value` in the place of its node `number`, counted as in `parts`."""
    statements = _statements(f"{BEFORE}{text}\n")
    node = [*nodes(statements[0]["node"]["select_list"])][number]
    new = parts(value)[0]
    node.clear()
    node.update(new)
    return _rendered(statements)


def _bare_select(node: Node) -> Node:
    select: Node = _statements("SELECT 1")[0]["node"]
    return select | {"select_list": [node]}


def _rendered(statements: list[Node]) -> str:
    tree = json.dumps({"error": False, "statements": statements})
    text: str = _parser().execute("SELECT json_deserialize_sql($1::JSON)", [tree]).fetchall()[0][0]
    return text.removeprefix("SELECT ")


def _is_reference(node: Node) -> bool:
    return node.get("class") == "COLUMN_REF"


def _has_no_clauses(node: Node) -> bool:
    """Whether a SELECT has no WITH, FROM, GROUP BY or SAMPLE."""
    absent = not node["cte_map"]["map"] and not node["group_expressions"] and not node["sample"]
    return absent and node["from_table"]["type"] == "EMPTY" and node["aggregate_handling"] == "STANDARD_HANDLING"


def _check_parts(expressions: list[Node]) -> None:
    for node in nodes(expressions):
        kind = node.get("class")
        if kind and kind not in _EXPRESSIONS:
            raise RefusedSQL(f"{_INSTEAD.get(kind, kind.lower())} is refused; an expression sees one record")
        if kind == "FUNCTION":
            _check_function(node["function_name"].lower())
        if _is_reference(node) and node["column_names"][-1].lower() in _CLOCKS:
            raise RefusedSQL(f"{node['column_names'][-1]} gives another answer each time; write a date")


def _check_function(name: str) -> None:
    if name in _computing():
        return
    if name not in _functions():
        raise RefusedSQL(f"no function {name!r}{did_you_mean(name, sorted(_computing()))}")
    raise RefusedSQL(f"{name}() is refused: it sees more than one record, or gives another answer each time")


@cache
def _computing() -> frozenset[str]:
    """The functions whose answer depends on nothing but their arguments."""
    scalars = {name for name, kinds in _functions().items() if {k for k in kinds if k[0] == "scalar"} == _CONSISTENT}
    lists = {name for name, kinds in _functions().items() if ("macro", None) in kinds and name.startswith(_LISTS)}
    return frozenset({name for name in scalars if not name.startswith("__")} - _NOT_CONSISTENT | lists | _MACROS)


@cache
def _functions() -> dict[str, set[tuple[str, str | None]]]:
    """Type and stability of all forms of each function that DuckDB has."""
    found: dict[str, set[tuple[str, str | None]]] = {}
    query = "SELECT DISTINCT lower(function_name), function_type, stability FROM duckdb_functions()"
    for name, kind, stability in _parser().execute(query).fetchall():
        found.setdefault(name, set()).add((kind, stability))
    return found


def _only_node(query: str) -> Node:
    statements = _statements(query)
    if len(statements) != 1:
        raise RefusedSQL(f"{len(statements)} statements, separated by semicolons; write one expression")
    node: Node = statements[0]["node"]
    if node["type"] != "SELECT_NODE":
        raise RefusedSQL("more than an expression; UNION and the like are refused")
    return node


def _statements(query: str) -> list[Node]:
    """The parsed statements. Raises RefusedSQL for one that does not read, duckdb.Error where SQL is wrong."""
    tree = json.loads(_parser().execute("SELECT json_serialize_sql($1)", [query]).fetchall()[0][0])
    if tree["error"]:
        raise RefusedSQL(" ".join(str(tree["error_message"]).split("\n\nLINE ")[0].split()))
    return list(tree["statements"])


def nodes(tree: Any) -> Iterator[Node]:
    """All nodes of a tree that have a type."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict) and "type" in node:
            yield node
        waiting.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    """One connection for all expressions: opening one takes longer than parsing a policy."""
    return duckdb.connect(config={"threads": 1, "enable_external_access": "false"})
