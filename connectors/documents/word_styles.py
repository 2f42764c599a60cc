"""What a DOCX shows by its styles, fonts and outline, said in styles that mammoth can be told of."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import re2
from lxml import etree

from connectors.documents import office
from connectors.documents.fonts import MONOSPACED
from connectors.documents.omml import M, to_mathml
from connectors.documents.word_content import W, make_readable
from connectors.documents.word_parts import numberings, write_initials

HEADING, CODE, INLINE_CODE, TITLE = "Mill Heading", "Mill Code", "Mill Inline Code", "Mill Title"
# Noncharacters around a number, for what mammoth does not know: no text holds them
OPEN, CLOSE = "\ufdd2", "\ufdd3"
_RESERVED = re2.compile(rb"\xef\xb7[\x90-\xaf]")
_MAIN, _NOTES = re2.compile(r"^word/document\d*\.xml$"), re2.compile(r"^word/(?:foot|end)notes\.xml$")
_HEADING_NAME = re2.compile(r"(?i)^(?:heading|überschrift|titre|título|titolo|заголовок|标题|標題|見出し|제목)\s*(\d)$")
_CODE_NAME = re2.compile(
    r"(?i)(?:^|[\s_-])(?:source ?code|code|codeblock|preformatted|listing|verbatim|console"
    r"|terminal|screen|command|macro text)(?:$|[\s_\d-])"
)
_NAVIGATION = re2.compile(
    r"(?i)^(?:toc\s?\d|toc heading|contents? \d|contents heading|table of figures|index \d|目录.*)$"
)
_SECTION = re2.compile(r"^(?:\d+\.)+\d+\.?\s")
_ENDED = (".", ",", ";", ":", "。", "，", "；", "：")
_LONGEST_NAME = 60  # characters of what a column is called
_LONGEST_HEADING = 100
_TYPEWRITTEN = 0.8  # of all letters in a monospaced font: then it is the document's own, and says nothing


@dataclass(frozen=True, slots=True)
class Look:
    """How a style shows its text. None where it leaves that to the style that it is based on; `size` in half points."""

    name: str = ""
    level: int | None = None
    font: str | None = None
    bold: bool | None = None
    size: int | None = None
    numbering: str | None = None

    def over(self, base: "Look") -> "Look":
        """This look where it says something, else that of `base`; the name is its own, or the base's if that tells."""
        known = {key: getattr(self, key) for key in ("level", "font", "bold", "size", "numbering")}
        filled = {key: getattr(base, key) if value is None else value for key, value in known.items()}
        return Look(name=self.name, **filled)


@dataclass(slots=True)
class Marked:
    """What is carried past mammoth by number: formulas as MathML, and the numbering that each item of a list is of."""

    formulas: list[str] = field(default_factory=list)
    lists: dict[str, int] = field(default_factory=dict)
    numberings: dict[str, tuple[str, int]] = field(default_factory=dict)  # as `word_parts.numberings` has them
    starts: dict[str, int] = field(default_factory=dict)  # the first number of each of `lists`
    title: str = ""


def prepare(parts: dict[str, bytes]) -> Marked:
    """Change the main part and the styles of a package in place. Raises Unreadable: broken_xml, unsafe_xml."""
    marked = Marked(numberings=numberings(parts))
    styles = office.xml(parts["word/styles.xml"]) if parts.get("word/styles.xml") else etree.Element(f"{W}styles")
    looks = _looks(styles)
    for name in [name for name in parts if _MAIN.match(name) and parts[name]]:
        root = office.xml(_RESERVED.sub(b"", parts[name]))
        make_readable(root)
        write_initials(root)
        _rewrite(root, looks, marked)
        parts[name] = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    for name in [name for name in parts if _NOTES.match(name) and parts[name]]:
        root = office.xml(_RESERVED.sub(b"", parts[name]))
        make_readable(root)
        _mark_formulas(root, marked)
        parts[name] = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    if len(styles):
        for style in (*(f"{HEADING} {level}" for level in range(1, 7)), CODE, TITLE):
            _add_style(styles, style, "paragraph")
        _add_style(styles, INLINE_CODE, "character")
        parts["word/styles.xml"] = etree.tostring(styles, encoding="utf-8", xml_declaration=True)
    return marked


def _add_style(styles: Any, name: str, kind: str) -> None:
    style = etree.SubElement(styles, f"{W}style", {f"{W}type": kind, f"{W}styleId": name.replace(" ", "")})
    etree.SubElement(style, f"{W}name", {f"{W}val": name})


def _looks(styles: Any) -> dict[str, Look]:
    """The look of each style by its id, over those that it is based on; "" for the document's own."""
    default = _look(styles.find(f"{W}docDefaults/{W}rPrDefault"), "")
    own: dict[str, tuple[Look, str]] = {}
    normal = ""
    for style in styles.iter(f"{W}style"):
        name, base = (_value(style.find(f"{W}{tag}")) for tag in ("name", "basedOn"))
        own.setdefault(style.get(f"{W}styleId", ""), (_look(style, name), base))
        if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in ("1", "true"):
            normal = style.get(f"{W}styleId", "")
    looks = {style_id: _resolved(style_id, own, default) for style_id in own}
    return {**looks, "": looks.get(normal, default)}


def _resolved(style_id: str, own: dict[str, tuple[Look, str]], default: Look) -> Look:
    chain: list[Look] = []
    while style_id in own and len(chain) < 20:  # a style may be based on itself
        look, style_id = own[style_id]
        chain.append(look)
    found = default
    for look in reversed(chain):
        found = look.over(found)
    return found


def _look(element: Any, name: str) -> Look:
    """What the properties in `element` say: of a style, a paragraph or a run."""
    if element is None:
        return Look(name)
    run = element if element.tag == f"{W}rPr" else element.find(f"{W}rPr")
    paragraph = element if element.tag == f"{W}pPr" else element.find(f"{W}pPr")
    look = Look(name, level=_level(paragraph, name))
    if paragraph is not None and (numbering := paragraph.find(f"{W}numPr/{W}numId")) is not None:
        look = replace(look, numbering=_value(numbering))
    if run is None:
        return look
    fonts, bold, size = (run.find(f"{W}{tag}") for tag in ("rFonts", "b", "sz"))
    shown = _value(size)
    return replace(
        look,
        font=None if fonts is None else fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi"),
        bold=None if bold is None else _value(bold) not in ("0", "false"),
        size=int(shown) if shown.isdecimal() and len(shown) < 5 else None,
    )


def _level(paragraph: Any, name: str) -> int | None:
    """1 to 6 for a heading, 0 for what is none by its outline, None where nothing is said."""
    if found := _HEADING_NAME.match(name):
        return min(max(int(found[1]), 1), 6)
    stated = _value(paragraph.find(f"{W}outlineLvl")) if paragraph is not None else ""
    if not stated.isdecimal():
        return None
    return min(int(stated) + 1, 6) if int(stated) < 9 else 0


def _value(element: Any) -> str:
    return "" if element is None else str(element.get(f"{W}val") or "")


def _rewrite(root: Any, looks: dict[str, Look], marked: Marked) -> None:
    _drop_navigation(root, looks)
    _mark_formulas(root, marked)
    _mark_heads(root)
    paragraphs = [_Paragraph(element, looks) for element in root.iter(f"{W}p")]
    letters = sum(len(paragraph.text) for paragraph in paragraphs)
    typed = sum(len(paragraph.text) for paragraph in paragraphs if paragraph.is_monospaced)
    _write_code(paragraphs, fonts_tell=typed < _TYPEWRITTEN * max(letters, 1))
    headings = [paragraph for paragraph in paragraphs if paragraph.look.level and paragraph.text.strip()]
    for paragraph in headings:
        paragraph.set_style(f"{HEADING} {paragraph.look.level}")
    titles = [
        paragraph for paragraph in paragraphs if paragraph.look.name.lower() == "title" and paragraph.text.strip()
    ]
    for paragraph in titles:
        paragraph.set_style(f"{HEADING} 1")
    marked.title = " ".join(titles[0].text.split()) if titles else ""
    if len(headings) < 2:  # one is the title of the whole
        known = {id(paragraph) for paragraph in (*headings, *titles)}
        _write_bold_headings([paragraph for paragraph in paragraphs if id(paragraph) not in known])
    _mark_lists(paragraphs, marked)


class _Paragraph:
    """A paragraph with the look that its style and its own properties give it."""

    def __init__(self, element: Any, looks: dict[str, Look]) -> None:
        self.element = element
        properties = element.find(f"{W}pPr")
        style = _value(properties.find(f"{W}pStyle")) if properties is not None else ""
        base = looks.get(style, looks[""])
        self.look = _look(properties, base.name).over(base) if properties is not None else base
        self.runs = [run for run in element.iter(f"{W}r") if next(run.iterancestors(f"{W}p")) is element]
        self.looks = [self._run_look(run, looks) for run in self.runs]
        self.texts = ["".join(run.itertext(f"{W}t")) for run in self.runs]
        self.text = "".join(self.texts)
        said = [look for look, text in zip(self.looks, self.texts, strict=True) if text.strip()]
        self.is_monospaced = bool(said) and all(MONOSPACED.search(look.font or "") for look in said)
        self.is_bold = bool(said) and all(look.bold for look in said)
        self.size = max((look.size or 0 for look in said), default=0)

    def _run_look(self, run: Any, looks: dict[str, Look]) -> Look:
        properties = run.find(f"{W}rPr")
        base = self.look
        if properties is None:
            return base
        style = _value(properties.find(f"{W}rStyle"))
        if style in looks:
            base = looks[style].over(base)
        return _look(properties, base.name).over(base)

    def set_style(self, name: str) -> None:
        properties = self.element.find(f"{W}pPr")
        if properties is None:
            properties = etree.Element(f"{W}pPr")
            self.element.insert(0, properties)
        for old in properties.findall(f"{W}pStyle"):
            properties.remove(old)
        properties.insert(0, etree.Element(f"{W}pStyle", {f"{W}val": name.replace(" ", "")}))

    def add_text(self, text: str) -> None:
        run = etree.SubElement(self.element, f"{W}r")
        etree.SubElement(run, f"{W}t").text = text


def _drop_navigation(root: Any, looks: dict[str, Look]) -> None:
    """A table of contents repeats the headings, and bookmarks of Word's own lead to them."""
    for block in list(root.iter(f"{W}sdt")):
        kind = _value(block.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery"))
        if kind == "Table of Contents":
            block.getparent().remove(block)
    for paragraph in list(root.iter(f"{W}p")):
        style = _value(paragraph.find(f"{W}pPr/{W}pStyle"))
        if style in looks and _NAVIGATION.match(looks[style].name) and paragraph.getparent() is not None:
            paragraph.getparent().remove(paragraph)
    for bookmark in list(root.iter(f"{W}bookmarkStart")):
        if bookmark.get(f"{W}name", "").startswith("_"):
            bookmark.getparent().remove(bookmark)


def _mark_heads(root: Any) -> None:
    """A first row of short cells names the columns, whether or not it is said to be repeated on each page."""
    for table in root.iter(f"{W}tbl"):
        rows = table.findall(f"{W}tr")
        names = ["".join(cell.itertext(f"{W}t")).strip() for cell in rows[0].findall(f"{W}tc")] if rows else []
        if len(rows) < 2 or len(names) < 2 or not all(0 < len(name) <= _LONGEST_NAME for name in names):
            continue
        properties = rows[0].find(f"{W}trPr")
        if properties is None:
            properties = etree.Element(f"{W}trPr")
            rows[0].insert(0, properties)
        if properties.find(f"{W}tblHeader") is None:
            etree.SubElement(properties, f"{W}tblHeader")


def _mark_formulas(root: Any, marked: Marked) -> None:
    alone = {formula for block in root.iter(f"{M}oMathPara") for formula in block.iter(f"{M}oMath")}
    for formula in [each for each in root.iter(f"{M}oMath") if not any(True for _ in each.iterancestors(f"{M}oMath"))]:
        run = etree.Element(f"{W}r")
        etree.SubElement(run, f"{W}t").text = f"{OPEN}f{len(marked.formulas)}{CLOSE}"
        run.tail = formula.tail
        block = formula.getparent()
        marked.formulas.append(to_mathml(formula, formula in alone and len(block.findall(f"{M}oMath")) == 1))
        place = block if block.tag == f"{M}oMathPara" else formula
        if place is block:
            block.addprevious(run)
        else:
            block.replace(formula, run)
    for block in list(root.iter(f"{M}oMathPara")):
        block.getparent().remove(block)


def _write_code(paragraphs: list[_Paragraph], fonts_tell: bool) -> None:
    def is_code(paragraph: _Paragraph) -> bool:
        named = bool(_CODE_NAME.search(paragraph.look.name))
        return not paragraph.look.level and (named or (fonts_tell and paragraph.is_monospaced))

    for before, paragraph, after in _with_neighbours(paragraphs):
        if is_code(paragraph):
            paragraph.set_style(CODE)
        elif not paragraph.text.strip() and before and after and is_code(before) and is_code(after):
            paragraph.set_style(CODE)
            paragraph.add_text("\u200b")  # mammoth leaves out what is empty; the reader of code takes it away again
        elif fonts_tell and not paragraph.look.level:
            _write_inline_code(paragraph)


def _with_neighbours(paragraphs: list[_Paragraph]) -> Iterator[tuple[_Paragraph | None, _Paragraph, _Paragraph | None]]:
    return zip([None, *paragraphs], paragraphs, [*paragraphs[1:], None], strict=False)


def _write_inline_code(paragraph: _Paragraph) -> None:
    for run, look, text in zip(paragraph.runs, paragraph.looks, paragraph.texts, strict=True):
        if text.strip() and (MONOSPACED.search(look.font or "") or _CODE_NAME.search(look.name)):
            properties = run.find(f"{W}rPr")
            if properties is None:
                properties = etree.Element(f"{W}rPr")
                run.insert(0, properties)
            for child in list(properties):  # emphasis within code is lost in Markdown
                properties.remove(child)
            etree.SubElement(properties, f"{W}rStyle", {f"{W}val": INLINE_CODE.replace(" ", "")})


def _write_bold_headings(paragraphs: list[_Paragraph]) -> None:
    """Where no style makes headings, short bold paragraphs are them; the larger the letters, the higher."""
    written = [paragraph for paragraph in paragraphs if paragraph.text.strip()]
    plain = sum(not paragraph.is_bold for paragraph in written)
    found = [paragraph for paragraph in written if _is_bold_heading(paragraph)]
    if len(found) > plain:  # then bold says nothing
        return
    sizes = sorted({paragraph.size for paragraph in found}, reverse=True)[:5]
    for paragraph in found:
        level = sizes.index(paragraph.size) if paragraph.size in sizes else len(sizes) - 1
        paragraph.set_style(f"{HEADING} {level + 2}")


def _is_bold_heading(paragraph: _Paragraph) -> bool:
    text = paragraph.text.strip()
    text = text.rstrip(".") if _SECTION.match(text) else text
    in_table = any(True for _ in paragraph.element.iterancestors(f"{W}tbl"))
    is_item = paragraph.look.numbering not in (None, "0")
    return (
        paragraph.is_bold
        and len(text) <= _LONGEST_HEADING
        and not text.endswith(_ENDED)
        and not in_table
        and not is_item
    )


def _mark_lists(paragraphs: list[_Paragraph], marked: Marked) -> None:
    """Items of one numbering count on where something stands between them; mammoth begins again."""
    for paragraph in paragraphs:
        properties = paragraph.element.find(f"{W}pPr")
        level = _value(properties.find(f"{W}numPr/{W}ilvl")) if properties is not None else ""
        if paragraph.look.numbering in (None, "0") or level not in ("", "0") or not paragraph.text.strip():
            continue
        own = str(paragraph.look.numbering)
        key, first = marked.numberings.get(own, (own, 1))
        number = marked.lists.setdefault(key, len(marked.lists))
        marked.starts.setdefault(str(number), first)
        paragraph.add_text(f"{OPEN}l{number}{CLOSE}")
