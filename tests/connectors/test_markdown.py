"""Folders of Markdown in the dialects of their generators."""

from datetime import date
from pathlib import Path

import pytest

from connectors.markdown import Markdown
from connectors.markdown.front_matter import licence, split
from connectors.markdown.sections import served
from schemas.document import Article, Reject
from schemas.hole import hole
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

HERE = Path(__file__).parent / "markdown"


def read(text: str, base_url: str = "", key: str = "a/page.md") -> list[object]:
    connector = Markdown(name="guide", folder=HERE, base_url=base_url)
    return list(connector.parse(Page("guide", key, key, text.encode(), "text/markdown")))


def body(text: str, base_url: str = "") -> str:
    article = read(text, base_url)[-1]
    assert isinstance(article, Article)
    return "\n\n".join(section.markdown for section in article.sections)


CASES = {
    "admonition": ('!!! note "Mind"\n    Text.\n\nAfter.', "**Mind**\n\nText.\n\nAfter."),
    "untitled": ("!!! warning\n    Text.", "**Warning**\n\nText."),
    "folded": ('???+ tip "T"\n    Text.', "**T**\n\nText."),
    "tabs": ('=== "A"\n    One.\n=== "B"\n    Two.', "**A**\n\nOne.\n\n**B**\n\nTwo."),
    "blocks": ("/// tip | Title\n\nText.\n\n///\n\nAfter.", "**Title**\n\nText.\n\nAfter."),
    "tab blocks": ("//// tab | Windows\n\nOne.\n\n////", "**Windows**\n\nOne."),
    "colons": (":::tip\n\nText.\n\n:::", "**Tip**\n\nText."),
    "colons titled": (":::tip[Do it]\nText.\n:::", "**Do it**\n\nText."),
    "colons that a heading names": (
        "::: challenge\n## Do it\nHow?\n::: solution\n## Solution\nSo.\n:::\n:::",
        "How?\n\n**Solution**\n\nSo.",
    ),
    "colons in the middle of a section": (
        "Before.\n\n:::: challenge\n## Do it\n```\n:::\n```\n::: hint\nThink.\n:::\n::::\n\nAfter.\n\n## Next\n\nMore.",
        "Before.\n\nAfter.\n\n```\n:::\n```\n\n**Hint**\n\nThink.\n\nMore.",
    ),
    "colons before a subsection": (
        "## A\n::: challenge\n## Do it\nHow?\n:::\n### B\nMore.\n## C\nEnd.",
        "More.\n\nHow?\n\nEnd.",
    ),
    "colons about the lesson": ("::: objectives\n- Grind.\n:::\n::: questions\n- How?\n:::\nText.", "Text."),
    "colons never closed": ("A.\n\n::: challenge\n## Do it\nHow?\n\n## Next\n\nMore.", "A.\n\nHow?\n\nMore."),
    "long colons": ("::::::::: callout\n\nText.\n\n::::::::::::::", "**Callout**\n\nText."),
    "directive": ("```{note} Title\n:class: x\nText.\n```", "**Title**\n\nText."),
    "code directive": ("```{code-block} python\n:linenos:\nx = 1\n```", "```python\nx = 1\n```"),
    "alert": ("> [!NOTE]\n> Text.", "> **Note**\n>\n> Text."),
    "long attributes": ("![](a.svg){alt='" + 'a mill and a "stone" ' * 30 + "'}\n\nText.", "Text."),
    "kramdown": ("Text.\n{: .callout}", "Text."),
    "info string": (
        '```python hl_lines="1" title="a.py"\nx = {{ y }}\n::: no\n```',
        "```python\nx = {{ y }}\n::: no\n```",
    ),
    "painted console": (
        '```console\n$ <font color="#4E9A06">mill</font> on\n<span style="color: green;">INFO</span>:<b>\n```\n\n'
        "```html\n<b>\n```",
        "```console\n$ mill on\nINFO:\n```\n\n```html\n<b>\n```",
    ),
    "shortcode": ("A {{< ref >}}b {{% br %}}c.", "A b  \nc."),
    "code span": ("Write `{{ post }}`.", "Write `{{ post }}`."),
    "comment": ("A<!-- no\n\nno -->b.", "Ab."),
    "component": ("import X from 'x';\n\n<Card title='a'>\n\nText.\n\n</Card>", "**a**\n\nText."),
    "highlight": ("{% highlight ruby %}\nputs 1\n{% endhighlight %}", "```ruby\nputs 1\n```"),
    "raw": ("Write `{% raw %}${{ x }}{% endraw %}`.", "Write `${{ x }}`."),
    "role": ("{py:class}`~a.Mill` in {term}`hopper`.", "`Mill` in hopper."),
    "shortcode with text": ('A {{< tip-text text="Pod" >}} runs.', "A Pod runs."),
    "callout": ("> [!info]- Title\n> Text.", "> **Title**\n>\n> Text."),
    "wiki link": ("See [[Page|that page]].", "See that page."),
    "footnote": ("It says more[^1].\n\n[^1]: By millers.", "It says more (By millers)."),
    "indented code": ("Text:\n\n    ls <your-name>\n", "Text:\n\n```\nls <your-name>\n```"),
    "unknown shortcode": ("A {{< odd >}} b.", f"A {hole('shortcode', 'odd')} b."),
    "components of MDC": (
        "::card\n---\ntitle: Two\n---\n"
        'Grind[here](a.md){target="_blank"}.\n\n#footer\nRest.\n::\n\n::warning\nHot.\n::',
        "Grindhere.\n\nRest.\n\n**Warning**\n\nHot.",
    ),
    "two colons of a language": ("::std is a namespace.\n\n`::`", "::std is a namespace.\n\n`::`"),
    "inner link": ("See [that](other.md).", "See that."),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_dialects(text: str, expected: str) -> None:
    assert body(text) == expected


def test_links_lead_to_the_site() -> None:
    assert body("See [that](../b/index.md#x).", "https://guide.example/") == "See [that](https://guide.example/b/#x)."


def test_a_folder_is_read_with_what_it_includes() -> None:
    connector = Markdown(name="guide", folder=HERE, only=("guide",), base_url="https://guide.example/")
    pages = [page for page in connector.fetch(OFFLINE, None) if isinstance(page, Page)]
    assert [page.key for page in pages] == ["guide/draft.md", "guide/index.md", "guide/install.md", "guide/safety.mdx"]
    found = {page.key: list(connector.parse(page)) for page in pages}
    assert found["guide/draft.md"] == [Reject("guide/draft.md", "draft")]
    lacking, install = found["guide/install.md"]
    assert isinstance(lacking, Reject) and lacking.reason == "missing_include"
    assert isinstance(install, Article)
    assert (install.title, install.licence, install.tags) == ("Install the kiln", "CC-BY-4.0", ("kiln", "setup"))
    assert [section.path for section in install.sections] == [(), ("Wire it",)]
    assert install.sections[1].anchor == "wire"
    assert "```bash\nkiln --status\n```" in install.sections[0].markdown


def test_a_book_takes_in_lines_and_anchors(tmp_path: Path) -> None:
    (tmp_path / "mill.rs").write_text("a\n// ANCHOR: grind\nb\n// ANCHOR: deep\nc\n// ANCHOR_END: grind\nd\n")
    shown = (
        "{{#include mill.rs:1}}",
        "{{#rustdoc_include mill.rs:grind}}",
        "{{#playground mill.rs}}",
        "{{#include n.rs}}",
    )
    (tmp_path / "page.md").write_text("## Mills\n\n" + "\n\n".join(f"```rust\n{each}\n```" for each in shown))
    (page,) = [page for page in Markdown(name="x", folder=tmp_path).fetch(OFFLINE, None) if isinstance(page, Page)]
    lines, anchored, whole, lacking = page.body.decode().split("\n\n")[1:]
    assert lines == "```rust\na\n```"
    assert anchored == "```rust\nb\nc\n```"
    assert whole == "```rust\na\nb\nc\nd\n```"
    assert hole("include", "n.rs") in lacking


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("## Mills\n\nA.\n\n### Stones\n\nB.", "Mills"),
        ("## Mills\n\nA.\n\n## Stones\n\nB.", "page"),
        ("Before.\n\n## Mills\n\nA.", "page"),
    ],
)
def test_a_text_may_begin_with_its_title_on_the_second_level(text: str, title: str) -> None:
    article = read(text)[-1]
    assert isinstance(article, Article)
    assert article.title == title


@pytest.mark.parametrize(
    ("key", "text", "title"),
    [
        ("a.md", "---\nquestion: Why does the stone smell?\n---\n\nIt is wet.", "Why does the stone smell?"),
        ("a.md", "---\ntitle: Stones\nquestion: Why?\n---\n\nIt is wet.", "Stones"),
        ("017_wet-stones.md", "They smell.", "wet stones"),
        ("2024-05-01-wet-stones.md", "They smell.", "wet stones"),
        ("12-stones.md", "They smell.", "12 stones"),
        ("404.md", "Not there.", "404"),
        ("01-.md", "They smell.", "01 "),
    ],
)
def test_a_text_is_called_by_what_it_answers_or_its_file(key: str, text: str, title: str) -> None:
    article = read(text, key=key)[-1]
    assert isinstance(article, Article)
    assert article.title == title


def test_includes_stay_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("Hidden.")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.md").write_text("# A\n\n{!../secret.md!}\n")
    (tmp_path / "in" / "b.md").write_text("# B\n\n{* code.py ln[2:3] *}\n\n{!b.md!}")
    (tmp_path / "in" / "code.py").write_text("a\nb\nc\nd\n")
    pages = [page for page in Markdown(name="x", folder=tmp_path / "in").fetch(OFFLINE, None)]
    bodies = [page.body.decode() for page in pages if isinstance(page, Page)]
    assert "Hidden" not in bodies[0]
    assert "```py\nb\nc\n```" in bodies[1]


@pytest.mark.parametrize(
    ("head", "day"),
    [
        ("---\ndate: 2020-01-02\nlastmod: 2021-03-04\n---\n", 4),
        ("---\nlast_modified_at: 2021-03-05 10:00:00\n---\n", 5),
        ("---\nlast_update:\n  date: 2021-03-06\n  author: Jo\n---\n", 6),
        ("+++\nupdated = 2021-03-07\n+++\n", 7),
        ("---\ndate: 2022-01-02\nlastmod: 2021-03-04\n---\n", None),
        ("---\nlast_update: yesterday\n---\n", None),
    ],
)
def test_edits(tmp_path: Path, head: str, day: int | None) -> None:
    (tmp_path / "a.md").write_text(f"{head}# A\n\nText.\n")
    connector = Markdown(name="x", folder=tmp_path)
    (page,) = connector.fetch(OFFLINE, None)
    (found,) = connector.parse(page)  # type: ignore[arg-type]
    assert isinstance(found, Article)
    assert (found.edited_at and found.edited_at.date()) == (day and date(2021, 3, day))


@pytest.mark.parametrize(
    ("stated", "expected"),
    [("MIT", "MIT"), ("https://creativecommons.org/licenses/by-sa/4.0/", "CC-BY-SA-4.0"), ("all mine", "")],
)
def test_licences(stated: str, expected: str) -> None:
    assert licence({"license": stated}) == expected


@pytest.mark.parametrize(
    ("head", "language"),
    [
        ("lang: zh-CN", "zh-CN"),
        ("language: de", "de"),
        ("locale: pt_BR", "pt_BR"),
        ("lang: [en, de]", ""),
        ("lang: no", ""),
    ],
)
def test_front_matter_names_the_language(head: str, language: str) -> None:
    (article,) = read(f"---\n{head}\n---\n# Eggs\n\nBoil them.")
    assert isinstance(article, Article) and article.language == language


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("frying-pans.md", "frying pans"),
        ("docs/iron_pans/index.md", "iron pans"),
        ("docs/pots/README.md", "pots"),
        ("index.md", "index"),
    ],
)
def test_a_file_without_a_title_is_called_by_its_name_or_its_folders(key: str, title: str) -> None:
    page = Page("guide", key, key, b"Boil them for ten minutes.", "text/markdown")
    (article,) = Markdown(name="guide", folder=HERE).parse(page)
    assert isinstance(article, Article) and article.title == title


def test_front_matter_takes_no_bombs() -> None:
    assert split("---\na: &a [x]\nb: [*a, *a]\n---\nText.") == ({}, "Text.")
    assert split("---\n: : [\n---\nText.")[1] == "Text."
    assert split("No front matter.\n---\n") == ({}, "No front matter.\n---\n")


@pytest.mark.parametrize(
    ("path", "address"), [("a/b.md", "a/b/"), ("a/index.md", "a/"), ("README.md", ""), ("/x/_index.md", "/x/")]
)
def test_where_pages_are_served(path: str, address: str) -> None:
    assert served(path) == address


def test_real_folders(shared_data: Path) -> None:
    folder = shared_data / "knowledge_bases" / "owasp-cheatsheets"
    connector = Markdown(name="x", folder=folder)
    pages = [page for page in connector.fetch(OFFLINE, None) if isinstance(page, Page)]
    found = [item for page in pages[:40] for item in connector.parse(page)]
    assert sum(isinstance(item, Article) for item in found) >= 38


@pytest.mark.parametrize("codec", ["gb18030", "utf-16", "utf-8-sig"])
def test_a_file_and_what_it_includes_in_another_encoding(tmp_path: Path, codec: str) -> None:
    text = "石磨转得太快，面粉就会发热，味道也会变差。"
    (tmp_path / "part.md").write_text(f"{text}如果水位太低，我们只能等到下雨以后再开工。\n", codec)
    (tmp_path / "mill.md").write_text(f"# 磨坊\n\n{text}\n\n{{!part.md!}}\n", codec)
    connector = Markdown(name="mill", folder=tmp_path, only=(".",))
    pages = {page.key: page for page in connector.fetch(OFFLINE, None) if isinstance(page, Page)}
    whole = pages["mill.md"].body.decode()
    assert whole.count(text) == 2 and "如果水位太低" in whole


def test_a_summary_is_read_unless_it_only_lists_the_pages_of_its_book(tmp_path: Path) -> None:
    (tmp_path / "SUMMARY.md").write_text(
        "# Summary\n\n* [Start](start.md)\n  * [Stones](stones.md)\n\n---\n- [End](end.md)\n"
    )
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "summary.md").write_text(
        "# Summary\n\n- [Start](../start.md) turns the stone.\n\nKeep it dry.\n"
    )
    found = list(Markdown(name="m", folder=tmp_path).fetch(OFFLINE, None))
    assert [(item.key, type(item).__name__) for item in found] == [
        ("SUMMARY.md", "Reject"),
        ("part/summary.md", "Page"),
    ]
