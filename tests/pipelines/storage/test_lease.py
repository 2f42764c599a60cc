"""One run at a time in a bucket, whichever machines the runs are on: real processes, each with a cache of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import s3fs

from pipelines.storage import filesystem, lease
from pipelines.storage.lease import DataInUse
from tests.waiting import FAR, until

ROOT = Path(__file__).resolve().parents[3]
WORK = """
import signal, sys, time
from pipelines.storage import filesystem, lease
signal.signal(signal.SIGINT, signal.SIG_IGN if "deaf" in sys.argv else signal.default_int_handler)
lease.HEARTBEAT, lease.POLL = 0.2, 0.1
print("ready", flush=True)
sys.stdin.readline()
with lease.lock_data(filesystem.resolve(sys.argv[1])):
    print("at work", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "STALE_AFTER", 1.0)
    monkeypatch.setattr(lease, "POLL", 0.1)


def ready(data: str, seconds: float, cache: Path, *ears: str) -> subprocess.Popen[str]:
    """A run of another machine that only waits for a word."""
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT)}
    words, pipe = [sys.executable, "-c", WORK, data, str(seconds), *ears], subprocess.PIPE
    process = subprocess.Popen(words, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout and process.stdout.readline() == "ready\n"
    return process


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def elsewhere(data: str, seconds: float, cache: Path, *ears: str) -> subprocess.Popen[str]:
    """A run of another machine, once it has the lease; a deaf one hears no Ctrl-C, like those of a script with `&`."""
    process = ready(data, seconds, cache, *ears)
    begin(process)
    assert process.stdout and process.stdout.readline() == "at work\n"
    return process


def leases(data: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((filesystem.resolve(data) / lease.FOLDER).glob("*"))]


def test_whoever_comes_second_is_told_who_is_at_work_until_that_ends(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lease, "STALE_AFTER", FAR)  # the first sign of life ends it
    data = f"{bucket}/two"
    first = elsewhere(data, FAR, tmp_path)
    told = rf"process {first.pid}, has been at work here since 20.* wait for its end"
    with pytest.raises(DataInUse, match=told), lease.lock_data(filesystem.resolve(data)):
        pytest.fail("two at a time")
    first.send_signal(signal.SIGINT)
    first.wait(FAR)
    caplog.clear()
    with lease.lock_data(filesystem.resolve(data)):
        assert "looking for" not in caplog.text, "nobody is waited for"
        assert [one["owner"].rpartition(" ")[2] for one in leases(data)] == [str(os.getpid())]
    assert [one["over"] for one in leases(data)] == [True]


def test_the_lease_of_a_killed_run_is_taken_over_when_it_is_stale(bucket: str, tmp_path: Path) -> None:
    data = f"{bucket}/killed"
    first = elsewhere(data, FAR, tmp_path)
    first.kill()
    assert first.wait(FAR) == -signal.SIGKILL
    began = time.monotonic()
    with lease.lock_data(filesystem.resolve(data)):
        assert time.monotonic() - began > lease.STALE_AFTER


def test_after_a_kill_the_same_machine_does_not_wait(bucket: str, tmp_path: Path) -> None:
    data = f"{bucket}/again"
    first = elsewhere(data, FAR, tmp_path)
    first.kill()
    first.wait(FAR)
    again = elsewhere(data, 0, tmp_path)
    assert "looking for" not in again.communicate()[1]
    assert again.returncode == 0
    assert [(one["owner"].endswith(f" {again.pid}"), one["over"]) for one in leases(data)] == [(True, True)]


@pytest.mark.parametrize(("ears", "end"), [([], signal.SIGINT), (["deaf"], signal.SIGTERM)])
def test_a_run_that_was_asleep_while_another_took_over_stops(
    ears: list[str], end: int, bucket: str, tmp_path: Path
) -> None:
    data = f"{bucket}/asleep{end}"
    first = elsewhere(data, FAR, tmp_path, *ears)
    first.send_signal(signal.SIGSTOP)
    with lease.lock_data(filesystem.resolve(data)):
        first.send_signal(signal.SIGCONT)
        assert first.wait(FAR) == -end
    # a run put to sleep between its look and its heartbeat writes its old lease once more; the higher number counts
    assert leases(data)[-1]["owner"].rpartition(" ")[2] == str(os.getpid())


def test_of_those_that_begin_at_once_one_works_at_a_time(bucket: str, tmp_path: Path) -> None:
    """All want the same number at the same time; it is given to one."""
    runs = [ready(f"{bucket}/many", FAR, tmp_path / str(number)) for number in range(3)]
    for one in runs:
        begin(one)
    until(lambda: sum(one.poll() is not None for one in runs) == 2, "two to give up")
    for one in runs:
        one.send_signal(signal.SIGINT)  # which only the one at work still hears
    ended = sorted((one.communicate()[1], one.returncode) for one in runs)
    assert sorted(code for _, code in ended) == [-signal.SIGINT, 1, 1]
    assert all("DataInUse" in said for said, code in ended if code == 1), ended


def test_a_store_without_conditional_writes_is_told_and_used(
    bucket: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ask = s3fs.S3FileSystem._call_s3

    async def deaf(self: Any, method: str, *args: Any, **asked: Any) -> Any:
        asked.pop("IfNoneMatch", None)
        return await ask(self, method, *args, **asked)

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", deaf)
    with lease.lock_data(filesystem.resolve(f"{bucket}/deaf")):
        assert "no conditional writes" in caplog.text
    assert leases(f"{bucket}/deaf") == []


def test_on_a_disk_there_is_no_lease(tmp_path: Path) -> None:
    with lease.lock_data(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [lease.LOCK]


def test_a_lease_is_read_whole_while_it_is_written_anew(bucket: str) -> None:
    """s3fs asks for what it saw when it opened a file, and fails where that was replaced."""
    data, stop = filesystem.resolve(f"{bucket}/beating"), Event()
    lease._write_lease(data, 1, lease.Lease("somebody"))

    def beat() -> None:
        while not stop.is_set():
            lease._write_lease(data, 1, lease.Lease("somebody", alive=str(time.monotonic())))

    beating = Thread(target=beat)
    beating.start()
    try:
        assert {lease._latest_lease(data)[1].owner for _ in range(60)} == {"somebody"}
    finally:
        stop.set()
        beating.join()
