"""Times as sources state them."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from connectors.reading.times import parse_time

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
STATED = [
    "2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00+00:00",
    "2024-01-01T01:00:00+01:00",
    "2024-01-01T01:00:00.000+0100",
    "2024-01-01T00:00:00",
    "2024-01-01 00:00:00",
    "2024-01-01 00:00:00.000",
    " 2024-01-01 ",
    "20240101",
    "Mon, 1 Jan 2024 00:00:00 GMT",
    "Mon, 01 Jan 2024 01:00:00 +0100 (CET)",
    "Mon, 01 Jan 2024 00:00:00 -0000",
    "Mon Jan  1 00:00:00 2024",
    1_704_067_200,
    1_704_067_200.0,
    "1704067200",
    "1704067200.0",
    datetime(2024, 1, 1),
    datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    date(2024, 1, 1),
]
NONE = [
    *("", " ", "yesterday", "None", "2024", "2024-13-01", "1", "2024-01-01T25:00:00", "12:30", "1" * 400, "9" * 11),
    *(
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "Mon, 99 Jan 2024",
        "1e9",
        "nan",
        "１７０４０６７２００",
    ),
    *(None, True, False, [], {}, b"2024-01-01", float("nan"), float("inf"), 1e300, 10**400, -(10**30)),
]


@pytest.fixture(params=["UTC", "Asia/Shanghai", "America/Los_Angeles"], autouse=True)
def zone_of_this_machine(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


@pytest.mark.parametrize("stated", STATED, ids=repr)
def test_whatever_the_form_and_the_machine(stated: Any) -> None:
    found = parse_time(stated)
    assert found == NEW_YEAR and found.tzinfo is UTC


@pytest.mark.parametrize("stated", NONE, ids=lambda value: repr(value)[:30])
def test_what_states_no_time(stated: Any) -> None:
    assert parse_time(stated) is None
