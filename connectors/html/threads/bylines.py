"""Names that a line gives in words, where nothing links to the person: "Posted by Ann", "作者：小林"."""

import re2
from lxml.html import HtmlElement

_MOST = 120  # characters of a line that says who
_VERBS = (
    r"(?:posted|replied|reply|asked|answered|written|created|commented|comment|submitted|started|answer"
    r"|question)"
)
_LABEL = (
    rf"{_VERBS}(?:\s+(?:on|at)\b.{{4,30}}?)?\s+by|(?:geschrieben|verfasst|erstellt|gefragt|beantwortet)\s+von"
    r"|(?:publié|posté|écrit|demandé|répondu)\s+par|(?:publicado|enviado|escrito|preguntado|respondido|enviada)\s+por"
    r"|(?:scritto|inviato|pubblicato)\s+da|(?:author|poster|autor|auteur|autore|автор)\s*[:：]"
    r"|(?:作者|发帖人|发布者|发表者|楼主|回复人|回复者|回帖人|提问者|提问人|回答者|回答人|网友|發表者|發帖人|投稿者|名前|작성자|글쓴이)\s*[:：]"
)
_NAME = r"(\S[^,;|·•»«\n()（），]{0,39}?)"
_END = r"\s*(?:$|[,;|·•»«(（，\n–—]|\s-\s|\s(?:on|at|am|le|el|il|vor|il y a|hace)\s|\s\d{1,4}\D)"
_LINE = re2.compile(rf"(?i)^[^\pL\pN]{{0,3}}(?:{_LABEL})\s*{_NAME}{_END}")
_BEFORE = re2.compile(rf"(?i)(?:^|[\s(])(?:{_LABEL})\s*$")
_FIRST = re2.compile(rf"(?i)^{_NAME}{_END}")
_BY_THEN = re2.compile(rf"(?i)^(?:by|von|par|por)\s+{_NAME}\s*(?:[,|·•»–—-]|\s(?:on|at|am|le|el)\s)\s*\S")


def named_in_line(element: HtmlElement, own: str) -> str:
    """The name in what `element` says itself, `own`, or all of its short text behind a label; "" where none is told."""
    if not own or len(own) > _MOST:
        return ""
    if stated := _LINE.search(own):
        return str(stated[1])
    found = _FIRST.search(own) if not len(element) and _BEFORE.search(_label(element)) else None
    return str(found[1]) if found else ""


def named_with_time(own: str) -> str:
    """The name in a line that gives a time behind it: "by Ann on 3 March 2021"."""
    stated = _BY_THEN.search(own) if len(own) <= _MOST else None
    return str(stated[1]) if stated else ""


def _label(element: HtmlElement) -> str:
    """The words before an element in its line."""
    before, parent = element.getprevious(), element.getparent()
    if parent is None:
        return ""
    said = parent.text if before is None else before.tail if (before.tail or "").strip() else before.text_content()
    return " ".join((said or "").split())[-_MOST:]
