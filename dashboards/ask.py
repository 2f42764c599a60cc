"""Questions to the data folder: each is a file of `queries`, over the views of `pipelines.catalog`.

An answer is remembered until something is published, taken away, run or decided: what is shown is never stale.
"""

import os
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import streamlit as st

from pipelines import catalog

QUERIES = Path(__file__).parent / "queries"
Rows = list[dict[str, Any]]


def data_folder() -> str:
    """The data folder, by the environment variable GRISTMILL_DATA."""
    return os.environ.get("GRISTMILL_DATA", "data")


def data_path() -> Path:
    """The data folder as a path, also of one in an object store."""
    return catalog.folder_at(data_folder())


def table(name: str, **parameters: Any) -> pd.DataFrame:
    """The answer to `queries/<name>.sql`, for charts and tables."""
    return _asked(name, parameters).to_pandas()


def rows(name: str, **parameters: Any) -> Rows:
    """The answer to `queries/<name>.sql` as dicts."""
    listed: Rows = _asked(name, parameters).to_pylist()
    return listed


def column(name: str, **parameters: Any) -> list[str]:
    """The answer to `queries/<name>.sql` that is one column of texts."""
    data = data_folder()
    found: list[str] = _column(name, data, catalog.state(data), tuple(sorted(parameters.items())))
    return found


@st.cache_resource(show_spinner=False, max_entries=8)
def _column(name: str, data: str, state: str, parameters: tuple[tuple[str, Any], ...]) -> list[str]:
    """Not copied for each reader, as what `cache_data` keeps is: it may be a million ids."""
    return [value for (value,) in _run(name, data, state, parameters).fetchall()]


def _asked(name: str, parameters: dict[str, Any]) -> pa.Table:
    data = data_folder()
    answer: pa.Table = _answer(name, data, catalog.state(data), tuple(sorted(parameters.items())))
    return answer


@st.cache_data(show_spinner=False, max_entries=200)
def _answer(name: str, data: str, state: str, parameters: tuple[tuple[str, Any], ...]) -> pa.Table:
    return _run(name, data, state, parameters).to_arrow_table()


@st.cache_resource(show_spinner=False, max_entries=2)
def _connection(data: str, state: str) -> duckdb.DuckDBPyConnection:
    """Opening one takes longer than most questions; each question has a cursor of its own."""
    return catalog.connect(data)


def _run(name: str, data: str, state: str, parameters: tuple[tuple[str, Any], ...]) -> duckdb.DuckDBPyRelation:
    """A parameter `signal` names a column, the others are values."""
    con = _connection(data, state).cursor()
    sql = (QUERIES / f"{name}.sql").read_text()
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in parameters}
    if "signal" in values:
        sql = sql.replace("{signal}", '"' + str(values.pop("signal")).replace('"', '""') + '"')
    return con.sql(sql, params=values)
