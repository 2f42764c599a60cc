"""The page of SQL: an answer, a chart and files; what is refused says why."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboards import ask
from tests.dashboards.conftest import OpenPage


def test_a_question_from_a_link_is_answered(open_page: OpenPage) -> None:
    page = open_page("sql", sql="SELECT record_id, output FROM records ORDER BY record_id")
    assert page.dataframe[-1].value["record_id"].tolist()[0] == "forum:q1#a101"
    assert "6 rows" in [caption.value for caption in page.caption]


def test_the_first_question_and_the_views_are_there(open_page: OpenPage) -> None:
    page = open_page("sql")
    assert {"curated", "verdicts", "signals"} <= set(page.dataframe[0].value["View"])
    assert page.dataframe[-1].value["records"].sum() == 6


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELEKT 1", "syntax error"),
        ("COPY records TO 'x.csv'", "refused"),
        ("SELECT * FROM read_text('/etc/passwd')", "disabled by configuration"),
        ("SELECT 1; SELECT 2", "expected one statement"),
    ],
)
def test_what_is_refused_says_why(query: str, told: str, open_page: OpenPage) -> None:
    assert told in open_page("sql", sql=query).error[0].value.replace("\\", "")


def test_columns_are_drawn_against_each_other(open_page: OpenPage) -> None:
    query = "SELECT record_id, output_words FROM signals"
    page = open_page("sql", sql=query, chart="bar", x="record_id", y="output_words")
    spec = json.loads(page.get("vega_lite_chart")[0].proto.spec)
    assert (spec["encoding"]["x"]["field"], spec["encoding"]["y"]["type"]) == ("record_id", "quantitative")


def test_signatures_are_shown_as_digits(open_page: OpenPage) -> None:
    page = open_page("sql", sql="SELECT '\\xC3\\xBF'::BLOB AS sign, NULL::BLOB AS none")
    assert page.dataframe[-1].value["sign"].tolist() == ["c3bf"]


def test_a_question_that_takes_too_long_ends(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "SECONDS", 1)
    page = open_page("sql", sql="SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(10_000_000) b")
    assert "took more than 1 seconds" in page.error[0].value


def test_files_have_the_whole_answer() -> None:
    from dashboards.screens import sql

    answer = pa.table({"words": ['one, "two"', "三"], "number": [1, 2]})
    rows = list(csv.reader(io.StringIO(sql.as_csv(answer).decode())))
    assert rows == [["words", "number"], ['one, "two"', "1"], ["三", "2"]]
    assert pq.read_table(io.BytesIO(sql.as_parquet(answer))).equals(answer)
