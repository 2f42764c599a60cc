"""Decisions of people about what is forgotten: they may hold an edited text, and notes.

Those of the data folder go, and so do sealed lines in a file that a recipe names. A table of a person's own (CSV) stays
as it is and is listed, as other files of this machine are.
"""

from collections.abc import Iterator
from pathlib import Path

from pipelines import storage
from pipelines.curate import decision_file, decisions
from pipelines.forget.erase import ErasureTargets
from pipelines.recipe import RecipeError
from pipelines.storage import exported, lease, logs
from schemas.seal import BrokenSeal, unseal, was_sealed


def erase_decisions(data: Path, targets: ErasureTargets) -> int:
    """Erase decisions about records; returns how many.

    Those that were sealed and are damaged go too: nobody knows what they are about, and curate leaves them out.
    """
    return sum(_erase_lines(file, targets) for file in _files(data))


def count_decisions(data: Path, targets: ErasureTargets) -> int:
    """How many decisions `erase_decisions` would erase."""
    lines = (line for file in _files(data) for line in file.read_bytes().split(b"\n"))
    return sum(_is_decision_on(line, targets) for line in lines)


def tables_with(data: Path, targets: ErasureTargets) -> list[str]:
    """Tables of people in which something is decided about it; and those that nobody can read."""
    return [str(file) for file in _noted(data) if file.suffix == ".csv" and file.exists() and _tells_of(file, targets)]


def _tells_of(file: Path, targets: ErasureTargets) -> bool:
    try:
        return any(targets.matches_id(one.record_id) for one in decisions.read(file))
    except RecipeError:
        return True


def _files(data: Path) -> Iterator[Path]:
    yield from decision_file.files(data / decisions.FILE)
    yield from (file for file in _noted(data) if file.suffix != ".csv" and file.exists())


def _noted(data: Path) -> list[Path]:
    """The files that recipes name: who decided there, and who published what was decided there, has noted them."""
    noted = (entry["out"] for entry in logs.read(data / logs.EXPORTS) if entry["what"] == exported.DECISIONS)
    return [Path(out) for out in dict.fromkeys(noted)]


def _erase_lines(file: Path, targets: ErasureTargets) -> int:
    with lease.lock_file(file):
        lines = file.read_bytes().split(b"\n")
        kept = [line for line in lines if not _is_decision_on(line, targets)]
        if len(kept) < len(lines):
            storage.write_file(file.resolve(), lambda new: new.write(b"\n".join(kept)))
    return len(lines) - len(kept)


def _is_decision_on(line: bytes, targets: ErasureTargets) -> bool:
    try:
        return targets.matches_id(str(unseal(line)[0].get("record_id", "")))
    except BrokenSeal:  # curate reports what a person has not written as JSON
        return was_sealed(line)
