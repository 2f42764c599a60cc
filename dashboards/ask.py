"""Questions to the data folder: each is a file of `queries`, over the views of `pipelines.catalog`.

An answer is remembered until something is published, taken away or run; decisions are read anew each time. So what is
shown is never stale.
"""

import os
from pathlib import Path
from threading import Lock, Timer
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import streamlit as st

from pipelines import catalog
from pipelines.catalog import diff, explain, meaning, shell, status
from pipelines.catalog.diff import Difference
from pipelines.catalog.meaning import Box, Map
from pipelines.curate import decisions, review
from pipelines.errors import WorkFailed
from pipelines.flows import served

QUERIES = Path(__file__).parent / "queries"
SECONDS = 120  # of a reader's own question
_ONE_AT_A_TIME = Lock()
Rows = list[dict[str, Any]]
Pairs = tuple[tuple[str, Any], ...]  # a dict that can be a key


def data_folder() -> str:
    """The data folder, by the environment variable GRISTMILL_DATA."""
    return os.environ.get("GRISTMILL_DATA", "data")


def data_path() -> Path:
    """The data folder as a path, also of one in an object store."""
    return catalog.folder_at(data_folder())


def table(name: str, **parameters: Any) -> pd.DataFrame:
    """The answer to `queries/<name>.sql`, for charts and tables."""
    found: pd.DataFrame = _asked(name, parameters).to_pandas()
    return found


def rows(name: str, **parameters: Any) -> Rows:
    """The answer to `queries/<name>.sql` as dicts."""
    listed: Rows = _asked(name, parameters).to_pylist()
    return listed


def titled(name: str) -> str:
    """A recipe or source as people call it, with its name behind it; its name alone where it has no title."""
    data = data_folder()
    title = _titles(data, catalog.state(data)).get(name)
    return f"{title} ({name})" if title else name


def difference(recipe: str, before: str, after: str) -> Difference:
    """What two snapshots differ in, until one is published or taken away. Raises Damaged."""
    data = data_folder()
    found: Difference = _difference(recipe, before, after, data, catalog.state(data))
    return found


@st.cache_resource(show_spinner=False, max_entries=2)
def _difference(recipe: str, before: str, after: str, data: str, state: str) -> Difference:
    return diff.diff(recipe, catalog.folder_at(data), before, after)


def meaning_map(recipe: str) -> Map | None:
    """The map of a recipe's records; None where too few have an embedding."""
    data = data_folder()
    drawn: Map | None = _meaning_map(recipe, data, catalog.state(data))
    return drawn


@st.cache_resource(show_spinner=False, max_entries=2)
def _meaning_map(recipe: str, data: str, state: str) -> Map | None:
    return meaning.draw(_connection(data, state).cursor(), recipe)


def in_area(recipe: str, box: Box) -> list[str]:
    """The ids of the records in an area of the map, in order; none where there is no map."""
    data = data_folder()
    found: list[str] = _in_area(recipe, box, data, catalog.state(data))
    return found


@st.cache_resource(show_spinner=False, max_entries=8)
def _in_area(recipe: str, box: Box, data: str, state: str) -> list[str]:
    drawn = _meaning_map(recipe, data, state)
    return meaning.within(_connection(data, state).cursor(), recipe, drawn, box) if drawn else []


def in_sql(query: str) -> pa.Table:
    """The answer to a reader's own question, one at a time. Raises QueryError, WorkFailed."""
    data = data_folder()
    answer: pa.Table = _in_sql(query, data, catalog.state(data))
    return answer


@st.cache_resource(show_spinner=False, max_entries=4)
def _in_sql(query: str, data: str, state: str) -> pa.Table:
    con = _connection(data, state).cursor()
    with _ONE_AT_A_TIME:  # memory is bounded for the whole process
        clock = Timer(SECONDS, con.interrupt)
        clock.start()
        try:
            return shell.ask(con, query)
        except shell.QueryError as error:
            if not isinstance(error.__cause__, duckdb.InterruptException):
                raise
            raise WorkFailed("the query took more than {seconds} seconds; ask for less", seconds=SECONDS) from error
        finally:
            clock.cancel()


def queue(recipe: str, order: dict[str, Any], filters: dict[str, Any]) -> list[str]:
    """The ids of the records that pass `queries/chosen.sql`, in the order of `pipelines.curate.review.queue`.

    `order` has its arguments `order` ("" is by id), `seed` and `rule`. Raises PolicyError where the rule draws no line.
    """
    data = data_folder()
    differ = order["order"] == "disagreement"
    said = tuple(decisions.history(served.recipe(recipe), data_path())) if differ else ()
    wanted = tuple(sorted({**filters, "recipe": recipe}.items()))
    return _queue(data, catalog.state(data), tuple(sorted(order.items())), wanted, said)


@st.cache_resource(show_spinner=False, max_entries=8)
def _queue(data: str, state: str, order: Pairs, wanted: Pairs, said: tuple[decisions.Decision, ...]) -> list[str]:
    """Not copied for each reader, as what `cache_data` keeps is: it may be a million ids."""
    con, (sql, values) = _connection(data, state).cursor(), _question("chosen", wanted)
    asked, recipe = dict(order), values["recipe"]
    if not asked["order"]:
        return sorted(name for (name,) in con.execute(sql, values).fetchall())
    policy = explain.policy(catalog.folder_at(data), recipe)
    among = sql.rstrip().removesuffix(";")
    return review.queue(con, recipe, **asked, policy=policy, decisions=said, among=among, values=values)


def _asked(name: str, parameters: dict[str, Any]) -> pa.Table:
    data = data_folder()
    answer: pa.Table = _answer(name, data, catalog.state(data), tuple(sorted(parameters.items())))
    return answer


@st.cache_data(show_spinner=False, max_entries=200)
def _answer(name: str, data: str, state: str, parameters: Pairs) -> pa.Table:
    return _run(name, data, state, parameters).to_arrow_table()


@st.cache_data(show_spinner=False, max_entries=8)
def _titles(data: str, state: str) -> dict[str, str]:
    return status.titles(catalog.folder_at(data))


@st.cache_resource(show_spinner=False, max_entries=2)
def _connection(data: str, state: str) -> duckdb.DuckDBPyConnection:
    """Opening one takes longer than most questions; each question has a cursor of its own."""
    return catalog.connect(data)


def _run(name: str, data: str, state: str, parameters: Pairs) -> duckdb.DuckDBPyRelation:
    sql, values = _question(name, parameters)
    return _connection(data, state).cursor().sql(sql, params=values)


def _question(name: str, parameters: Pairs) -> tuple[str, dict[str, Any]]:
    """The query and its values. A parameter `signal` names a column."""
    sql = (QUERIES / f"{name}.sql").read_text()
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in parameters}
    if "signal" in values:
        sql = sql.replace("{signal}", '"' + str(values.pop("signal")).replace('"', '""') + '"')
    return sql, values
