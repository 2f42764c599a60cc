"""The lead of an article: found where sites put it, and nothing else taken for it."""

import pytest

from connectors import html
from connectors.html.content import article_content

LEAD = "A mill that stood still for forty years grinds again, and nobody in the village had thought it would."
BODY = (
    "Grinding is the step that turns grain into flour, and it needs a clean stone, a steady hand and some patience. "
    * 3
)


def text_of(
    head: str, body: str = f"<div class='article-body'><p>{BODY}</p></div>", title: str = "The old mill"
) -> str:
    root = html.parse(f"<html><head><title>{title}</title></head><body>{head}{body}</body></html>")
    content = article_content(root)
    return "" if content is None else html.to_markdown(content)


@pytest.mark.parametrize(
    "head",
    [
        f"<header><h1>The old mill</h1><p class='standfirst'>{LEAD}</p></header>",
        f"<header><h1>The old mill</h1><p class='byline'>By Ann</p><p>{LEAD}</p></header>",
        f"<header><h1>The old mill</h1><h2 class='ArticleHero__teaser caption-s5'>{LEAD}</h2></header>",
        f"<div class='header'><h3>The old mill</h3></div><div class='teaser-text'><p>{LEAD}</p></div>",
        f"<h1>News</h1><div><h1>The old mill</h1><div class='post-excerpt'>{LEAD}</div></div>",
        f"<h1>The old mill</h1><p>It turned, as it had turned before. At last!</p><p class='sommario'>{LEAD}</p>",
        f"<h1>The old mill</h1><p>{LEAD} You may <i>read more</i> of it in our book.</p>",
    ],
)
def test_a_lead_between_title_and_body_comes_first(head: str) -> None:
    found = text_of(head)
    assert found.startswith(LEAD) and BODY.strip() in found
    assert text_of("").startswith(BODY[:60])


@pytest.mark.parametrize(
    "head",
    [
        f"<h1>The old mill</h1><figure><figcaption class='lead'>{LEAD}</figcaption></figure>",
        f"<h1>The old mill</h1><div class='image top'><p>{LEAD}</p></div>",
        f"<h1>The old mill</h1><div class='newsletter'><p class='intro'>{LEAD}</p></div>",
        f"<h1>The old mill</h1><p class='summary'>{LEAD} <span class='credit'>Photo: Ann</span></p>",
        f"<h1>The old mill</h1><p class='intro'><a href='/other'>{LEAD}</a></p>",
        f"<p class='intro'>{LEAD}</p>",
        f"<h1>The old mill</h1><ul class='teaser'><li>{LEAD}</li></ul>",
        f"<h1>The old mill</h1><div><div>{LEAD} 阅读量1.2w</div></div>",
    ],
)
def test_what_only_stands_there_is_no_lead(head: str) -> None:
    assert LEAD not in text_of(head)


def test_a_lead_that_the_body_says_again_is_said_once() -> None:
    found = text_of(
        f"<h1>The old mill</h1><p class='lead'>{LEAD}</p>",
        f"<div class='article-body'><p>{LEAD}</p><p>{BODY}</p></div>",
    )
    assert found.count(LEAD) == 1


def test_the_body_alone_has_no_lead_from_outside() -> None:
    root = html.parse(f"<h1>The old mill</h1><p class='lead'>{LEAD}</p><div class='article-body'><p>{BODY}</p></div>")
    content = html.main_content(root)
    assert content is not None and LEAD not in html.to_markdown(content)
