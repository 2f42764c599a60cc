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


@pytest.mark.parametrize(
    "added",
    [
        "<h3>See also</h3><ul><li><a href='/a'>The flood</a></li><li><a href='/b'>The fire</a></li></ul>",
        "<h2>Siehe auch</h2><p><a href='/a'>Die Flut im Tal der Mühlen</a></p>",
        "<h2>参见</h2><ul><li><a href='/a'>水磨</a></li></ul>",
        "<p><strong>Mehr zum Thema</strong></p><ul><li><a href='/a'>Die Flut</a></li></ul>",
        "<p>扫描下方二维码，关注“石磨”微信公众号</p>",
        "<p>责编：王磨坊 校对：李石</p>",
        "<p>Zuletzt geändert am 3. Mai 2021</p>",
        "<p class='newsletter-teaser'>Never miss a mill again: our letter comes on Fridays, and it costs nothing.</p>",
        "<div class='no-print'><p>If you have questions about this page, you can write to us here.</p></div>",
        "<div class='author-box'><p>Ann has ground flour for thirty years, and writes about it on Sundays.</p></div>",
        "<article><h1>The flood</h1><p>The water came in the night, and the mill stood in it.</p></article>",
        "<div id='cookie-law'><p>We keep small files on your device, and read them, to know you.</p></div>",
        "<table class='navheader'><tr><th>Chapter 4. Mills</th></tr><tr><td><a href='/p'>Prev</a></td></tr></table>",
    ],
)
def test_what_leads_on_or_tells_about_the_site_goes(added: str) -> None:
    assert text_of(page(added)) == text_of(page("")) == f"{LEAD}\n\n{MORE}"


@pytest.mark.parametrize(
    "kept",
    [
        "<h2>See also the second stone</h2><p>A second stone lies below the first one, and does not turn at all.</p>",
        "<p>Changed in version 3.2: the hopper has a lid, which is closed before the stone is set in motion.</p>",
        "<blockquote><h2>Grind slowly, and it will be fine!</h2></blockquote>",
        "<h2 id='copyright'>Copyright</h2><p>A stone cannot be copied, but its furrows can, and they have been.</p>",
        "<div class='elementor-widget elementor-widget-text-editor'><p>The furrows are cut anew every month.</p></div>",
        "<section><p>The lists below are long, and each of them names the mills of one valley.</p><ul><li>"
        "<a href='/a'>The mills of the valley of the Ahr, from its source to its end</a></li></ul></section>",
    ],
)
def test_what_only_looks_like_it_stays(kept: str) -> None:
    found = text_of(page(kept))
    assert len(found) > len(text_of(page(""))) + 30


def test_a_dialog_longer_than_the_article_does_not_take_its_place() -> None:
    dialog = f"<div class='widget widget_eu_cookie_law'><form><p>{LONG}</p></form></div>"
    found = text_of(
        f"<div class='post'><h2>Grinding</h2><p>It is late, “but not too late”, says the miller.</p>{dialog}</div>"
    )
    assert "miller" in found and "partners" not in found


def test_one_paragraph_does_not_stand_for_its_neighbours() -> None:
    found = text_of(f"<div class='post-4'><h2>Grinding</h2><p>{LEAD}</p><p>“Now?”</p><p>– “Now.”</p></div>")
    assert "Now?" in found and "– “Now.”" in found


def test_articles_without_a_class_are_pieces_of_one() -> None:
    piece = "<div><article id='c{0}'><p>{1}</p></article></div>"
    found = text_of(
        f"<section>{piece.format(1, LEAD)}{piece.format(2, MORE * 2)}{piece.format(3, LEAD + MORE)}</section>"
    )
    assert LEAD in found and MORE in found and found.count(LEAD) == 2


def test_an_article_that_a_script_puts_in_its_place_is_read() -> None:
    template = f"<script type='text/template'><p>{LEAD}</p><p>{MORE}</p></script>"
    assert LEAD in text_of(f"<h1>Grinding</h1><div itemprop='articleBody'>{template}<noscript>{LEAD}</noscript></div>")


def test_a_page_that_is_hidden_until_its_script_has_run_is_read() -> None:
    assert LEAD in text_of(
        f"<div id='app' style='display: none'><main><p>{LEAD}</p><p>{MORE}</p></main></div><p>Wait</p>"
    )


@pytest.mark.parametrize("around", ["<article itemprop='articleBody'>{}</article>", "<h1>Grinding</h1><div>{}</div>"])
@pytest.mark.parametrize(
    "line",
    [
        "Plans of the mill: <a href='/redirect?to=x'>https://mill.example/plans/hopper</a>",
        "磨坊图纸：<a href='https://mill.example/plans'>mill.example/plans</a>",
        "Ask the miller: <a href='mailto:a@mill.example'>a@mill.example</a>",
    ],
)
def test_a_line_that_names_an_address_is_said(line: str, around: str) -> None:
    found = text_of(around.format(f"<p>{line}</p><p>{LEAD}</p><p>{MORE}</p>"))
    assert found.startswith(line[:4]) and LEAD in found


@pytest.mark.parametrize("line", ["<a href='/a'>https://mill.example/a</a>", "Next: <a href='/a'>Sharpening it</a>"])
def test_links_alone_and_ways_on_are_not_said(line: str) -> None:
    found = text_of(page(f"<p>{line}</p>"))
    assert found.endswith(MORE)


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ("<blockquote class='epigraph'><p>Mills grind slowly.</p><footer>A proverb</footer></blockquote>",
         "> Mills grind slowly.\n>\n> A proverb"),
        ("<blockquote class='epigraph'><table><tr><td><p>Mills grind slowly.</p></td></tr>"
         "<tr><td>—<span class='attribution'>A proverb</span></td></tr></table></blockquote>",
         "> Mills grind slowly.\n>\n> —A proverb"),
        ("<p class='epigraph'>“Mills grind slowly.” — A proverb</p>", "“Mills grind slowly.” — A proverb"),
        ("<aside class='key-points'><h3>Key points</h3><ul><li>Clean it.</li><li>Stop in time.</li></ul></aside>",
         "### Key points\n\n- Clean it.\n- Stop in time."),
        ("<div class='tldr'><b>TL;DR</b> Clean the stone, be steady, stop in time.</div>",
         "**TL;DR** Clean the stone, be steady, stop in time."),
        ("<div class='zhaiyao'><b>摘要</b>：清洁磨石，及时停下。</div>", "**摘要**：清洁磨石，及时停下。"),
    ],
)  # fmt: skip
def test_epigraphs_and_summaries_are_said_once(box: str, said: str) -> None:
    found = text_of(f"<article><h1>Grinding</h1>{box}<p>{LEAD}</p><p>{MORE}</p><p>{LEAD}</p></article>")
    assert found.startswith(f"{said}\n\n{LEAD}") and found.count(said.splitlines()[-1]) == 1


def test_an_aside_of_links_is_no_summary() -> None:
    links = "".join(f"<li><a href='/{n}'>The stones of mill number {n}</a></li>" for n in range(3))
    assert "number" not in text_of(page(f"<aside class='highlights'><ul>{links}</ul></aside>"))
