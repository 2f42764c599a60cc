"""What belongs to an article and what the site adds to it, by rules that hold for any site."""

import pytest

from connectors import html

LEAD = "Grinding is the step that turns grain into flour, and it needs a clean stone, a steady hand and some patience."
MORE = "Pour the grain slowly into the hopper, listen to the stone, and stop as soon as the sound of it changes."
ZH_LEAD = "磨面是把谷物变成面粉的一步，需要一块干净的磨石、一双稳当的手，还要有一点耐心，才能磨出细粉。"
LONG = "We and our partners keep small files on your device, and read them, to show you what you may want to buy. " * 6


def text_of(body: str) -> str:
    content = html.main_content(html.parse(f"<html><head><title>T</title></head><body>{body}</body></html>"))
    return "" if content is None else html.to_markdown(content, "https://site.example/a.html")


def page(inside: str) -> str:
    return f"<div class='x1'><h1>Grinding</h1><p>{LEAD}</p><p>{MORE}</p>{inside}</div>"


def test_a_notice_longer_than_the_article_does_not_take_its_place() -> None:
    found = text_of(f"<main><h1>Grinding</h1><p>{LEAD}</p><p>{MORE}</p></main><div class='q7'><p>{LONG}</p></div>")
    assert LEAD in found and "partners" not in found
    found = text_of(f"<div class='TRS_Editor'><p>{ZH_LEAD * 3}</p></div><div class='list'><p>{LONG}</p></div>")
    assert found == ZH_LEAD * 3


def test_a_text_in_pieces_is_put_together() -> None:
    piece = "<div><div class='rich-text wide'><p>{}</p></div></div><h3>{}</h3>"
    found = text_of(f"<article>{piece.format(LEAD * 3, 'Pouring')}{piece.format(MORE, 'Stopping')}</article>")
    assert LEAD in found and MORE in found and "Pouring" in found
    assert "Stopping" not in found  # nothing comes after it


@pytest.mark.parametrize(
    "kept",
    [
        "<p><a href='/a'>The hopper of a mill</a> and <a href='/b'>the stone of a mill</a> wear out at one pace.</p>",
        "<p>Published works on milling are few, and most of them were written before there was steam.</p>",
        "<ul><li><a href='/a'>Hopper</a>: where the grain goes in.</li><li><a href='/b'>Stone</a>: what grinds it.</li>"
        "<li><a href='/c'>Bin</a>: where the flour goes.</li></ul>",
        "<h2>More about stones</h2><p>A stone of basalt lasts longer than one of sandstone, and costs more.</p>",
    ],
)
def test_what_an_article_says_stays(kept: str) -> None:
    found = text_of(page(kept))
    assert len(found) > len(text_of(page(""))) + 40


def test_what_a_heading_unfolds_stays_and_what_is_hidden_for_good_goes() -> None:
    folded = "<h3><button aria-controls='{0}'>{1}?</button></h3><div id='{0}' hidden><p>{2}</p></div>"
    found = text_of(
        page(folded.format("a", "Which stone", "A stone of basalt, since it lasts.") + "<p hidden>Gone.</p>")
    )
    assert "Which stone?" in found and "basalt" in found
    assert "Gone" not in found


TEASER = "<li><a href='/{0}'><img src='{0}.png'></a><a href='/{0}'>Mill {0}</a> is open again, after so long.</li>"


@pytest.mark.parametrize(
    "added",
    [
        "<p>Advertisement</p>",
        "<p>Published: 10:48, Tue, Nov 19, 2019 | Updated: 11:05</p>",
        "<p>The stone at rest (Image: GETTY)</p>",
        "<p>责任编辑：王磨坊</p>",
        "<p>【编辑：李石】</p>",
        "<p>来源：磨坊日报</p>",
        "<p>本文未经书面授权请勿转载。</p>",
        f"<ul>{''.join(TEASER.format(n) for n in range(4))}</ul>",
        "<h3>More from the mill</h3><ul><li><a href='/a'>The flood</a> and after, as we have seen it</li></ul>",
        "<h3>Comments</h3>",
        "<div><h3>Comments</h3><div><h4>Share</h4></div></div>",
    ],
)
def test_what_a_site_adds_goes(added: str) -> None:
    assert text_of(page(added)) == text_of(page("")) == f"{LEAD}\n\n{MORE}"


def test_a_picture_that_is_a_link_leaves_no_empty_link() -> None:
    assert "[](" not in text_of(page("<p><a href='/a.png'><img src='a.png'></a> is how it looks when it is new.</p>"))


def test_parts_that_hold_the_page_are_no_clutter_whatever_they_are_called() -> None:
    parts = "".join(f"<div class='item-footer'><p>{number}: {MORE}</p></div>" for number in range(10))
    assert text_of(f"<div><h1>Ten stones</h1>{parts}</div>").count(MORE) == 10


def test_a_stream_of_other_articles_goes_though_it_is_longer() -> None:
    stream = "".join(f"<li><a href='/{number}'>Mill {number}</a><p>{number} {MORE}</p></li>" for number in range(30))
    more = f"<main><div id='module-moreStories'><ul>{stream}</ul></div></main>"
    assert text_of(f"<main><h1>Grinding</h1><p>{LEAD * 3}</p></main>{more}") == LEAD * 3


def test_a_page_of_short_lines_is_read_as_a_whole() -> None:
    lines = "".join(f"<p>Stone {number}</p><p>Ada Miller</p>" for number in range(20))
    links = "".join(f"<a href='/{number}'>Another mill</a> " for number in range(9))
    found = text_of(f"<div class='left'>{lines}</div><div class='foot'><p>Since 1750, by water.</p>{links}</div>")
    assert "Stone 0" in found and "Stone 19" in found and "1750" not in found
