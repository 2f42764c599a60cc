"""What the Markdown converter cannot know about a tree, done to the tree before it is converted."""

import re2
from lxml import etree
from lxml.html import Element, HtmlElement

from connectors.html import callouts, code
from connectors.html.accordions import unfold
from connectors.html.blocks import flatten_definition_lists, flatten_layout_tables
from connectors.html.code_labels import take_label
from connectors.html.counts import drop_counts
from connectors.html.embeds import write_embeds
from connectors.html.escapes import escape_text
from connectors.html.inline import (
    drop_silent,
    write_anew,
    write_buttons,
    write_checks,
    write_images,
    write_links,
    write_raised_and_lowered,
)
from connectors.html.listings import write_listings
from connectors.html.manuals import write_parts
from connectors.html.marks import Mark, Marks
from connectors.html.tabs import show_tabs
from connectors.html.tags import HEADINGS, MUTE

_WIDE = r"([\x{3000}-\x{30ff}\x{3400}-\x{9fff}\x{ff00}-\x{ff60}])"
_WIDE_LINE_END = re2.compile(_WIDE + r"[ \t]*\n\s*" + _WIDE)
_AFTER_WIDE = re2.compile(r"([，。；：！？、]) (\p{Han})")
_PERMALINK = re2.compile(
    r"(?i)(?:^|\s)(headerlink|anchor-?link|permalink|header-anchor|hash-link|heading-anchor|anchorjs-link"
    r"|mw-editsection|editsection|anchor)(?:\s|$)"
)
_SIGNS = {"", "#", "¶", "§", "🔗", "link", "permalink", "[link]", "\uf0c1", "◆", "[edit]"}
# from a footnote to where it is called
_WAYS_BACK = {sign + form for sign in ("↩", "↵", "⏎", "↑", "^", "⬆", "⤴", "↖") for form in ("", "\ufe0e", "\ufe0f")}
_SIGNS_OR_BACK = _SIGNS | _WAYS_BACK | {"more...", "more…", "top"}
# What stands beside the cells of a notebook, and signs that only a screen reader says
_PROMPTS = etree.XPath(
    ".//*[self::div or self::span]"
    "[contains(@class, 'rompt') or contains(@class, 'sr-only') or contains(@class, 'screen-reader')]"
)
_PROMPT = re2.compile(r"^(?:(?:In|Out)\s*\[[\s\d*]*\]:?|[\pS\pP\s]*)$")
_INVISIBLE = " \t\r\n\xa0\u200b\u200c\u200d\u2060"
_TERM_ENDS = f"{_INVISIBLE}:：,"  # what stands between a term and its meaning
QUOTE = "\ue002"  # a line of its own before a quotation, which else runs into the one above it
_NUMBERED_LINES = etree.XPath('.//table[.//td//pre][.//td[contains(@class, "linenos") or contains(@class, "gutter")]]')
_CODE = etree.XPath(".//pre | .//code[.//br][not(ancestor::pre)] | .//listing | .//xmp")
_LINKS = etree.XPath(".//a | .//span[contains(@class, 'editsection')]")


def prepare(root: HtmlElement, base_url: str, marks: Marks, named: str) -> None:
    """Change `root` in place. `named` are its `tags.names`."""
    write_parts(root, named)
    write_listings(root, named)
    drop_counts(root)
    _mark_code(root, marks)
    unfold(root)
    show_tabs(root, named)
    write_embeds(root, named)
    _drop_noise(root)
    _join_lines(root)
    escape_text(root)
    _nest_lists(root)
    _open_lists(root)
    _mark_headings(root, marks)
    for title in (*callouts.title_lines(root), *callouts.titles_in_tables(root)):
        _embolden(title)
    flatten_layout_tables(root)
    flatten_definition_lists(root)
    write_raised_and_lowered(root)
    write_links(root, base_url)
    pictured = [row for row in root.iter("tr") if next(row.iter("img"), None) is not None]
    write_images(root)
    _drop_empty_links(root)
    _drop_empty_tables(root, pictured)
    _part_quotations(root)
    for item in list(root.iter("li")):
        if not item.text_content().strip(_TERM_ENDS):
            item.drop_tree()


def _drop_empty_tables(root: HtmlElement, pictured: list[HtmlElement]) -> None:
    """Rows that held only pictures, and tables that say nothing, or nothing more than their head."""
    around = {row: next(row.iterancestors("table"), None) for row in pictured if not row.text_content().strip()}
    for row in around:
        row.drop_tree()
    for table in list(root.iter("table")):
        cells = table.iter("th", "td") if table not in around.values() else table.iter("td")
        if table.getparent() is not None and not any(cell.text_content().strip() for cell in cells):
            table.drop_tree()


def _nest_lists(root: HtmlElement) -> None:
    """A list that stands straight in a list belongs to the item before it."""
    for inner in [each for each in root.iter("ul", "ol") if each is not root and each.getparent().tag in ("ul", "ol")]:
        item = inner.getprevious()
        if item is not None and item.tag == "li":
            after, inner.tail = inner.tail, None
            item.append(inner)
            item.tail = (item.tail or "") + (after or "")
        else:
            wrapper = Element("li")
            inner.addprevious(wrapper)
            wrapper.append(inner)


def _open_lists(root: HtmlElement) -> None:
    """A list of which every item begins with a heading is a frame of sections, as Javadoc's are."""
    for frame in list(root.iter("ul")):
        items = [each for each in frame if each.tag == "li"]
        if items and len(items) == len(frame) and all(_begins_with_heading(item) for item in items):
            for each in (frame, *items):
                each.tag = "div"


def _begins_with_heading(item: HtmlElement) -> bool:
    for each in item.iter():
        if each.tag in HEADINGS:
            return bool(item.text_content().strip() != each.text_content().strip())
        if (each.text or "").strip() or (each is not item and (each.tail or "").strip()):
            return False
    return False


_WRAPPERS = ("div", "section", "article", "main", "span")


def _part_quotations(root: HtmlElement) -> None:
    for quotation in list(root.iter("blockquote")):
        first, parent = quotation, quotation.getparent()
        while parent.tag in _WRAPPERS and parent is not root and not _follows(first):
            first, parent = parent, parent.getparent()
        if _follows(first):
            line = Element("p")
            line.text = QUOTE
            quotation.addprevious(line)


def _follows(element: HtmlElement) -> bool:
    """Whether anything stands before `element` in its parent."""
    return element.getprevious() is not None or bool((element.getparent().text or "").strip())


def _mark_code(root: HtmlElement, marks: Marks) -> None:
    for table in _NUMBERED_LINES(root) if root.find(".//table") is not None else ():
        blocks = table.xpath('.//td[not(contains(@class, "linenos") or contains(@class, "gutter"))]//pre')
        if len(blocks) == 1 and blocks[0] is not table:
            blocks[0].tail = table.tail
            blocks[0].set("data-lang", code.language(blocks[0]))
            table.getparent().replace(table, blocks[0])
    for block in _CODE(root):
        if block.getparent() is None or any(True for _ in block.iterancestors("pre")):
            continue
        text = code.source(block)
        if text and "\n" not in text and any(True for _ in block.iterancestors("td", "th")):
            _as_inline_code(block, text)
        elif text:
            language = take_label(block, code.language(block))
            marks.put(block, Mark(fence(text, language)))
        else:
            block.drop_tree()


def _as_inline_code(block: HtmlElement, text: str) -> None:
    tail = block.tail
    block.clear()
    block.tag, block.text, block.tail = "code", text, tail


def fence(text: str, language: str) -> str:
    """A fenced block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re2.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _drop_noise(root: HtmlElement) -> None:
    write_buttons(root)
    write_checks(root)
    for element in list(root.iter("script", *MUTE)):
        element.drop_tree()
    for element in _PROMPTS(root):
        if _PROMPT.match(element.text_content().strip()):
            drop_silent(element)
    for element in _LINKS(root):
        if element.getparent() is not None and _is_permalink(element):
            _hand_over_name(element)
            drop_silent(element)


def _hand_over_name(link: HtmlElement) -> None:
    """The name of an empty link is that of the heading it stands in."""
    name, parent = link.get("id") or link.get("name"), link.getparent()
    if name and parent.tag in HEADINGS and not parent.get("id"):
        parent.set("id", name)


def _join_lines(root: HtmlElement) -> None:
    """A line end in HTML is a space, and in Chinese and Japanese nothing."""
    for element in root.iter():
        text, tail = element.text, element.tail
        if text and "\n" in text:
            element.text = _on_one_line(text)
        if tail and "\n" in tail:
            element.tail = _on_one_line(tail)
        if text and " " in text and not text.isascii():  # where a generator has made a space of a line end
            element.text = _AFTER_WIDE.sub(r"\1\2", element.text)


def _on_one_line(text: str) -> str:
    if not text.isascii():
        text = _WIDE_LINE_END.sub(r"\1\2", text)
    first, *rest = text.split("\n")
    if not rest:
        return text
    *inner, last = (line.lstrip(" \t\r\f") for line in rest)
    return " ".join([*(line.rstrip(" \t") for line in (first, *filter(None, inner))), last])


def _is_permalink(element: HtmlElement) -> bool:
    text = (element.text_content() or "").strip()
    if element.tag == "a" and not text and not element.xpath(".//img"):
        return True
    if text.lower() in _SIGNS_OR_BACK and (element.get("href") or "").startswith("#"):
        return True
    classes = element.get("class") or ""
    return bool(classes and _PERMALINK.search(classes)) and (
        len(text) < 3 or "editsection" in classes or text.lower() in _SIGNS
    )


def _drop_empty_links(root: HtmlElement) -> None:
    """Links of pictures and icons that said nothing."""
    for link in list(root.iter("a")):
        if not link.text_content().strip(_INVISIBLE) and link.getparent() is not None:
            drop_silent(link)


def _mark_headings(root: HtmlElement, marks: Marks) -> None:
    of_boxes = callouts.titles(root)
    for heading in list(root.iter(*HEADINGS)):
        text = inline_text(heading)
        if heading.getparent() is None:  # it went with the heading that it stood in
            continue
        if not text:
            heading.drop_tree()
        elif heading in of_boxes or any(
            True for _ in heading.iterancestors("li", "td", "th", "dd", "dt", "blockquote")
        ):
            _embolden(heading)
        else:
            _lift_out_of_links(heading)
            marks.put(heading, Mark(" ".join(marks.restore(text).split()), int(heading.tag[1]), anchor(heading)))


def _embolden(element: HtmlElement) -> None:
    write_anew(element, "p", "strong", inline_text(element))


def _lift_out_of_links(heading: HtmlElement) -> None:
    for link in list(heading.iterancestors("a")):
        link.tag = "div"
        link.attrib.pop("href", None)


def inline_text(element: HtmlElement) -> str:
    """Text on one line, inline code in backticks."""
    said = list[str]()
    walk = etree.iterwalk(element, events=("start", "end"))  # lists in a heading are nested deeper than calls may be
    for event, part in walk:
        if event == "end":
            said.append((part.tail or "") if part is not element else "")
        elif part.tag in ("code", "tt"):
            said.append(f"`{' '.join((part.text_content() or '').split())}`")
            walk.skip_subtree()
        else:
            said.append(" " if part.tag == "br" else part.text or "")
    return " ".join("".join(said).replace("¶", "").split())


def anchor(heading: HtmlElement) -> str:
    """The fragment that leads to a heading: its own id, one inside it, or its section's."""
    inside = heading.xpath("./@id | .//a/@name | .//*/@id")
    if inside:
        return str(inside[0])
    parent = heading.getparent()
    if parent is not None and parent.get("id") and next(parent.iter(*HEADINGS), None) is heading:
        return str(parent.get("id"))
    previous = heading.getprevious()
    return str(previous.get("name") or previous.get("id") or "") if previous is not None and previous.tag == "a" else ""
