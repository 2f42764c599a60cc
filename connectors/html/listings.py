"""Code that a page shows without `pre`: tables and frames of lines, with or without numbers, become a `pre`."""

import re2
from lxml import etree
from lxml.html import Element, HtmlElement

from connectors.html.code import is_noise, language

# What holds a listing, and what in it is one line
_FRAMES = (
    (
        ".//*[contains(concat(' ', @class, ' '), ' syntaxhighlighter ')]",
        ".//*[@class and contains(concat(' ', @class, ' '), ' line ')][not(ancestor::*[contains(@class, 'gutter')])]",
    ),
    (".//*[contains(@class, 'dp-highlighter')]", ".//ol/li"),
    (".//*[contains(@class, 'crayon-syntax')]", ".//*[contains(concat(' ', @class, ' '), ' crayon-line ')]"),
    (
        ".//*[contains(concat(' ', @class, ' '), ' urvanov-syntax-highlighter-syntax ')]",
        ".//*[contains(concat(' ', @class, ' '), ' urvanov-syntax-highlighter-line ')]",
    ),
    (".//*[contains(concat(' ', @class, ' '), ' enlighter-default ')]", ".//pre[contains(@class, 'enlighter-raw')]"),
    (".//*[contains(concat(' ', @class, ' '), ' blockcode ')]", ".//ol/li"),
    (".//div[@class='fragment']", "./div[@class='line']"),  # Doxygen
)  # fmt: skip
# Cells that are lines of a file
_LINE_CELL = (
    "td[contains(@class, 'blob-code') or contains(@class, 'js-file-line') or contains(@class, 'hljs-ln-code')"
    " or contains(@class, 'lines-code') or contains(@class, 'line-content') or contains(@class, 'code-line')]"
)
_BOXES = (
    ".//*[contains(concat(' ', @class, ' '), ' w3-code ')][not(.//pre)]"
    " | .//*[contains(translate(@style, ' ', ''), 'white-space:pre')]"
    "[contains(@style, 'mono') or contains(@style, 'ourier') or contains(@style, 'onsolas')"
    " or contains(@style, 'enlo')]"
    "[not(self::pre) and not(ancestor-or-self::code) and not(.//pre) and (.//br or .//div or contains(., '\n'))]"
)
_CODE_BOXES = ".//dl[contains(concat(' ', @class, ' '), ' codebox ')]"
_NAMED = re2.compile(
    r"(?i)syntax-?highlighter|dp-highlighter|crayon-syntax|enlighter-|blockcode|fragment|codebox|w3-code|white-space\s*:\s*pre"
    r"|line-numbers|\blang\b"
)
# What stands beside a block and is no part of it: the numbers of its lines, and its language
_BESIDE = (
    ".//div[contains(@class, 'line-numbers')][following-sibling::pre or preceding-sibling::pre]"
    " | .//div[contains(@class, 'language-')][pre]/span[contains(concat(' ', @class, ' '), ' lang ')]"
)
_PARAGRAPHS = etree.XPath(".//p[code and br] | .//div[code and br]")
_UNSEEN_AREA = etree.XPath(
    "ancestor-or-self::*[@hidden or contains(translate(@style, ' ', ''), 'display:none')"
    " or contains(translate(@style, ' ', ''), 'visibility:hidden')]"
)
_NUMBERS = re2.compile(r"^\s*(?:\d+\.?\s+)*\d+\.?\s*$")


def write_listings(root: HtmlElement, named: str) -> None:
    """Change `root` in place. `named` are its `tags.names`."""
    if _NAMED.search(named):
        _write_frames(root)
    for area in list(root.iter("textarea")):
        _write_area(area)
    for table in list(root.iter("table")):
        _write_table(table)
    if root.find(".//code") is not None:
        for paragraph in _PARAGRAPHS(root):
            _write_paragraph(paragraph)


def _write_frames(root: HtmlElement) -> None:
    for frame_path, line_path in _FRAMES:
        for frame in root.xpath(frame_path):
            lines = frame.xpath(line_path)
            if lines and not any(True for _ in frame.iterancestors("pre")):
                _replace(frame, [_text(line) for line in lines], language(frame) or _brush(frame))
    for box in root.xpath(_CODE_BOXES):
        bodies = box.xpath("./dd//code | ./dd[not(.//code)]")
        if bodies and not box.xpath(".//pre"):
            _replace(box, [_text(bodies[0])], "")
    for beside in root.xpath(_BESIDE):
        if beside.tag == "span" or "".join(_text(beside).split()).isdecimal():
            beside.drop_tree()
    for box in root.xpath(_BOXES):
        if box.getparent() is not None and not any(True for _ in box.iterancestors("pre")):
            _replace(box, [_text(box)], language(box))


def _write_area(area: HtmlElement) -> None:
    """Code that a reader may change and run, as the examples of pkg.go.dev; a reader's own text has no lines yet, and
    in what is hidden, or is markup without a name that says code, a page keeps parts of itself for its scripts."""
    text = (area.text or "").strip("\n")
    lines = text.split("\n")
    is_code = "code" in (area.get("class") or "").lower()
    is_kept = bool(_UNSEEN_AREA(area)) or text.lstrip().startswith("<") or any(True for _ in area.iterancestors("form"))
    if len(lines) > 1 and (is_code or not is_kept):
        _replace(area, lines, language(area))


def _write_table(table: HtmlElement) -> None:
    """A table whose rows are the lines of a file, or whose first cell numbers the lines of the second."""
    if any(True for _ in table.iterancestors("pre")) or table.getparent() is None:
        return
    cells = table.xpath(f".//{_LINE_CELL}")
    if cells and not table.xpath(".//pre"):
        _replace(table, [_text(cell) for cell in cells], language(table))
        return
    rows = table.xpath("./tr | ./tbody/tr")
    pairs = [row.xpath("./td") for row in rows]
    if not rows or any(len(pair) != 2 for pair in pairs) or table.xpath(".//th | .//p"):
        return
    if len(rows) == 1 and _is_column_of_numbers(pairs[0][0]) and table.xpath("./*//td[2]//pre | ./*//td[2]//code"):
        pairs[0][0].drop_tree()
    elif len(rows) > 1 and _are_lines(pairs):
        _replace(table, [_text(line) for _, line in pairs], language(table))


def _is_column_of_numbers(cell: HtmlElement) -> bool:
    text = _text(cell)
    return "\n" in text.strip() and bool(_NUMBERS.match(text))


def _are_lines(pairs: list[list[HtmlElement]]) -> bool:
    """Whether first cells count up by one, as text or as an attribute, and second cells are code."""
    numbers = [(pair[0].get("data-line-number") or pair[0].text_content()).strip() for pair in pairs]
    if not all(number.isdecimal() and len(number) < 7 for number in numbers):
        return False
    counted = [int(number) - place for place, number in enumerate(numbers)]
    coded = sum(bool(line.xpath(".//code | .//span")) or "code" in (line.get("class") or "") for _, line in pairs)
    return len(set(counted)) == 1 and 2 * coded >= len(pairs)


def _write_paragraph(paragraph: HtmlElement) -> None:
    """Lines of code, each an element of its own: nothing but `code` and line breaks, two of them at least."""
    parts = list(paragraph)
    tails = "".join([paragraph.text or "", *(part.tail or "" for part in parts)])
    codes = [part for part in parts if part.tag == "code"]
    if tails.strip() or len(codes) < 2 or any(part.tag not in ("code", "br") for part in parts):
        return
    lines = [""]
    for part in parts:
        if part.tag == "br":
            lines.append("")
        else:
            lines[-1] += _text(part)
    _replace(paragraph, lines, language(codes[0]))


def _brush(frame: HtmlElement) -> str:
    """SyntaxHighlighter and Crayon name a language by a class of its own: `syntaxhighlighter java`."""
    words = [word for word in (frame.get("class") or "").split() if word.isalnum() and word.islower()]
    return words[1] if len(words) == 2 and words[0] == "syntaxhighlighter" else ""


def _text(element: HtmlElement) -> str:
    """Text with its line breaks, without line numbers and buttons."""
    said: list[str] = [] if element.tag == "br" else [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and child.tag not in ("script", "style") and not is_noise(child):
            said.append("\n" if child.tag == "br" else _text(child))
            said += ["\n"] if child.tag in ("div", "p", "li") and child.getnext() is not None else []
        said.append(child.tail or "")
    return "".join(said).replace("\u00a0", " ")


def _replace(element: HtmlElement, lines: list[str], name: str) -> None:
    block = Element("pre")
    block.text = "\n".join(line.rstrip("\r\n") for line in lines)
    if name:
        block.set("data-lang", name)
    block.tail = element.tail
    parent = element.getparent()
    if parent is not None:
        parent.replace(element, block)
