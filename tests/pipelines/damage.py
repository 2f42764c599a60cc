"""What `gristmill verify` finds, for tests that ask whether all is as it was written."""

from pathlib import Path

from pipelines.catalog.verify import verify


def damaged(data: Path) -> list[tuple[str, str]]:
    """Names of files and what is wrong with them."""
    return [(Path(fault.path).name, fault.fault) for fault in verify(data).faults]
