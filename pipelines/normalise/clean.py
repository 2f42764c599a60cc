"""Cleaning without loss: what nobody would want to learn goes, everything else stays, code is never touched."""

import unicodedata

import re2

_FENCE = re2.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_HAN = re2.compile(r"\p{Han}")
_KANA = re2.compile(r"[\p{Hiragana}\p{Katakana}]")
_LETTER = re2.compile(r"\pL")

# Control characters but tab and newline; invisible marks that only hide or reorder text (joiners of real scripts stay).
_INVISIBLE = dict.fromkeys(
    [*range(9), 11, 12, *range(14, 32), *range(127, 133), *range(134, 160), 0x200B, 0x2060, 0xFEFF]
    + [*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE0080), 0xFFFE, 0xFFFF]
)


def safe(text: str) -> str:
    """Valid Unicode in NFC, newlines as \\n, no control or text-hiding characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    return unicodedata.normalize("NFC", text.translate(_INVISIBLE))


def tidy(text: str) -> str:
    """`safe`, without blank ends."""
    return safe(text).strip("\n ").rstrip()


def blocks(markdown: str) -> list[tuple[bool, str]]:
    """Runs of lines as (is code, text), fences included in the code; joined by newlines they are the text again."""
    runs: list[tuple[bool, list[str]]] = [(False, [])]
    fence = ""
    for line in markdown.split("\n"):
        mark = _FENCE.match(line)
        if not fence and mark:
            fence = mark.group(1)
            runs.append((True, [line]))
        elif fence:
            runs[-1][1].append(line)
            if mark and mark.group(1).startswith(fence) and not mark.group(2).strip():
                fence = ""
                runs.append((False, []))
        else:
            runs[-1][1].append(line)
    return [(code, "\n".join(lines)) for code, lines in runs if lines]


def is_chinese(text: str) -> bool:
    """Whether a reader of Chinese is addressed: a fifth of the letters are Han, and it is not Japanese."""
    sample = text[:4000]
    han = len(_HAN.findall(sample))
    kana = len(_KANA.findall(sample))
    return han > 0 and kana * 5 < han and han * 5 >= len(_LETTER.findall(sample))


# Sentences that greet, thank or sign, from real posts; each is tried on whole sentences only.
_GREETING = re2.compile(
    r"(?i)^(hi|hello|hey|dear|greetings|good (morning|afternoon|evening|day)|howdy)"
    r"([ ,]+(all|everyone|everybody|there|guys|folks|friends|community|sir|sirs|team|experts|world|people|again)){0,3}[ ]*"
    r"(!+|,|\.+|:\)|-|\n)\s*"
    r"|^(大家好|各位好|你们好|你好|您好|各位大神|各位大佬|各位高手|大神们好|哈喽|嗨)[\s,，。.!！~～:：、]+"
)
_LEAD_IN = re2.compile(
    r"(?i)^((just )?as (@?[\w.\-]+|(the )?(others?|other answers?|previous answers?)|someone|everyone|already)"
    r"( (else|above|below))?( (have|has|had))?( (also|already|correctly|rightly))? "
    r"(said|says|mentioned|mentions|noted|notes|pointed out|points out|explained|explains|answered|commented|stated|suggested)"
    r"( (above|below|before|earlier|already|correctly|previously|here))?"
    r"( in (the|his|her|their|your|a) (answers?|comments?|post))?( (above|below))?,\s+"
    r"|(to|just to) (add|expand) (to|on) (@?[\w.\-]+'s|the (other|previous|above|existing|accepted)) (answers?|comments?),\s+"
    r"|正如楼上(所说|说的)?[,，]\s*|如楼上所说[,，]\s*|同意楼上[,，。]\s*|楼上正解[,，。]\s*)"
)
_EDIT_MARK = re2.compile(
    r"(?im)^[ \t]*(\*{1,3}|_{1,2}|#{1,6} )?\[?(edit(ed)?|update[d]?|addendum|编辑|更新|补充)( ?#?\d{1,2})?\]?(\*{1,3}|_{1,2})?[ ]?[:：]"
    r"(\*{1,3}|_{1,2})?[ \t]*"
)
_CLOSING = re2.compile(
    r"(?i)^[\s*_\-–—~>]*("
    r"(many |much |a lot of )?(thanks|thank you|thankyou|thx|ty|tia|cheers|regards|best|best wishes|kind regards|best regards|sincerely)"
    r"( (you|so much|very much|a lot|a bunch|a million|again|all|everyone|everybody|guys|in advance|for (any|the|your|all)( \w+){1,6}))*"
    r"|thanks( in advance)? (to|for) [^.!?\n]{1,80}"
    r"|(i )?(hope|hoping) (that |this |it )?(this |it |that )?(helps?|helped|is helpful|is useful|answers your question|clarifies|was helpful|will help|makes sense|can help)[^.!?\n]{0,40}"
    r"|(any|all) (help|suggestions?|advice|ideas?|hints?|pointers?|thoughts|insights?|comments|input|guidance|feedback)[^.!?\n]{0,60}"
    r"(appreciated|welcome|great|helpful|good|nice)"
    r"|(please )?let me know (if|whether|what) [^.!?\n]{0,80}"
    r"|(please )?feel free to [^.!?\n]{0,80}|good luck|happy (coding|hacking|brewing)|please help( me)?( out)?|help( me)?,? please"
    r"|i('d| would) (really )?(appreciate|be grateful for) (any|some) [^.!?\n]{0,60}"
    r"|welcome to [^.!?\n]{0,40}(stack ?exchange|site|forum|community|se)|sorry for my (bad |poor )?english|my apologies"
    r")[\s.!,:;)(\-^*_~]*$"
    r"|^[\s*_\-–—~>]*(先?谢谢(大家|各位|你|您|了|啦)*|多谢(了|各位|大家)?|感谢(各位|大家|您)?|不胜感激|谢了|先谢了|"
    r"希望(对你|能|这)?(有所|有)?(帮助|帮到你)|希望对(你|您|大家)有(所)?帮助|望采纳|求助|求指教|跪求|在线等|请指教|祝好|求(大神|大佬|高手)(指点|解答|帮忙)?)"
    r"[\s。.!！,，~～^_]*$"
)
_SIGNATURE = re2.compile(r"^[ \t]*(--|—|–|-|~)[ ]?[^\s\d.,:;!?()\[\]`*_][^\n\d,:;!?()\[\]`*_]{1,30}$")
_NAVIGATION = re2.compile(
    r"(?i)^[\s*_#>|\[\]←→«»<‹›\-]*(next|previous|prev|up|home|back to top|back|top|table of contents|contents|skip to (main )?content|"
    r"edit (this page|on github|me on github)|improve this page|report a bug|show source|permalink|share|"
    r"print|was this (page|article) helpful\?|last (updated|modified)[^.\n]{0,60}|"
    r"上一页|下一页|上一章|下一章|返回顶部|回到顶部|返回目录|目录|编辑本页|在 ?github 上编辑|最后更新[^。\n]{0,40}|起始页)"
    r"(\]\([^)\s]*\))?[\s*_|\]←→«»>‹›]*$"
)
_IMAGE = re2.compile(r"!\[[^\]\n]*\]\([^)\n]*\)|!\[[^\]\n]*\]\[[^\]\n]*\]")
_EMPTY_LINK = re2.compile(
    r"\[\s*(¶|§|#|🔗|\[?edit\]?|link|permalink)?\s*\]\([^)\s]*( \"[^\"\n]*\")?\)|¶|\[(edit|编辑)\]"
)
_FOOTNOTE = re2.compile(
    r"\[\^[\w\-]{1,20}\]:?|\[(citation needed|clarification needed|来源请求)\]|\\\[(citation needed|\d{1,3})\\\]"
)
_NUMBERED_NOTE = re2.compile(r"([.,;)\"”。，；）])(\[\d{1,3}\])+([\s]|$)")
_TITLE_STATE = re2.compile(
    r"(?i)\s*[\[(](closed|duplicate|on hold|solved|resolved|migrated|已解决|已关闭|求助|已结贴)[\])]\s*$|^\s*[\[(](solved|resolved|已解决|求助|已结贴)[\])]\s*"
)
_BLANK_LINES = re2.compile(r"\n[ \t]*\n([ \t]*\n)+")
_SENTENCE_END = re2.compile(r"[.!?。！？][\"”')\]]*(?:\s+|$)|[。！？]|\n")
_POINTS_DOWN = re2.compile(
    r"(?i)(below|following|follows|this|these|example|e\.g\.|like|here|here it is|so)\s*[:：]$|(如下|以下|下面|例如|比如|如)[^。：:\n]{0,12}[:：]$"
)


def title(text: str) -> str:
    """A thread's or page's title on one line, without the state the site put there."""
    return _TITLE_STATE.sub("", " ".join(safe(text).split())).strip()


def prose(markdown: str) -> str:
    """Markdown without images, permalinks, navigation lines, footnote and edit marks; code as it was."""
    cleaned = [text if code else _prose(text) for code, text in blocks(safe(markdown))]
    return _BLANK_LINES.sub("\n\n", "\n".join(cleaned)).strip("\n ").rstrip() if cleaned else ""


def _prose(text: str) -> str:
    text = _EMPTY_LINK.sub("", _IMAGE.sub("", text))
    text = _NUMBERED_NOTE.sub(r"\1\3", _FOOTNOTE.sub("", text))
    text = _EDIT_MARK.sub("", text)
    return "\n".join(line.rstrip() for line in text.split("\n") if not line.strip() or not _NAVIGATION.match(line))


def post(markdown: str) -> str:
    """One contribution to a thread: `prose` without greeting, thanks, signature and a dangling end."""
    parts = blocks(prose(markdown))
    if parts and not parts[0][0]:
        parts[0] = (False, _without_opening(parts[0][1]))
    while parts and not parts[-1][0]:
        parts[-1] = (False, _without_closing(parts[-1][1]))
        if parts[-1][1]:
            break
        parts.pop()
    return "\n".join(text for _, text in parts).strip("\n ").rstrip()


def _without_opening(text: str) -> str:
    text = _GREETING.sub("", text.lstrip())
    shorter = _LEAD_IN.sub("", text)
    return shorter[:1].upper() + shorter[1:] if shorter != text else text


def _without_closing(text: str) -> str:
    """Drop closing sentences, last first, as long as there are any."""
    text = text.rstrip()
    while text:
        start = last_sentence(text)
        last = text[start:].strip()
        if not (_CLOSING.match(last) or _SIGNATURE.match(last)):
            break
        text = text[:start].rstrip()
    return text


def last_sentence(text: str) -> int:
    """Where the last sentence (or line) of `text` begins."""
    tail = max(0, len(text) - 400)
    ends = [tail + match.end() for match in _SENTENCE_END.finditer(text[tail:])]
    before = [end for end in ends if text[end:].strip()]
    return before[-1] if before else (0 if not tail else len(text))


def finished(markdown: str) -> str:
    """Without a last sentence that announces something which is not there ("as follows:")."""
    text = markdown.rstrip()
    start = last_sentence(text)
    if text.endswith((":", "：")) and _POINTS_DOWN.search(text[start:]):
        return text[:start].rstrip()
    return text
