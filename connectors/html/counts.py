"""Numbers that a page writes where HTML counts by itself: of the lines of code, and of the items of a list."""

from lxml.html import HtmlElement

_FEWEST = 2  # lines


def drop_counts(root: HtmlElement) -> None:
    """Change `root` in place."""
    for numbers in list(root.iter("ul", "ol")):
        items = [item for item in numbers if item.tag == "li"]
        counted = all(_says(item, place) for place, item in enumerate(items, 1))
        if len(items) >= _FEWEST and counted and _is_beside_code(numbers, len(items)):
            numbers.drop_tree()
    for items in root.iter("ol"):
        for place, item in enumerate((each for each in items if each.tag == "li"), _start(items)):
            _drop_number(item, place)


def _is_beside_code(numbers: HtmlElement, count: int) -> bool:
    """Whether a block of so many lines stands right before or after: a list of numbers alone may be what is meant."""
    beside = (numbers.getprevious(), numbers.getnext())
    return any(each is not None and each.tag == "pre" and _lines(each) == count for each in beside)


def _lines(block: HtmlElement) -> int:
    return len(str(block.text_content()).strip("\n").split("\n"))


def _start(items: HtmlElement) -> int:
    """The number of a list's first item, as a browser reads it."""
    stated = (items.get("start") or "").strip()
    return int(stated) if stated.isascii() and stated.removeprefix("-").isdecimal() and len(stated) < 10 else 1


def _says(element: HtmlElement, number: int) -> bool:
    return bool(element.text_content().strip(" \t\r\n.") == str(number))


def _drop_number(item: HtmlElement, place: int) -> None:
    """A number that stands in an element of its own before what the item says."""
    if len(item) < 2 or (item.text or "").strip() or (item[0].tail or "").strip():
        return
    if _says(item[0], place):
        item[0].drop_tree()
