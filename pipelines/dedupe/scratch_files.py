"""Arrays in files of the scratch folder: an error of the disk names the file, and no array is shorter than its file.

numpy's own `tofile` and `fromfile` say neither what the system has said nor that a file could not be read to its end.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pipelines.storage import filesystem


@contextmanager
def create(path: Path) -> Iterator[BinaryIO]:
    """A new file to `append` to. Raises: OSError, which names it."""
    with filesystem.naming(path), path.open("wb") as file:
        yield file


def append(file: BinaryIO, values: NDArray[Any]) -> None:
    """Write an array that lies in one piece. Raises: OSError, which names the file."""
    with filesystem.naming(Path(file.name)):
        file.write(values.data)


def write(path: Path, values: NDArray[Any]) -> None:
    """Write an array that lies in one piece to a file of its own. Raises: OSError, which names it."""
    with create(path) as file:
        append(file, values)


def read(path: Path, kind: DTypeLike) -> NDArray[Any]:
    """All values of a file in one dimension. Raises: OSError, which names it."""
    values = np.empty(path.stat().st_size // np.dtype(kind).itemsize, kind)
    with filesystem.naming(path), path.open("rb") as file:
        if file.readinto(values.data) != values.nbytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
    return values
