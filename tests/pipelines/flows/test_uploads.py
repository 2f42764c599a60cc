"""Files that somebody brings: kept whole, under names that stay in their folder, and never too much."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.errors import WrongInput
from pipelines.flows import uploads
from pipelines.storage import settling
from pipelines.storage.layout import UPLOADS

NAMES = {
    "Handbook.docx": "Handbook.docx",
    "../../etc/passwd": "passwd",
    "..\\..\\boot.ini": "boot.ini",
    "..": "file",
    "": "file",
    ".bashrc": "bashrc",
    "a\x00b\n\u202ec.txt": "abc.txt",
    'a<b>:"c|?*.pdf': "a_b___c___.pdf",
    "手册 第一版.pdf": "手册 第一版.pdf",
    "a." + "x" * 300: "a",
    "手" * 200 + ".md": "手" * 39 + ".md",
    "ab." + "x" * 118: "a." + "x" * 118,
}


@pytest.mark.parametrize(("name", "safe"), NAMES.items())
def test_a_name_stays_in_its_folder(name: str, safe: str) -> None:
    assert uploads.safe_name(name) == safe


def test_each_upload_has_a_folder_of_its_own(tmp_path: Path) -> None:
    brought = [("My Handbook.md", b"# one"), ("../My Handbook.md", b"# two")]
    first, second = uploads.save(brought, tmp_path), uploads.save(brought, tmp_path)
    assert [folder.relative_to(tmp_path).as_posix() for folder in (first, second)] == [
        "uploads/my-handbook",
        "uploads/my-handbook-2",
    ]
    assert {file.name: file.read_bytes() for file in first.iterdir()} == {
        "My Handbook.md": b"# one",
        "My Handbook-2.md": b"# two",
    }


def test_what_comes_with_a_path_keeps_it_and_stays_in_its_folder(tmp_path: Path) -> None:
    names = ["guide/a.md", "guide/parts/a.md", "guide/../../../a.md", "/etc/a.md", "guide\\parts\\b.md"]
    home = uploads.save([(name, b"") for name in names], tmp_path)
    assert home == tmp_path / UPLOADS / "guide"
    found = sorted(str(path.relative_to(home)) for path in home.rglob("*.md"))
    assert found == ["etc/a.md", "guide/a-2.md", "guide/a.md", "guide/parts/a.md", "guide/parts/b.md"]
    home = uploads.save([("guide/a.md", b""), ("guide/parts/a.md", b"")], tmp_path)
    assert sorted(str(path.relative_to(home)) for path in home.rglob("*.md")) == ["a.md", "parts/a.md"]
    assert [name for name in ("a/.git/x", ".x", "a/x.md", "../x") if uploads.is_hidden(name)] == ["a/.git/x", ".x"]


@pytest.mark.parametrize(
    ("name", "folder"),
    [("uploads.zip", "uploads"), ("Uploads", "uploads"), ("手册.md", "files"), ("x" * 300, "x" * 120)],
)
def test_its_folder_is_called_as_the_first_file(name: str, folder: str, tmp_path: Path) -> None:
    assert uploads.save([(name, b"")], tmp_path) == tmp_path / UPLOADS / folder


def test_too_much_is_refused_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 10)
    for brought in ([("a.txt", b"x" * 11)], [("a.txt", b"x" * 6)] * 2, [("a.txt", b"")] * 1_001, []):
        with pytest.raises(WrongInput):
            uploads.save(brought, tmp_path)
    assert not list(tmp_path.rglob("*"))
    assert uploads.save([("a.txt", b"x" * 5)] * 2, tmp_path).is_dir()


def test_it_is_told_what_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (uploads.MOST_FILES, uploads.MOST_BYTES) == (1_000, 524_288_000)
    monkeypatch.setattr(uploads, "MOST_BYTES", 3_000_000)
    with pytest.raises(WrongInput, match=r"^2 files of 4 MB are .* at most 1,000 files of 3 MB together"):
        uploads.save([("a.txt", b"x" * 2_000_000)] * 2, tmp_path)


def test_who_is_slower_takes_the_next_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = uploads.save([("a.txt", b"1")], tmp_path)
    free, asked = uploads._free, list[Path]()

    def too_early(path: Path) -> Path:
        asked.append(path)
        return path if asked.count(path) == 1 else free(path)

    monkeypatch.setattr(uploads, "_free", too_early)
    assert uploads.save([("a.txt", b"2"), ("b.txt", b"3")], tmp_path) == first.with_name("a-2")
    assert (first / "a.txt").read_bytes() == b"1"


def test_an_upload_that_was_killed_leaves_nothing_for_long(tmp_path: Path) -> None:
    killed = (
        "import os, sys; from pipelines.flows import uploads\n"
        "uploads._settle = lambda *_: os.kill(os.getpid(), 9)\n"
        "uploads.save([('secret.txt', b'x')], sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", killed, str(tmp_path)], check=False)
    assert list(tmp_path.rglob("secret.txt"))
    kept = uploads.save([("a.txt", b"1")], tmp_path)
    settling.settle(tmp_path)
    assert not list(tmp_path.rglob("secret.txt")) and (kept / "a.txt").exists()
