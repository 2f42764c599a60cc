"""The columns of a set's rows: what they hold, and which of them are read."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.instructions.messages import Unreadable, is_number
from schemas.document import Reject

BINARY = "bytes that are no text"
FEWEST = 20  # a column that is named is in one row of so many at least


class Row(dict[str, Any]):
    """The columns of one row by name. `read` has the names of those that were of use."""

    def __init__(self, values: Mapping[str, Any], read: set[str] | None = None) -> None:
        super().__init__(values)
        self.read: set[str] = set() if read is None else read

    def with_values(self, values: Mapping[str, Any]) -> "Row":
        """The row with other values; what is read of it is read of this one."""
        return Row({**self, **values}, self.read)

    def first(self, names: tuple[str, ...]) -> Any:
        """The first of these columns that holds anything, else "". Raises: Unreadable for bytes that are no text."""
        name = next((name for name in names if _holds(self.get(name))), None)
        if name is None:
            return ""
        if isinstance(self[name], dict) and BINARY in self[name]:
            raise Unreadable("binary_column", name[:80])
        self.read.add(name)
        return self[name]


class Columns:
    """What was read of some rows, and what was not: counts of the rows in which a column holds anything."""

    def __init__(self) -> None:
        self._rows, self._read, self._unread = 0, Counter[str](), Counter[str]()

    def add(self, row: Row) -> None:
        self._rows += 1
        for name, value in row.items():
            if _holds(value):
                (self._read if name in row.read else self._unread)[str(name)] += 1

    def unread(self) -> Iterator[Reject]:
        """One Reject for each column that was not read, with its name as the key.

        Names of few rows are those of a mapping, not of columns: there may be any number of them, so they share one.
        """
        named = [(name, count) for name, count in self._unread.most_common() if count * FEWEST >= self._rows]
        others = sum(self._unread.values()) - sum(count for _, count in named)
        used = f"used are {', '.join(sorted(self._read))}"[:300]
        for name, count in [*named, *([("(rare ones)", others)] if others else [])]:
            yield Reject(name[:60], "unused_column", f"{count} of {self._rows} rows; {used}", level="column")


def _holds(value: Any) -> bool:
    return is_number(value) or (bool(value) and not isinstance(value, float))
