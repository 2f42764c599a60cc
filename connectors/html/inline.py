"""Links, images and small raised print as Markdown writes them."""

from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from connectors.html.tags import BLOCK_PATH, INLINE

_SUBSCRIPTS = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
# What is raised and links is a note's number up to the first length; what is longer than the second is small print
_NOTE, _PRINT = 12, 40
_BUTTON = 40  # characters of a button that a sentence names
_PARTS = "|·•/,"  # what stands between buttons in a row
_BRACKETS = frozenset(("()", "[]", "{}", "（）", "【】", "「」", "『』", "［］", "〔〕"))
_ORDINALS = {"st", "nd", "rd", "th", "er", "e", "o", "a", "tm", "®", "™"}


def write_links(root: HtmlElement, base_url: str) -> None:
    for link in list(root.iter("a")):
        target, holds_blocks = _target(link.get("href") or "", base_url), len(link) > 0 and bool(BLOCK_PATH(link))
        if not target or holds_blocks:
            link.tag = "div" if holds_blocks else "span"
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


def write_images(root: HtmlElement) -> None:
    """An image within a line of text is its alternative text; one that stands alone says nothing here."""
    for image in list(root.iter("img")):
        words = " ".join((image.get("alt") or "").split())
        inline = len(words) <= 40 and _stands_in_text(image)
        if words and inline:
            image.tail = words + (image.tail or "")
            image.drop_tree()
        else:
            drop_silent(image)


def write_anew(element: HtmlElement, tag: str, inner: str, text: str) -> None:
    """Make `element` a `tag` that holds nothing but an `inner` with `text`."""
    tail = element.tail
    element.clear()
    element.tag, element.tail = tag, tail
    etree.SubElement(element, inner).text = text


def drop_silent(element: HtmlElement) -> None:
    """Take away what says nothing, with the brackets around it and the wrappers that held nothing else."""
    parent = element.getparent()
    while len(parent) == 1 and parent.tag in INLINE and not _says(parent.text, element.tail, parent.get("id")):
        if parent.text or element.tail:
            parent.tail = f" {parent.tail or ''}"
        element, parent = parent, parent.getparent()
    previous = element.getprevious()
    before, after = (parent.text if previous is None else previous.tail) or "", element.tail or ""
    opened, closed = before.rstrip(), after.lstrip()
    if opened and closed[:1] and opened[-1] + closed[0] in _BRACKETS:
        before, element.tail = opened[:-1], closed[1:]
        if previous is None:
            parent.text = before
        else:
            previous.tail = before
    element.drop_tree()


def _says(*texts: str | None) -> bool:
    return any((text or "").strip() for text in texts)


def _stands_in_text(image: HtmlElement) -> bool:
    parent = image.getparent()
    if parent is None or parent.tag not in ("p", "li", "span", "em", "strong", "b", "i", "td", "dt"):
        return False
    before, previous = parent.text or "", image.getprevious()
    if previous is not None:
        before = previous.tail or ""
    return bool(before.strip() or (image.tail or "").strip())


def write_raised_and_lowered(root: HtmlElement) -> None:
    for element in list(root.iter("sub", "sup")):
        text = " ".join((element.text_content() or "").split())
        links = next(element.iter("a"), None) is not None
        if len(text) > _PRINT or (links and len(text) > _NOTE and not text.startswith("[")):
            element.drop_tag()
            continue
        if element.tag == "sup" and (links or text.startswith("[")):
            element.drop_tree()  # a footnote's number
            continue
        tail = element.tail
        sign = "^" if element.tag == "sup" else "_"
        digits = _SUPERSCRIPTS if element.tag == "sup" else _SUBSCRIPTS
        element.clear()
        element.tag, element.tail = "span", tail
        element.text = _raise(text, sign, digits)


def _raise(text: str, sign: str, digits: dict[int, int]) -> str:
    if not text or text.lower() in _ORDINALS:
        return text
    if text.lstrip("+-").isdigit():
        return text.translate(digits)
    return f"{sign}{text}" if len(text) == 1 else f"{sign}({text})"


def write_buttons(root: HtmlElement) -> None:
    """The word of a button in a sentence, which tells what to press, is text; all other buttons are controls."""
    for button in list(root.iter("button")):
        words = " ".join(button.text_content().split())
        if 0 < len(words) <= _BUTTON and _goes_on(button.tail) and _said_before(button):
            tail = button.tail
            button.clear()
            button.tag, button.text, button.tail = "span", words, tail


def write_checks(root: HtmlElement) -> None:
    """The boxes of a list of tasks, which nobody can tick: what is done is told from what is not."""
    for box in list(root.iter("input")):
        if box.get("type") == "checkbox" and box.get("disabled") is not None and _is_of_item(box):
            box.tag, box.text = "span", "[ ] " if box.get("checked") is None else "[x] "
            box.tail = (box.tail or "").lstrip()
    for box in root.xpath(".//li//*[@role='checkbox'][@aria-checked]"):
        sign = "[x] " if box.attrib.pop("aria-checked") == "true" else "[ ] "
        box.text = f"{sign}{box.text or ''}"
    for item in root.iter("li"):
        if item.attrib.pop("data-inline-task-id", None):  # Confluence's have no boxes
            sign = "[x]" if "checked" in (item.get("class") or "").split() else "[ ]"
            item.text = f"{sign} {item.text or ''}"


def _is_of_item(element: HtmlElement) -> bool:
    return next(element.iterancestors("li"), None) is not None


def _goes_on(text: str | None) -> bool:
    return any(not sign.isspace() and sign not in _PARTS for sign in text or "")


def _said_before(element: HtmlElement) -> bool:
    """Whether the line that `element` stands in has begun, in words."""
    before = element.getprevious()
    text = (before.tail if before is not None else element.getparent().text) or ""
    inline = before is not None and before.tag in INLINE and not text.strip()
    return any(map(str.isalpha, before.text_content() if inline else text))
