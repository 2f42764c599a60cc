"""The playground is in the language that its reader's browser asks for, with a switch to the other."""

import re

import pytest
from lxml import html
from starlette.requests import Request

from pipelines.serve import playground

HAN = re.compile("[\u3400-\u9fff]")


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "de-DE,de;q=0.9,zh-TW;q=0.8,en;q=0.7", "zh"),
        ("", "en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("", "de", "en"),
        ("", "", "en"),
        ("language=zh", "en-GB", "zh"),
        ("language=en", "zh-CN", "en"),
        ("language=<script>", "zh-CN", "zh"),
    ],
)
def test_the_language_is_the_switchs_then_the_browsers_then_the_servers(
    query: str, accepted: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    headers = [(b"accept-language", accepted.encode())]
    request = Request({"type": "http", "query_string": query.encode(), "headers": headers})
    assert playground.language_of(request) == language


def test_every_label_is_chinese() -> None:
    page = html.fromstring(playground.page("zh", "n0nce"))
    labels = [*page.iter("h1", "label", "button", "title", "p")]
    assert page.get("lang") == "zh-CN"
    assert len(labels) == 10
    assert [label.text for label in labels if not HAN.search(label.text or "")] == [None]  # the switch
    (switch,) = page.iter("a")
    assert (switch.get("href"), switch.text) == ("?language=en", "English")


def test_in_english_the_page_leads_to_chinese() -> None:
    page = playground.page("en", "n0nce")
    assert '<a href="?language=zh" hreflang="zh">简体中文</a>' in page
    assert "<h1>Playground</h1>" in page and 'nonce="n0nce"' in page
    assert not re.search(r"\[\[|NONCE|OTHER|NAME", page)
