"""Numbers that a page writes where HTML counts by itself: of the lines of code, and of the items of a list."""

from lxml.html import HtmlElement

_FEWEST = 2  # items: a list of one number may be a list


def drop_counts(root: HtmlElement) -> None:
    """Change `root` in place."""
    for numbers in list(root.iter("ul", "ol")):
        items = [item for item in numbers if item.tag == "li"]
        if len(items) >= _FEWEST and all(_says(item, place) for place, item in enumerate(items, 1)):
            numbers.drop_tree()
    for items in root.iter("ol"):
        for place, item in enumerate((each for each in items if each.tag == "li"), int(items.get("start") or 1)):
            _drop_number(item, place)


def _says(element: HtmlElement, number: int) -> bool:
    return bool(element.text_content().strip(" \t\r\n.") == str(number))


def _drop_number(item: HtmlElement, place: int) -> None:
    """A number that stands in an element of its own before what the item says."""
    if len(item) < 2 or (item.text or "").strip() or (item[0].tail or "").strip():
        return
    if _says(item[0], place):
        item[0].drop_tree()
