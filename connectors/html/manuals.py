"""Pages of manuals: whether a generator made a page, and parts of docutils, Asciidoctor and DocBook as plain HTML."""

import re2
from lxml import etree
from lxml.html import Element, HtmlElement

from connectors.html import api_manuals
from connectors.html.inline import write_anew
from connectors.html.tags import HEADINGS, WORDS

_GENERATOR = re2.compile(
    r"(?i)^\s*(?:sphinx|docutils|mkdocs|docusaurus|vitepress|vuepress|asciidoctor|asciidoc\b|docbook|doxygen|pandoc"
    r"|gitbook|honkit|mdbook|antora|makeinfo|(?:gnu )?texinfo|texi2|latexml|javadoc"
    r"|jsdoc|typedoc|pdoc|rustdoc|starlight|docfx|quarto"
    r"|bookdown|nbconvert|man2html|groff|mandoc|org[- ]mode|txt2tags|nikola|hexo|zola|mdx)"
)
_GENERATORS = etree.XPath("//meta[translate(@name, 'GENRATO', 'genrato')='generator']/@content")
_SEVERAL = 2
_SIGNS = ("", "#", "¶", "§", "🔗", "\uf0c1", "link", "permalink", "\u200b", "◆")
_LINE_BLOCKS = etree.XPath(".//div[contains(concat(' ', @class, ' '), ' line-block ')]")
_VERSES = etree.XPath(".//div[contains(concat(' ', @class, ' '), ' verseblock ')]/pre")
_CAPTION_NUMBERS = etree.XPath(".//div[contains(@class, 'code-block-caption')]/span[@class='caption-number']")
_TITLES = etree.XPath(
    ".//div[contains(concat(' ', @class, ' '), ' code-block-caption ')]"
    " | .//div[@class='title'][contains(../@class, 'block') or contains(../@class, 'list')]"
    "[following-sibling::*[1][self::ul or self::ol or self::dl or self::table or self::blockquote or @class='content']]"
    " | .//*[contains(@class, 'admonitionblock') or contains(@class, 'sidebarblock')]"
    "//*[@class='content']/div[@class='title']"
)
# Who wrote it and when, as Pandoc sets it below the title
_ABOUT = etree.XPath(".//header[@id='title-block-header']/p[@class='author' or @class='date']")
_PAIRS = etree.XPath(".//div[contains(@class, 'hdlist')]/table | .//table[@class='horizontal' or @class='params']")
_CALLOUTS = etree.XPath(".//div[contains(@class, 'colist') or contains(@class, 'calloutlist')]/table")
_QUOTATIONS = etree.XPath(".//table[contains(concat(' ', @class, ' '), ' blockquote ')]")
_QUESTIONS = etree.XPath(".//div[contains(@class, 'qandaset')]")
# One of them is in a class of all that is looked for
_NAMED = re2.compile(
    r"line-block|(?:verse|listing|literal|example|open|quote|stem|table|sidebar|admonition|image)block|[uod]list"
    r"|code-block-caption|colist|calloutlist|blockquote|horizontal|qandaset|params|(?m:^(?:author|date)$)"
)


def is_manual(page: HtmlElement) -> bool:
    """Whether a generator of manuals says that it made the page, or a heading links to itself, as theirs do."""
    return any(map(_GENERATOR.search, _GENERATORS(page))) or any(map(_leads_to_itself, page.iter(*HEADINGS)))


def frame(body: HtmlElement) -> HtmlElement | None:
    """The innermost element around all headings that link to themselves, of which there are several."""
    headings = [heading for heading in body.iter(*HEADINGS) if _leads_to_itself(heading)]
    if len(headings) < _SEVERAL:
        return None
    shared = set(headings[0].iterancestors())
    for heading in headings[1:]:
        shared &= set(heading.iterancestors())
    return next((each for each in headings[0].iterancestors() if each in shared), None)


def _leads_to_itself(heading: HtmlElement) -> bool:
    """Whether a sign in a heading, or all that it says, leads to it."""
    around = (heading, heading.getparent(), heading.getprevious(), *heading.iterdescendants())
    own = {each.get(name) for each in around if each is not None for name in ("id", "name")} - {None, ""}
    signs = {*_SIGNS, heading.text_content().strip().lower()}
    links = [link for link in heading.iter("a") if link.text_content().strip().lower() in signs]
    return any((link.get("href") or "").partition("#")[::2] in {("", name) for name in own} for link in links)


def write_parts(root: HtmlElement, named: str) -> None:
    """Change `root` in place. `named` are its `tags.names`."""
    if api_manuals.NAMED.search(named):
        api_manuals.write_api(root)
    if not _NAMED.search(named):
        return
    for find, write in _PARTS:
        for part in find(root):
            write(part)


def _drop(element: HtmlElement) -> None:
    element.drop_tree()


def _write_lines(block: HtmlElement) -> None:
    """Lines that stay lines, those of inner blocks too, as one paragraph."""
    if block.getparent() is None or block.tag == "p":
        return
    lines = [each for each in block.iter("div") if each.get("class") == "line"]
    tail = block.tail
    block[:] = lines
    block.tag, block.text, block.tail = "p", None, tail
    block.attrib.pop("class", None)
    for at, line in enumerate(lines):
        line.tail = None
        if at:
            line.addprevious(Element("br"))
        line.tag = "span"


def _break_lines(verse: HtmlElement) -> None:
    first, *rest = (verse.text_content() or "").strip("\n").split("\n")
    tail = verse.tail
    verse.clear()
    verse.tag, verse.text, verse.tail = "p", first, tail
    for line in rest:
        end = Element("br")
        end.tail = line
        verse.append(end)


def _write_title(title: HtmlElement) -> None:
    write_anew(title, "p", "strong", " ".join("".join(WORDS(title)).split()))


def _rows(table: HtmlElement) -> list[list[HtmlElement]]:
    return [list(row.iterchildren("td", "th")) for row in table.iter("tr")]


def _write_pairs(table: HtmlElement) -> None:
    """Terms and meanings side by side."""
    rows = _rows(table)
    if not rows or any(len(row) != 2 for row in rows):
        return
    cells = [cell for row in rows for cell in row]
    _become(table, "dl", cells)
    for at, cell in enumerate(cells):
        cell.tag = "dd" if at % 2 else "dt"
        cell.attrib.pop("class", None)
        for paragraph in list(cell.iterchildren("p")) if cell.tag == "dt" else ():
            paragraph.drop_tag()


def _write_list(table: HtmlElement) -> None:
    """What is said of numbered places in code."""
    cells = [row[-1] for row in _rows(table) if row]
    _become(table, "ol", cells)
    for cell in cells:
        cell.tag = "li"


def _write_quotation(table: HtmlElement) -> None:
    cells = [cell for row in _rows(table) for cell in row if cell.text_content().strip("\xa0 \n\ufffd")]
    _become(table, "blockquote", cells)
    for cell in cells:
        cell.tag = "div" if cell.find(".//*[@class='attribution']") is None else "p"


def _write_questions(questions: HtmlElement) -> None:
    """Each question in bold above its answer, without the numbers and the list of all at the top."""
    for listing in list(questions.iterchildren("dl")):
        if all(each.find("a") is not None for each in listing.iter("dt")):
            listing.drop_tree()
    for row in [row for row in questions.iter("tr") if row.get("class") in ("question", "answer")]:
        cells = list(row.iterchildren("td"))
        if row.get("class") == "question" and len(cells) > 1:
            for paragraph in list(cells[-1].iterchildren("p")):
                paragraph.tag = "strong"
        _become(row, "div", cells[-1:])
        for cell in cells[-1:]:
            cell.tag = "p" if row.get("class") == "question" else "div"
    for part in [each for each in questions.iter("table", "tbody") if each.find(".//div") is not None]:
        _become(part, "div", [each for each in part if each.tag != "colgroup"])


def _become(element: HtmlElement, tag: str, parts: list[HtmlElement]) -> None:
    tail = element.tail
    for part in parts:
        part.tail = None
    element[:] = parts
    element.tag, element.text, element.tail = tag, None, tail
    element.attrib.pop("class", None)


_PARTS = (
    (_ABOUT, _drop),
    (_LINE_BLOCKS, _write_lines),
    (_VERSES, _break_lines),
    (_CAPTION_NUMBERS, _drop),
    (_TITLES, _write_title),
    (_PAIRS, _write_pairs),
    (_CALLOUTS, _write_list),
    (_QUOTATIONS, _write_quotation),
    (_QUESTIONS, _write_questions),
)
