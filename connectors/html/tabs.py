"""Tabs: a page shows one panel and hides the others. To a reader of text each is a part below its label."""

import re2
from lxml.html import Element, HtmlElement

from connectors.html.tags import HEADINGS
from schemas.hole import hole

_GROUPS = (
    ".//*[@role='tablist'] | .//*[contains(concat(' ', @class, ' '), ' nav-tabs ')]"
    " | .//*[contains(concat(' ', @class, ' '), ' tabbed-labels ')] | .//*[contains(concat(' '"
    ", @class, ' '), ' tabs-nav ')]"
    " | .//*[contains(concat(' ', @class, ' '), ' ui-tabs-nav ')] | .//*[contains(concat(' '"
    ", @class, ' '), ' tab-links ')]"
    " | .//*[button[contains(@class, 'tablink')]] | .//*[contains(@class, 'code-group')]/div[label]"
)  # fmt: skip
_LABELS = ".//*[@role='tab'] | .//a[starts-with(@href, '#')] | .//label | .//button"
_LABEL_BESIDE = ".//label[contains(@class, 'tab-label') or starts-with(@for, '__tabbed_')]"
_PANEL = re2.compile(r"(?:^|[\s_-])(?:tab-?pane|tab-?panel|tab-?content|tab|tabbed-?block|tabbed-?content)(?:$|[\s_-])")
_NAMED = re2.compile(r"['\"]([\w:.-]+)['\"]")
_LONGEST = 80  # characters of a label


def show_tabs(root: HtmlElement, named: str) -> None:
    """Each panel shown, below its label; the labels' own list goes. An empty panel leaves a hole.

    `named` are the `tags.names` of `root`.
    """
    if "tab" not in named.lower():
        return
    by_id = {each.get("id"): each for each in root.xpath(".//*[@id]")}
    for label in root.xpath(_LABEL_BESIDE):
        panel = label.getnext()
        if panel is not None and _PANEL.search(panel.get("class") or ""):
            _show(panel, _text(label))
            label.drop_tree()
    for group in root.xpath(_GROUPS):
        _show_group(group, by_id)


def _show_group(group: HtmlElement, by_id: dict[str, HtmlElement]) -> None:
    labels = _outermost(group.xpath(_LABELS))
    if group.getparent() is None or not labels:
        return
    panels = [by_id.get(_target(label)) for label in labels]
    if not any(panel is not None for panel in panels):
        panels = list(_panels_after(group))
    if len(panels) != len(labels) or any(panel is None for panel in panels):
        return
    for label, panel in zip(labels, panels, strict=True):
        if panel is not None and panel not in group.iterancestors():
            _show(panel, _text(label))
    group.drop_tree()


def _outermost(labels: list[HtmlElement]) -> list[HtmlElement]:
    tabs = [label for label in labels if label.get("role") == "tab"] or labels
    found = set(tabs)
    return [label for label in tabs if found.isdisjoint(label.iterancestors())]


def _target(label: HtmlElement) -> str:
    """The id of the panel that a label shows; of a link around or inside it, if need be."""
    for each in (label, *label.iterdescendants("a"), *(parent for parent in label.iterancestors("a", "li"))):
        stated = each.get("aria-controls") or each.get("data-bs-target") or each.get("data-target") or ""
        href = each.get("href") or ""
        stated = stated or (href if href.startswith("#") else "")
        called = _NAMED.findall(each.get("onclick") or "")
        if stated.strip("#").strip() or called:
            return stated.strip().lstrip("#") or str(called[-1])
    return ""


def _panels_after(group: HtmlElement) -> list[HtmlElement]:
    """The panels that follow a list of labels, or stand in what follows it."""
    around = group
    for _ in range(3):
        following = list(around.itersiblings())
        panels = [each for each in following if _is_panel(each)]
        inner = [child for each in following for child in each if _is_panel(child)]
        if inner or panels:
            return inner or panels
        parent = around.getparent()
        if parent is None:
            break
        around = parent
    return []


def _is_panel(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str):
        return False
    in_group = element.tag == "div" and (element.getparent().get("class") or "") == "blocks"
    return in_group or element.get("role") == "tabpanel" or bool(_PANEL.search(element.get("class") or ""))


def _show(panel: HtmlElement, label: str) -> None:
    panel.attrib.pop("hidden", None)
    panel.attrib.pop("style", None)
    panel.attrib.pop("aria-hidden", None)
    empty = not panel.text_content().strip() and not panel.xpath(".//img")
    if label and len(label) <= _LONGEST and not _repeats(panel, label):
        line, strong = Element("p"), Element("strong")
        strong.text = label
        line.set("role", "heading")
        line.append(strong)
        line.tail, panel.text = panel.text, None
        panel.insert(0, line)
    if empty:
        line = Element("p")
        line.text = hole("tab", label)
        panel.append(line)


def _repeats(panel: HtmlElement, label: str) -> bool:
    first = next(panel.iter(*HEADINGS), None)
    return first is not None and _text(first) == label


def _text(element: HtmlElement) -> str:
    return " ".join((element.text_content() or "").split())
