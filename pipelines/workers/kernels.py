"""Compiled kernels: where they are kept, and what the user sees while they are compiled.

Kernels lie in a folder for each state of all sources that hold kernels. numba by itself compiles a kernel anew when the
kernel's own file changes, but not when a function or a type from another file does.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipelines.messages import tr

PACKAGE = Path(__file__).parents[1]
LOG_EVERY = 5.0  # seconds up to the next line about the progress; each wait is twice the last
log = logging.getLogger("gristmill")


def use_kernel_cache_on_import(package: Path) -> None:
    """Let `use_kernel_cache` be called when numba is first imported: a command without kernels reads no sources."""
    sys.meta_path.insert(0, _BeforeNumba(package))


class _BeforeNumba:
    """An import finder that finds nothing. It is asked for every module, and acts once, at numba."""

    def __init__(self, package: Path) -> None:
        self.package = package

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name == "numba" and self in sys.meta_path:
            sys.meta_path.remove(self)
            use_kernel_cache(self.package)


def use_kernel_cache(package: Path = PACKAGE) -> Path:
    """Tell numba, which must not be imported yet, to keep kernels in a folder named by the sources of `package`.

    Returns the folder; folders of other states are removed. NUMBA_CACHE_DIR is respected where it is set. Where
    `package` cannot be written to, numba keeps the kernels in the user's own cache.
    """
    import shutil

    folder = package / "__pycache__" / "kernels" / _state(package)
    for other in folder.parent.glob("*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))
    return folder


def _state(package: Path) -> str:
    """Return 16 hexadecimal digits: a hash of all source files with kernels."""
    import hashlib

    sources = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        text = path.read_bytes()
        sources.update(text if b"njit" in text else b"")
    return sources.hexdigest()[:16]


def compile_once(stage: str, run: Callable[[], object]) -> None:
    """Call `run`, which calls every kernel of `stage` on a sample; not if that was done on this machine before.

    It is called before worker processes start: each of them would compile all kernels, and say nothing.
    """
    import llvmlite.binding
    import numba

    made_for = (stage, _state(PACKAGE), sys.implementation.cache_tag, numba.__version__)
    marker = Path(os.environ["NUMBA_CACHE_DIR"]) / "-".join([*made_for, str(llvmlite.binding.get_host_cpu_name())])
    if marker.exists():
        return
    with announced():
        run()
    with suppress(OSError):  # a read-only installation: the next run calls `run` again, and finds what numba keeps
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()


@contextmanager
def announced() -> Iterator[None]:
    """Log at once when a kernel is compiled inside, and now and then how many are done.

    Nothing is logged when numba finds all kernels in its cache.
    """
    from numba.core import event

    class Listener(event.Listener):
        def on_start(self, _: Any) -> None:
            progress.started()

        def on_end(self, _: Any) -> None:
            progress.finished()

    progress = _Progress()
    with event.install_listener("numba:compile", Listener()):
        yield
    if progress.count:
        log.info(
            tr(
                "compiling kernels, once: {count} done in {seconds:.0f} s",
                count=progress.count,
                seconds=time.monotonic() - progress.begin,
            )
        )


class _Progress:
    """Counts compiled kernels, on any thread, and logs the count now and then."""

    def __init__(self) -> None:
        self.count = 0
        self.begin = self.due = 0.0
        self._wait = LOG_EVERY
        self._lock = threading.Lock()

    def started(self) -> None:
        with self._lock:
            if not self.begin:
                self.begin = time.monotonic()
                self.due = self.begin + self._wait
                log.info(tr("compiling kernels, once: half a minute on idle cores; later runs find them compiled"))

    def finished(self) -> None:
        with self._lock:
            self.count += 1
            if time.monotonic() > self.due:
                self._wait *= 2
                self.due = time.monotonic() + self._wait
                log.info(tr("compiling kernels, once: {count} done", count=self.count))
