"""Files of this machine that a source reads, and those beside them that it does not."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from schemas.document import Reject

PACKED = (".gz", ".bz2", ".xz", ".zst")
"""What `packed.opened` reads, besides what is not packed."""
MOST_NAMED = 50  # ignored files of a folder, each in a reject of its own; the others are counted in one
_COMPANIONS = ("license", "licence", "copying", "readme", "notice", "changelog", "authors", "citation", "contributing")
_OF_PAGES = (
    *(".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".bmp", ".avif"),
    *(".css", ".js", ".map", ".woff", ".woff2", ".ttf", ".eot", ".otf"),
)


def files_at(path: Path | None, source: str, key: str, wanted: Callable[[Path], bool]) -> tuple[Path, ...]:
    """`path` itself if it is a file, else what is `wanted` below it, sorted; () without a path.

    Raises FileNotFoundError, which names source, key and cure, where there is nothing to read: an empty answer would
    mean a source of the web.
    """
    if path is None or path.is_file():
        return (path,) if path else ()
    found = tuple(sorted(file for file in path.rglob("*") if file.is_file() and wanted(file)))
    if not found:
        raise FileNotFoundError(
            f"source {source}: nothing to read in {path}; set `{key}` to a file, or to a folder of them"
        )
    return found


def is_named(file: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether a file's name, but for that of its packing, ends in one of `suffixes`, and it is not hidden."""
    return not file.name.startswith(".") and without_packing(file.name.lower()).endswith(suffixes)


def without_packing(name: str) -> str:
    """`a.html.gz` → `a.html`."""
    packing = next((suffix for suffix in PACKED if name.lower().endswith(suffix)), "")
    return name[: len(name) - len(packing)]


def ignored(path: Path | None, files: Iterable[Path]) -> Iterator[Reject]:
    """What lies below the folder `path` and is none of `files`, which a source reads: MOST_NAMED by name.

    The others are counted. Hidden files, a licence or a README beside a set, and what belongs to saved pages are
    counted in one reject.
    """
    if path is None or not path.is_dir():
        return
    read = set(files)
    left = sorted(file for file in path.rglob("*") if file.is_file() and file not in read)
    yield from unread(path.name, [file.relative_to(path) for file in left])


def unread(place: str, left: Sequence[PurePath]) -> Iterator[Reject]:
    """The rejects of `ignored` for the files `left` in a folder or an archive called `place`, by their paths there."""
    companions = [file for file in left if _is_companion(file)]
    names = [file.as_posix() for file in left if not _is_companion(file)]
    yield from (Reject(name, "ignored_file", "of no kind that this source reads") for name in names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        yield Reject(place, "ignored_files", f"{len(names) - MOST_NAMED} more, the first is {names[MOST_NAMED]}")
    if companions:
        yield Reject(place, "ignored_companions", f"{len(companions)} files, the first is {companions[0].as_posix()}")


def _is_companion(file: PurePath) -> bool:
    hidden = any(part.startswith(".") for part in file.parts)
    return hidden or file.suffix.lower() in _OF_PAGES or file.stem.lower().split(".")[0] in _COMPANIONS
