"""Where compiled kernels are kept: a folder for each state of all sources that hold kernels.

numba compiles a kernel anew when its own file changes, not when a function or a type from another file does.
"""

import hashlib
import os
import shutil
from pathlib import Path


def keep_apart(package: Path) -> Path:
    """Tell numba, which must not be imported yet, to keep kernels in a folder named by the sources of `package`.

    Folders of other states go. NUMBA_CACHE_DIR is respected where it is set; where `package` cannot be written to,
    numba keeps them in the user's own cache.
    """
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
