"""Each rule of the lease by itself, over a store in memory and by a clock that runs fast."""

import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.storage import filesystem, lease
from pipelines.storage.lease import DataInUse, Lease
from tests.waiting import FAR, until


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("HEARTBEAT", 0.02), ("STALE_AFTER", 0.2), ("POLL", 0.01)):
        monkeypatch.setattr(lease, name, seconds)


def mine(owner: str = "me", lock: str = "my lock", **more: Any) -> Lease:
    return Lease(owner, "today", "now", lock, **more)


def numbers(data: Path) -> list[int]:
    return [int(path.stem) for path in lease._lease_files(data)]


def test_a_lease_is_taken_beats_and_is_over(data: Path, quick: None) -> None:
    assert lease._latest_lease(data) == (0, Lease(over=True))
    with lease.lock_data(data):
        number, first = lease._latest_lease(data)
        assert number == 1 and not first.over and f"process {os.getpid()}" in first.owner and first.since
        until(lambda: lease._latest_lease(data)[1].alive != first.alive, "a sign of life", every=0.01)
        assert lease._latest_lease(data)[1].since == first.since
    assert lease._latest_lease(data)[1].over and numbers(data) == [1]
    with lease.lock_data(data):
        assert numbers(data) == [2], "no number is given twice"
    assert [path.name for path in (data / lease.FOLDER).glob("*")] == ["00000002.json"]


def test_a_lease_ends_with_an_error_too(data: Path, quick: None) -> None:
    with pytest.raises(RuntimeError), lease.lock_data(data):
        raise RuntimeError
    assert lease._latest_lease(data)[1].over


def test_one_that_lives_is_at_work_and_one_that_died_is_not(
    data: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease._write_lease(data, 4, mine("other", "its lock"))
    beats, sleep = [0], time.sleep

    def beating(seconds: float) -> None:
        beats[0] += 1
        lease._write_lease(data, 4, Lease("other", "today", str(beats[0]), "its lock"))
        sleep(seconds)

    with monkeypatch.context() as patched, pytest.raises(DataInUse, match="other, has been at work here since today"):
        patched.setattr(lease.time, "sleep", beating)
        lease._acquire(data, mine())
    assert beats[0] == 1, "one sign is enough"
    began = time.monotonic()
    assert lease._acquire(data, mine()) == 5 and time.monotonic() - began >= lease.STALE_AFTER
    assert numbers(data) == [5]


def test_what_this_machine_left_or_what_is_over_is_not_waited_for(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> bool:
        raise AssertionError

    monkeypatch.setattr(lease, "_is_stale", never)
    lease._write_lease(data, 1, mine("killed"))
    assert lease._acquire(data, mine()) == 2
    lease._write_lease(data, 3, mine("other", "its lock", over=True))
    assert lease._acquire(data, mine()) == 4


def test_the_highest_number_counts_and_all_before_it_go(data: Path) -> None:
    for number, owner in ((1, "older"), (2, "newer")):
        lease._write_lease(data, number, mine(owner, "its lock", over=True))
    assert lease._latest_lease(data) == (2, mine("newer", "its lock", over=True))
    assert lease._acquire(data, mine()) == 3 and numbers(data) == [3]


def test_whoever_was_overtaken_writes_nothing_at_its_end(data: Path) -> None:
    with lease.lock_data(data):
        lease._write_lease(data, 2, mine("other", "its lock"))
        lease._lease_path(data, 1).unlink()
    assert numbers(data) == [2] and not lease._latest_lease(data)[1].over


@pytest.mark.parametrize(("number", "over"), [(7, True), (8, False)])
def test_one_that_ends_or_is_replaced_meanwhile_is_not_stale(
    data: Path, quick: None, monkeypatch: pytest.MonkeyPatch, number: int, over: bool
) -> None:
    lease._write_lease(data, 7, mine("other", "its lock"))
    monkeypatch.setattr(
        lease.time, "sleep", lambda _: lease._write_lease(data, number, mine("other", "its lock", over=over))
    )
    assert lease._is_stale(data, 7, mine("other", "its lock")) is False


def test_who_was_faster_is_looked_at_anew(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create, tried = lease._create_lease, list[int]()

    def second(where: Path, number: int, asked: Lease) -> bool:
        tried.append(number)
        if len(tried) == 1:
            lease._write_lease(where, number, mine("faster", "its lock", over=True))
            raise FileExistsError
        return create(where, number, asked)

    monkeypatch.setattr(lease, "_create_lease", second)
    assert lease._acquire(data, mine()) == 2 and tried == [1, 2]


def test_a_store_that_knows_no_conditions_is_told(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(filesystem, "create_exclusive", lambda path, content: path.write_bytes(content))
    with lease.lock_data(data):
        assert numbers(data) == [] and "no conditional writes" in caplog.text

    def unknown(*_: Any) -> None:
        raise NotImplementedError

    monkeypatch.setattr(filesystem, "create_exclusive", unknown)
    assert lease._acquire(data, mine()) == 0


def test_whoever_was_overtaken_stops_and_writes_nothing(
    data: Path, quick: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    killed = list[int]()
    monkeypatch.setattr(lease.signal, "pthread_kill", lambda thread, number: killed.append(number))
    for handler, number in (
        (lease.signal.default_int_handler, lease.signal.SIGINT),
        (lease.signal.SIG_IGN, lease.signal.SIGTERM),
    ):
        monkeypatch.setattr(lease.signal, "getsignal", lambda _, handler=handler: handler)
        lease._write_lease(data, 3, mine("other"))
        lease._send_heartbeats(data, 2, mine(), lease.Event())
        assert killed.pop() == number and not killed and lease._latest_lease(data) == (3, mine("other"))
    assert "other took over" in caplog.text


def test_a_store_that_is_away_may_come_back(data: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    lease._write_lease(data, 1, mine())
    latest_lease, away, done = lease._latest_lease, iter([True, True]), lease.Event()

    def failing(where: Path) -> tuple[int, Lease]:
        if next(away, False):
            raise OSError
        done.set()
        return latest_lease(where)

    monkeypatch.setattr(lease, "_latest_lease", failing)
    lease._send_heartbeats(data, 1, mine(), done)
    assert latest_lease(data)[1].alive not in ("", "now")


def test_a_lock_has_one_name_for_ever(tmp_path: Path) -> None:
    for _ in range(2):
        with (tmp_path / "lock").open("a+") as lock:
            name = lease._lock_id(lock)
            assert (tmp_path / "lock").read_text() == name and len(name) == 32
    with (tmp_path / "lock").open("a+") as lock:
        assert lease._lock_id(lock) == name


def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError

    monkeypatch.setattr(lease.getpass, "getuser", nameless)
    assert lease._owner().startswith(f"{os.getuid()}@") and lease._owner().endswith(f", process {os.getpid()}")


def test_on_a_disk_a_second_run_waits_for_the_first(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    order, entered = list[str](), threading.Event()

    def second() -> None:
        entered.set()
        with lease.lock_data(tmp_path):
            order.append("second")

    with caplog.at_level(logging.WARNING), lease.lock_data(tmp_path):
        other = threading.Thread(target=second)
        other.start()
        entered.wait(FAR)
        until(lambda: "waiting for it" in caplog.text, "the second run to wait", every=0.01)
        order.append("first")
    other.join(FAR)
    assert order == ["first", "second"] and "another run is at work" in caplog.text
    assert not (tmp_path / lease.FOLDER).exists()
