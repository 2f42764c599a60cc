"""Whole pages of several generators: what is content, what is around it, and what the page says of itself."""

# ruff: noqa: E501

from datetime import UTC, datetime

import pytest

from connectors import html
from connectors.html import read_article
from schemas.document import Article, Reject
from schemas.page import Page

URL = "https://site.example/guide/install.html"
LEAD = "Grinding is the step that turns grain into flour, and it needs a clean stone, a steady hand and some patience."
MORE = "Pour the grain slowly into the hopper, listen to the stone, and stop as soon as the sound of it changes."
ZH_LEAD = "磨面是把谷物变成面粉的一步，需要一块干净的磨石、一双稳当的手，还要有一点耐心，才能磨出细粉。"
ZH_MORE = "慢慢地把谷物倒进料斗，仔细听磨石的声音，一旦声音有了变化就马上停下来，检查磨石是不是太热。"
CODE = "mill --stone 2\n\nmill --check"

SPHINX = f"""<html lang="en"><head><title>Grinding &#8212; Mill 3.1 documentation</title></head><body>
<div class="related" role="navigation"><ul><li><a href="next.html">next</a></li><li>Mill 3.1</li></ul></div>
<div class="document"><div class="bodywrapper"><div class="body" role="main"><section id="grinding">
<h1><span class="section-number">2. </span>Grinding<a class="headerlink" href="#grinding" title="Link">¶</a></h1><p>{LEAD}</p>
<section id="pouring"><h2>Pouring<a class="headerlink" href="#pouring">¶</a></h2><p>{MORE}</p>
<div class="highlight-bash notranslate"><div class="highlight"><pre><span></span>{CODE}
</pre></div></div></section></section></div></div></div>
<div class="sphinxsidebar" role="navigation"><h4>Previous topic</h4><p><a href="p.html">Cleaning</a></p><h4>Next topic</h4></div>
<div class="footer">&copy; Copyright 2026, the millers.</div></body></html>"""
MKDOCS = f"""<html><head><title>Grinding - Mill</title></head><body><header class="md-header"><nav><a href="/">Mill</a></nav></header>
<div class="md-sidebar"><nav class="md-nav"><ul><li><a href="a.html">Start</a></li><li><a href="b.html">End</a></li></ul></nav></div>
<main class="md-main"><div class="md-content"><article class="md-content__inner md-typeset"><h1 id="grinding">Grinding</h1>
<p>{LEAD}</p><h2 id="pouring">Pouring<a class="headerlink" href="#pouring">&para;</a></h2><p>{MORE}</p>
<div class="language-bash highlight"><pre><span></span><code>{CODE}
</code></pre></div></article></div></main><footer class="md-footer"><p>Made with MkDocs, and with love for the stone.</p></footer></body></html>"""
WORDPRESS = f"""<html><head><title>Grinding | The Mill Blog</title><meta property="og:site_name" content="The Mill Blog">
<script type="application/ld+json">{{"@type": "BlogPosting", "author": {{"name": "Ada Miller"}}, "datePublished": "2026-03-01T10:00:00+01:00"}}</script>
</head><body><div id="page"><article class="post"><header class="entry-header"><h1 class="entry-title">Grinding</h1></header>
<div class="entry-content"><p>{LEAD}</p><h2 id="pouring">Pouring</h2><p>{MORE}</p><pre class="language-bash">{CODE}</pre>
<div class="sharedaddy sd-sharing"><ul><li><a href="//t.example">Share</a></li></ul></div></div></article>
<div id="comments" class="comments-area"><h2>3 thoughts</h2><p>{MORE} I tried this at home, and it was not what I had hoped it would be.</p></div></div>
<aside class="widget-area"><p>{LEAD} This is an advertisement for other stones, and nobody should learn it.</p></aside></body></html>"""
DOCBOOK = f"""<html><head><title>Chapter 2. Grinding</title></head><body><div class="navheader"><table><tr><td><a href="p.html">Prev</a></td></tr></table></div>
<div class="chapter"><div class="titlepage"><h1 class="title"><a id="grinding"></a>Chapter 2. Grinding</h1></div><p>{LEAD}</p>
<div class="section"><div class="titlepage"><h2 class="title"><a id="pouring"></a>2.1. Pouring</h2></div><p>{MORE}</p>
<pre class="screen">{CODE}</pre></div></div><div class="navfooter"><hr><table><tr><td><a href="n.html">Next</a></td></tr></table></div></body></html>"""
UNKNOWN = f"""<html><head><title>Grinding</title></head><body><div class="x1"><div class="x2"><a href="a">One</a> <a href="b">Two</a></div>
<div class="x3"><div class="x4"><h1>Grinding</h1><p>{LEAD}</p><h2 id="pouring">Pouring</h2><p>{MORE}</p><pre>{CODE}</pre></div></div>
<div class="x5"><h4><a href="/c">Other news</a></h4><p>Short.</p><h4><a href="/d">More news</a></h4></div></div></body></html>"""

PAGES = {"sphinx": SPHINX, "mkdocs": MKDOCS, "wordpress": WORDPRESS, "docbook": DOCBOOK, "unknown": UNKNOWN}


def read(markup: str, **about: str) -> Article | Reject:
    return read_article(Page("mill", "install.html", URL, markup.encode(), **about))  # type: ignore[arg-type]


def article(markup: str) -> Article:
    found = read(markup)
    assert isinstance(found, Article), found
    return found


@pytest.mark.parametrize("generator", PAGES)
def test_a_generators_page_gives_its_sections_and_nothing_else(generator: str) -> None:
    found = article(PAGES[generator])
    assert found.title == "Grinding"
    assert [section.path for section in found.sections] == [(), ("Pouring",)]
    lead, pouring = (section.markdown for section in found.sections)
    assert lead == LEAD
    assert pouring.startswith(MORE)
    assert CODE in pouring
    assert pouring.endswith("```")
    assert found.sections[1].anchor == "pouring"


@pytest.mark.parametrize("wrap", ["div class='TRS_Editor'", "div id='zoom'", "td class='main_text'", "div"])
def test_a_chinese_news_page(wrap: str) -> None:
    tag = wrap.split()[0]
    links = "".join(f"<li><a href='/{n}'>新闻标题第{n}条，看看这里说了什么</a></li>" for n in range(20))
    markup = (
        f"<html lang='zh'><head><title>磨面_新闻网</title></head><body><div class='top'><ul>{links}</ul></div>"
        f"<{wrap}><p>{ZH_LEAD}</p><p>{ZH_MORE}</p></{tag}><div class='r'><ul>{links}</ul></div>"
        "<div class='foot'><p>版权所有 新闻网 京ICP备0000号</p></div></body></html>"
    )
    found = article(markup)
    assert found.title == "磨面"
    assert [section.markdown for section in found.sections] == [f"{ZH_LEAD}\n\n{ZH_MORE}"]


def test_what_a_page_says_of_itself() -> None:
    about = html.metadata(html.parse(WORDPRESS), URL)
    assert (about.title, about.author) == ("Grinding", "Ada Miller")
    assert about.published == datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ('<meta property="article:modified_time" content="2026-03-02T08:00:00Z">', 2),
        ('<script type="application/ld+json">{"@type": "Article", "dateModified": "2026-03-03"}</script>', 3),
        ('<time itemprop="dateModified" datetime="2026-03-04">4 March</time>', 4),
        ('<meta property="article:modified_time" content="2026-02-28T08:00:00Z">', None),
        ("", None),
    ],
)
def test_an_edit_is_told_and_lies_after_the_publication(told: str, day: int | None) -> None:
    found = article(WORDPRESS.replace("</head>", f"{told}</head>", 1))
    assert found.created_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert (found.edited_at and found.edited_at.day) == day


@pytest.mark.parametrize(
    ("markup", "licence"),
    [
        ('<a rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/deed.en">CC</a>', "CC-BY-SA-4.0"),
        ('<link rel="license" href="http://creativecommons.org/publicdomain/zero/1.0/">', "CC0-1.0"),
        ('<script type="application/ld+json">{"license": "https://opensource.org/licenses/MIT"}</script>', "MIT"),
        ('<footer><a href="https://creativecommons.org/licenses/by/3.0/">CC</a></footer>', "CC-BY-3.0"),
        ('<p><a href="https://creativecommons.org/licenses/by/3.0/">a licence we write about</a></p>', "OWN"),
        ("", "OWN"),
    ],
)
def test_the_licence_is_the_pages_else_the_sources(markup: str, licence: str) -> None:
    found = read(UNKNOWN.replace("</body>", f"{markup}</body>"), licence="OWN")
    assert isinstance(found, Article)
    assert found.licence == licence


def test_declared_steps() -> None:
    steps = '{"@type": "HowTo", "step": [{"@type": "HowToStep", "name": "Begin", "text": "Pour the grain."}, "Stop."]}'
    found = article(UNKNOWN.replace("</head>", f'<script type="application/ld+json">{steps}</script></head>'))
    assert found.steps == ("Begin: Pour the grain.", "Stop.")


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("docs/mill-stones.html", "mill stones"),
        ("https://mill.example/a_b/?c=1", "a b"),
        ("/", "/"),
        ("磨面.html", "磨面"),
    ],
)
def test_a_page_without_a_title_is_called_by_its_address(key: str, title: str) -> None:
    found = read_article(Page("mill", key, URL, f"<p>{LEAD}</p>".encode()))
    assert isinstance(found, Article) and found.title == title


DEEP = "<div>" * 300 + LEAD + "</div>" * 300
FLOOD = "<p " + " ".join(f"a{n}=1" for n in range(60_000)) + f">{LEAD}</p>"

REJECTS = [
    ("", {}, "no_markup"),
    ("<html><body></body></html>", {}, "no_main_content"),
    ("<p>Too little.</p>", {}, "too_short"),
    ("<title>Log in | Mill</title><p>User name and password, please. Forgotten? Ask us.</p>", {}, "login_wall"),
    ("<title>Mill</title><h1>Please sign in</h1><p>User name and password.</p>", {}, "login_wall"),
    ("<title>Mill</title><p>You must be logged in to view this page.</p>", {}, "login_wall"),
    ("<title>404 Not Found</title><p>The address may be old, or somebody broke a link.</p>", {}, "error_page"),
    ("<title>页面不存在</title><p>您访问的页面已经被删除，请返回首页重新查找需要的内容。</p>", {}, "error_page"),
    ("<title>Before you continue to Mill</title><p>We and our partners store things.</p>", {}, "consent_wall"),
    ("<title>Mill</title><h1>We value your privacy</h1><p>Partners store things here.</p>", {}, "consent_wall"),
    ("<title>Mühle</title><p>Bitte Cookies akzeptieren, um fortzufahren.</p>", {}, "consent_wall"),
    ("<title>How do I mend it if I do not have permission?</title><p>Ask us.</p>", {}, "too_short"),
    (UNKNOWN, {"media_type": "application/pdf"}, "not_html"),
    (UNKNOWN, {"opt_out": "x-robots-tag: noai"}, "opt_out"),
    (UNKNOWN.replace("<head>", '<head><meta name="robots" content="index, noai">'), {}, "opt_out"),
    (DEEP, {}, "too_deep"),
    (FLOOD, {}, "too_many_attributes"),
    ("<p>" + "x" * (11 << 20), {}, "too_large"),
    ("<br>" * 210_000, {}, "too_many_elements"),
]


@pytest.mark.parametrize(
    ("markup", "about", "reason"), REJECTS, ids=[f"{case[2]}-{n}" for n, case in enumerate(REJECTS)]
)
def test_what_cannot_be_used_says_why(markup: str, about: dict[str, str], reason: str) -> None:
    found = read(markup, **about)
    assert isinstance(found, Reject)
    assert found.reason == reason


@pytest.mark.parametrize("heading", ["Log in", "404 Not Found", "Cookie settings"])
def test_a_page_that_explains_a_wall_is_an_article(heading: str) -> None:
    assert isinstance(read(f"<title>{heading}</title><h1>{heading}</h1><p>{LEAD}</p><p>{LEAD}</p>"), Article)


@pytest.mark.parametrize(
    "markup", ["<a " * 50_000, "</" * 100_000, "<p>" * 100_000, "<b><i>" * 100, "<!--", "<table><pre><li>x", "\x00<p>"]
)
def test_broken_markup_is_one_document_or_reject(markup: str) -> None:
    assert isinstance(read(markup), Article | Reject)
