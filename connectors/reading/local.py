"""Files of this machine that a source reads, and those beside them that it does not."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from pipelines.messages import Message
from schemas.document import Reject

PACKED = (".gz", ".bz2", ".xz", ".zst")
"""What `packed.opened` reads, besides what is not packed."""
MOST_NAMED = 50  # ignored files of a folder, each in a reject of its own; the others are counted in one
_COMPANIONS = ("license", "licence", "copying", "readme", "notice", "changelog", "authors", "citation", "contributing")
_OF_PAGES = (
    *(".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".bmp", ".avif"),
    *(".css", ".js", ".map", ".woff", ".woff2", ".ttf", ".eot", ".otf"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in a folder. `why` is the reason of the reject where it is not to be opened, with its `detail`."""

    path: Path
    why: str = ""
    detail: str = ""


def walk(folder: Path) -> Iterator[Found]:
    """Every file below `folder`, and what else is there but folders.

    Folders that are links are not entered: they may lead in circles, and what is below `folder` is found where it lies.
    """
    closed: list[Found] = []
    real = folder.resolve()
    for place, folders, names in os.walk(folder, onerror=lambda error: closed.append(_closed(error))):
        for name in names:
            yield _looked_at(Path(place, name), real)
        yield from (_looked_at(Path(place, name), real) for name in folders if Path(place, name).is_symlink())
    yield from closed


def _closed(error: OSError) -> Found:
    return Found(Path(error.filename), "unreadable_folder", error.strerror or type(error).__name__)


def _looked_at(path: Path, folder: Path) -> Found:
    """`folder` is the real place of the one that is walked."""
    if not _is_text(str(path)):
        return Found(path, "unreadable_name", "its name is not UTF-8; give it another")
    if path.is_symlink():
        try:
            place = path.resolve(strict=True)
        except (OSError, RuntimeError):  # nothing there, and a circle
            return Found(path, "broken_link")
        if not place.is_relative_to(folder):
            return Found(path, "outside_folder", "a link that leads out of the folder; put a copy in its place")
        if place.is_dir():
            return Found(path, "linked_folder", "what is in it is read where it lies")
    return Found(path) if path.is_file() else Found(path, "not_a_file", "a pipe, a socket or a device")


def _is_text(name: str) -> bool:
    return name.encode("utf-8", "replace").decode() == name


def files_below(folder: Path, wanted: Callable[[Path], bool] = lambda file: True) -> list[Path]:
    """The files below `folder`, in it in truth and not by a link only, that are `wanted`; sorted."""
    return sorted(found.path for found in walk(folder) if not found.why and wanted(found.path))


def file_within(place: Path, folder: Path) -> Path | None:
    """The real file at `place` if it lies in `folder`; None for anything else, whatever a text has called it."""
    try:
        real = place.resolve()
        return real if real.is_relative_to(folder.resolve()) and real.is_file() else None
    except (OSError, ValueError, RuntimeError):  # a name too long, with a NUL, and a circle of links
        return None


def files_at(path: Path | None, source: str, key: str, wanted: Callable[[Path], bool]) -> tuple[Path, ...]:
    """`path` itself if it is a file, else what is `wanted` below it, sorted; () without a path.

    Raises FileNotFoundError, which names source, key and cure, where there is nothing to read: an empty answer would
    mean a source of the web.
    """
    if path is None or path.is_file():
        return (path,) if path else ()
    found = tuple(files_below(path, wanted))
    if not found:
        raise FileNotFoundError(
            Message(
                "source {source}: nothing to read in {path}; set `{key}` to a file, or to a folder of them",
                source=source,
                path=path,
                key=key,
            )
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
    counted in one reject. What cannot be opened, or leads elsewhere, has a reason of its own.
    """
    if path is None or not path.is_dir():
        return
    read = set(files)
    left = sorted((found for found in walk(path) if found.path not in read), key=lambda found: found.path)
    yield from unread(path.name, [found.path.relative_to(path) for found in left if not found.why])
    yield from _not_opened(path, [found for found in left if found.why])


def _not_opened(folder: Path, left: list[Found]) -> Iterator[Reject]:
    for found in left[:MOST_NAMED]:
        name = found.path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()
        yield Reject(name, found.why, found.detail)
    if len(left) > MOST_NAMED:
        yield Reject(folder.name, "ignored_files", f"{len(left) - MOST_NAMED} more links and files that are none")


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
