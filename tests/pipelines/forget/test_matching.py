"""What a request matches: addresses at their boundaries, names in any spelling, quotations and mentions."""

import pytest

from pipelines import suppression
from pipelines.suppression import documents
from tests.pipelines.forget.test_forget import ADA, SALT, SECRET

ADDRESSES = [
    ("https://x.org/t/12", "http://X.org/t/12/", True),
    ("https://x.org/t/12", "https://x.org/t/12#p4", True),
    ("https://x.org/t/12", "https://x.org/t/12?page=2", True),
    ("https://x.org/t/12", "https://x.org/t/123", False),
    ("https://x.org/", "https://x.org/anything", True),
    ("https://x.org", "https://x.org.evil.net/", False),
    ("https://x.org/u?name=", "https://x.org/u?name=ada", True),
    ("https://x.org/用户/艾达", "https://x.org/用户/艾达/帖子", True),
]


@pytest.mark.parametrize(("asked", "url", "gone"), ADDRESSES)
def test_addresses_match_at_their_boundaries(asked: str, url: str, gone: bool) -> None:
    empty = suppression.Tombstones(SALT)
    assert empty.with_new([empty.new_url(asked)]).has_url(url) is gone


def test_names_match_in_any_spelling() -> None:
    empty = suppression.Tombstones(SALT)
    known = empty.with_new([empty.new_author("Ａda  Lovelace", ""), empty.new_author("艾达", "zhihu")])
    assert known.has_author("x", "ada lovelace") and not known.has_author("x", "ada") and not known.has_author("x", "")
    assert known.has_author("zhihu", "艾达") and not known.has_author("x", "艾达")


MENTIONS = [
    ("As Ada Lovelace said, oil helps.", [ADA], "As … said, oil helps."),
    ("Thanks, @Will: I will try.", ["Will"], "Thanks, @…: I will try."),
    ("Will you? I will.", ["Will"], "Will you? I will."),
    ("Lovelacean engines", ["Lovelace"], "Lovelacean engines"),
    ("小机械师说过：加点油。", ["小机械师"], "…说过：加点油。"),
    ("学习怎么加油，@学习", ["学习"], "学习怎么加油，@…"),
    ("> " + SECRET + "\n\nNo.", [], "\nNo."),
    ("> Ada Lovelace wrote:\n> something else", [ADA], "> something else"),
    (SECRET, [], SECRET),
]


@pytest.mark.parametrize(("markdown", "names", "left"), MENTIONS)
def test_quotations_and_names_in_the_posts_of_others(markdown: str, names: list[str], left: str) -> None:
    assert documents.remove_quotes(markdown, {documents.normalise_line(SECRET)}, names) == left


def test_names_are_found_in_the_attributes_and_between_the_tags_of_a_page() -> None:
    page = '<p title="Tom &amp; Co">"I said: <b>Ada</b>", and <a href=\'/u/eve\'>Eve</a></p>'
    assert {"Tom & Co", "Ada", "Eve"} <= set(documents.strings(page.encode()))
