"""What the Markdown converter cannot know about a tree, done to the tree before it is converted."""

from urllib.parse import urldefrag, urljoin, urlsplit

import re2
from lxml import etree
from lxml.html import Element, HtmlElement

from connectors.html import code
from connectors.html.marks import Mark, Marks

_DROPPED = [
    "script",
    "style",
    "noscript",
    "template",
    "button",
    "input",
    "select",
    "textarea",
    "svg",
    "iframe",
    "object",
    "embed",
    "canvas",
    "audio",
    "video",
    "map",
    "link",
    "meta",
]
_UNWRAPPED = [
    "u",
    "mark",
    "ins",
    "font",
    "abbr",
    "cite",
    "small",
    "time",
    "bdi",
    "bdo",
    "dfn",
    "var",
    "span",
    "center",
    "big",
    "nobr",
    "wbr",
    "label",
    "form",
    "fieldset",
    "details",
    "main",
    "article",
    "section",
    "header",
    "footer",
    "figure",
    "hgroup",
    "picture",
    "o:p",
]
_BLOCKS = [
    "p",
    "div",
    "ul",
    "ol",
    "dl",
    "table",
    "pre",
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "section",
    "article",
    "figure",
]
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCK_PATH = etree.XPath(".//" + " | .//".join(_BLOCKS))
_PERMALINK = re2.compile(
    r"(?i)(?:^|\s)(headerlink|anchor-?link|permalink|header-anchor|hash-link|heading-anchor|anchorjs-link|mw-editsection|editsection|anchor)(?:\s|$)"
)
_SIGNS = {"", "#", "¶", "§", "🔗", "link", "permalink", "[link]", "\uf0c1", "[edit]"}
_SUBSCRIPTS = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_ORDINALS = {"st", "nd", "rd", "th", "er", "e", "o", "a", "tm", "®", "™"}


def prepare(root: HtmlElement, base_url: str, marks: Marks) -> None:
    """Change `root` in place."""
    _mark_code(root, marks)
    _drop_noise(root)
    _mark_headings(root, marks)
    _flatten_layout_tables(root)
    _definition_lists(root)
    _links(root, base_url)
    _images(root)
    _raised_and_lowered(root)


def _mark_code(root: HtmlElement, marks: Marks) -> None:
    for table in root.xpath(
        './/table[.//td//pre][.//td[contains(@class, "linenos") or contains(@class, "gutter") or contains(@class, "rouge-gutter")]]'
    ):
        blocks = table.xpath('.//td[not(contains(@class, "linenos") or contains(@class, "gutter"))]//pre')
        if len(blocks) == 1 and blocks[0] is not table:
            blocks[0].tail = table.tail
            blocks[0].set("data-lang", code.language(blocks[0]))
            table.getparent().replace(table, blocks[0])
    for block in root.xpath(".//pre | .//code[.//br][not(ancestor::pre)] | .//listing | .//xmp"):
        if block.getparent() is None or any(True for _ in block.iterancestors("pre")):
            continue
        text = code.source(block)
        if text:
            marks.put(block, Mark(fence(text, code.language(block))))
        else:
            block.drop_tree()


def fence(text: str, language: str) -> str:
    """A fenced block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re2.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _drop_noise(root: HtmlElement) -> None:
    for element in list(root.iter(*_DROPPED)):
        element.drop_tree()
    for element in root.xpath(".//a | .//span[contains(@class, 'editsection')]"):
        if _is_permalink(element):
            element.drop_tree()


def _is_permalink(element: HtmlElement) -> bool:
    text = (element.text_content() or "").strip()
    if element.tag == "a" and not text and not element.xpath(".//img"):
        return True
    if text.lower() in _SIGNS and (element.get("href") or "").startswith("#"):
        return True
    classes = element.get("class") or ""
    return bool(_PERMALINK.search(classes)) and (len(text) < 3 or "editsection" in classes or text.lower() in _SIGNS)


def _mark_headings(root: HtmlElement, marks: Marks) -> None:
    for heading in list(root.iter(*_HEADINGS)):
        text = inline_text(heading)
        if not text:
            heading.drop_tree()
        elif any(True for _ in heading.iterancestors("li", "td", "th", "dd", "dt", "blockquote")):
            _embolden(heading)
        else:
            _lift_out_of_links(heading)
            marks.put(heading, Mark(text, int(heading.tag[1]), anchor(heading)))


def _embolden(element: HtmlElement) -> None:
    text, tail = inline_text(element), element.tail
    element.clear()
    element.tag, element.tail = "p", tail
    etree.SubElement(element, "strong").text = text


def _lift_out_of_links(heading: HtmlElement) -> None:
    for link in list(heading.iterancestors("a")):
        link.tag = "div"
        link.attrib.pop("href", None)


def inline_text(element: HtmlElement) -> str:
    """Text on one line, inline code in backticks."""
    parts: list[str] = []
    for node in element.iter():
        ticks = "`" if node.tag in ("code", "tt") and not any(True for _ in node.iterancestors("code", "tt")) else ""
        if ticks:
            parts.append(f"`{' '.join((node.text_content() or '').split())}`")
        elif isinstance(node.tag, str) and not any(True for _ in node.iterancestors("code", "tt")):
            parts.append(node.text or "")
        if node is not element and not any(True for _ in node.iterancestors("code", "tt")):
            parts.append(node.tail or "")
    return " ".join("".join(parts).replace("¶", "").split())


def anchor(heading: HtmlElement) -> str:
    """The fragment that leads to a heading: its own id, one inside it, or its section's."""
    inside = heading.xpath("./@id | .//a/@name | .//*/@id")
    if inside:
        return str(inside[0])
    parent = heading.getparent()
    first = parent is not None and parent.xpath(
        "string(.//*[self::h1 or self::h2 or self::h3 or self::h4 or self::h5 or self::h6])"
    )
    if parent is not None and parent.get("id") and first == heading.text_content():
        return str(parent.get("id"))
    previous = heading.getprevious()
    return str(previous.get("name") or previous.get("id") or "") if previous is not None and previous.tag == "a" else ""


def _flatten_layout_tables(root: HtmlElement) -> None:
    """Tables that place blocks on the page, rather than hold data, become plain blocks."""
    for table in reversed(list(root.iter("table"))):
        if _is_layout(table):
            for part in list(table.iter("table", "tbody", "thead", "tfoot", "tr", "td", "th", "caption")):
                if not any(
                    inner is not table
                    for inner in part.iterancestors("table")
                    if inner is not table and table in inner.iterancestors()
                ):
                    part.tag = "div"
            for part in list(table.iter("colgroup", "col")):
                part.drop_tree()


def _is_layout(table: HtmlElement) -> bool:
    cells = table.xpath(".//td | .//th")
    if len(cells) <= 1 or table.get("role") == "presentation":
        return True
    if table.xpath("count(.//tr)") == 1 and not table.xpath(".//th"):
        return True
    blocks = ".//table | .//ul | .//ol | .//dl | .//blockquote | .//hr | .//p[2] | .//div[2] | .//p[starts-with(., '\ue000')]"
    return any(cell.xpath(blocks) for cell in cells)


def _definition_lists(root: HtmlElement) -> None:
    """A definition list becomes a list whose items begin with the terms; signatures of an API become paragraphs."""
    for listing in reversed(list(root.iter("dl"))):
        items: list[HtmlElement] = []
        for child in list(listing.iter("dt", "dd")):
            if next(child.iterancestors("dl"), None) is not listing:
                continue
            _add_definition(items, child)
        tail = listing.tail
        listing.clear()
        listing.tag, listing.tail = "ul", tail
        listing.extend(items)


def _add_definition(items: list[HtmlElement], child: HtmlElement) -> None:
    after_term = bool(items) and items[-1].get("open") == "1"
    if child.tag == "dt":
        child.tag, child.tail = "span", None
        if after_term:
            terms = items[-1][0]
            terms[-1].tail = ", "
            terms.append(child)
        else:
            item = Element("li", open="1")
            etree.SubElement(item, "p").append(child)
            items.append(item)
        return
    if not items:
        items.append(Element("li"))
    items[-1].attrib.pop("open", None)
    child.tag, child.tail = "div", None
    items[-1].append(child)


def _links(root: HtmlElement, base_url: str) -> None:
    for link in list(root.iter("a")):
        target = _target(link.get("href") or "", base_url)
        if not target or _BLOCK_PATH(link):
            link.tag = "div" if _BLOCK_PATH(link) else "span"
            link.attrib.clear()
        else:
            link.attrib.clear()
            link.set("href", target)


def _target(href: str, base_url: str) -> str:
    """The absolute address, or "" for a place on the same page and for what is no address."""
    try:
        url = urljoin(base_url, href.strip())
        scheme = urlsplit(url).scheme
    except ValueError:
        return ""
    if scheme not in ("http", "https", "ftp") or (base_url and urldefrag(url)[0] == urldefrag(base_url)[0]):
        return ""
    return url.replace(" ", "%20").replace("(", "%28").replace(")", "%29")


def _images(root: HtmlElement) -> None:
    """An image within a line of text is its alternative text; one that stands alone says nothing here."""
    for image in list(root.iter("img")):
        words = " ".join((image.get("alt") or "").split())
        inline = len(words) <= 40 and _stands_in_text(image)
        image.tail = (words if inline else "") + (image.tail or "")
        image.drop_tree()


def _stands_in_text(image: HtmlElement) -> bool:
    parent = image.getparent()
    if parent is None or parent.tag not in ("p", "li", "span", "em", "strong", "b", "i", "td", "dt"):
        return False
    before, previous = parent.text or "", image.getprevious()
    if previous is not None:
        before = previous.tail or ""
    return bool(before.strip() or (image.tail or "").strip())


def _raised_and_lowered(root: HtmlElement) -> None:
    for element in list(root.iter("sub", "sup")):
        text = " ".join((element.text_content() or "").split())
        if element.tag == "sup" and (element.xpath(".//a") or text.startswith("[")):
            element.drop_tree()  # a footnote's number
            continue
        tail = element.tail
        sign = "^" if element.tag == "sup" else "_"
        digits = _SUPERSCRIPTS if element.tag == "sup" else _SUBSCRIPTS
        element.clear()
        element.tag, element.tail = "span", tail
        element.text = _raise(text, sign, digits)


def _raise(text: str, sign: str, digits: dict[int, int]) -> str:
    if not text or text.lower() in _ORDINALS or len(text) > 40:
        return text
    if text.lstrip("+-").isdigit():
        return text.translate(digits)
    return f"{sign}{text}" if len(text) == 1 else f"{sign}({text})"
