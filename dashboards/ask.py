"""Questions to the data folder: each is a file of `queries`, over the views of `pipelines.catalog`.

An answer is remembered until something is published, taken away, run or decided: what is shown is never stale.
"""

import os
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
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
    """The answer to `queries/<name>.sql`."""
    data = data_folder()
    return _answer(name, data, catalog.state(data), tuple(sorted(parameters.items())))


def rows(name: str, **parameters: Any) -> Rows:
    """The answer to `queries/<name>.sql` as dicts; NULL is None."""
    found = table(name, **parameters)
    listed: Rows = found.astype(object).where(found.notna(), None).to_dict("records")
    return listed


def column(name: str, **parameters: Any) -> list[str]:
    """The answer to `queries/<name>.sql` that is one column of texts."""
    data = data_folder()
    found: list[str] = _column(name, data, catalog.state(data), tuple(sorted(parameters.items())))
    return found


@st.cache_resource(show_spinner=False, max_entries=8)
def _column(name: str, data: str, state: str, parameters: tuple[tuple[str, Any], ...]) -> list[str]:
    """Not copied for each reader, as what `cache_data` keeps is: it may be a million ids."""
    return [value for (value,) in _run(name, data, parameters).fetchall()]


@st.cache_data(show_spinner=False, max_entries=200)
def _answer(name: str, data: str, state: str, parameters: tuple[tuple[str, Any], ...]) -> pd.DataFrame:
    """`state` is there for the cache's key."""
    answer: pd.DataFrame = _run(name, data, parameters).to_arrow_table().to_pandas()
    return answer


def _run(name: str, data: str, parameters: tuple[tuple[str, Any], ...]) -> duckdb.DuckDBPyRelation:
    """A parameter `signal` names a column, the others are values."""
    con = catalog.connect(data)
    sql = (QUERIES / f"{name}.sql").read_text()
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in parameters}
    if "signal" in values:
        sql = sql.replace("{signal}", '"' + str(values.pop("signal")).replace('"', '""') + '"')
    return con.sql(sql, params=values)
