"""Where compiled kernels are kept: a folder for each state of all sources that hold kernels.

numba compiles a kernel anew when its own file changes, not when a function or a type from another file does.
"""

import os
import sys
from pathlib import Path
from typing import Any


def keep_apart_on_import(package: Path) -> None:
    """Let `keep_apart` be called when numba is first imported: a command without kernels reads no sources."""
    sys.meta_path.insert(0, _BeforeNumba(package))


class _BeforeNumba:
    """An import finder that finds nothing. It is asked for every module, and acts once, at numba."""

    def __init__(self, package: Path) -> None:
        self.package = package

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name == "numba" and self in sys.meta_path:
            sys.meta_path.remove(self)
            keep_apart(self.package)


def keep_apart(package: Path) -> Path:
    """Tell numba, which must not be imported yet, to keep kernels in a folder named by the sources of `package`.

    Folders of other states go. NUMBA_CACHE_DIR is respected where it is set; where `package` cannot be written to,
    numba keeps them in the user's own cache.
    """
    import hashlib
    import shutil

    sources = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        text = path.read_bytes()
        sources.update(text if b"njit" in text else b"")
    folder = package / "__pycache__" / "kernels" / sources.hexdigest()[:16]
    for other in folder.parent.glob("*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))
    return folder
