"""The rooms of the tree and who imports whom. `python -m tests.rooms [ROOT]` prints them, counted.

A room is a top-level package (`schemas`, `connectors`, `dashboards`) or a package or module directly below `pipelines`.
"""

import ast
import re
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("schemas", "connectors", "pipelines", "dashboards")
NAMED = re.compile(r"\b(?:schemas|connectors|pipelines|dashboards)(?:\.[a-z_]+)+")


def sources(root: Path = ROOT) -> list[Path]:
    return sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))


def name_of(path: Path, root: Path = ROOT) -> str:
    """The dotted name of a module; a package's is its folder's."""
    return str(path.relative_to(root).with_suffix("")).replace("/", ".").removesuffix(".__init__")


@cache  # two tests ask it of the whole tree
def imports(path: Path) -> set[str]:
    """Every module that a file imports, at its top or in a function, or names in a string that is not a docstring."""
    tree = ast.parse(path.read_text())
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return found | {name for text in texts if id(text) not in prose for name in NAMED.findall(text.value)}


def room_of(module: str) -> str:
    """`storage` for pipelines.storage.duck, `connectors` for connectors.html; "" for what is not ours."""
    first, *rest = module.split(".")
    if first != "pipelines":
        return first if first in PACKAGES else ""
    return rest[0] if rest else "pipelines"


def graph(root: Path = ROOT) -> dict[str, set[str]]:
    """Room → the rooms that it imports, itself left out."""
    rooms: dict[str, set[str]] = defaultdict(set)
    known = {room_of(name_of(path, root)) for path in sources(root)}
    for path in sources(root):
        room = room_of(name_of(path, root))
        rooms[room] |= {room_of(used) for used in imports(path)} & known - {room, "pipelines"}
    return dict(rooms)


def circles(rooms: dict[str, set[str]]) -> set[str]:
    """The rooms that import each other, at once or through others: what is left when leaves are taken off in turn."""
    left = dict(rooms)
    while leaves := [room for room, used in left.items() if not used & set(left)]:
        for room in leaves:
            del left[room]
    return set(left) & {used for room in left for used in left[room]}


if __name__ == "__main__":
    rooms = graph(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
    inside = {room: used - set(PACKAGES) for room, used in rooms.items() if room not in (*PACKAGES, "pipelines")}
    for room, used in sorted(rooms.items()):
        print(f"{room:12} → {' '.join(sorted(used))}")
    print(f"{len(inside)} rooms in pipelines, {sum(map(len, inside.values()))} imports between them")
    print("circle:", " ".join(sorted(circles(rooms))) or "none")
