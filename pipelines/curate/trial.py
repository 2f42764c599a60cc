"""Each piece of a policy's SQL, bound and tried on made-up records, in a process that may end by it.

DuckDB's memory limit does not cover the texts and lists that functions build, nothing interrupts a function within a
batch of rows, and constants are computed while a query is bound. What a piece costs cannot be read off it either:
`replace(output, 'e', output)` is short. So it is run on an ordinary record and on long ones, under limits that the
system enforces. Imports nothing of the project's, and so starts quickly.
"""

import json
import re
import resource
import sys
from typing import Any

import duckdb

CHARACTERS = 20_000  # of each text of a long record: one in some thousands is longer
SECONDS = 5  # of processor time for each piece; all of the default policy take 0.3
MEMORY = 1 << 30  # bytes that a piece may take
TAGS = 100
_SIZE = re.compile("maximum|larger than|allocat|out of memory", re.IGNORECASE)
_TEXTS = ("How do I sort a list?", "a" * CHARACTERS, '"\\%' * (CHARACTERS // 3), "Sort a list, then 再看。" * 1000)
RECORDS = len(_TEXTS)


def main() -> None:
    """Reads {"columns": {name: type}, "pieces": [[key, query]]}; writes lines of [key, what, words].

    `what` is "begun", then "type" (the answer's) or "error", then "size" where it takes too much; "done" comes last.
    """
    given = json.load(sys.stdin)
    with duckdb.connect(config={"threads": 1, "memory_limit": "512MB", "enable_external_access": "false"}) as con:
        con.execute("SET TimeZone = 'UTC'")
        _create_records(con, given["columns"])
        _limit(resource.RLIMIT_AS, _taken() + MEMORY)
        for key, query in given["pieces"]:
            _limit(resource.RLIMIT_CPU, int(_spent()) + 1 + SECONDS)
            _try(con, key, query)
    _say("", "done")


def _create_records(con: duckdb.DuckDBPyConnection, columns: dict[str, str]) -> None:
    con.execute(f"CREATE TABLE candidate ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
    for text in _TEXTS:
        values = [_value(kind, text) for kind in columns.values()]
        con.execute(f"INSERT INTO candidate VALUES ({', '.join('?' * len(values))})", values)


def _value(kind: str, text: str) -> Any:
    """A value of the type; of nested types null."""
    if kind == "VARCHAR":
        return text
    if kind == "VARCHAR[]":
        return [text[:20]] * TAGS
    return 1 if kind in ("BOOLEAN", "FLOAT", "DOUBLE") or "INT" in kind else None


def _try(con: duckdb.DuckDBPyConnection, key: str, query: str) -> None:
    _say(key, "begun")
    bound = False
    try:
        _say(key, "type", con.execute(f"DESCRIBE {query}").fetchall()[0][1])
        bound = True
        con.execute(query).fetchall()
    except (duckdb.Error, MemoryError) as error:
        if isinstance(error, MemoryError) or _SIZE.search(str(error)):
            _say(key, "size", str(error).partition("\n")[0] or "out of memory")
        elif not bound:  # what goes wrong on a text says nothing about other texts
            _say(key, "error", str(error))


def _say(key: str, what: str, words: str = "") -> None:
    print(json.dumps([key, what, words]), flush=True)


def _limit(kind: int, most: int) -> None:
    resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _taken() -> int:
    """Bytes of address space so far; 0 where the system does not say."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


if __name__ == "__main__":
    main()
