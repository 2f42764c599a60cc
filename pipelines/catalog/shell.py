"""Questions in SQL over the views: read-only statements, nothing outside the data folder, five ways to print."""

import csv
import json
import sys
from collections.abc import Sequence
from typing import IO, Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from rich.table import Table
from rich.text import Text

from pipelines.catalog import screen
from pipelines.errors import WorkFailed, WrongInput, escape_controls, printable
from pipelines.messages import Message, tr
from pipelines.storage import duck, user_sql

Format = Literal["table", "csv", "json", "jsonl", "parquet"]
SHOWN_ROWS = 40
PROMPT, MORE = "gristmill> ", "      ...> "


class QueryError(WrongInput):
    """A statement that is refused or that DuckDB cannot run."""


def ask(con: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    """The answer to one reading statement. Raises QueryError, and WorkFailed where it would fill the memory."""
    try:
        user_sql.check_length(query, user_sql.LONGEST_QUERY)
        statements = con.extract_statements(query)
        _refuse_writing(statements)
        user_sql.check_query(query)
        with duck.bounded(Message("the query")):
            return con.execute(statements[0].query).to_arrow_table()
    except RuntimeError as error:  # Ctrl-C, as DuckDB says it
        con.interrupt()  # what still computes would keep the connection from closing
        raise KeyboardInterrupt from error
    except (duckdb.Error, user_sql.RefusedSQL) as error:
        raise QueryError(_on_one_line(error)) from error


def _on_one_line(error: Exception) -> str:
    """What DuckDB says, without the copy of the query below it; a message as it is."""
    said = str(error)
    return said if isinstance(said, Message) else " ".join(said.split("\n\nLINE ")[0].split())


def _refuse_writing(statements: Sequence[duckdb.Statement]) -> None:
    if len(statements) != 1:
        raise QueryError("expected one statement, found {number}", number=len(statements))
    if statements[0].type != duckdb.StatementType.SELECT:  # EXPLAIN ANALYZE would run whatever follows it
        kind = statements[0].type.name
        raise QueryError("{kind} is refused: only statements that read (SELECT, FROM, DESCRIBE, SUMMARIZE)", kind=kind)


def show(table: pa.Table, kind: Format, out: IO[str]) -> None:
    """Write an answer: `json` is one array, `jsonl` one object a line; bytes are in hexadecimal digits in both."""
    if kind == "table":
        print_table(table, out)
    elif kind == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(table.column_names)
        writer.writerows(map(_as_cell, row.values()) for row in table.to_pylist())
    elif kind == "json":
        out.write("[" + ",\n ".join(_as_json(row) for row in table.to_pylist()) + "]\n")
    elif kind == "jsonl":
        out.writelines(f"{_as_json(row)}\n" for row in table.to_pylist())
    else:
        pq.write_table(table, out.buffer)  # type: ignore[attr-defined]


def print_table(table: pa.Table, out: IO[str]) -> None:
    """At most SHOWN_ROWS rows, cells on one line; scraped text cannot style or control the terminal."""
    drawn = Table(show_edge=False)
    for column in table.schema:
        drawn.add_column(cell(column.name), justify="right" if _is_number(column.type) else "left", overflow="fold")
    for row in table.slice(0, SHOWN_ROWS).to_pylist():
        drawn.add_row(*(cell(value) for value in row.values()))
    console = screen.wide_console(out)
    console.print(drawn)
    if table.num_rows > SHOWN_ROWS:
        console.print(
            tr(
                "{number:,} rows, the first {shown} shown; --format csv gives all",
                number=table.num_rows,
                shown=SHOWN_ROWS,
            ),
            style="dim",
        )


def _as_json(row: dict[str, Any]) -> str:
    return escape_controls(json.dumps(row, ensure_ascii=False, default=_as_text))


def _as_text(value: Any) -> str:
    """Bytes, as signatures are, in hexadecimal digits."""
    return value.hex() if isinstance(value, bytes) else str(value)


def _as_cell(value: Any) -> Any:
    return _as_text(value) if isinstance(value, bytes) else value


def cell(value: Any, width: int = 160) -> Text:
    """A value on one line of at most `width` characters, without signs that control a terminal."""
    text = "" if value is None else _as_text(value)
    line = "".join(sign if sign.isprintable() else " " for sign in text[: width + 1])
    return Text(line if len(line) <= width else line[: width - 1] + "…")


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def shell(con: duckdb.DuckDBPyConnection) -> None:
    """Statements end with `;`; an empty line, Ctrl-D or `exit` leaves. Errors are shown and forgotten."""
    views = ask(con, "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL")["view_name"].to_pylist()
    print(tr("views: {views}\nend a statement with ; and leave with Ctrl-D", views=", ".join(views)), file=sys.stderr)
    while statement := _read_statement():
        try:
            print_table(ask(con, statement), sys.stdout)
        except (QueryError, WorkFailed) as error:
            print(printable(tr(str(error))), file=sys.stderr)


def _read_statement() -> str:
    lines: list[str] = []
    try:
        while not lines or not lines[-1].rstrip().endswith(";"):
            lines.append(input(MORE if lines else PROMPT))
            if len(lines) == 1 and lines[0].strip().rstrip(";") in ("", "exit", "quit"):
                return ""
    except EOFError:
        return "\n".join(lines)
    return "\n".join(lines)
