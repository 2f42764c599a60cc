"""Names that a line gives in words, where nothing links to the person."""

import pytest

from connectors.html import parse
from connectors.html.threads.evidence import gather


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("<p>Posted by Ann Miller on 3 March 2021</p>", "Ann Miller"),
        ("<p>Replied By<small>Tomas</small></p>", "Tomas"),
        ("<span>Created by <b>Nadia, March 5, 2021, 10:12 a.m.</b></span>", "Nadia"),
        ("<p>by oven77 on 3 March 2021</p>", "oven77"),
        ("<p>作者：小林</p>", "小林"),
        ("<p>回复人：阿强 2021-03-05</p>", "阿强"),
        ("<p>geschrieben von Ida am 3. März 2021</p>", "Ida"),
        ("<p>by hand we turned the wheel, and the flour came out</p>", ""),
        ("<p>Posted by</p>", ""),
        ("<p>Edited by Ann on 3 March 2021</p>", ""),
        ("<p>From: Berlin</p>", ""),
        (
            "<p>It was asked by many of us what the best flour is, and I never knew what to say to them about it.</p>",
            "",
        ),
    ],
)
def test_a_name_in_words_is_a_name(line: str, name: str) -> None:
    assert set(gather(parse(f"<html><body>{line}</body></html>")).people.values()) == ({name} if name else set())
