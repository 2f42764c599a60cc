"""Cleaning without loss: marks of the site go, text stays, code, tables and formulas are never touched.

Cleaning what is clean changes nothing: every function here repeats its changes until none is left to make.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import re2

from connectors.web.url import authority
from pipelines.normalise.markdown import BLOCK, fenced, on_prose
from pipelines.normalise.pointers import without_brackets, without_pointers

# Single classes, run over whole texts: the standard library finds these faster and just as linearly.
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3041-\u30ff]")
_LETTER = re.compile(r"[^\W\d_]")

# Control characters but tab and newline; invisible marks that only hide, part or reorder text (joiners of real scripts
# stay).
_CONTROL = [*range(9), 11, 12, *range(14, 32), *range(127, 133), *range(134, 160)]
_HIDING = [0xAD, 0x200B, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE0080)]
# noncharacters, which the program keeps for its own marks (normalise/markdown.py, schemas/hole.py)
_INVISIBLE = dict.fromkeys([*_CONTROL, *_HIDING, *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF])
# Two classes: one with characters beyond U+FFFF is fifty times slower
_INVISIBLES = (
    re.compile(f"[{re.escape(''.join(chr(code) for code in _INVISIBLE if code <= 0xFFFF))}]"),
    re.compile("[\U000e0000-\U000e007f]"),
)

# The flag of a region, such as Wales: a black flag, the region's name in tags, and their end
_FLAG = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]{1,10}\U000e007f)")

# Alone on a line, arrows beside it. Short words only as a link: a list may well name `print` or `home`.
_ARROWS = r"\s«»<>‹›\p{So}\x{2190}-\x{21ff}\x{fe0f}"
_ALONE = (
    r"[*_#|(" + _ARROWS + r"]*(?:\[[" + _ARROWS + r"]*(?:next|previous|prev|up|home|back|top|contents|index|share|print"
    r"|source|目录|首页)"
    r"(?: (?:page|chapter|section|topic))?[" + _ARROWS + r"]*\]\([^)\s]*\)"
    r"|\[\s*(?:<{1,2}|>{1,2}|\?|top|up|prev(?:ious)?|next|contents|index)\s*\]"
    r"|(?:this|the) (?:document|file|page|manual|documentation) was (?:\w+ )?(?:generated|produced|built) [^\n]{1,160}"
    r"|\[?["
    + _ARROWS
    + r"]*(?:(?:back|go|return) to (?:the )?(?:top|contents|table of contents|index)|table of contents"
    r"|skip to (?:main )?content|edit (?:this page|on github|me on github)"
    r"|improve this page|report a bug|show source|permalink|was this (?:page|article) helpful\?"
    r"|(?:read|show|view|see|load) more|show less|text size|advertisement|listen to this article"
    r"|last (?:updated|modified)(?: on|:)[^.\n]{0,60}"
    r"|上一页|下一页|上一章|下一章|返回顶部|回到顶部|回到?目录|返回目录|编辑本页"
    r"|更多|查看更多|查看全部|展开全文|阅读全文|展开|收起"
    r"|在 ?github 上编辑|最后更新[^。\n]{0,40}|起始页)[" + _ARROWS + r"]*(?:\]\([^)\s]*\))?)[*_|)" + _ARROWS + r"]*$"
)
_NAVIGATION, _SOME_NAVIGATION = re2.compile(rf"(?i)^{_ALONE}"), re2.compile(rf"(?im)^{_ALONE}")
_IMAGE = re2.compile(r"!\[[^\]\n]*\]\([^)\n]*\)|!\[[^\]\n]*\]\[[^\]\n]*\]")
# A link without a word leads to its own place. One called "link" or "edit" is a word of a sentence, unless it ends a
# heading or has a line for itself.
_PERMALINK = re2.compile(
    r"\[\s*(?:¶|§|#|🔗)?\s*\]\([^)\s]*(?: \"[^\"\n]*\")?\)"
    r"|(?m:^(#{1,6} .*?)\s*(?:\[\[?(?:edit|link|permalink|编辑)\]?\](?:\([^)\n]*\))?|¶)[ \t]*$)"
    r"|(?m:^[ \t]*\[\[?(?:edit|link|permalink|编辑)\]?\](?:\([^)\n]*\))?[ \t]*$)"
)
_HEADING_END = re2.compile(r"\s*(?:\[\[?(?:edit|link|permalink|编辑)\]?\](?:\([^)\n]*\))?|¶)+\s*$")
_LINK = re2.compile(
    r"\[([^\[\]]{1,300}|[^\[\]]*\[[^\[\]]*\][^\[\]]*)\]\(<?(https?://(?:\([^()\s]*\)|[^()\s<>])*)>?( \"[^\"\n]*\")?\)"
)
_FOOTNOTE = re2.compile(
    r"\[\^[\w\-]{1,20}\]:?|\[(citation needed|clarification needed|来源请求)\]|\\\[(citation needed|\d{1,3})\\\]"
)
_NUMBERED_NOTE = re2.compile(r"([.,;\"”。，；）])(\[\d{1,3}\])+([\s]|$)")
_STATE = "closed|duplicate|on hold|solved|resolved|migrated|已解决|已关闭|求助|已结贴"
_TITLE_STATE = re2.compile(rf"(?i)\s*[\[(【](?:{_STATE})[\])】]\s*$|^\s*[\[(【](?:{_STATE})[\])】]\s*")
_BLANK_LINES = re2.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_SENTENCE_END = re2.compile(r"[.!?][\"”')\]]*(?:\s+|$)|[。！？][”’）]*")
_OWN_LINE = re2.compile(rf"^\s*(?:{BLOCK}|" r"[-*+•] |\d{1,3}[.)] |[|>#]|:\s|\[[^\]]+\]:|={3,}\s*$|[-*_]{3,}\s*$|<)")
_CLOSED = ("|", "#", "<", BLOCK)  # what a line begins with that no further line belongs to
LONG_ADDRESS = 200  # characters: programs and pictures written into an address, and marks of who follows it
ROUNDS = 20  # of cleaning: what hides a hundred greetings one behind the other keeps some
_FORMULA = re2.compile(r"\$\$|\\begin|\\\[")
_RULES = re2.compile(r"\A(?:[-*_]{3,}\s*\n)+|(?:\n\s*[-*_]{3,}\s*)+\z")
_RUBRIC = re2.compile(r"(?i)\n\s*\**(?:footnotes?|fußnoten|notes de bas de page|сноски|脚注|注释|각주)\**[:：]?\z")
_WIDE_EDGE = re2.compile(r"[\p{Han}，。；：、？！）】》”]")


def safe(text: str) -> str:
    """Valid Unicode in NFC, newlines as \\n, no control or text-hiding characters nor soft hyphens."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    if text.isascii():
        return text.translate(_INVISIBLE)
    return unicodedata.normalize("NFC", _visible(text) if any(each.search(text) for each in _INVISIBLES) else text)


def _visible(text: str) -> str:
    parts = _FLAG.split(text) if "\U000e007f" in text else [text]
    return "".join(part if place % 2 else part.translate(_INVISIBLE) for place, part in enumerate(parts))


def tidy(text: str) -> str:
    """`safe`, without blank ends."""
    return safe(text).strip("\n").rstrip()


def title(text: str) -> str:
    """A thread's or page's title on one line, without the state the site put there."""
    return _TITLE_STATE.sub("", " ".join(safe(text).split())).strip()


def is_chinese(text: str) -> bool:
    """Whether a reader of Chinese is addressed: a fifth of the letters are Han, and it is not Japanese."""
    sample = text[:4000]
    han, kana = len(_HAN.findall(sample)), len(_KANA.findall(sample))
    return han > 0 and kana * 5 < han and han * 5 >= len(_LETTER.findall(sample))


def has_chinese(text: str) -> bool:
    """Whether a line, such as a heading, is Chinese with whatever names are in it: it has Han, and is not Japanese."""
    han, kana = len(_HAN.findall(text)), len(_KANA.findall(text))
    return han > 0 and kana * 5 < han


def heading(text: str) -> str:
    """A heading on one line, without images and permalinks."""
    return _settled(
        lambda one: " ".join(_HEADING_END.sub("", _PERMALINK.sub(r"\1", _IMAGE.sub("", one))).split()), safe(text)
    )


def prose(markdown: str) -> str:
    """Markdown without images, permalinks, navigation lines and footnote marks."""
    return settled_on_prose(safe(markdown), without_marks)


def article(markdown: str, url: str) -> str:
    """`prose` with whole lines for paragraphs, without pointers to other parts of the page's own site.

    Links there become plain words.
    """
    host = authority(url)

    def change(text: str) -> str:
        text = without_pointers(unwrapped(without_marks(text)), host)
        return _RULES.sub("", _without_own_links(text, host)).strip("\n").rstrip()

    return _plain_tables(settled_on_prose(safe(markdown), change), host)


def _plain_tables(markdown: str, host: str) -> str:
    """`markdown` whose tables have no links to their own site either, nor brackets that only lead there."""
    if not host or f"//{host}" not in markdown:
        return markdown
    lines = [
        _without_own_links(without_brackets(line, host), host) if not is_code and line.startswith("|") else line
        for is_code, part in fenced(markdown)
        for line in part.split("\n")
    ]
    return "\n".join(lines)


def settled_on_prose(markdown: str, change: Callable[[str], str]) -> str:
    """`markdown` after `change` of its prose, again and again until nothing changes; without blank ends.

    What is taken away may turn what stood below it into something else, hence the whole text is read again.
    """
    return _settled(lambda text: on_prose(text, change).strip("\n").rstrip(), markdown)


def _settled(change: Callable[[str], str], text: str) -> str:
    """The first of the texts that `change` makes of `text` which it leaves as it is, or the last after ROUNDS."""
    for _ in range(ROUNDS):
        changed = change(text)
        if changed == text:
            break
        text = changed
    return text


def _named(link: Any) -> str:
    """An address that is its own text is written once, and one that nobody could write is no part of an answer."""
    text, address = link.group(1), link.group(2)
    if len(address) > LONG_ADDRESS and not text.startswith("http"):
        return str(text)
    result: str = address if text.removesuffix("/") == address.removesuffix("/") else link.group(0)
    return result


def without_marks(text: str) -> str:
    """Prose (see `markdown.on_prose`) without images, permalinks, navigation lines and footnote marks."""
    if "[" in text or "¶" in text:  # no mark is without
        text = _PERMALINK.sub(r"\1", _IMAGE.sub("", text))
        text = _NUMBERED_NOTE.sub(r"\1\3", _FOOTNOTE.sub("", text))
    text = _LINK.sub(_named, text) if "](" in text else text
    if _SOME_NAVIGATION.search(text):
        lines = (line if line.strip() else "" for line in text.split("\n"))
        text = "\n".join(line for line in lines if not line or not _NAVIGATION.match(line))
    return _BLANK_LINES.sub("\n\n", text) if any(sign in text for sign in ("\n\n\n", "\n ", "\n\t")) else text


def _without_own_links(text: str, host: str) -> str:
    """Links to other pages of the same site lead nowhere once the page is taken out of it."""
    if not host or host not in text:
        return text
    return _LINK.sub(lambda link: link.group(1) if authority(link.group(2)) == host else link.group(0), text)


def unwrapped(text: str) -> str:
    """Paragraphs on one line each, as Markdown reads them; lists, tables and formulas keep their lines.

    `text` is prose, as `on_prose` hands it over.
    """
    return "\n\n".join(part if _FORMULA.search(part) else _joined(part) for part in text.split("\n\n"))


def _joined(paragraph: str) -> str:
    lines: list[str] = []
    for line in paragraph.split("\n"):
        before = lines[-1] if lines else ""
        breaks = (
            not before.strip() or not line.strip() or before.endswith(("  ", "\\")) or before.lstrip()[:1] in _CLOSED
        )
        if breaks or _OWN_LINE.match(line):
            lines.append(line)
        else:
            lines[-1] = _join(before, line.strip())
    return "\n".join(lines)


def _join(before: str, line: str) -> str:
    """With a space, but not between Chinese characters."""
    before = before.rstrip()
    wide = _WIDE_EDGE.match(before[-1:]) and _WIDE_EDGE.match(line[:1])
    return f"{before}{line}" if wide else f"{before} {line}"


def last_sentence(text: str) -> int:
    """Where the last sentence of `text` begins; a line is taken to end one."""
    start = text.rfind("\n", 0, len(text.rstrip())) + 1
    ends = [start + match.end() for match in _SENTENCE_END.finditer(text[start:])]
    return next((end for end in reversed(ends) if text[end:].strip()), start)


def finished(markdown: str) -> str:
    """`markdown` without what announces something that does not follow: "as shown here:", a last line "Footnotes"."""
    text = _RUBRIC.sub("", markdown.rstrip())
    return on_prose(text, _without_announcement) if text.endswith((":", "：")) else text


def _without_announcement(text: str) -> str:
    return text[: last_sentence(text)].rstrip() if text.endswith((":", "：")) else text
