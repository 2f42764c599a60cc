"""What people decided and voted about what is forgotten: it may hold an edited text, notes, and words of models.

Those of the data folder go, and so do sealed lines in a file that a recipe names. A table of a person's own (CSV) stays
as it is and is listed, as other files of this machine are.
"""

from collections.abc import Iterator
from pathlib import Path

from pipelines import storage
from pipelines.curate import decision_file, decisions, votes
from pipelines.forget.erase import ErasureTargets
from pipelines.recipe import RecipeError
from pipelines.storage import exported, lease, logs
from schemas.seal import BrokenSeal, unseal, was_sealed


def erase_said(data: Path, targets: ErasureTargets) -> dict[str, int]:
    """Erase decisions about records, and votes; returns how many of each.

    Those that were sealed and are damaged go too: nobody knows what they are about, and curate leaves them out.
    """
    return {kind: sum(_erase_lines(file, targets) for file in files) for kind, files in _said(data)}


def count_said(data: Path, targets: ErasureTargets) -> dict[str, int]:
    """How many decisions and votes `erase_said` would erase."""
    return {
        kind: sum(_is_about(line, targets) for file in files for line in file.read_bytes().split(b"\n"))
        for kind, files in _said(data)
    }


def votes_of(data: Path, targets: ErasureTargets) -> frozenset[str]:
    """The pairs that come of votes which have to go."""
    return frozenset(
        vote.pair_id
        for vote in votes.history(data)
        if targets.matches_row({"pair_id": vote.pair_id, "source": votes.SOURCE, "author": vote.who})
    )


def tables_with(data: Path, targets: ErasureTargets) -> list[str]:
    """Tables of people in which something is decided about it; and those that nobody can read."""
    return [str(file) for file in _noted(data) if file.suffix == ".csv" and file.exists() and _tells_of(file, targets)]


def _tells_of(file: Path, targets: ErasureTargets) -> bool:
    try:
        return any(targets.matches_id(one.record_id) for one in decisions.read(file))
    except RecipeError:
        return True


def _said(data: Path) -> Iterator[tuple[str, list[Path]]]:
    """The files by what stands in them."""
    named = [file for file in _noted(data) if file.suffix != ".csv" and file.exists()]
    yield "decisions", [*decision_file.files(data / decisions.FILE), *named]
    yield "votes", [*decision_file.files(data / votes.FILE)]


def _noted(data: Path) -> list[Path]:
    """The files that recipes name: who decided there, and who published what was decided there, has noted them."""
    noted = (entry["out"] for entry in logs.read(data / logs.EXPORTS) if entry["what"] == exported.DECISIONS)
    return [Path(out) for out in dict.fromkeys(noted)]


def _erase_lines(file: Path, targets: ErasureTargets) -> int:
    with lease.lock_file(file):
        lines = file.read_bytes().split(b"\n")
        kept = [line for line in lines if not _is_about(line, targets)]
        if len(kept) < len(lines):
            storage.write_file(file.resolve(), lambda new: new.write(b"\n".join(kept)))
    return len(lines) - len(kept)


def _is_about(line: bytes, targets: ErasureTargets) -> bool:
    try:
        said = unseal(line)[0]
        return targets.matches_id(str(said.get("record_id") or (votes.pair_of(said) if "chosen" in said else "")))
    except BrokenSeal:  # curate reports what a person has not written as JSON
        return was_sealed(line)
