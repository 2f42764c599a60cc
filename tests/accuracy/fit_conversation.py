"""Prints the weights of `connectors/html/threads/conversation.py`: `python -m tests.accuracy.fit_conversation`.

Learnt from pages on which several posts are read: of forum pages and ordinary pages with labels the tune parts, and the
layouts written from memory that were looked at, once as they are and once as if the first post asked nothing, or an
article did. Logistic regression with a ridge, each weight of the sign that it has by its meaning. Behind them stand the
threads and articles told apart in ten folds by site and layout, and of the layouts that were held back.
"""

import sys
from collections.abc import Iterator
from copy import deepcopy
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from connectors import html
from connectors.html.threads import conversation, posts
from connectors.html.threads.choice import LEAST
from connectors.html.threads.copies import drop_copies
from tests.accuracy import test_articles, test_threads, test_web_pages
from tests.accuracy.labelled import held_out, site
from tests.connectors import laid_out
from tests.connectors.test_remembered import WAYS, hashed

NEUTRAL = "https://baker.example/p/771"
AGAINST = ("comments", "article", "published", "long", "headed", "by_chance")
# What pages of each kind count together: real and written threads, real and written articles
SHARES = {(True, True): 30.0, (True, False): 90.0, (False, True): 110.0, (False, False): 15.0}
RIDGE = 1.0
# Threads among the ordinary pages
NO_ARTICLES = ("wolfsrebellen-netz", "pocketpc.ch", "katzen-forum", "german.stackexchange", "dealdoktor")


class Page(NamedTuple):
    name: str
    is_thread: bool
    is_real: bool
    is_held: bool
    traits: dict[str, float]


def real(data: Path) -> Iterator[Page]:
    for page in test_threads.labelled(data / "forum-pages"):
        if page.part == "tune":
            yield from _read(site(page.url), True, page.url, html.decode(page.body))
    ordinary = [
        page[:2] for page in test_web_pages.pages(data / "web-pages") if not test_web_pages.is_checked(page.url)
    ]
    for name in test_articles.READERS:
        ordinary += [page[:2] for page in test_articles.articles(data / name) if not held_out(site(page.url), 0.5)]
    for url, body in ordinary:
        if not any(each in url for each in NO_ARTICLES):
            yield from _read(site(url), False, url, html.decode(body))


def written() -> Iterator[Page]:
    tables = (laid_out.LAYOUTS, laid_out.UNMET, laid_out.AROUND, laid_out.REMEMBERED, laid_out.RECALLED)
    for table in (*tables, laid_out.COMMENTED):
        for name, made in table.items():
            yield from _laid_out(name, made, is_thread=table is not laid_out.COMMENTED)


def _laid_out(name: str, made: dict[str, Any], is_thread: bool) -> Iterator[Page]:
    """A layout with each way of naming, in each of its languages, with talk of two lengths."""
    for way, language in product(WAYS[1:], made.get("languages", ("en", "zh"))):
        talk = laid_out.TALKS[language]
        for said in (laid_out.RICH.get(language, talk), talk.aged().first(2)):
            text = laid_out.page_of(name, said, way != "no names")
            text = hashed(text) if way == "hashed" else text
            yield from _read(name, is_thread, made.get("url", NEUTRAL), text, is_held=held_out(name, 0.5))


def _read(name: str, is_thread: bool, url: str, text: str, is_held: bool | None = None) -> Iterator[Page]:
    try:
        root = html.parse(text)
    except html.Unreadable:
        return
    found = posts.find_posts(drop_copies(deepcopy(root)), url)
    if not found or found.listed or len(found.blocks) < 2 or found.worth < LEAST:
        return
    its = {each: float(value) for each, value in conversation.traits(found, root, url).items()}
    yield Page(name, is_thread, is_held is None, bool(is_held), its)
    if is_held is not None:
        other = {"asks": 0.0, "title_asks": 0.0, "me": 0.0} if is_thread else {"asks": 1.0, "me": 0.4}
        yield Page(name, is_thread, False, is_held, its | other)


def fit(pages: list[Page]) -> dict[str, float]:
    """The weight of each trait, under "" that of all pages."""
    names = list(pages[0].traits)
    shown = np.array([[*(page.traits[name] for name in names), 1.0] for page in pages])
    sides = [(page.is_thread, page.is_real) for page in pages]
    counts = np.array([SHARES[side] / sides.count(side) for side in sides])
    labels = np.array([page.is_thread for page in pages], np.float64)
    ridge, signs = np.array([*(RIDGE for _ in names), 0.0]), np.array([*(-1 if n in AGAINST else 1 for n in names), 0])
    weights = np.zeros(len(names) + 1)
    for _ in range(5_000):  # projected gradient, whose steps the number of all that counts bounds
        slope = shown.T @ (counts * (1 / (1 + np.exp(-shown @ weights)) - labels)) + ridge * weights
        step = weights - slope / counts.sum()
        weights = np.where(signs * step < 0, 0.0, step)
    return dict(zip([*names, ""], weights.tolist(), strict=True))


def told_apart(pages: list[Page], weights: dict[str, float]) -> list[bool]:
    return [
        (weights[""] + sum(weights[name] * value for name, value in page.traits.items()) > 0) == page.is_thread
        for page in pages
    ]


def folds(pages: list[Page]) -> list[bool]:
    right: list[bool] = []
    for fold in range(10):
        mine = [
            held_out(f"{p.name} fold", (fold + 1) / 10) and not held_out(f"{p.name} fold", fold / 10) for p in pages
        ]
        weights = fit([page for page, own in zip(pages, mine, strict=True) if not own])
        right += told_apart([page for page, own in zip(pages, mine, strict=True) if own], weights)
    return right


def _share(said: str, pages: list[Page], right: list[bool]) -> None:
    for is_thread, is_real in SHARES:
        own = [
            r for page, r in zip(pages, right, strict=True) if (page.is_thread, page.is_real) == (is_thread, is_real)
        ]
        kind = f"{'real' if is_real else 'written'} {'threads' if is_thread else 'articles'}"
        print(f"{said}: {sum(own)} of {len(own)} {kind}")


def main(data: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(posts, "profile_readings", lambda *_: iter(()))
        pages = [*real(data / "labelled"), *written()]
    seen, held = ([page for page in pages if page.is_held == side] for side in (False, True))
    weights = fit(seen)
    print("\n".join(f"{name or 'all'}: {weight:.2f}" for name, weight in weights.items()))
    by_fold = sorted(seen, key=lambda page: next(f for f in range(10) if held_out(f"{page.name} fold", (f + 1) / 10)))
    _share("ten folds", by_fold, folds(seen))
    _share("held back", held, told_apart(held, weights))
    shipped = {**conversation._WEIGHTS, "": conversation._BIAS}
    _share("with the weights as they are, seen", seen, told_apart(seen, shipped))
    _share("with the weights as they are, held back", held, told_apart(held, shipped))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
