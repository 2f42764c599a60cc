"""The store is shared: several sources of a run, each in a process of its own, open it at once."""

import threading
from pathlib import Path

from connectors.web.store import Store


def test_many_may_make_the_same_store_at_once(tmp_path: Path) -> None:
    together, failed = threading.Barrier(4), list[BaseException]()

    def open_all() -> None:
        for number in range(100):
            together.wait()
            try:
                Store(tmp_path / str(number) / "web.sqlite").close()
            except BaseException as error:
                failed.append(error)

    threads = [threading.Thread(target=open_all) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
