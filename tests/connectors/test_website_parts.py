"""Articles and threads that a site cuts into pages are one; listings and chapters are not."""

import pytest

from connectors.website import Website
from schemas.document import Article, Reject
from schemas.document import Thread as Discussion
from schemas.page import Page
from tests.connectors.recorded import fetch
from tests.connectors.test_website import ROOT, TEXT, crawl, keys, page, recorded


def part(number: int, onward: str = "", back: str = "") -> str:
    links = f'<link rel="next" href="{onward}">' * bool(onward) + f'<link rel="prev" href="{back}">' * bool(back)
    return (
        page(f"{ROOT}other.html")
        .replace("<head>", f"<head>{links}")
        .replace("Grinding is", f"Part {number} of grinding is")
    )


CUT_UP = {
    "a.html": ("a_2.html", "a_3.html"),
    "guide": ("guide/2", "guide/3"),
    "b.html": ("b.html?page=2", "b.html?page=3"),
    "c/": ("c/page/2/", "c/page/3/"),
}


@pytest.mark.parametrize("first", CUT_UP)
@pytest.mark.parametrize("listed", [0, 1])
def test_an_article_in_pages_is_one_article(first: str, listed: int) -> None:
    second, third = CUT_UP[first]
    start = page(*((first, second, third) if listed else (first,)))
    last = ROOT + third
    pages = {ROOT: start, ROOT + first: part(1, ROOT + second), ROOT + second: part(2, last, ROOT + first)}
    found = crawl({**pages, last: part(3, back=ROOT + second), f"{ROOT}other.html": page()})
    assert keys(found) == ["index", first, "other.html"]
    assert isinstance(found[1], Page)
    (article,) = Website(name="site", start=ROOT).parse(found[1])
    assert isinstance(article, Article) and article.url == ROOT + first
    text = "\n".join(section.markdown for section in article.sections)
    assert [text.count(f"Part {number} of") for number in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize("on", ['<a href="a_2.html">下一页</a>', '<li class="next"><a href="a_2.html">›</a></li>'])
def test_an_article_in_pages_that_only_words_or_an_arrow_join(on: str) -> None:
    first = page().replace("</ul>", f"</ul>{on}")
    found = crawl({ROOT: page("a.html"), f"{ROOT}a.html": first, f"{ROOT}a_2.html": part(2)})
    assert keys(found)[:2] == ["index", "a.html"]
    (article,) = Website(name="site", start=ROOT).parse(found[1])  # type: ignore[arg-type]
    assert isinstance(article, Article) and "Part 2 of" in article.sections[-1].markdown


def test_the_pages_of_a_listing_are_pages_of_their_own() -> None:
    first = page().replace("</ul>", '</ul><a href="blog/page/2">Next page</a>')
    found = crawl({ROOT: page("blog"), f"{ROOT}blog": first, f"{ROOT}blog/page/2": page()})
    assert keys(found) == ["index", "blog", "blog/page/2"]


def posts(*numbers: int, on: str = "") -> str:
    shown = "".join(
        f"""<li id="post_{n}" class="postcontainer"><span class="postdate"><span class="date">0{n}-03-2016, 10:00</span>
        </span><a class="username" href="/u/{n}">m{n}</a><blockquote class="postcontent">{TEXT}</blockquote></li>"""
        for n in numbers
    )
    return f"<html><head><title>Stones</title></head><body><ol>{shown}</ol>{on}</body></html>"


def test_a_thread_in_pages_is_one_thread() -> None:
    first = posts(1, 2, on='<a href="showthread.php?t=7&start=2">Next</a>')
    found = crawl({ROOT: page("showthread.php?t=7"), f"{ROOT}showthread.php?t=7": first,
                   f"{ROOT}showthread.php?t=7&start=2": posts(3)})  # fmt: skip
    assert keys(found) == ["index", "showthread.php?t=7"]
    (thread,) = Website(name="site", start=ROOT).parse(found[1])  # type: ignore[arg-type]
    assert isinstance(thread, Discussion)
    assert [post.author for post in thread.posts] == ["m1", "m2", "m3"]


def test_a_thread_that_a_script_would_go_on_with_is_told() -> None:
    more = posts(1, 2, on="<button>Load more replies</button>")
    found = crawl({ROOT: page("t.html", "a.html"), f"{ROOT}t.html": more, f"{ROOT}a.html": page() + "<a>Load more</a>"})
    assert [getattr(item, "reason", "") for item in found] == ["", "", "", "unreachable_next_page"]
    assert found[-1].key == f"{ROOT}t.html"


def test_an_article_that_breaks_off_is_a_reject() -> None:
    found = crawl({ROOT: page("a.html"), f"{ROOT}a.html": part(1, f"{ROOT}a_2.html")})
    assert found[1] == Reject("a.html", "http_404", "page 2: ")


def test_a_later_page_whose_first_does_not_lead_to_it_is_told() -> None:
    pages = {ROOT: page("a_2.html"), f"{ROOT}a_2.html": part(2, back=f"{ROOT}a.html"), f"{ROOT}a.html": page()}
    found = crawl({**pages, f"{ROOT}other.html": page()})
    assert keys(found) == ["index", "other.html", "a.html", f"{ROOT}a_2.html"]
    assert isinstance(found[-1], Reject) and found[-1].reason == "no_first_page"


def test_chapters_are_articles_of_their_own() -> None:
    one = part(1, f"{ROOT}2.html").replace("</ul>", '<li><a href="2.html">on</a></li></ul>')
    pages = {ROOT: page("1.html"), f"{ROOT}1.html": one, f"{ROOT}2.html": part(2, "", f"{ROOT}1.html")}
    assert keys(crawl(pages)) == ["index", "1.html", "other.html", "2.html"]


def test_pages_that_go_on_in_a_circle_end() -> None:
    def part(own: str, further: str) -> str:
        post = '<div itemscope itemtype="https://schema.org/DiscussionForumPosting"><p itemprop="text">Hi</p></div>'
        return f"""<html><head><title>T</title><link rel="canonical" href="{ROOT}{own}"></head><body>{post}{TEXT}
            <a class="next" href="{ROOT}{further}">Next</a><a href="{ROOT}c">c</a></body></html>"""

    back = f'<html><head><title>C</title><link rel="prev" href="{ROOT}t?after=a"></head><body>{TEXT}</body></html>'
    links = page("t?after=a", "t?after=b", "c")
    pages = {ROOT: links, f"{ROOT}t?after=a": part("t?after=a", "t?after=b"),
             f"{ROOT}t?after=b": part("t?after=b", "t?after=a"), f"{ROOT}c": back}  # fmt: skip
    assert "index" in keys(fetch(Website(name="site", start=ROOT), recorded(pages)))
