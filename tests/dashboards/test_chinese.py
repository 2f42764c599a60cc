"""The dashboard in Chinese: what is drawn, listed and stored is told in it too."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from connectors.web import robots
from dashboards import texts
from pipelines.catalog import explain
from pipelines.messages import spoken, tr
from tests.dashboards.conftest import OpenPage

HAN = re.compile("[\u3400-\u9fff]")


def tooltips(node: Any) -> Iterator[dict[str, Any]]:
    """What charts show of a mark that is pointed at, part by part."""
    if isinstance(node, dict):
        yield from node.get("encoding", {}).get("tooltip", ())
        node = list(node.values())
    for part in node if isinstance(node, list) else ():
        yield from tooltips(part)


def charts(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in page.get("vega_lite_chart")]


@pytest.mark.parametrize(
    ("name", "query", "number"),
    [("overview", {}, 2), ("policy", {"rule": "output_too_short"}, 1)],
)
def test_what_is_pointed_at_in_a_chart_is_named_in_chinese(
    name: str, query: dict[str, str], number: int, open_page: OpenPage
) -> None:
    drawn = charts(open_page(name, lang="zh", **query))
    assert len(drawn) >= number
    for chart in drawn:
        told = list(tooltips(chart))
        assert len(told) >= 3
        assert not [one for one in told if not HAN.search(one.get("title", ""))]


def test_every_signal_is_defined_in_chinese(open_page: OpenPage) -> None:
    page = open_page("record", lang="zh", id="forum:q1#a101")
    listed = page.dataframe[-1].value
    assert list(listed.columns) == ["信号", "数值", "定义"] and len(listed) > 50
    assert not [said for said in listed["定义"] if not HAN.search(said)]
    shown = " ".join(caption.value for caption in open_page("policy", lang="zh", rule="output_too_short").caption)
    with spoken("zh"):
        assert texts.plain(tr(explain.definitions()["output_words"])) in shown


def test_sources_are_described_in_chinese(open_page: OpenPage) -> None:
    captions = [caption.value for caption in open_page("overview", lang="zh").caption]
    assert [one for one in captions if one.startswith("论坛 · 许可证：CC")]


RULES = robots.parse(b"User-agent: *\nAllow: /a\nDisallow: /b\n")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (RULES.decide("/c").rule, "没有规则适用于 'gristmill'"),
        (RULES.decide("/a").rule, "“Allow: /a”允许 '*'"),
        ("no robots.txt (404)", "没有 robots.txt（404）"),
        ("", "没有任何要求"),
        ("as an earlier release said it", "as an earlier release said it"),
    ],
)
def test_what_a_page_keeps_of_robots_txt_is_told_in_chinese(said: str, told: str) -> None:
    with spoken("zh"):
        assert texts.robots(said) == told
    assert not HAN.search(texts.robots(said))
