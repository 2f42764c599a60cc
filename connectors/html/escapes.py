"""Text that only looks like Markdown is escaped, so that it says what its writer saw."""

import re
from collections import Counter
from html import unescape

import re2
from lxml.html import HtmlElement

# Backslashes that the converter would escape: of Markdown, and of TeX; `tree.parse` takes the signs out of every page
_BACKSLASH, _TEX_BACKSLASH = "\ue003", "\ue004"

_LINK = re2.compile(r"(!?)\[([^\[\]\n]{1,200})\](\((?:https?://|/|#|\.)[^()\s]*\))")
_EMPHASIS = re2.compile(
    r"(^|[\s(\"'，。（])(?:(\*{1,3})([^\s*](?:[^*\n]{0,200}[^\s*])?)(\*{1,3})|(_{1,2})([^\s_](?:[^_\n]{0,200}[^\s_])?)(_{1,2}))"
    r"($|[\s)\"'.,;:!?，。）])"
)
_SIGN = re.compile(r"[*_\[\\]")
_FORMULA = re2.compile(r"(?s)\\\(.+?\\\)|\\\[.+?\\\]|\$\$[^$]+\$\$|\$[^$\s](?:[^$\n]{0,500}[^$\s])?\$")
# References that stay are of markup, which a text on HTML may well mean
_TWICE = re2.compile(
    r"&(?:#\d{2,5}|#[xX][0-9a-fA-F]{2,4}|[A-KM-Za-fh-km-z][A-Za-z]{1,7}\d{0,2}|g[a-su-z]\w{1,6}|l[a-su-z]\w{1,6});"
)
_ABOUT = re2.compile(
    r"(?i)html|xml|entit|escap|encod|charact|unicode|ascii|markup|ampersand|字符|实体|实體|转义|轉義|编码"
)
_FEWEST = 3  # letters beside them
_LITERAL = ("code", "tt", "kbd", "samp", "pre", "script", "textarea")
# The converter escapes what begins a list; lines that are one by hand stay so
_LIST_SIGN = re2.compile(r"^(\s*(?:> ?)*)(\d*)\\([.)+-])( )")


def escape_text(root: HtmlElement) -> None:
    """Links and emphasis written out in text, not in code nor beside TeX."""
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        _read_references(element)
        text, tail = element.text, element.tail
        if text and _SIGN.search(text) and element.tag not in _LITERAL and not _in_literal(element):
            element.text = _escaped(text)
        if tail and _SIGN.search(tail) and not _in_literal(element):
            element.tail = _escaped(tail)


def _read_references(element: HtmlElement) -> None:
    """What a site has escaped twice, so that its readers see "1&ndash;3"."""
    if element.text and "&" in element.text and element.tag not in _LITERAL and not _in_literal(element):
        element.text = _once(element.text)
    if element.tail and "&" in element.tail and not _in_literal(element):
        element.tail = _once(element.tail)


def _once(text: str) -> str:
    """Those within words of a text that is not about them."""
    words = _TWICE.sub("", text)
    return text if sum(map(str.isalpha, words)) < _FEWEST or _ABOUT.search(words) else _TWICE.sub(_sign, text)


def _sign(found: "re2._Match") -> str:
    sign = unescape(found[0])
    return sign if sign == "\xa0" or (len(sign) == 1 and sign.isprintable()) else str(found[0])


def _in_literal(element: HtmlElement) -> bool:
    return next(element.iterancestors(*_LITERAL), None) is not None


def _escaped(text: str) -> str:
    """The backslashes of a formula are its own."""
    pieces, at = list[str](), 0
    for formula in _FORMULA.finditer(text):
        pieces += [_without_marks(text[at : formula.start()]), formula[0].replace("\\", _TEX_BACKSLASH)]
        at = formula.end()
    return "".join([*pieces, _without_marks(text[at:])])


def _without_marks(text: str) -> str:
    if "](" in text:
        text = _LINK.sub(_without_link, text)
    for _ in range(2):  # neighbours share the blank between them
        text = _EMPHASIS.sub(_without_emphasis, text) if "*" in text or "_" in text else text
    return text


def _without_link(found: "re2._Match") -> str:
    picture = f"{_BACKSLASH}!" if found[1] else ""
    return f"{picture}{_BACKSLASH}[{found[2]}{_BACKSLASH}]{found[3]}"


def _without_emphasis(found: "re2._Match") -> str:
    sign, inside, end = (found[2], found[3], found[4]) if found[2] else (found[5], found[6], found[7])
    escaped = "".join(f"{_BACKSLASH}{each}" for each in sign), "".join(f"{_BACKSLASH}{each}" for each in end)
    return f"{found[1]}{escaped[0]}{inside}{escaped[1]}{found[8]}"


def written(text: str) -> str:
    """What `escape_text` has changed, as Markdown."""
    return text.replace(_BACKSLASH, "\\").replace(_TEX_BACKSLASH, "\\")


def said(text: str) -> str:
    """The same as plain text, which needs no escapes."""
    return text.replace(_BACKSLASH, "").replace(_TEX_BACKSLASH, "\\")


def lists_by_hand(markdown: str) -> str:
    """`markdown` without the escapes of list signs of which there are several: they are a list that somebody typed.

    A single one ("1986. A great year", "- so he said") stays escaped: it would else become a list.
    """
    if "\\" not in markdown:
        return markdown
    lines = markdown.split("\n")
    found = [_LIST_SIGN.match(line) for line in lines]
    count = Counter(match[3] for match in found if match)
    for place, match in enumerate(found):
        if match and count[match[3]] > 1:
            lines[place] = f"{match[1]}{match[2]}{match[3]}{match[4]}{lines[place][match.end() :]}"
    return "\n".join(lines)
