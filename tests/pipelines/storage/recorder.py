"""What a piece of code asks of the file system, in order: what a power cut would find, which no kill can show."""

import os
from pathlib import Path
from typing import Any

Step = tuple[str, str]  # what was done, and to which path, below the recorder's folder


class Recorder:
    """The `steps` that were taken below `root`: `write` (a file was flushed to the disk), `folder` (its entries were),
    `rename`, `link` and `remove` (a file)."""

    def __init__(self, root: Path) -> None:
        self.root, self.steps = root, list[Step]()

    def note(self, what: str, path: Any) -> None:
        full = Path(os.fsdecode(path))
        if full.is_relative_to(self.root):
            self.steps.append((what, full.relative_to(self.root).as_posix()))

    def taken(self, *what: str) -> list[Step]:
        return [step for step in self.steps if step[0] in what]

    def position(self, what: str, path: str) -> int:
        return self.steps.index((what, path))
