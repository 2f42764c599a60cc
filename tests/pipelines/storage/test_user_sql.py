"""SQL of users: an expression computes, a query reads, and neither does anything else."""

import resource
from pathlib import Path

import duckdb
import pytest

from pipelines.catalog import shell
from pipelines.errors import WorkFailed
from pipelines.storage import duck, user_sql
from pipelines.storage.user_sql import RefusedSQL

COMPUTES = [
    "output_words < 3",
    "output_words < 3 -- too short",
    "regexp_matches(output, '(?i)x; DROP') AND NOT tags LIKE '%)%'",
    "len([tag FOR tag IN tags IF tag <> 'x']) BETWEEN 1 AND 3",
    "CASE WHEN score IS NULL THEN 0 ELSE ln(1 + greatest(score, 0)) / 5 END",
    "list_any_value(list_filter(tags, lambda tag: tag > 'x')) IN ('a', 'b')",
    "created_at < TIMESTAMP '2020-01-01' AND date_part('year', created_at) > 1999",
    "{'a': 1}['a'] = 1 AND map {'a': 1}['a'] = 1 AND tags[1] || 'x' ILIKE 'x' AND (1, 2) = (1, 2)",
    "array_to_string(tags, ',') = '' AND split_part(url, '/', 3) = 'a' COLLATE NOCASE",
]
DOES_MORE = {
    "1=1); COPY (SELECT 1) TO 'x'; SELECT (1=1": "syntax error",
    "true; COPY (SELECT 1) TO 'x'": "Only SELECT statements",
    "true; SELECT true": "2 statements",
    "true;": "syntax error",
    "true) UNION (SELECT true": "syntax error",
    "true UNION SELECT true": "UNION and the like",
    "true FROM read_text('/etc/passwd')": "more than an expression",
    "(true) FROM (SELECT 1": "syntax error",
    "true, false": "2 expressions",
    "(SELECT true)": "a subquery",
    "EXISTS (FROM read_csv('x'))": "a subquery",
    "list_filter(tags, lambda tag: (SELECT true)) = []": "a subquery",
    "count(*) > 1": "more than one record",
    "row_number() OVER () > 1": "a window over other records",
    "unnest([true])": "more than one record",
    "random() > 0.5": "another answer each time",
    "created_at > now()": "another answer each time",
    "created_at > current_date": "write a date",
    "created_at > record.current_date": "^current_date gives another answer each time",
    "age(created_at) > INTERVAL 1 YEAR": "another answer each time",
    "current_setting('home_directory') = ''": "another answer each time",
    "write_log('x') IS NULL": "write_log",
    "query('SELECT 1')": "query",
    "lenght(output) > 1": "no function 'lenght'; did you mean 'length'",
    "output AS text": "syntax error",
    "*": r"\* is refused",
    "COLUMNS('a')": r"\* is refused",
    "$1": "a parameter",
    "output ORDER BY output": "more than an expression",
    "output LIMIT 1": "more than an expression",
    "DISTINCT output": "more than an expression",
    "true /*": "unterminated",
    "-- nothing": "SELECT clause without",
}


@pytest.mark.parametrize("text", COMPUTES)
def test_an_expression_over_one_record_is_allowed(text: str) -> None:
    user_sql.check_expression(text)
    if "x; DROP" not in text:
        user_sql.check_order(text)


@pytest.mark.parametrize(("text", "says"), DOES_MORE.items())
def test_what_does_more_than_compute_is_refused(text: str, says: str) -> None:
    with pytest.raises(RefusedSQL, match=says):
        user_sql.check_expression(text)


def test_each_part_of_an_expression_is_written_and_replaced() -> None:
    text = "length(output) + 3 < 20 AND score > 1"
    made = {at: user_sql.written(node) for at, node in enumerate(user_sql.parts(text)) if "class" in node}
    assert made[0] == "(((length(output) + 3) < 20) AND (score > 1))" and user_sql.closed(made[0]) == made[0]
    (twenty,) = [at for at, one in made.items() if one == "20"]
    assert user_sql.replaced(text, twenty, "4 * 5") == made[0].replace("20", "(4 * 5)")
    assert user_sql.column_references(text) == {"output", "score"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(" * 10_000 + "true" + ")" * 10_000, "20,004 characters are refused"),
        ("NOT " * 4_900 + "true", "nested too deeply"),
        ("true" + "+1" * 9_000, "nested too deeply"),
        ("upper(" * 900 + "output" + ")" * 900, "nested too deeply"),
        ("[" * 900 + "]" * 900, "nested too deeply"),
        ("NULL::INT" + "[]" * 5_000, "nested too deeply"),
        ("output='" + "x" * 10_000_000 + "'", "10,000,009 characters are refused, more than 20,000"),
        ("score IN (" + "1, " * 1_000_000 + "1)", "characters are refused"),
    ],
    ids=["brackets", "negations", "sum", "functions", "lists", "types", "text", "values"],
)
def test_what_is_too_large_to_parse_is_refused(text: str, says: str) -> None:
    with pytest.raises(RefusedSQL, match=says):
        user_sql.check_expression(text)
    with pytest.raises(RefusedSQL, match=says):
        user_sql.check_order(text)
    if says == "nested too deeply":
        with pytest.raises(RefusedSQL, match=says):
            user_sql.check_query(f"SELECT {text}")


def test_so_many_characters_are_taken_and_one_more_is_not() -> None:
    """Whatever they say: a long text of no depth is parsed at once."""
    for check, begins, most in (
        (user_sql.check_expression, "", 20_000),
        (user_sql.check_order, "", 20_000),
        (user_sql.check_query, "SELECT ", 200_000),
    ):
        text = f"{begins}'{'x' * (most - len(begins) - 2)}'"
        check(text)
        with pytest.raises(RefusedSQL, match=f"^{most + 1:,} characters are refused, more than {most:,}"):
            check(f"{text} ")


@pytest.mark.parametrize(
    "text",
    [
        "score; DROP TABLE x",
        "1 LIMIT 3",
        "1 OFFSET 2",
        "ALL",
        "(SELECT 1)",
        "score, random()",
        "score) FROM t --",
        "a;",
    ],
)
def test_an_order_is_nothing_else(text: str) -> None:
    user_sql.check_order("score DESC NULLS LAST, length(output) -- the longest first")
    with pytest.raises(RefusedSQL):
        user_sql.check_order(text)


@pytest.mark.parametrize(
    "query",
    [
        "SUMMARIZE t", "DESCRIBE t", "SHOW TABLES", "VALUES (1)", "FROM t PIVOT (sum(a) FOR b IN ('x'))",
        "WITH x AS (FROM t) SELECT (SELECT max(a) FROM x)", "FROM duckdb_views()", "SELECT unnest(range(3)), random()",
    ],
)  # fmt: skip
def test_a_query_that_reads_is_allowed(query: str) -> None:
    user_sql.check_query(query)


@pytest.mark.parametrize(
    "query",
    [
        "FROM enable_profiling(save_location = '{file}')",
        "FROM enable_logging(storage = 'file', storage_path = '{file}')",
        "FROM t, LATERAL (FROM enable_logging())", "WITH x AS (FROM enable_logging()) FROM x",
        "SELECT (FROM enable_logging())", "SUMMARIZE (FROM enable_logging())", "FROM main.ENABLE_logging()",
        "SELECT write_log('x')", "FROM query('FROM enable_logging()')", "FROM json_execute_serialized_sql('x')",
        "FROM pandas_scan(1)", "FROM arrow_scan(1, 2, 3)", "FROM checkpoint()", "SELECT setseed(0.1)",
    ],
)  # fmt: skip
def test_a_query_that_sets_or_writes_is_refused(query: str, tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    with pytest.raises(RefusedSQL, match="does not only read"):
        user_sql.check_query(query.format(file=file))


def test_a_table_is_never_a_variable_of_the_program(tmp_path: Path) -> None:
    secret = duckdb.sql("SELECT 1 AS password").to_arrow_table()
    with duck.open_duckdb(tmp_path) as con, pytest.raises(duckdb.CatalogException):
        con.sql("FROM secret")
    assert secret.num_rows == 1


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '{there}'", "SELECT * FROM read_text('{there}')", "ATTACH '{there}' AS other",
        "SET enable_external_access = true", "SET allowed_directories = ['/']",
        "SELECT * FROM read_csv('http://127.0.0.1:1/x')",
    ],
)  # fmt: skip
def test_a_locked_connection_touches_nothing_outside(statement: str, tmp_path: Path) -> None:
    there, data = tmp_path / "outside.txt", tmp_path / "data"
    there.write_text("x")
    data.mkdir()
    (data / "inside.txt").write_text("y")
    with duck.spilling_duckdb(data / "made", 1, "64MB") as (con, _):
        duck.lock(con, data)
        with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
            con.execute(statement.format(there=there)).fetchall()
        assert con.execute(f"SELECT content FROM read_text('{data}/inside.txt')").fetchall() == [("y",)]
        # more than its memory holds: it still spills
        con.execute("CREATE TEMP TABLE big AS SELECT range AS n, md5(range::VARCHAR) AS h FROM range(1500000)")
        assert con.sql("SELECT count(*) FROM (FROM big ORDER BY h)").fetchall() == [(1_500_000,)]
    assert there.read_text() == "x"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT len(repeat('x', 3000000000))", "SELECT len(range(300000000))", "FROM range(1000000000000)",
        "SELECT list(range) FROM range(1000000000000)", "SELECT string_agg(range::VARCHAR) FROM range(1000000000000)",
        "SELECT len(format('{:>2000000000}', 'x'))", "SELECT len(list_resize([1], 1000000000))",
        "SELECT unnest(range(300000000))", "FROM range(100000) a, range(100000) b ORDER BY hash(a.range, b.range)",
        "WITH RECURSIVE t AS (SELECT 'x' AS x UNION ALL SELECT x || x FROM t) FROM t",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n FROM t, range(1000)) FROM t",
    ],
)  # fmt: skip
def test_a_query_that_fills_memory_is_told(query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within 256 MB here; `make soak` lets the command line have its 2 GB."""
    monkeypatch.setattr(duck, "ROOM", 256 << 20)
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with duck.open_duckdb(tmp_path, "128MB") as con:
        con.execute("SET max_temp_directory_size = '64MB'")
        with pytest.raises((WorkFailed, shell.QueryError), match=r"the query needs more than|[Mm]axim|memory|storage"):
            shell.ask(con, query)
        assert shell.ask(con, "SELECT 1 AS one").to_pylist() == [{"one": 1}]
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
