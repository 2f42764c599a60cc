"""What cleaning takes away, and above all what it leaves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.normalise import clean, courtesies

CODE = "```python\nprint('Thanks in advance!')  # EDIT: ![x](y) [1]\n\n\n\nNext\n```"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("a\ud83d\ude00b", "a😀b"),
        ("a\ud83db", "ab"),
        ("a\x00b\x1b[0m", "ab[0m"),
        ("cafe\u0301", "café"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("user\u202egpj.exe", "usergpj.exe"),
        ("क\u200dष", "क\u200dष"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_text_becomes_valid_unicode(written: str, kept: str) -> None:
    assert clean.safe(written) == kept
    clean.safe(written).encode()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Look: ![a picture](x.png) here.", "Look:  here."),
        ("Heading[¶](#here)", "Heading"),
        ("First.\n\n[Next](b.html)\n\n[上一页](a.html)\n\nLast.", "First.\n\nLast."),
        ("True.[^1] Also this.[12] But a[1] and [text][1] stay.", "True. Also this. But a[1] and [text][1] stay."),
        ("Up to you.", "Up to you."),
        ("True.\n\n**[⬆ Back to Top](#contents)**", "True."),
        ("True.\n\n([↥ back to the top](#a))\n\n[回到目录 ↑](#b)", "True."),
        ("↑ shows the last line.\n\n⬆ stands for Shift.", "↑ shows the last line.\n\n⬆ stands for Shift."),
        ("See [https://a.test/b](https://a.test/b).", "See https://a.test/b."),
        ("See [a.test](https://a.test/b).", "See [a.test](https://a.test/b)."),
        (f"[Run it](https://a.test/#{'x' * 200}).", "Run it."),
        ("Text size\n\nFlour fell.\n\nRead more", "Flour fell."),
        ("更多\n\n面粉。", "面粉。"),
        ("Text size is set there.", "Text size is set there."),
        ("- print\n- home", "- print\n- home"),
        ("[closed] is a word here", "[closed] is a word here"),
        (CODE, CODE),
        ("Before.\n\n" + CODE + "\n\nAfter.", "Before.\n\n" + CODE + "\n\nAfter."),
    ],
)
def test_marks_of_the_site_go_and_code_stays(written: str, kept: str) -> None:
    assert clean.prose(written) == kept


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("How to boil eggs? [closed]", "How to boil eggs?"),
        ("Boil   eggs\n[Duplicate]", "Boil eggs"),
        ("[SOLVED] Boil eggs", "Boil eggs"),
        ("【已解决】如何煮鸡蛋", "如何煮鸡蛋"),
        ("What does [closed] mean?", "What does [closed] mean?"),
    ],
)
def test_titles_lose_the_state_of_the_thread(title: str, kept: str) -> None:
    assert clean.title(title) == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Hi all,\nHow do I boil eggs?\n\nThanks in advance!", "How do I boil eggs?"),
        ("Hello there! I boil eggs. Any help would be appreciated.\n\nCheers,\nBob", "I boil eggs."),
        ("Hi Ann,\n\nuse water.", "use water."),
        ("As Bob said above, use water.", "Use water."),
        ("To expand on Bob Miller's answer; use water.", "Use water."),
        ("Welcome to the forums! :slight_smile:\n\nUse water.", "Use water."),
        ("Welcome to the forum where millers meet.", "Welcome to the forum where millers meet."),
        ("@bob, use water.", "use water."),
        ("Use water.\n\nEDIT: and salt.", "Use water.\n\nand salt."),
        ("Use water. Hope this helps!\n\n– Tim", "Use water."),
        ("Use water.\n\nI hope that I have helped. Good luck!", "Use water."),
        ("Use water.\n\n- Salt\n- Pepper", "Use water.\n\n- Salt\n- Pepper"),
        ("Thanks to the heat, water boils.", "Thanks to the heat, water boils."),
        ("Best is to use water.", "Best is to use water."),
        ("Hi-res pictures need memory.", "Hi-res pictures need memory."),
        ("As water boils above 100 °C, wait.", "As water boils above 100 °C, wait."),
        ("大家好，鸡蛋怎么煮？谢谢大家！", "鸡蛋怎么煮？"),
        ("正如楼上所说，用水煮。希望对你有帮助。", "用水煮。"),
        ("感谢节是什么时候？", "感谢节是什么时候？"),
        ("Hallo zusammen,\nnimm Wasser.\n\nViele Grüße", "nimm Wasser."),
        ("Bonjour à tous, prenez de l'eau. Merci d'avance !", "prenez de l'eau."),
        ("Hola. Usa agua. Espero que te sirva.", "Usa agua."),
        ("Olá, use água. Obrigado!", "use água."),
        ("Ciao, usa acqua. Grazie mille", "usa acqua."),
        ("Привет всем! Берите воду. Надеюсь, это поможет.", "Берите воду."),
        ("こんにちは。水を使います。よろしくお願いします。", "水を使います。"),
        ("안녕하세요. 물을 쓰세요. 감사합니다.", "물을 쓰세요."),
        ("Use water. Hope it helps 🍻", "Use water."),
        ("Ciao è un saluto.", "Ciao è un saluto."),
        ("Hola es una palabra.", "Hola es una palabra."),
        ("Thank you!", ""),
        (CODE, CODE),
        (CODE + "\n\nHope this helps.", CODE),
    ],
)
def test_courtesies_go_and_everything_else_stays(written: str, kept: str) -> None:
    assert courtesies.remove_courtesies(written) == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("[ul][li] Shell `[b]x[/b]`.[/li]\n[li] Batch.[/li][/ul]\n\nEnd.", "- Shell `[b]x[/b]`.\n- Batch.\n\nEnd."),
        ("[LIST=1]\n[*]Grind\n[*]Sift\n[/LIST]", "- Grind\n- Sift"),
        ("[size=85]Mind[/size] the [b]stone[/b], [color=#f00][i]red[/i][/color].", "Mind the **stone**, *red*."),
        (
            "See [url=http://m.test/a]this[/url] and [url]http://m.test[/url].",
            "See [this](http://m.test/a) and http://m.test.",
        ),
        ('[quote="Ann"]How?\nWhy?[/quote]\nSo.', "> How?\n> Why?\n\nSo."),
        ("x[i] = y[b]; z[i] [/turned] off", "x[i] = y[b]; z[i] [/turned] off"),
        ("[code]a[0] = b[/code]\n\n```\n[b]x[/b]\n```", "[code]a[0] = b[/code]\n\n```\n[b]x[/b]\n```"),
    ],
)
def test_bbcode_becomes_markdown_and_code_stays(written: str, kept: str) -> None:
    assert courtesies.remove_courtesies(written) == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Do this. The steps are as follows:", "Do this."),
        ("先烧水。步骤如下：", "先烧水。"),
        ("Do this:\n\n- boil", "Do this:\n\n- boil"),
        ("As follows:", ""),
        ("A line\nof text that ends here:", "A line"),
        ("Boil water.\n\nFootnotes", "Boil water."),
        ("把水烧开。\n\n**脚注**", "把水烧开。"),
        ("Read the footnotes", "Read the footnotes"),
    ],
)
def test_what_announces_nothing_is_dropped(written: str, kept: str) -> None:
    assert clean.finished(written) == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("one\ntwo\n\nthree", "one two\n\nthree"),
        ("中文\n继续", "中文继续"),
        ("中文\nword", "中文 word"),
        ("- one\n  more\n- two", "- one more\n- two"),
        ("| a | b |\n| - | - |\n| 1 | 2 |", "| a | b |\n| - | - |\n| 1 | 2 |"),
        ("> quote\n> more", "> quote\n> more"),
        ("break  \nhere", "break  \nhere"),
        ("$$\nx\n$$", "$$\nx\n$$"),
    ],
)
def test_paragraphs_become_lines_and_lists_stay_lists(written: str, kept: str) -> None:
    assert clean.unwrapped(written) == kept


def test_a_link_or_a_page_at_what_is_no_address_costs_nothing() -> None:
    written = "On docs.test: [home](https://docs.test/), [a](https://[shortcode), [b](https://x]y/)."
    kept = "On docs.test: home, [a](https://[shortcode), [b](https://x]y/)."
    assert clean.article(written, "https://docs.test/a.html") == kept
    assert clean.article(written, "http://[") == written


def test_links_within_the_site_become_words() -> None:
    written = "See [`re`](https://docs.test/re.html#x) and [RFC](https://rfc.test/1) and [f](https://docs.test/f_(x))."
    assert clean.article(written, "https://docs.test/a.html") == "See `re` and [RFC](https://rfc.test/1) and f."


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("如何安装 Git？", True),
        ("Git のインストール方法", False),
        ("How do you say 你好", False),
        ("", False),
        ("안녕하세요", False),
    ],
)
def test_who_reads_chinese(text: str, chinese: bool) -> None:
    assert clean.is_chinese(text) is chinese


@pytest.mark.parametrize(
    "attack",
    [
        *("```" * 50_000, "[" * 200_000, "Thanks " * 30_000, "![" * 100_000, "> " * 100_000, "\n" * 200_000),
        *("[quote]" * 30_000 + "[/quote]", "[b][/i]" * 30_000, "[li]" * 50_000 + "[/li]"),
    ],
)
def test_hostile_text_takes_linear_time(attack: str) -> None:
    courtesies.remove_courtesies(attack)
    clean.finished(clean.article(attack, "https://docs.test/"))


LITERAL = (
    "`[^0-9]`",
    "``a `[1]` b``",
    "`m.groups()[0] + 1`",
    "`![alt](src)` and `[link](url)`",
    "<code>vector<int>[1]</code>",
    "$x[1] + y_{[edit](z)}$",
    "\\(a[^1]\\)",
)
LITERAL_BLOCKS = (
    "```py\nx = rows()[0]  # ![a](b) [edit](c)\n\n\n\nprint('Thanks!')\n```",
    "Run:\n\n    mill[^1] --stop\n    Thanks!",
    "> ```\n> x = rows()[0]\n> [Next](b.html)\n> ```",
    "| a | b |\n| - | - |\n| `[^0-9]` | ![x](y) f()[0] |",
    "$$\n[Next](b)\nx[^1]\n$$",
    "- item:\n\n  ~~~\n  [Next](b.html)\n  ~~~",
    "<pre>\n[link](x) [^1]\n</pre>",
)
AROUND = (
    "Hi all,",
    "Grind it.[^1]",
    "[Next](b.html)",
    "Look: ![a picture](x.png)",
    "see this [link](http://a.test) for more.",
    "## Heading [¶](#a)",
    "- one\n- two",
    "> said before",
    "a stray ` backtick",
    "$5 and \\$6",
    "EDIT: more",
    "Hope this helps!",
    "[b]bold[/b] and [url=http://x.test]x[/url]",
    "Last updated on Monday",
)


@given(st.lists(st.sampled_from(AROUND + LITERAL_BLOCKS + tuple(f"Use {one} here." for one in LITERAL)), max_size=7))
@settings(max_examples=150)
def test_code_tables_and_formulas_come_out_byte_for_byte_and_cleaning_twice_is_cleaning_once(parts: list[str]) -> None:
    written = "\n\n".join(parts)
    for cleaned in (clean.prose, courtesies.remove_courtesies, lambda text: clean.article(text, "https://docs.test/")):
        once = cleaned(written)
        assert cleaned(once) == once
        for literal in (*LITERAL_BLOCKS, *LITERAL):
            assert once.count(literal) == written.count(literal), literal


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("see this [link](http://a.test/x) for more", "see this [link](http://a.test/x) for more"),
        ("## Setup [link](#setup)\n\nText.", "## Setup\n\nText."),
        ("[edit](http://a.test/e)\n\nText.", "Text."),
        ("@media is a rule of CSS.", "@media is a rule of CSS."),
        ("@angular/core exports it.", "@angular/core exports it."),
        ("@Ann use water.", "use water."),
        ("@annabel use water.", "@annabel use water."),
        ("Use it.\n\nEdit: fixed a typo", "Use it."),
        ("Use it.\n\nEdit: fixed the mill by hand", "Use it.\n\nfixed the mill by hand"),
        ("One ```x``` here.[^1]\n\nThanks!", "One ```x``` here."),
        ("- a ` stray\n- `x[0]`, and.[1]", "- a ` stray\n- `x[0]`, and."),
        ("Hi all,\nHello there! Hi Bob,\nuse water.", "use water."),
    ],
)
def test_words_of_a_sentence_stay(written: str, kept: str) -> None:
    assert courtesies.remove_courtesies(written, {"Ann Miller", "Bob"}) == kept


def test_an_announcement_in_code_is_code() -> None:
    written = "So:\n\n    if x:\n    else:"
    assert clean.finished(written) == written


@pytest.mark.parametrize(
    "foot",
    [
        "---\n\n[ << ]\n\n[ < ]\n\n[ Up ]\n\n\u00a0\n\n[Contents]\n\n[ ? ]",
        "This document was generated on *May 1, 2023* using [*texi2any*](https://texinfo.test/).",
    ],
)
def test_what_generators_of_manuals_write_below_a_page_goes(foot: str) -> None:
    assert clean.article(f"Flour is fine.\n\n{foot}", "https://mill.test/") == "Flour is fine."
    assert (
        clean.article("The file was generated.\n\nPress [Top] twice.", "")
        == "The file was generated.\n\nPress [Top] twice."
    )
