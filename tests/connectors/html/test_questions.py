"""What pages declare of themselves: questions and answers, steps, threads; in JSON-LD and in microdata."""

# ruff: noqa: E501

import json
from typing import Any

import pytest

from connectors import html
from connectors.html.microdata import microdata
from connectors.html.page import read_page
from connectors.html.schema_org import blocks
from schemas.document import Article, Document, Reject, Thread
from schemas.page import Page

LEAD = "Grinding is the step that turns grain into flour, and it needs a clean stone, a steady hand and some patience."
WARM = "Why is my flour warm?"
ANSWER = "The stones are too close, or run too fast. Lift the upper one by a hair, and feel the flour again."
OFTEN = "How often is a stone dressed?"
HOURS = (
    "After three hundred hours, or when the flour feels smooth and warm between your fingers, whichever comes first."
)


def read(markup: str, url: str = "https://mill.example/faq") -> Document | Reject:
    (found,) = read_page(Page("mill", "faq", url, markup.encode()))
    return found


def article(markup: str) -> Article:
    found = read(markup)
    assert isinstance(found, Article), found
    return found


def page(body: str, data: Any = None) -> str:
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>' if data else ""
    return f"<html lang='en'><head><title>Questions</title>{script}</head><body>{body}</body></html>"


def question(name: str, answer: str) -> dict[str, Any]:
    return {"@type": "Question", "name": name, "acceptedAnswer": {"@type": "Answer", "text": answer}}


FAQ = {"@type": "FAQPage", "mainEntity": [question(WARM, f"<p>{ANSWER}</p>"), question(OFTEN, HOURS)]}
ACCORDION = f"<div><button>{WARM}</button><div>{ANSWER}</div><button>{OFTEN}</button><div>{HOURS}</div></div>"
ITEM = (
    "<div itemprop='mainEntity' itemscope itemtype='https://schema.org/Question'><b itemprop='name'>{}</b>"
    "<div itemprop='acceptedAnswer' itemscope itemtype='https://schema.org/Answer'><div itemprop='text'>{}</div></div></div>"
)
FAQ_ITEMS = (
    "<main itemscope itemtype='https://schema.org/FAQPage'><h1>Questions</h1>"
    + ITEM.format(WARM, f"<p>{ANSWER}</p><pre>mill lift\nmill check</pre>")
    + ITEM.format(OFTEN, HOURS)
    + "</main>"
)


@pytest.mark.parametrize(
    "markup", [page(ACCORDION, FAQ), page(FAQ_ITEMS), page("", FAQ)], ids=["accordion", "microdata", "data alone"]
)
def test_questions_are_sections(markup: str) -> None:
    found = article(markup)
    assert [section.path for section in found.sections] == [(WARM,), (OFTEN,)]
    assert found.sections[0].markdown.startswith(ANSWER) and found.sections[1].markdown == HOURS


def test_code_in_an_answer_keeps_its_lines() -> None:
    assert "```\nmill lift\nmill check\n```" in article(page(FAQ_ITEMS)).sections[0].markdown


def test_a_question_that_is_a_heading_is_read_from_the_page() -> None:
    body = f"<main><h1>Questions</h1><p>{LEAD}</p><h2>{WARM}</h2><p>{ANSWER}</p><pre>mill lift</pre></main>"
    found = article(page(body, FAQ))
    assert [section.path for section in found.sections] == [(), (WARM,), (OFTEN,)]
    assert "mill lift" in found.sections[1].markdown


STEPS = ("Begin: Pour the grain.", "Stop: Lift the stone, then wait.")
HOW_TO = {
    "@type": "HowTo",
    "step": {
        "@type": "HowToSection",
        "itemListElement": [
            {"@type": "HowToStep", "name": "Begin", "text": "<p>Pour the <b>grain</b>.</p>"},
            {"@type": "HowToStep", "name": "Stop", "text": "Lift the stone, then wait."},
        ],
    },
}
STEP = "<li itemprop='step' itemscope itemtype='http://schema.org/HowToStep'><b itemprop='name'>{}</b> <span itemprop='text'>{}</span></li>"
HOW_TO_ITEMS = f"<main itemscope itemtype='http://schema.org/HowTo'><h1>Grinding</h1><p>{LEAD}</p><ol>" + "".join(
    STEP.format(*step.split(": ")) for step in STEPS
)


@pytest.mark.parametrize("markup", [page(f"<p>{LEAD}</p>", HOW_TO), page(HOW_TO_ITEMS)], ids=["JSON-LD", "microdata"])
def test_steps(markup: str) -> None:
    assert tuple(step.replace("**", "") for step in article(markup).steps) == STEPS


def post(kind: str, name: str, text: str) -> str:
    return (
        f"<div {kind}><span itemprop='author' itemscope><b itemprop='name'>{name}</b></span>"
        f"<time itemprop='dateCreated' datetime='2026-03-01T10:00:00Z'>then</time><div itemprop='text'>{text}</div></div>"
    )


QUESTION = post("itemprop='mainEntity' itemscope itemtype='https://schema.org/Question'", "ann", f"<p>{WARM}</p>")
REPLY = post("itemprop='acceptedAnswer' itemscope itemtype='https://schema.org/Answer'", "ben", f"<p>{ANSWER}</p>")
QA = f"<div itemscope itemtype='https://schema.org/QAPage'>{QUESTION[:-6]}{REPLY}</div></div>"


def test_a_page_of_one_question_is_a_thread_and_one_of_many_is_not() -> None:
    found = read(page(QA))
    assert isinstance(found, Thread)
    assert [(said.author, said.accepted) for said in found.posts] == [("ann", False), ("ben", True)]
    assert [said.markdown for said in found.posts] == [WARM, ANSWER]
    assert isinstance(read(page(FAQ_ITEMS)), Article)


def test_a_discussion_in_json_ld_is_a_thread() -> None:
    reply = {"@type": "Comment", "text": ANSWER, "author": {"name": "ben"}, "datePublished": "2026-03-02"}
    asked = {"@type": "DiscussionForumPosting", "headline": "Warm flour", "text": WARM, "author": {"name": "ann"}}
    found = read(page("<div>...</div>", {**asked, "datePublished": "2026-03-01", "comment": [reply]}))
    assert isinstance(found, Thread) and found.title == "Warm flour"
    assert [said.author for said in found.posts] == ["ann", "ben"]


def test_comments_below_an_article_make_no_thread() -> None:
    comments = "".join(
        f"<li itemprop='comment' itemscope itemtype='https://schema.org/Comment'><b itemprop='author'>ann {n}</b>"
        f"<time itemprop='dateCreated' datetime='2026-03-0{n}'>then</time><p itemprop='text'>I like number {n}.</p></li>"
        for n in range(1, 6)
    )
    body = f"<article itemscope itemtype='https://schema.org/BlogPosting'><h1>Grinding</h1><p>{LEAD}</p></article>"
    found = article(page(f"{body}<ul class='comments'>{comments}</ul>"))
    assert [section.markdown for section in found.sections] == [LEAD]


JUNK = {
    "comment": '<!-- a --> {"a": "x // y", "b": 1}',
    "line comment": '{"a": "x // y", // why\n "b": 1}',
    "commas": '{"a": "x // y", "b": 1,}',
    "wrapped": '<!-- {"a": "x // y", "b": 1} -->',
    "line end in a string": '{"a": "x //\n y", "b": 1}',
}


@pytest.mark.parametrize("block", JUNK.values(), ids=JUNK)
def test_json_ld_as_people_write_it(block: str) -> None:
    (found,) = blocks(html.parse(f"<p><script type='application/ld+json'>{block}</script><p>x"))
    assert " ".join(found["a"].split()) == "x // y" and found["b"] == 1


def test_items_that_refer_in_circles_end() -> None:
    circle = "<div itemscope itemref='a b c'><i id='a' itemprop='x' itemscope itemref='a b c'>1</i></div>"
    root = html.parse(f"<body>{circle}<i id='b' itemprop='y'>2</i><i id='c' itemprop='z' itemscope itemref='c a'></i>")
    assert microdata(root)[0]["y"] == "2"


def test_hostile_data_costs_nothing_but_itself() -> None:
    deep = "<div itemscope itemprop='x' itemtype='https://schema.org/FAQPage'>" * 200
    for data in ([FAQ] * 2000, {"@type": "FAQPage", "mainEntity": [None, 3, {"name": 4}, {"acceptedAnswer": [7]}]}):
        assert isinstance(read(page(f"<p>{LEAD}</p>{deep}", data)), Article)
