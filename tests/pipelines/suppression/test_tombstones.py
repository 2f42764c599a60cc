"""What the list of the forgotten answers, by salted hashes alone, and how it is kept on the disk."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines import suppression
from pipelines.storage.integrity import Damaged
from pipelines.suppression import Tombstone, Tombstones, host, normalise_name, normalise_url

EMPTY = Tombstones("salt")


def of(*tombstones: Tombstone) -> Tombstones:
    return EMPTY.with_new(list(tombstones))


def text(value: str) -> Tombstone:
    return Tombstone("text", EMPTY.hash("text", value))


def test_a_hash_hangs_on_salt_kind_and_value() -> None:
    assert EMPTY.hash("url", "x.org") == sha256(b"salt\nurl\nx.org").hexdigest()
    assert len({EMPTY.hash("url", "x"), EMPTY.hash("text", "x"), Tombstones("other").hash("url", "x")}) == 3


@pytest.mark.parametrize(
    ("url", "spelling", "site"),
    [
        ("https://X.org/T/12/", "x.org/T/12", "x.org"),
        ("  http://x.org  ", "x.org", "x.org"),
        ("https://x.org/a?b=http://y.org/", "x.org/a?b=http://y.org", "x.org"),
        ("X.org/t", "X.org/t", "X.org"),
        ("//X.org/t", "x.org/t", "x.org"),
        ("mailto:ada", "mailto:ada", "mailto:ada"),
        ("http://[X/t/", "http://[X/t", "http:"),
    ],
)
def test_an_address_has_one_spelling(url: str, spelling: str, site: str) -> None:
    assert (normalise_url(url), host(url)) == (spelling, site)


@pytest.mark.parametrize(
    ("url", "gone"),
    [
        ("https://x.org/t/12", True),
        ("https://x.org/t/12/3", True),
        ("https://x.org/t/12?p=2", True),
        ("https://x.org/t/12#p4", True),
        ("https://x.org/t/12&p=4", True),
        ("https://x.org/t/123", False),
        ("https://x.org/t/12.html", False),
        ("https://x.org/t/1", False),
        ("https://x.org/t", False),
        ("https://y.org/t/12", False),
        ("", False),
        (None, False),
    ],
)
def test_an_address_covers_itself_and_all_below_it(url: str | None, gone: bool) -> None:
    assert of(EMPTY.new_url("https://x.org/t/12")).has_url(url) is gone


@pytest.mark.parametrize("end", ["?", "=", "#", "&"])
def test_an_address_that_ends_at_a_joint_covers_what_follows(end: str) -> None:
    known = of(EMPTY.new_url(f"https://x.org/u{end}"))
    assert known.has_url(f"https://x.org/u{end}ada") and not known.has_url("https://x.org/u")


def test_addresses_of_several_lengths_are_all_looked_for() -> None:
    known = of(EMPTY.new_url("https://x.org/long/path"), EMPTY.new_url("https://y.org"), text("x"))
    assert known.has_url("https://x.org/long/path/1") and known.has_url("https://y.org/1")
    assert not known.has_url("https://x.org/long") and not of(text("x")).has_url("https://x.org")


def test_an_author_is_known_at_one_source_or_everywhere() -> None:
    known = of(EMPTY.new_author(" ÁDA  l", "one"), EMPTY.new_author("Bob", ""))
    assert (
        known.has_author("one", "áda L") and not known.has_author("two", "áda L") and not known.has_author("", "áda L")
    )
    assert known.has_author("one", "BOB") and known.has_author("two", "bob")
    assert not known.has_author("one", "") and not known.has_author("one", None) and not EMPTY.has_author("one", "Bob")
    assert normalise_name("Ｂｏｂ\t X") == "bob x"


def test_a_record_a_part_and_a_text_are_known_each_by_itself() -> None:
    record = Tombstone("record", EMPTY.hash("record", "s:1#a"))
    known = of(record, EMPTY.new_part("s:1", "doc", "a"), text("h"))
    assert known.has_record("s:1#a") and not known.has_record("s:1#b")
    assert (
        known.has_part("s:1", "doc", "a")
        and not known.has_part("s:1", "doc", "b")
        and not known.has_part("s:2", "doc", "a")
    )
    assert known.has_text("h") and not known.has_text("i")
    assert not (EMPTY.has_record("s:1#a") or EMPTY.has_part("s:1", "doc", "a") or EMPTY.has_text("h"))
    assert not of(text("s:1#a")).has_record("s:1#a"), "what one kind says, another does not"


@pytest.mark.parametrize(
    ("tombstone", "concerned"),
    [
        (EMPTY.new_author("Ada", ""), True),
        (EMPTY.new_author("Ada", "s"), True),
        (EMPTY.new_author("Ada", "other"), False),
        (EMPTY.new_part("s:1", "doc", "a"), True),
        (EMPTY.new_part("s:2", "doc", "a"), False),
        (EMPTY.new_url("https://x.org/other"), True),  # of the same host
        (EMPTY.new_url("https://y.org"), False),
        (text("h"), False),
        (Tombstone("record", "h"), False),
    ],
)
def test_a_page_is_read_only_where_something_may_be_about_it(tombstone: Tombstone, concerned: bool) -> None:
    assert of(tombstone).may_affect("s", "s:1", "https://X.org/t/1") is concerned


def test_workers_need_no_texts() -> None:
    known = of(text("a"), EMPTY.new_url("https://x.org"))
    assert [stone.kind for stone in known.for_pages.tombstones] == ["url"] and known.for_pages.salt == "salt"
    assert known and not EMPTY


def test_new_tombstones_say_what_is_needed_to_look_for_them() -> None:
    url, part = EMPTY.new_url("https://X.org/t/"), EMPTY.new_part("s:1", "doc", "a")
    assert url == Tombstone("url", EMPTY.hash("url", "x.org/t"), 7, EMPTY.hash("host", "x.org"))
    assert part == Tombstone("part", EMPTY.hash("part", "s:1\ndoc\na"), within=EMPTY.hash("page", "s:1"))
    assert EMPTY.new_author("Ada", "s") == Tombstone("author", EMPTY.hash("author", "ada"), source="s")


def test_a_fingerprint_hangs_on_what_is_forgotten_and_not_on_why_or_in_which_order() -> None:
    one, other = EMPTY.new_url("https://x.org"), EMPTY.new_author("Ada", "")
    assert of(one, other).fingerprint == of(other, one).fingerprint
    told = Tombstone(**vars(one) | {"reason": "asked", "when": "today", "models": ("m",)})
    assert of(told).fingerprint == of(one).fingerprint != of(other).fingerprint != EMPTY.fingerprint
    assert of(Tombstone("url", "h", 1)).fingerprint != of(Tombstone("url", "h", 2)).fingerprint


def test_a_list_is_kept_with_its_salt_and_one_that_is_there_is_told_of_more_models(tmp_path: Path) -> None:
    fresh, again = suppression.load(tmp_path), suppression.load(tmp_path)
    assert len(fresh.salt) == 32 and fresh.salt != again.salt and not fresh
    stone = fresh.new_url("https://x.org/")
    suppression.add(tmp_path, fresh, [Tombstone(**vars(stone) | {"models": ("b",), "reason": "asked"})])
    known = suppression.load(tmp_path)
    assert known.salt == fresh.salt and known.tombstones[0].reason == "asked"
    suppression.add(tmp_path, known, [Tombstone(**vars(stone) | {"models": ("a", "b")}), known.new_author("Ada", "")])
    after = suppression.load(tmp_path)
    assert [(one.kind, one.models, one.reason) for one in after.tombstones] == [
        ("url", ("a", "b"), "asked"), ("author", (), "")
    ]  # fmt: skip
    lines = (tmp_path / suppression.FILE).read_text().splitlines()
    head = json.loads(lines[0])
    assert (head["salt"], head["tombstones"]) == (fresh.salt, 2) and len(lines) == 3
    assert (tmp_path / suppression.FILE).read_text().endswith("}\n")


@pytest.mark.parametrize(
    ("kept", "said"), [((0, 1), "2 lines missing"), ((0, 1, 2, 3, 3), "1 lines too many"), ((0, 1, 2, 3), "")]
)
def test_a_list_of_another_length_is_refused(kept: tuple[int, ...], said: str, tmp_path: Path) -> None:
    """Each line is whole, and yet what one forbade is not known."""
    suppression.add(tmp_path, Tombstones("salt"), [text(name) for name in ("one", "two", "three")])
    file = tmp_path / suppression.FILE
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[number] for number in kept))
    if not said:
        assert len(suppression.load(tmp_path).tombstones) == 3
        return
    with pytest.raises(Damaged, match=rf"{suppression.FILE}: damaged \({said}\)"):
        suppression.load(tmp_path)
