"""Templates and parser functions of wikis: from their own source, from what they are known to say, or as a hole."""

from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from connectors.mediawiki import MediaWiki
from connectors.mediawiki.expansion import Context
from connectors.mediawiki.expressions import evaluate
from connectors.mediawiki.variants import one_script
from connectors.mediawiki.wikitext import render_sections
from connectors.reading.times import parse_time
from schemas.document import Article
from schemas.hole import hole, kinds_in
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

HEAD = "<mediawiki><siteinfo><base>https://w.example/wiki/Main</base></siteinfo>"
PAGE = (
    "<page><title>{}</title><ns>{}</ns><id>{}</id><revision><id>1</id><timestamp>2024-03-09T10:00:00Z</timestamp>"
    "<text>{}</text></revision></page>"
)


def shown(wikitext: str, templates: dict[str, str] | None = None) -> str:
    context = Context("Mill/Parts", parse_time("2024-03-09T10:00:00Z"), templates or {})
    return "\n\n".join(part.markdown for part in render_sections(wikitext, (), context))


@pytest.mark.parametrize(
    ("wikitext", "markdown"),
    [
        ("{{formatnum:1200000}} and {{formatnum:-10}} and {{formatnum:1,234.5|R}}", "1,200,000 and -10 and 1234.5"),
        ("{{convert|93|m|ft}} {{cvt|5|ft|11|in|m}}", "93 m 5 ft 11 in"),
        ("{{convert|250|km|mi|0}} {{convert|10|to|20|km2|sqmi}}", "250 km 10 to 20 km²"),
        ("{{convert|2|x|4|in}} {{convert|20|C}}", "2 × 4 in 20 °C"),
        ("{{val|879.6|0.8|u=s}}, {{val|1.675|e=-27|ul=kg}}", "879.6±0.8 s, 1.675×10⁻²⁷ kg"),
        ("{{val|1.5|0.2|0.1|e=3|u=m|up=s}}", "(1.5+0.2−0.1)×10³ m/s"),
        ("{{nihongo|Bread|パン|pan}}", "Bread (パン, *pan*)"),
        ("{{zh|s=面包|p=miànbāo}}", "simplified Chinese: 面包; pinyin: miànbāo"),
        ("{{lang|de|Brot}} {{lang-fr|pain}} {{transl|ja|pan}} {{transl|ar|DIN|ḫubz}}", "Brot pain pan ḫubz"),
        ("{{IPA|/pan/}} {{IPAc-en|ˈ|b|r|ɛ|d}} {{IPA-de|bʁoːt|lang}}", "/pan/ /ˈbrɛd/ [bʁoːt]"),
        ("{{chem|H|2|O}} {{chem|SO|4|2-}} {{chem2|C6H12O6}}", "H₂O SO₄²⁻ C₆H₁₂O₆"),
        ("{{frac|1|2}} {{sfrac|x + 1|2}}", "1/2 (x + 1)/2"),
        ("{{age|1950|3|10}} {{birth date|1950|3|10}}", "73 10 March 1950"),
        ("Run {{ic|a<b> ''c'' [0]}} or {{c|x {{=}} 1}}.", "Run `a<b> c [0]` or `x = 1`."),
        (
            "Get {{Pkg|ntp}}, see {{man|8|ntpd}}, press {{keypress|Ctrl|C}}.",
            "Get `ntp`, see `ntpd(8)`, press `Ctrl+C`.",
        ),
        ("{{tlx|cite|name}} does it", "`{{cite|name}}` does it"),
        ("{{bc|1=# one\n* ''two''}}", "```\n# one\n* two\n```"),
        ("{{hc|/etc/x|2=\na = 1\n}}", "`/etc/x`\n\n```\na = 1\n```"),
        ("{{RootCmd|a|b|output=<pre>\nc\n</pre>}}", "```\na\nb\nc\n```"),
        ("{{FileBox|filename=/etc/y|lang=bash|1=\nA=1\n}}", "`/etc/y`\n\n```bash\nA=1\n```"),
        ("Before.\n{{Warning|It is hot.}}\nAfter.", "Before.\n\n> **Warning:** It is hot.\n\nAfter."),
        ("{{ubl|a|b}}\nand {{hlist|c|d}}", "- a\n- b\n\nand c, d"),
    ],
)
def test_what_many_wikis_share(wikitext: str, markdown: str) -> None:
    assert shown(wikitext) == markdown


@pytest.mark.parametrize(
    ("wikitext", "markdown"),
    [
        ("the {{grindstone|upper stone}} turns", "the upper stone turns"),
        ("the {{grindstone|en|upper stone}} turns", "the upper stone turns"),
        ("the {{grindstone|1=upper stone}} turns", "the upper stone turns"),
        ("under {{mill rule|85}} it", f"under {hole('template', 'mill rule')} it"),
        ("the {{grindstone}} turns", f"the {hole('template', 'grindstone')} turns"),
        ("the {{grindstone|size=3}} turns", f"the {hole('template', 'grindstone')} turns"),
        ("the stone{{doubtful claim|date=May 2020}} turns", "the stone turns"),
        ("Above.\n{{Mill facts\n| sails = 4\n| built = 1790\n}}\nBelow.", "Above.\n\nBelow."),
        (
            "Above.\n{{millbox|Never stop the mill by hand.}}\nBelow.",
            "Above.\n\nNever stop the mill by hand.\n\nBelow.",
        ),
        (
            "Above.\n{{Mill step\n| say = " + "Now open the gate " * 5 + "slowly.\n}}\nBelow.",
            f"Above.\n\n{hole('template', 'mill step')}\n\nBelow.",
        ),
        ("a{{sfn|Lee|1990}} b{{citation needed}}{{Use dmy dates}} c", "a b c"),
        ("in {{NOR}} and", "in NOR and"),
        ("it is {{#invoke:Mill|sails}} long", f"it is {hole('parser_function', '#invoke')} long"),
        ("it {{was never closed", "it {{was never closed"),
    ],
)
def test_a_template_that_nobody_knows_is_judged_by_its_shape(wikitext: str, markdown: str) -> None:
    assert "\n\n".join(shown(wikitext).split("\n\n")) == markdown


@pytest.mark.parametrize(
    ("wikitext", "markdown"),
    [
        ("* ''{{ABW}}'' (NED)\n* [[Isles|{{GGY}}]] (UK)", "- *ABW* (NED)\n- GGY (UK)"),
        ("a <span>{{grindstone}}</span> b", f"a {hole('template', 'grindstone')} b"),
        (
            "{|\n! A !! B\n|-\n| {{BEL}} || {{grindstone}}\n|}",
            f"| A | B |\n| --- | --- |\n| BEL | {hole('template', 'grindstone')} |",
        ),
        ("Above.\n<div>\n{{Mill facts|sails=4}}\n</div>\nBelow.", "Above.\n\nBelow."),
        ("learns {{move|Thunder punch}} and {{expand|all of it}}", "learns Thunder punch and all of it"),
        ("stays {{move|date=May}} {{user en-3}}here\n{{merge|Other page}}", "stays here"),
        (
            "of the {{sclass|Nimitz|carrier}}, says {{harvtxt|Lee|1990}}",
            "of the *Nimitz*-class carrier, says Lee (1990)",
        ),
        ("{{ISBN|978-1}} {{doi|10.1/x}}, as {{ping|Bob}} said", "ISBN 978-1 doi:10.1/x, as @Bob said"),
        ("at {{coord|30|12|N|74|7|W|name=x}}{{coord|1|N|2|E|display=title}}", "at 30°12′N 74°7′W"),
        ("at {{coord|30.5|-7|region:US}} and {{coord}}", f"at 30.5° -7° and {hole('template', 'coord')}"),
        (
            "since {{dts|2013|June|8}} {{start date|8|June|2013}} {{dts|June 2013}}",
            "since 8 June 2013 8 June 2013 June 2013",
        ),
        (
            "* {{cite book|last=Lee|first=Ann|title=Mills|year=1990|publisher=Grist}}<ref>{{cite web|title=no}}</ref>",
            "- Lee, Ann (1990). *Mills*. Grist",
        ),
        ("{{citation|title=Bran|work=Flour Today|date=May 2020}}", '"Bran". *Flour Today*. May 2020'),
        ("a {{cite quran|29|46}}", f"a {hole('template', 'cite quran')}"),
        ("{{respell|AZ|ər-by|JAHN|'}} {{IPAc-en|US|b|ɪ|,_|b|aɪ|-}}", "*AZ-ər-by-JAHN* US: /bɪ, baɪ-/"),
        (
            "{{ruby|漢|かん}} {{tsl|en|Mill|磨坊}} {{Tag|highway|footway}} {{tag|ref}}",
            "漢(かん) 磨坊 `highway=footway` `<ref>`",
        ),
        ("a {{clade|label1=X|1={{clade|1=A|2=B}}|2=C}}", "a X (A, B), C"),
        (
            "a <score>c' d'</score> <hiero>A1</hiero> <chem>H2SO4</chem>",
            f"a {hole('embed', 'score')} {hole('embed', 'hiero')} H₂SO₄",
        ),
        ('a <span style="display: none">007</span><span class="in-stock">b</span>', "a b"),
        (
            "read [[Media:Mill.pdf|the manual]] or [[Media:Mill.pdf]][[File:Mill.png|thumb|A mill]]",
            "read the manual or Mill.pdf",
        ),
        (
            "{{#if:{{#invoke:x}}|a|b}} {{#ifeq:a|{{#invoke:x}}|b|c}} {{uc:{{#invoke:x}}}}",
            " ".join(hole("parser_function", name) for name in ("#if", "#ifeq", "uc")),
        ),
        (
            "{{#expr:1 apples}}, {{#ifexpr:what|a|b}}, {{#expr:}}{{GENDER:Bob|he|she|they}}",
            f"{hole('parser_function', '#expr')}, {hole('parser_function', '#ifexpr')}, they",
        ),
    ],
)
def test_nothing_vanishes_from_within_a_line(wikitext: str, markdown: str) -> None:
    assert shown(wikitext) == markdown


@pytest.mark.parametrize(
    ("wikitext", "markdown"),
    [
        ("{{#if:x|yes|no}} {{#if: |yes|no}} {{#if:|yes}}", "yes no"),
        ("{{#ifeq:1.0|1|same|other}} {{#ifeq:a|b|same|other}}", "same other"),
        ("{{#switch:b|a=1|b|c=2|#default=3}} {{#switch:z|a=1|#default=3}} {{#switch:z|a=1|4}}", "2 3 4"),
        ("{{#expr:2+3*4^2}} {{#expr:7 mod 3}} {{#expr:10/4 round 0}} {{#expr:not 0 and 2>1}}", "50 1 3 1"),
        ("{{#ifexpr:1>2|a|b}} {{#ifexist:Mill|there|not}} {{#iferror:ok|bad}}", "b there ok"),
        ("{{lc:ABC}} {{uc:abc}} {{ucfirst:abc}} {{lcfirst:ABC}}", "abc ABC Abc aBC"),
        ("{{plural:1|sail|sails}} {{plural:2|sail|sails}} {{padleft:7|3|0}} {{padright:7|3}}", "sail sails 007 700"),
        ("{{PAGENAME}} {{SUBPAGENAME}} {{CURRENTYEAR}} {{CURRENTMONTHNAME}}", "Mill/Parts Parts 2024 March"),
        ("{{#tag:ref|no}}a {{#tag:code|b<c>}} {{DISPLAYTITLE:x}}{{DEFAULTSORT:y}}", "a `b<c>`"),
        ("{{#if:x|a=b}} {{#switch:x|x=p=q}}", "a=b p=q"),
        ("{{#if:<b>x</b>|{{#if:a>b|c}}}} <pre>{{#if:x|y}}</pre>", "c\n\n```\n{{#if:x|y}}\n```"),
        (
            "<code><nowiki>{{#if:x|y}}</nowiki></code> {{{size}}} {{{size|3}}}",
            f"`{{{{#if:x|y}}}}` {hole('placeholder', 'size')} 3",
        ),
    ],
)
def test_parser_functions_and_magic_words(wikitext: str, markdown: str) -> None:
    assert shown(wikitext) == markdown


@pytest.mark.parametrize("text", ["", "1 +", "(1", "1 / 0", "x", "1 2", "9^9^9^9", "((" * 400, "1" * 2000])
def test_what_is_no_expression_has_no_value(text: str) -> None:
    assert evaluate(text) is None


SOURCES = {
    "Sails": "{{#switch:{{{1|}}}|4=four|#default={{{1|no}}}}} sails<noinclude> are {{{1}}}</noinclude>",
    "Mill": (
        "<noinclude>{{doc}}</noinclude>"
        "<includeonly>The '''{{{name|{{PAGENAME}}}}}''' has {{Sails|{{{n|2}}}}}</includeonly>"
    ),
    "Wing": "#REDIRECT [[Template:Sails]]",
    "Part": "lost <onlyinclude>found</onlyinclude> lost <onlyinclude>again</onlyinclude>",
    "Loop": "{{loop}}",
    "Double": "{{{1}}}{{{1}}}",
    "Cmd": "<code>{{{1}}}</code>",
    "Shell": "<pre>\n$ {{{1}}}\n</pre>",
    "Convert": "{{#invoke:Convert|main}}",
    "Stone": "{{#invoke:Stone|name}}",
    "Ic": "<kbd>my {{{1}}}</kbd>",
    "IC": "other",
    "Table": '{| class="navbox"\n| {{{1}}} || x\n|-\n| a || b\n|}',
    "Blank": "<noinclude>Only for {{{1}}}</noinclude>",
    "Deep": "{{#if:x|" * 7 + "{{deep|{{{1}}} }}" + "}}" * 7,
    "Many": "{{many2}}{{many2}}{{many2}}{{many2}}{{many2}}{{many2}}{{many2}}{{many2}}{{many2}}{{many2}}",
    "Many2": "{{many3}}{{many3}}{{many3}}{{many3}}{{many3}}{{many3}}{{many3}}{{many3}}{{many3}}{{many3}}",
    "Many3": "{{many4}}{{many4}}{{many4}}{{many4}}{{many4}}{{many4}}{{many4}}{{many4}}{{many4}}{{many4}}",
    "Many4": "{{many5}}{{many5}}{{many5}}{{many5}}{{many5}}{{many5}}{{many5}}{{many5}}{{many5}}{{many5}}",
    "Many5": "{{sails|4}}{{sails|4}}{{sails|4}}{{sails|4}}{{sails|4}}{{sails|4}}{{sails|4}}{{sails|4}}",
    "Pair": "{{{b}}} before {{{a}}}",
    "Words": "The {{#invoke:Mill|name}} of {{{1}}}",
    "Shy": " <!-- says nothing --> ",
    "Wrap": "{{pair|a={{{1}}}|b=[{{{2}}}]}}",
}


@pytest.mark.parametrize(
    ("wikitext", "markdown"),
    [
        ("{{sails|4}}, {{Sails|5}}, {{Template:sails}}", "four sails, 5 sails, no sails"),
        (
            "{{mill}} and {{mill|name=Old mill|n=4}}",
            "The **Mill/Parts** has 2 sails and The **Old mill** has four sails",
        ),
        ("{{wing|3}} {{part}}", "3 sails foundagain"),
        ("{{cmd|a=b}} {{cmd|1=a=b <c> ''d''}}", "`{{{1}}}` `a=b <c> d`"),
        ("{{shell|1=ls {{!}} wc}}", "```\n$ ls | wc\n```"),
        ("{{convert|3|m}} of {{stone|fine grit}} and {{stone}}", "3 m of fine grit and " + hole("template", "stone")),
        ("{{ic|x}} {{IC|x}}", "`my x` other"),
        ("a {{blank|x}} b {{table|y}} {{shy|z}}", "a b"),
        ("a {{words|oak}}", f"a The {hole('parser_function', '#invoke')} of oak"),
        ("{{wrap|one|{{sails|4}}}}", "[four sails] before one"),
    ],
)
def test_the_source_of_a_template_says_it_best(wikitext: str, markdown: str) -> None:
    assert shown(wikitext, SOURCES) == markdown


@pytest.mark.parametrize(
    "wikitext",
    ["{{loop}}", "{{double|" * 28 + "x" * 100 + "}}" * 28, "{{loop|{{double|{{loop}}}}}}", "{{deep}}", "{{many}}"],
)
def test_a_bomb_of_templates_is_a_hole(wikitext: str) -> None:
    text = shown(f"Start. {wikitext} End.", SOURCES)
    assert kinds_in(text) and len(text) < 2_000_000 and text.startswith("Start.") and text.endswith("End.")


def test_a_page_carries_the_sources_that_it_uses(tmp_path: Path) -> None:
    """Templates may lie anywhere in a dump; those that nobody uses stay out of the page."""
    texts = [("Mills", 0, "A mill {{mill|n=4}}."), *((f"Template:{name}", 10, text) for name, text in SOURCES.items())]
    body = "".join(
        PAGE.format(title, space, number, escape(text)) for number, (title, space, text) in enumerate(texts, 1)
    )
    (tmp_path / "dump.xml").write_text(f"{HEAD}{body}</mediawiki>")
    source = MediaWiki(name="w", dump=tmp_path / "dump.xml", licence="CC0-1.0")
    (page,) = source.fetch(OFFLINE, None)
    assert (
        isinstance(page, Page) and b'"Mill": ' in page.body and b'"Sails": ' in page.body and b"Loop" not in page.body
    )
    (article,) = source.parse(page)
    assert isinstance(article, Article)
    assert article.sections[0].markdown == "A mill The **Mills** has four sails."


@pytest.mark.parametrize(
    ("wikitext", "markdown"),
    [
        (
            "<code>std::vector<int> v;</code> <code>map<string, vector<int>></code>",
            "`std::vector<int> v;` `map<string, vector<int>>`",
        ),
        ("<code>a<T>b</T></code> <code>f()</code> <code>x[]</code>", "`a<T>b</T>` `f()` `x[]`"),
        ("ssh <user>@host calls f() and <b>that</b><nowiki/>", "ssh <user>@host calls f() and **that**"),
        ("one<br>two<br/>\n\nthree", "one  \ntwo\n\nthree"),
        ("* one<br>two\n* three", "- one  \n  two\n- three"),
        ("{|\n! A !! B\n|-\n| 1<br>2 || <pre>\nx\ny\n</pre>\n|}", "| A | B |\n| --- | --- |\n| 1<br>2 | `x`<br>`y` |"),
        ("{|\n! A !! B\n|-\n| 1 ||\n* x\n* y\n|}", "| A | B |\n| --- | --- |\n| 1 | x<br>y |"),
        (
            "{|\n! A !! B\n|-\n| 1 || " + "long " * 200 + "\n|}",
            "| A | B |\n| --- | --- |\n| 1 | " + ("long " * 200).strip() + " |",
        ),
        ("{|\n| Only one cell that holds text.\n|}", "Only one cell that holds text."),
        ("== <code>f<T>()</code> ==\nIt runs.", "It runs."),
    ],
)
def test_code_breaks_and_cells_stay_whole(wikitext: str, markdown: str) -> None:
    assert shown(wikitext) == markdown


def test_code_in_a_heading_is_its_text() -> None:
    (section,) = render_sections("== Use <code>f<T>()</code> ==\nIt runs.")
    assert section.path == ("Use f<T>()",)


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        ("这是-{zh-hans:鼠标;zh-hant:滑鼠}-。", "这是鼠标。"),
        ("這是-{zh-cn:鼠标;zh-tw:滑鼠}-。", "這是滑鼠。"),
        ("这-{H|zh-cn:甲;zh-tw:乙}-是-{T|zh-cn:甲}-面", "这是面"),
        ("这是-{A|zh-cn:甲;zh-tw:乙;}-", "这是甲"),
        ("-{R|原文}- -{原文}- -{zh|x:y}-", "原文 原文 x:y"),
        ("<code>a -{x}- b</code> <math>-{x}-</math>", "<code>a -{x}- b</code> <math>-{x}-</math>"),
    ],
)
def test_a_text_in_two_scripts_is_brought_to_one(wikitext: str, text: str) -> None:
    assert one_script(wikitext) == text
