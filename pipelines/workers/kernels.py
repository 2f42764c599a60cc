"""The cache of compiled numba kernels: one folder for each state of all source files that hold kernels.

numba compiles a kernel again when its own file changes, but not when a function or type that it uses from another file
does. A new folder for every change compiles all kernels again.
"""

import hashlib
import os
import shutil
from pathlib import Path


def use_kernel_cache(package: Path) -> Path:
    """Set NUMBA_CACHE_DIR to a folder named by a hash of the sources of `package`, and return that folder.

    numba must not be imported yet. Folders of other states are deleted. NUMBA_CACHE_DIR stays as it is where it is set.
    Where `package` cannot be written to, numba uses the user's cache folder.
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
