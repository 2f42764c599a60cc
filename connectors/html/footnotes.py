"""Footnotes of a page: each stands where it is called, and not below the last section, which they are not about.

As in Markdown, a short one stands in brackets behind the words that call it, a long one below their paragraph. A note
is told by links both ways, so lists of references that have a heading of their own stay below it.
"""

from collections.abc import Mapping

import re2
from lxml import etree
from lxml.html import HtmlElement

from connectors.html.tags import HEADINGS

LONGEST = 300  # characters of a note that stands in brackets

_NUMBER = re2.compile(r"^[\[(]?(?:\d{1,3}|[a-z]|[*†‡§¶]{1,3})[\])]?$")
_HAN = re2.compile(r"\p{Han}")
_BRACKETS = re2.compile(r"^[\[\]().:\s]*$")
# LaTeXML's notes, and those of pages in the manner of Tufte
_IN_MARGIN = etree.XPath(
    ".//span[contains(concat(' ', @class, ' '), ' ltx_note ') or contains(concat(' ', @class, ' '), ' sidenote ')"
    " or contains(concat(' ', @class, ' '), ' marginnote ')]"
)
_NOTES = ("li", "div", "aside", "dd", "p", "td")
_PLACES = ("p", "li", "dd", "td", "th", "blockquote", *HEADINGS)
_PARTS = ("p", "pre", "ul", "ol", "table", "blockquote", "dl", "div")


def bring_home(root: HtmlElement) -> None:
    """Change `root` in place."""
    for note in _IN_MARGIN(root):
        _write_in_brackets(note)
    calls = [link for link in root.iter("a") if _target(link) and _NUMBER.match(_text(link))]
    named = {str(each.get("id") or each.get("name")): each for each in root.iter("*")} if calls else {}
    for call in calls:
        note = _note(call, named)
        if note is not None:
            _move(call, note)
    for section in list(root.iter("section")) if calls else ():
        if _is_of_notes(section) and next(section.iter("li"), None) is None:
            section.drop_tree()


def _write_in_brackets(note: HtmlElement) -> None:
    """A note in the margin, which stands in its sentence already, without its numbers."""
    for part in [each for each in note.iterdescendants() if _NUMBER.match(_text(each))]:
        if part.getparent() is not None:
            part.drop_tree()
    if not _text(note):
        return
    note.text = f" ({(note.text or '').lstrip()}"
    *_, last = (said for said in note.xpath(".//text()") if said.strip())
    said, holder = f"{last.rstrip(' .')})", last.getparent()
    holder.text, holder.tail = (said, holder.tail) if last.is_text else (holder.text, said)


def _target(link: HtmlElement) -> str:
    href = link.get("href") or ""
    return href[1:] if href.startswith("#") else ""


def _text(element: HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _note(call: HtmlElement, named: Mapping[str, HtmlElement]) -> HtmlElement | None:
    """The note that `call` leads to and that leads back to it, without its number and its links back."""
    found = named.get(_target(call))
    if found is not None and found.tag == "dt":
        found = found.getnext()
    note = next((each for each in _with_ancestors(found) if each.tag in _NOTES), None)
    around = set(call.iterancestors())
    if note is None or note in around or _has_heading(note, around):
        return None
    names = {each.get("id") or each.get("name") for each in [*_with_ancestors(call)[:3], *call.iter()]} - {None}
    back = [link for link in note.iter("a") if _target(link) in names]
    for link in back:
        parent = link.getparent()
        link.drop_tree()
        if parent is not note and parent.tag not in _PARTS and _BRACKETS.match(_text(parent)):
            parent.drop_tree()
    return note if back and _text(note) else None


def _with_ancestors(element: HtmlElement | None) -> list[HtmlElement]:
    return [] if element is None else [element, *element.iterancestors()]


def _has_heading(note: HtmlElement, around: set[HtmlElement]) -> bool:
    """Whether notes have a heading of their own above them. `around`: the elements that hold the call."""
    if any(map(_is_of_notes, note.iterancestors("section"))):
        return False
    for above in _with_ancestors(note):
        before = above.getprevious()
        if before is not None and before.tag in HEADINGS:
            return True
        if above.getparent() in around:
            return False
    return False


def _is_of_notes(section: HtmlElement) -> bool:
    """Whether a program put notes there, as those of GitHub's Markdown do, under a heading that is not shown."""
    return section.get("data-footnotes") is not None


def _move(call: HtmlElement, note: HtmlElement) -> None:
    """Put `note` behind `call`, or below its paragraph, and drop `call`."""
    place = next((each for each in call.iterancestors() if each.tag in _PLACES), None)
    mark = call.getparent() if call.getparent().tag == "sup" else call
    parts, text = [each for each in note if each.tag in _PARTS], _text(note)
    note.drop_tree()
    note.tail = None
    fits = len(text) <= LONGEST and len(parts) < 2 and place is not None and place.tag not in HEADINGS
    if fits and _text(place) != _text(call):
        shown = _in_brackets(parts[0] if parts else note, text)
        mark.addnext(shown)
        shown.tail, mark.tail = mark.tail, None
    else:
        _put_below(mark if place is None else place, note)
    mark.drop_tree()


def _in_brackets(note: HtmlElement, text: str) -> HtmlElement:
    opening, closing = ("（", "）") if _HAN.search(text) else (" (", ")")
    note.tag, note.tail = "span", None
    note.text = opening + (note.text or "").lstrip(" \n.:)")
    if len(note):
        note[-1].tail = (note[-1].tail or "").rstrip(" \n.。") + closing
    else:
        note.text = note.text.rstrip(" \n.。") + closing
    return note


def _put_below(place: HtmlElement, note: HtmlElement) -> None:
    note.tag = "p" if note.tag == "p" else "div"
    if place.tag in ("li", "dd", "td", "th", "blockquote"):
        place.append(note)
    else:
        place.addnext(note)
