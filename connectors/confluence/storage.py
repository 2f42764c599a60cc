"""Confluence's storage format as plain HTML: https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html

XHTML with elements of its own: `ac:` for macros, links and pictures, `ri:` for what these point at. Code stands in
CDATA, where nothing is markup. What a macro fetches from elsewhere (includes, tickets, drawings) leaves a hole, unless
it is a list that the wiki makes by itself (`macros.SILENT`).
"""

import html
from collections.abc import Callable
from urllib.parse import unquote

import lxml.html
import re2
from lxml import etree
from lxml.html import HtmlElement
from markdown_it import MarkdownIt

from connectors.confluence.macros import said, unread
from connectors.html import Unreadable

_LONGEST = 10 << 20
_AC, _RI, _AT = "{ac}", "{ri}", "{at}"
_CDATA = re2.compile(r"(?s)<!\[CDATA\[(.*?)\]\]>")
# Inside an export, which is CDATA itself, the end of CDATA is written so
_EXPORTED_END = re2.compile(r"\]\] >(\s*</ac:|<!\[CDATA\[|\s*$)")
_ENTITY = re2.compile(r"&(#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});|&")
_CONTROLS = re2.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]")
_HAN = re2.compile(r"\p{Han}")
# pictures, what an editor is asked to fill in, and of a block kept twice the form that only the new editor reads
_DROPPED = (
    "//ac:image | //ac:placeholder | //ac:task-id | //ac:adf-attribute | //ac:adf-mark"
    " | //ac:adf-extension[ac:adf-fallback]/ac:adf-node"
)
_PLAIN = ("code", "noformat", "code-block", "paste-code-macro")
_ENCODED = "--uriencoded--"
_NO_LANGUAGE = ("", "none", "plain", "text", "plaintext")
_ALIASES = {
    "c#": "csharp",
    "actionscript3": "actionscript",
    "html/xml": "xml",
    "html and xml": "xml",
    "js": "javascript",
}
_BLOCKS = ("li", "p", "div", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6")
_CONTAINERS = ("layout", "layout-section", "layout-cell", "adf-extension", "adf-node", "adf-content", "adf-fallback")
_TAGS = {"ui-step": "li", "ui-steps": "ol"}
_MARKDOWN = ("markdown", "markdown-macro")
_FORMULAS = {"mathinline": "", "mathblock": "; mode=display", "latex": "; mode=display", "mathjax-inline-macro": ""}
_FORMULAS |= {"mathjax-block-macro": "; mode=display", "eazy-math-inline": "", "eazy-math-block": "; mode=display"}
# what its box says of a panel: in English, and in Chinese
_PANELS = {
    "info": ("Note", "说明"),
    "note": ("Note", "注意"),
    "warning": ("Warning", "警告"),
    "tip": ("Tip", "提示"),
    "panel": ("", ""),
    "alert": ("", ""),
    "auimessage": ("", ""),
}
_NO_TEXT = ("style", "css", "javascript", "script")  # what stands in these is for the browser
_SIGNS = {"tick": "✔", "cross": "✘", "warning": "⚠", "information": "ℹ", "plus": "+", "minus": "-", "question": "?"}
_SIGNS |= {"yellow-star": "★", "light-on": "💡"}


def to_html(storage: str) -> str:
    """The page's text as an HTML fragment. Raises Unreadable."""
    if len(storage) > _LONGEST:
        raise Unreadable("too_large", f"{len(storage)} characters")
    root = _tree(storage)
    chinese = len(_HAN.findall(storage)) > len(storage) / 20
    for element in root.xpath(_DROPPED, namespaces={"ac": "ac"}):
        _replace(element, None)
    # from the inside out: a macro within a macro is plain HTML before the outer one is read
    for element in reversed(list(root.iter(f"{_AC}*", f"{_AT}*"))):
        _READERS.get(element.tag, _become("span"))(element, chinese)
    for element in root.iter("time"):
        element.text = element.get("datetime") or element.text
    for rest in list(root.iter(f"{_AC}*", f"{_RI}*")):
        _replace(rest, None)
    _mend(root)
    return str(etree.tostring(root, encoding="unicode", method="html"))


def unescaped(storage: str) -> str:
    """The text of a body as it stands in entities.xml."""
    return str(_EXPORTED_END.sub(r"]]>\1", storage))


def _tree(storage: str) -> HtmlElement:
    text = "".join(
        html.escape(piece, quote=False) if number % 2 else _ENTITY.sub(_character, piece).replace("\xa0", " ")
        for number, piece in enumerate(_CDATA.split(_CONTROLS.sub("", storage)))
    )
    parser = lxml.html.XHTMLParser(
        recover=True, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    whole = f'<div xmlns:ac="ac" xmlns:ri="ri" xmlns:at="at">{text}</div>'
    try:
        root: HtmlElement | None = etree.fromstring(whole.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable("no_markup", error.msg or "") from error
    if root is None:
        raise Unreadable("no_markup")
    etree.cleanup_namespaces(root)
    return root


def _mend(root: HtmlElement) -> None:
    """Undo what the editor leaves: line breaks at the end of a block, and indents made of lists without text."""
    for line_end in reversed(list(root.iter("br"))):
        if _ends_block(line_end):
            line_end.drop_tree()
    for item in list(root.iter("li")):
        if len(item) == 1 and item[0].tag in ("ul", "ol") and not (item.text or "").strip():
            item[0].drop_tag()
            item.drop_tag()


def _ends_block(element: HtmlElement) -> bool:
    while element.tag not in _BLOCKS:
        if element.getnext() is not None or (element.tail or "").strip() or element.getparent() is None:
            return False
        element = element.getparent()
    return True


def _character(found: "re2._Match") -> str:
    """What an entity stands for, as XML writes it; a lone & is one too."""
    return html.escape(html.unescape(found[0]), quote=False)


def _macro(element: HtmlElement, chinese: bool) -> None:
    name = (element.get(f"{_AC}name") or "").lower()
    code, body, title = element.find("pre"), element.find("div"), _parameter(element, "title")
    if name in _NO_TEXT:
        _replace(element, None)
    elif code is None and body is None:
        _replace(element, _bare(element, name))
    elif code is not None:
        _replace(element, _verbatim(element, name, code, title))
    elif name in _PANELS:
        _replace(element, _panel(body, title or _PANELS[name][chinese]))
    else:
        body.tag = _TAGS.get(name, "div")
        _replace(element, _titled(body, title))


def _bare(element: HtmlElement, name: str) -> HtmlElement:
    """What a macro without a body says by its parameters, or the hole that it leaves."""
    tex = _parameter(element, "body") if name in _FORMULAS else ""
    if tex:
        tex = unquote(tex.removeprefix(_ENCODED)) if tex.startswith(_ENCODED) else tex
        return _element("script", tex, type=f"math/tex{_FORMULAS[name]}")
    words = said(name, lambda key: _parameter(element, key))
    return _element("span", words or unread(name, _parameter(element, "") or _parameter(element, "name")))


def _verbatim(element: HtmlElement, name: str, code: HtmlElement, title: str) -> HtmlElement:
    if name in _FORMULAS:
        return _element("script", code.text or "", type=f"math/tex{_FORMULAS[name]}")
    if name == "html":
        return lxml.html.fragment_fromstring(code.text or "", create_parent="div")
    if name in _MARKDOWN:
        written = MarkdownIt("commonmark", {"html": False}).enable("table").render(code.text or "")
        return lxml.html.fragment_fromstring(written, create_parent="div")
    return _block(element, name, code, title)


def _block(element: HtmlElement, name: str, code: HtmlElement, title: str) -> HtmlElement:
    stated_language = _parameter(element, "language") or _parameter(element, "lang") or _parameter(element, "")
    language = stated_language.lower() or ("" if name in _PLAIN else name.removesuffix("-macro"))
    if language not in _NO_LANGUAGE:
        code.set("data-lang", _ALIASES.get(language, language))
    return _titled(code, title)


def _panel(body: HtmlElement, title: str) -> HtmlElement:
    panel = _titled(body, title)
    panel.tag = "blockquote"
    return panel


def _titled(body: HtmlElement, title: str) -> HtmlElement:
    """`body` below its title, if it has one."""
    if not title or body.tag in ("li", "ol"):
        return body
    whole = _element("div")
    paragraph = _element("p")
    paragraph.append(_element("strong", title))
    whole.append(paragraph)
    body.tail = None
    whole.append(body)
    return whole


def _link(element: HtmlElement, chinese: bool) -> None:
    """What a link shows; what it leads to has no address here, unless it is one. People are not named."""
    shown = next(iter(element.iter(f"{_AC}link-body", f"{_AC}plain-text-link-body")), None)
    target = next(iter(element.iter(f"{_RI}*")), None)
    address = target.get(f"{_RI}value") if target is not None and target.tag == f"{_RI}url" else ""
    if shown is not None and ("".join(shown.itertext()).strip() or len(shown)):
        shown.tag = "a" if address else "span"
    else:
        shown = _element("a" if address else "span", _named(target) or address or element.get(f"{_AC}anchor") or "")
    shown.attrib.clear()
    shown.attrib.update({"href": address} if address else {})
    _replace(element, shown)


def _named(target: HtmlElement | None) -> str:
    if target is None:
        return ""
    name = target.get(f"{_RI}content-title") or target.get(f"{_RI}filename") or target.get(f"{_RI}space-key") or ""
    return "" if name.startswith("@") else str(name)


def _task(element: HtmlElement, chinese: bool) -> None:
    body = element.find("div")
    if body is None:
        _replace(element, None)
        return
    done = (element.findtext(f"{_AC}task-status") or "").strip() == "complete"
    body.text = ("[x] " if done else "[ ] ") + (body.text or "").lstrip()
    body.tag = "li"
    _replace(element, body)


def _emoticon(element: HtmlElement, chinese: bool) -> None:
    shown = element.get(f"{_AC}emoji-fallback") or ""
    sign = "" if shown.startswith(":") else shown
    _replace(element, _element("span", sign or _SIGNS.get(element.get(f"{_AC}name") or "", "")))


def _become(tag: str) -> Callable[[HtmlElement, bool], None]:
    def rename(element: HtmlElement, chinese: bool) -> None:
        element.tag = tag
        element.attrib.clear()

    return rename


def _later(element: HtmlElement, chinese: bool) -> None:
    """Belongs to what it stands in."""


def _parameter(element: HtmlElement, name: str) -> str:
    given = (child for child in element.iterchildren(*_PARAMETERS) if (child.get(f"{_AC}name") or "") == name)
    return next((" ".join((child.text_content() or "").split()) or _pointed(child) for child in given), "")


def _pointed(parameter: HtmlElement) -> str:
    """The address or the file that a parameter points at."""
    target = next(iter(parameter.iter(f"{_RI}*")), None)
    return str(target.get(f"{_RI}value") or _named(target)) if target is not None else ""


def _element(tag: str, text: str = "", **attributes: str) -> HtmlElement:
    made: HtmlElement = lxml.html.Element(tag, **attributes)
    made.text = text
    return made


def _replace(element: HtmlElement, new: HtmlElement | None) -> None:
    if new is None:
        element.drop_tree()
        return
    new.tail = element.tail
    element.getparent().replace(element, new)


_READERS: dict[str, Callable[[HtmlElement, bool], None]] = {
    f"{_AC}structured-macro": _macro,
    f"{_AC}macro": _macro,
    f"{_AC}link": _link,
    f"{_AC}task": _task,
    f"{_AC}emoticon": _emoticon,
    f"{_AC}task-list": _become("ul"),
    f"{_AC}task-body": _become("div"),
    f"{_AC}rich-text-body": _become("div"),
    f"{_AC}plain-text-body": _become("pre"),
    **{f"{_AC}{name}": _become("div") for name in _CONTAINERS},
    f"{_AC}link-body": _later,
    f"{_AC}plain-text-link-body": _later,
    f"{_AC}task-status": _later,
    f"{_AC}parameter": _later,
    f"{_AC}default-parameter": _later,
}
_PARAMETERS = (f"{_AC}parameter", f"{_AC}default-parameter")
