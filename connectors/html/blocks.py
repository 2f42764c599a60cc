"""Tables that are layout, and definition lists, as blocks that Markdown has."""

from lxml.html import Element, HtmlElement

from connectors.html.spans import repeat_spanned
from connectors.html.tags import BLOCK_PATH

_BLOCKS_IN_CELL = (
    ".//table | .//ul | .//ol | .//dl | .//blockquote | .//hr | .//p[2] | .//div[2] | .//p[starts-with(., '\ue000')]"
)
# what a line of a table cannot hold
_NOT_ON_A_LINE = (
    ".//table | .//hr | .//blockquote | .//dl | .//*[self::ul or self::ol]//*[self::ul or self::ol] | .//li[9]"
)
# Rows and cells of a table that was taken for its words, as the body of a post is
_WITHOUT_TABLE = (
    ".//*[self::tbody or self::thead or self::tfoot or self::tr or self::td or self::th or self::caption]"
    "[not(ancestor::table)]"
)
_CELL = 400  # characters that a cell with lists or paragraphs may have in a table of data
_NAME = 80  # characters of what a row is about
_FEWEST, _LINE = 3, 160  # cells of a line, its characters


def flatten_layout_tables(root: HtmlElement) -> None:
    """Tables that place blocks on the page, rather than hold data, become plain blocks. In a table of data short lists
    and paragraphs stand on the cell's one line, parted by `<br>`."""
    for table in reversed(list(root.iter("table"))):
        _drop_empty_columns(table)
        if _is_layout(table):
            _flatten(table)
        else:
            repeat_spanned(table)
            for item in table.xpath(".//li/p[not(preceding-sibling::*)]"):
                item.drop_tag()
            for cell in table.iter("td", "th"):
                _drop_last_breaks(cell)
    for part in root.xpath(_WITHOUT_TABLE):
        part.tag = "div"


def _drop_empty_columns(table: HtmlElement) -> None:
    """Columns that only keep others apart, where no cell spans several."""
    rows = [row.xpath("./td | ./th") for row in table.xpath(".//tr")]
    plain = len({len(row) for row in rows}) == 1 and len(rows) > 1
    if not plain or table.xpath(".//table | .//*[@colspan or @rowspan] | .//th"):
        return
    for column in zip(*rows, strict=True):
        if not any(cell.text_content().strip() or cell.xpath(".//img") for cell in column):
            for cell in column:
                cell.drop_tree()


def _drop_last_breaks(cell: HtmlElement) -> None:
    while len(cell) and cell[-1].tag == "br" and not (cell[-1].tail or "").strip():
        cell[-1].drop_tree()


def _flatten(table: HtmlElement) -> None:
    if _is_line(table):
        _write_line(table)
        return
    inside = table.iter("tbody", "thead", "tfoot", "tr", "td", "th", "caption", "colgroup", "col")
    own = [part for part in inside if next(part.iterancestors("table"), None) is table]
    for part in (table, *own):
        part.tag = "div"


def _is_line(table: HtmlElement) -> bool:
    """Whether a table of one row lines up the words of a line, as Doxygen does with the signature of a function."""
    cells = table.xpath(".//td | .//th")
    short = len(cells) >= _FEWEST and len(_said(table)) <= _LINE and table.xpath("count(.//tr)") == 1
    return short and not BLOCK_PATH(table.xpath(".//tr")[0]) and not table.xpath(".//img")


def _write_line(table: HtmlElement) -> None:
    cells, tail = table.xpath(".//td | .//th"), table.tail
    for cell in cells:
        cell.tag, cell.tail = "span", " "
        if cell.text:
            cell.text = cell.text.strip("\xa0")
    table.clear()
    table.tag, table.tail = "p", tail
    table.extend(cells)


def _is_layout(table: HtmlElement) -> bool:
    cells = table.xpath(".//td | .//th")
    if len(cells) <= 1 or table.get("role") == "presentation":
        return True
    if table.xpath("count(.//tr)") == 1 and not table.xpath(".//th"):
        return True
    if table.xpath("count(ancestor::blockquote) > 0 and not(.//tr[count(td | th) > 1])"):
        return True  # an epigraph of DocBook, in a column
    with_blocks = [cell for cell in cells if cell.xpath(_BLOCKS_IN_CELL)]
    if not with_blocks:
        return False
    return not _names_its_rows(table) or any(map(_needs_lines, with_blocks))


def _names_its_rows(table: HtmlElement) -> bool:
    """Whether a head names the columns, or each row begins with a short name, and has something beside it."""
    if table.xpath("count(.//thead//th) > 1"):
        return True
    rows = [row.xpath("./td | ./th") for row in table.iter("tr")]
    return len(rows) > 1 and all(
        len(row) > 1 and len(_said(row[0])) <= _NAME and not row[0].xpath(_BLOCKS_IN_CELL) for row in rows
    )


def _needs_lines(cell: HtmlElement) -> bool:
    return len(_said(cell)) > _CELL or "\ue000" in cell.text_content() or bool(cell.xpath(_NOT_ON_A_LINE))


def _said(cell: HtmlElement) -> str:
    return " ".join(cell.text_content().split())


def flatten_definition_lists(root: HtmlElement) -> None:
    """A definition list becomes a list whose items begin with the terms; signatures of an API become paragraphs."""
    for listing in reversed(list(root.iter("dl"))):
        own = [each for each in listing.iter("dt", "dd") if next(each.iterancestors("dl"), None) is listing]
        if not own or "code" in (listing.get("class") or "").split():
            for each in (listing, *own):  # of a file of DokuWiki: its name, and what it holds
                each.tag = "p" if each.tag == "dt" else "div"
            continue
        items: list[HtmlElement] = []
        for child in _in_order(listing, set(own)):
            _add_definition(items, child)
        tail = listing.tail
        listing.clear()
        listing.tag, listing.tail = "ul", tail
        listing.extend(items)


def _in_order(listing: HtmlElement, own: set[HtmlElement]) -> list[HtmlElement]:
    """Terms and meanings, and what else stands straight in the list, text too: that belongs to the term before it."""
    found = [_said_in_dd(listing.text)]
    for child in [each for each in listing if isinstance(each.tag, str)]:
        tail, child.tail = child.tail, None
        if child in own:
            nested = (each for each in child.iterdescendants("dt", "dd") if each in own)  # the one around is not closed
            found += [child, *(part for each in nested for part in (each, _said_in_dd(each.tail)))]
        elif any(each in own for each in child.iter("dt", "dd")):
            found += _in_order(child, own)
        elif child.text_content().strip():
            around = Element("dd")
            child.addprevious(around)
            around.append(child)
            found.append(around)
        found.append(_said_in_dd(tail))
    return [each for each in found if each is not None]


def _said_in_dd(text: str | None) -> HtmlElement | None:
    """Text without a place of its own as a meaning."""
    if not (text or "").strip():
        return None
    around = Element("dd")
    around.text = text
    return around


def _add_definition(items: list[HtmlElement], child: HtmlElement) -> None:
    is_open = bool(items) and items[-1].get("open") == "1"
    if child.tag == "dt":
        _trim_term(child)
        if is_open:
            terms = items[-1][0]
            terms[-1].tail = ", "
            terms.append(child)
        else:
            item = Element("li", open="1")
            item.append(Element("p"))
            item[0].append(child)
            items.append(item)
        return
    if not items:
        items.append(Element("li"))
    item = items[-1]
    item.attrib.pop("open", None)
    child.tag, child.tail = "div", None
    if is_open and len(item) == 1 and _is_short(child):
        _say_inline(item[0], child)
    else:
        item.append(child)


def _trim_term(term: HtmlElement) -> None:
    """A term without blanks at its ends; a bare option of a command is code."""
    text = " ".join(term.text_content().split())
    term.tag, term.tail = "span", None
    if text.startswith("-") and "\ue000" not in text and not term.xpath(".//code | .//a[@href]"):
        term.clear()
        term.tag = "code"
        term.text = text
        return
    term.text = (term.text or "").lstrip()
    if len(term):
        term[-1].tail = (term[-1].tail or "").rstrip()
    else:
        term.text = term.text.rstrip()


def _is_short(definition: HtmlElement) -> bool:
    """One paragraph and nothing else, so that it can stand in its term's line."""
    blocks = BLOCK_PATH(definition)
    alone = len(blocks) == 0 or (len(blocks) == 1 and blocks[0].tag == "p" and not (definition.text or "").strip())
    return alone and "\ue000" not in definition.text_content()


def _say_inline(terms: HtmlElement, definition: HtmlElement) -> None:
    ended = terms.text_content().rstrip()[-1:] in (":", "：", "?", "？", ".")
    terms[-1].tail = " " if ended else ": "
    for paragraph in list(definition.iter("p")):
        paragraph.drop_tag()
    definition.tag = "span"
    terms.append(definition)
