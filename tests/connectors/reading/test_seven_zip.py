"""7z archives are read while they are unpacked, and broken ones say so."""

import threading
from pathlib import Path

import py7zr
import pytest

from connectors.reading import packed
from connectors.reading.seven_zip import members, names

POSTS = b"".join(b'<row Id="%d"/>\n' % number for number in range(100_000))
BODIES = {"Badges.xml": b"<badges/>" * 1000, "site/Posts.xml": POSTS, "Users.xml": b"", "Votes.xml": b"v"}
WANTED = ("Posts.xml", "Users.xml", "Votes.xml")
METHODS = {"bzip2": py7zr.FILTER_BZIP2, "lzma2": py7zr.FILTER_LZMA2, "deflate": py7zr.FILTER_DEFLATE}


def archive(tmp_path: Path, method: int = py7zr.FILTER_BZIP2, **more: object) -> Path:
    path = tmp_path / "site.7z"
    with py7zr.SevenZipFile(path, "w", filters=[{"id": method}], **more) as file:  # type: ignore[arg-type]
        for name, body in BODIES.items():
            file.writestr(body, name)
    return path


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_members_are_read_in_order_and_skipped_where_nobody_reads_them(tmp_path: Path, method: int) -> None:
    path, found = archive(tmp_path, method), dict[str, bytes]()
    for name, file in members(path, WANTED):
        found[name] = b"".join(iter(lambda file=file: file.read(1 << 18), b"")) if name != "Users.xml" else b""  # type: ignore[misc]
    assert found == {name.rpartition("/")[2]: body for name, body in BODIES.items() if name != "Badges.xml"}
    assert [name for name, _ in members(path, WANTED)] == list(found)
    assert names(path) == list(BODIES)
    assert list(members(path, ("Tags.xml",))) == []


def test_whoever_leaves_early_leaves_no_thread_behind(tmp_path: Path) -> None:
    before, reading = threading.active_count(), members(archive(tmp_path), WANTED)
    assert next(reading)[1].read(6) == b"<row I"
    reading.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def read(path: Path) -> int:
    return sum(len(file.read()) for _, file in members(path, WANTED))


def test_broken_archives_say_so(tmp_path: Path) -> None:
    body = archive(tmp_path).read_bytes()
    for number, broken in enumerate((body[: len(body) // 2], body[:40] + b"x" * 20 + body[60:], b"no archive", b"")):
        path = tmp_path / f"{number}.7z"
        path.write_bytes(broken)
        with pytest.raises(EOFError, match=path.name):
            read(path)


def test_a_locked_archive_says_so(tmp_path: Path) -> None:
    path = tmp_path / "site.7z"
    with py7zr.SevenZipFile(path, "w", password="secret", header_encryption=True) as file:
        file.writestr(b"<rows/>", "Posts.xml")
    with pytest.raises(EOFError, match="PasswordRequired"):
        read(path)


def test_an_archive_that_holds_far_too_much_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "SMALL", len(POSTS) - 1)
    monkeypatch.setattr(packed, "GROWTH", 1)
    with pytest.raises(packed.TooLarge):
        read(archive(tmp_path))
