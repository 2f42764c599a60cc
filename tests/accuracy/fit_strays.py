"""Makes `connectors/html/strays.toml`: `python -m tests.accuracy.fit_strays`. The same data give the same numbers.

Learnt from the tune parts of `web-pages` (a part that holds a segment) and of both sets of articles (a part whose words
are in the text or not). Logistic regression with a ridge, by Newton's method. It first prints what five folds by site
give: parts told apart, and of those that are of the article how many would go.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from connectors import html
from connectors.html import strays
from connectors.html.content import framed
from tests.accuracy import test_articles, test_web_pages
from tests.accuracy.labelled import held_out, site

# Strength of the ridge; a trait seen on fewer sites has no weight
RIDGE, FEWEST = 10.0, 5
# What a part of a web page counts, and the parts of one article together
OF_PAGE, OF_ARTICLE = 3.0, 12.0
# A part is of an article if so many of its words are, and not if so few
MOST, LEAST = 0.7, 0.2


class Part(NamedTuple):
    site: str
    traits: frozenset[str]
    is_content: bool
    counts: float


def parts(data: Path) -> Iterator[Part]:
    for page in test_web_pages.pages(data / "labelled" / "web-pages"):
        if not test_web_pages.is_checked(page.url):
            yield from _of_page(page)
    for name in test_articles.READERS:
        for url, body, truth in test_articles.articles(data / "labelled" / name):
            if not held_out(site(url), 0.5):
                yield from _of_article(site(url), body, truth)


def _of_page(page: test_web_pages.Labelled) -> Iterator[Part]:
    wanted, unwanted = ([_squeezed(each) for each in side] for side in (page.wanted, page.unwanted))
    for text, its in _judged(page.body):
        is_in = any(each in _squeezed(text) for each in wanted)
        if is_in or any(each in _squeezed(text) for each in unwanted):
            yield Part(site(page.url), its, is_in, OF_PAGE)


def _of_article(where: str, body: bytes, truth: str) -> Iterator[Part]:
    judged = _judged(body)
    wanted, whole = test_articles.shingles(truth), _squeezed(truth)
    for text, its in judged:
        own = test_articles.shingles(text)
        share = 1.0 if _squeezed(text) in whole else (own & wanted).total() / max(1, own.total())
        if not LEAST <= share <= MOST:
            yield Part(where, its, share > MOST, min(1.0, OF_ARTICLE / len(judged)))


def _judged(body: bytes) -> list[tuple[str, frozenset[str]]]:
    try:
        found = framed(html.parse(html.decode(body)))
    except html.Unreadable:
        return []
    if found is None:
        return []
    block, _, weights, stated = found
    return [(" ".join(part.text_content().split()), its) for part, its in strays.traits(block, weights, stated)]


def fit(found: list[Part]) -> dict[str, float]:
    """The weight of each trait; under "" that of all parts."""
    sites: dict[str, set[str]] = {}
    for part in found:
        for trait in part.traits:
            sites.setdefault(trait, set()).add(part.site)
    names = sorted(trait for trait, its in sites.items() if len(its) >= FEWEST)
    shown = np.array([[*(name in part.traits for name in names), True] for part in found], np.float64)
    labels, counts = np.array([part.is_content for part in found]), np.array([part.counts for part in found])
    weights = _newton(shown, labels, counts, np.array([*(RIDGE for _ in names), 1e-3]))
    return {name: round(float(weight), 2) for name, weight in zip((*names, ""), weights, strict=True)}


def _newton(shown: np.ndarray, labels: np.ndarray, counts: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    weights = np.zeros(shown.shape[1])
    for _ in range(30):
        likely = 1 / (1 + np.exp(-shown @ weights))
        slope = shown.T @ (counts * (likely - labels)) + ridge * weights
        bend = (shown.T * (counts * likely * (1 - likely) + 1e-6)) @ shown + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def folds(found: list[Part]) -> str:
    """The shares that go by weights of other sites, of what is around articles and of what is of them."""
    gone = {True: [0.0, 0.0], False: [0.0, 0.0]}
    for fold in range(5):
        mine = [
            held_out(f"{part.site} fold", (fold + 1) / 5) and not held_out(f"{part.site} fold", fold / 5)
            for part in found
        ]
        weights = fit([part for part, own in zip(found, mine, strict=True) if not own])
        for part in (part for part, own in zip(found, mine, strict=True) if own):
            score = weights[""] + sum(weights.get(trait, 0.0) for trait in part.traits)
            gone[part.is_content][score < 0] += part.counts
    told = {is_content: dropped / (left + dropped) for is_content, (left, dropped) in gone.items()}
    return f"in five folds: of what is around articles {told[False]:.3f} goes, of articles {told[True]:.3f}"


def _squeezed(text: str) -> str:
    return "".join(text.split())


def main(data: Path) -> None:
    found = list(parts(data))
    print(f"{len(found)} parts; {folds(found)}")
    target = Path(strays.__file__).with_suffix(".toml")
    lines = [f"{json.dumps(name, ensure_ascii=False)} = {weight}" for name, weight in sorted(fit(found).items())]
    head = "# Logarithms of odds that a part is of the article, by trait; made by `python -m tests.accuracy.fit_strays`"
    target.write_text("\n".join([head, "[weights]", *lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
