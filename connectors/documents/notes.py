"""Footnotes where they are referred to, rather than in the last section of a file."""

from lxml.html import Element, HtmlElement

LONGEST = 400  # characters of a note that stands in brackets; a longer one follows its paragraph
_REFERENCES = (
    './/sup//a[starts-with(@href, "#")] | .//a[starts-with(@href, "#")][sup]'
    ' | .//a[contains(@*[name()="epub:type"], "noteref")]'
)
_BLOCKS = ("p", "li", "td", "th", "dd", "div", "blockquote")


def write_notes(root: HtmlElement) -> None:
    """Change `root` in place. A note that nothing refers to stays where it is."""
    by_id = {
        element.get("id"): element for element in root.iter() if isinstance(element.tag, str) and element.get("id")
    }
    for link in root.xpath(_REFERENCES):
        note = by_id.get((link.get("href") or "").partition("#")[2])
        if note is None or note.tag not in ("li", "p", "aside", "div", "dd") or link in note.iterdescendants():
            continue
        if note.getparent() is None or not _leads_back(note, link):
            continue
        _write(link, note)
        _remove(note)


def _leads_back(note: HtmlElement, link: HtmlElement) -> bool:
    """Whether it is a note: it is called one, or links to where it is referred to."""
    places = {link.get("id")} | {each.get("id") for each in link.iterancestors("sup")} - {None}
    back = {(each.get("href") or "").partition("#")[2] for each in note.iter("a")}
    return bool(places & back - {""}) or note.tag == "aside" or "note" in (note.get("class") or note.get("id") or "")


def _write(link: HtmlElement, note: HtmlElement) -> None:
    for back in list(note.iter("a")):
        if (back.get("href") or "").startswith("#"):
            back.drop_tree()
    label = " ".join(link.text_content().split()).strip("[]()")
    words = _without_label(" ".join(note.text_content().split()), label)
    raised = next(link.iterancestors("sup"), link)
    block = next(link.iterancestors(*_BLOCKS), None)
    if len(words) <= LONGEST or block is None:
        shown = _in_brackets(note, words, label)
        shown.tail = raised.tail
        raised.getparent().replace(raised, shown)
        return
    raised.drop_tree()
    around = Element("div")
    around.extend(note)
    around.text = note.text
    block.append(around) if block.tag != "p" else block.addnext(around)


def _in_brackets(note: HtmlElement, words: str, label: str) -> HtmlElement:
    """The `words` of a note; where it is one paragraph, with the code, formulas and links in it."""
    shown = Element("span")
    paragraphs = [each for each in note if each.tag == "p"]
    holder = paragraphs[0] if len(paragraphs) == 1 and len(note) == 1 and not (note.text or "").strip() else note
    if not words or any(each.tag in _BLOCKS for each in holder.iterdescendants()):
        shown.text = f" ({words.rstrip('.。')})" if words else ""
        return shown
    shown.text = f" ({_without_label((holder.text or '').lstrip(), label)}"
    shown.extend(list(holder))
    last = shown[-1] if len(shown) else None
    if last is None:
        shown.text = f"{shown.text.rstrip().rstrip('.。')})"
    else:
        last.tail = f"{(last.tail or '').rstrip().rstrip('.。')})"
    return shown


def _without_label(words: str, label: str) -> str:
    """A note without the number by which it is referred to."""
    begun = words.lstrip("[( ")
    rest = begun.removeprefix(label)
    return rest.lstrip("]).: ") if rest != begun and rest[:1] in ("]", ")", ".", ":", " ") else words


def _remove(note: HtmlElement) -> None:
    """With what held nothing else: a list of notes, and the rule above it."""
    holder = note.getparent()
    note.drop_tree()
    while holder is not None and holder.getparent() is not None and not holder.text_content().strip():
        holder, empty = holder.getparent(), holder
        if holder.tag in ("html", "body"):
            return
        rule = empty.getprevious()
        if rule is not None and rule.tag == "hr" and not (rule.tail or "").strip():
            rule.drop_tree()
        empty.drop_tree()
