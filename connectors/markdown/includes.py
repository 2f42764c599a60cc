"""Files that a Markdown file takes in, read while fetching, so that a page holds all it says.

`{* path ln[1:5] hl[3] *}`, `{!path!}`, `{!> path!}` (MkDocs), `--8<-- "path:1:5"` (snippets), `{% include path %}`
(Jekyll).
"""

from pathlib import Path

import re2

from connectors.html import decode

MISSING = "gristmill-missing-include"
_INCLUDE = re2.compile(
    r"(?m)^([ \t]*)(?:\{([*!])>? *([^\s*!{}:]+)([^\n*!{}]*?) *[*!]\}"
    r"|-{1,}8<-{1,} +[\"']([^\"'\n:]+)((?::\d+)*)[^\"'\n]*[\"']"
    r"|\{% *include(?:_relative)? +[\"']?([\w./-]+\.\w+)[\"']?[^%\n]*%\})[ \t]*$"
)
_LINES = re2.compile(r"(?:ln\[|:)(\d+)(?::(\d+))?")
_LARGEST = 1 << 20
_DEEPEST = 5


def expand(text: str, file: Path, root: Path, depth: int = 0) -> str:
    """`text` of `file` with its includes, none from outside of `root`; what is not there leaves the word MISSING."""
    if depth == _DEEPEST:
        return text
    return str(_INCLUDE.sub(lambda found: _included(found, file, root, depth), text))


def _included(found: "re2._Match", file: Path, root: Path, depth: int) -> str:
    margin, as_code, name = found[1], found[2] == "*", (found[3] or found[5] or found[7]).lstrip("/")
    path = _find(name, file, root)
    if path is None:
        return f"{margin}{MISSING}"
    text = decode(path.read_bytes()[:_LARGEST])
    lines = _chosen(text.rstrip("\n").split("\n"), found[4] or found[6] or "")
    if as_code:
        lines = [f"```{path.suffix[1:]}", *lines, "```"]
    text = "\n".join(f"{margin}{line}".rstrip() for line in lines)
    return text if as_code else expand(text, path, root, depth + 1)


def _find(name: str, file: Path, root: Path) -> Path | None:
    """Generators count from the file, from the folder of their settings, or from one for includes: each is tried."""
    folder, places = file.parent, list[Path]()
    while folder.is_relative_to(root):
        places += [folder / name, folder / "_includes" / name]
        folder = folder.parent
    real = (place.resolve() for place in places)
    return next((place for place in real if place.is_relative_to(root.resolve()) and place.is_file()), None)


def _chosen(lines: list[str], wanted: str) -> list[str]:
    ranges = _LINES.search(wanted)
    if not ranges:
        return lines
    return lines[int(ranges[1]) - 1 : int(ranges[2] or ranges[1])]
