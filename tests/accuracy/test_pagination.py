"""Next pages found on labelled listings and boards: rules were made on the sites of one half, floors hold on the other.

Variants were counted on both halves, so that the other flatters a little.

The labels are selectors that a person chose on saved pages. Blogs whose "previous" is the link to older posts, which is
where a reader goes on, are read so; pages that the person marked as failed are left out, and so are links that only a
script follows. What the head of a page declares counts as announced.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from lxml.cssselect import CSSSelector

from connectors import html
from connectors.html.threads import address
from tests.accuracy.labelled import held_out

FOUND, WRONG = 0.86, 0.03  # of the pages that announce a next one; of all pages
# In selectors: the links to older posts of Blogger and of WordPress, which are named "previous"
_OLDER = re.compile(r"older-link|(?:^|[\s.#])nav-(?:previous|below)\b")


def test_next_pages(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = {part: Counter(results(shared_data / "labelled" / "pagination", part)) for part in ("tune", "check")}
    with capsys.disabled():
        for part, count in counts.items():
            print(f"\nnext pages, {part}: {dict(sorted(count.items()))}", end="")
    check = counts["check"]
    assert check["found"] >= FOUND * (check["found"] + check["missed"] + check["wrong"])
    assert check["wrong"] + check["invented"] <= WRONG * check.total()


def results(folder: Path, part: str) -> Iterator[str]:
    with (folder / "data.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not row["failed"]]
    for row in rows:
        site = urlsplit(row["Page URL"]).netloc.removeprefix("www.")
        saved = folder / "html" / f"{row['File Name']}.html"
        if saved.exists() and held_out(site, 0.5) == (part == "check"):
            yield result(html.parse(saved.read_bytes().decode(row["Encoding"], "replace")), row)


def result(root: html.tree.HtmlElement, row: dict[str, str]) -> str:
    """`found`, `missed` or `wrong` where the label names a next page; `none` or `invented` where it names none."""
    url = row["Page URL"]
    announced = row["PREV"] if _OLDER.search(row["PREV"]) else row["NEXT"]
    wanted = labelled(root, url, announced) if announced else set()
    said = html.next_page(root, url)
    if announced and not wanted:
        return "only a script"
    if wanted:
        return "found" if said in wanted else "wrong" if said else "missed"
    declared = {address.absolute(href, url) for href in root.xpath("//link[@rel='next']/@href")}
    return "none" if not said else "declared" if said in declared else "invented"


def labelled(root: html.tree.HtmlElement, url: str, selector: str) -> set[str]:
    base = urljoin(url, next(iter(root.xpath("//base/@href")), url))
    marked = CSSSelector(selector, translator="html")(root)
    links = [link for each in marked for link in each.xpath("ancestor-or-self::a[1] | descendant::a[1]")]
    hrefs = [link.get("href") or "" for link in links]
    return {address.absolute(href, base) for href in hrefs if not href.startswith("javascript")} - {""}
