"""What leads from a part of a page to others, or to a picture: who reads the part alone has neither.

Whole brackets and whole sentences go that only lead there ("(see Section 6.3)", "See Tuning below.", "In the next
chapter, we will …" at the end), and announcements of what is not there ("It looks like this:" above a picture that was
left out). Pointers to other sites and to pages of a manual, such as git(1), stay: these can be had.
"""

from functools import lru_cache
from itertools import pairwise

import re2

from pipelines.normalise.markdown import BLOCK

_PARTS = r"(?:sections?|chapters?|appendix|appendices|parts?|figures?|fig\.|tables?|steps?|examples?|pages?|lessons?)"
_PLACE = (
    rf"(?:above|below|(?:here)?(?:after|before)|later|earlier|the (?:next|previous|following|above|last|first) {_PARTS}"
    rf"|the [\w-]+ (?:above|below)|(?:the )?{_PARTS} (?:above|below|[\dA-Z][\d.]*\b|[“\"'‘«])"
    rf"|[“\"][^”\"\n]+[”\"] (?:above|below)?"
    rf"|(?:the )?[^.()\n]+ {_PARTS}"
    r"(?: above| below| of this (?:page|guide|document|manual|article|chapter))?)"
)
_ZH_PLACE = (
    r"(?:上文|下文|前文|后文|上面|下面|前面|后面|[上下]一[节章]|本章"
    r"|第\s?[\d.一二三四五六七八九十]+\s?[节章]|附录)"
)
_SEE = (
    r"(?:(?:please )?see(?: also)?|also see|cf\.?|refer to|(?:as )?(?:described|explained|discussed|covered|shown) in)"
)
_ZH_SEE = r"(?:请?参[见阅看考]|请?[详另]?见|请看)"
_ENDS = r"(?m:(?P<before>^|[.!?。！？][”’\")]? ?))"
_LONGEST = 250  # characters of a pointer, with its addresses
_LABEL = 60  # characters up to which a paragraph may be the name of the file whose code follows
_DEMONSTRATIVE = re2.compile(
    r"(?i)(?:(?:screen|window|dialog(?:ue)?(?: box)?) (?:should |will )?(?:now )?(?:appears?|opens?|pops? up"
    r"|be (?:shown|displayed))"
    r"|the following (?:screen|window|dialog(?:ue)?(?: box)?|picture|image|screenshot|figure|diagram|illustration)"
    r"(?: (?:appears?|opens?|pops? up|comes up|is (?:shown|displayed)|will (?:appear|open|be (?:shown|displayed))))?"
    r"|like (?:this|the following|so|these)|as (?:shown|seen|pictured)(?: (?:here|below))?"
    r"|as follows|(?:screenshot|picture|image|figure|diagram|illustration)(?: below)?"
    r"|像这样|这样|如下(?:图)?(?:所示)?|如图(?:所示)?|下图(?:所示)?)[:：]$"
)
_SHOWN = re2.compile(rf"^\s*(?:{BLOCK}|[-*+•>|<#$\[]|\d{{1,3}}[.)]|\\\[)")
_LAST = re2.compile(r"[^.!?。！？\n]*[.!?:：。！？]?[”’\")]*\s*$")
_ONWARDS = re2.compile(
    r"(?i)^\s*(?:(?:ok(?:ay)?|so|now|and|but|great|good|well|next|then|finally|first)\b,? ?)*"
    r"(?:let(?:'|’)?s |let us |we(?:'|’)?ll |we (?:will|can|are going to|now) |you(?:'|’)?ll |you (?:will|can now) "
    rf"|in the (?:next|following) {_PARTS}|the (?:next|following) {_PARTS}|on to |(?:it(?:'|’)s|it is) time to ).*"
    rf"|^\s*(?:现在)?(?:让我们|我们(?:将|会)|在?(?:接下来|后面|后续)|在?下一[节章]|下面).*"
)
# "Let's try it!", after which a section ends
_INVITES = re2.compile(
    r"(?i)^\s*(?:(?:ok(?:ay)?|so|now|great|good|well),? )?let(?:'|’)?s "
    r"(?:(?:try|see|start|begin|go|continue|move on|get (?:started|going)|find out|dive in|do (?:it|this|that)"
    r"|(?:take|have) a (?:closer )?look)\b[^.!?:]{0,40})[.!?]+\s*$"
    r"|^\s*(?:现在|那么|好了)?[，,]?(?:让)?我们(?:现在|一起|先)?来?(?:试|看|开始|动手"
    r"|继续)[^。！？：]{0,12}[。！？]\s*$"
)
_OTHER_PART = re2.compile(
    rf"(?i)\b(?:next|following|coming|later) {_PARTS}|\b(?:next|following) (?:tutorial|episode|one)\b"
    r"|下一?[节章]|(?:后面|接下来|后续)的?几?个?[章节]"
)
# What brackets and sentences that lead elsewhere have in them
_SEES = re2.compile(
    r"(?i)\b(?:see|cf|more (?:about|on)|refer to|(?:described|explained|discussed|covered|shown) in)\b"
    r"|参[见阅看考]|见|请看|在\s?\["
)


@lru_cache(maxsize=64)
def _pointers(host: str) -> tuple["re2._Regexp[str]", "re2._Regexp[str]"]:
    """Brackets and sentences that only lead to a place on the same site."""
    own = rf"\[[^\]\n]+\]\(<?https?://{re2.escape(host)}(?:[/?#][^()\s]*)?>?\)" if host else r"\[\]"
    more = rf"(?:,? (?:and|or|and also|,) (?:{own}|{_PLACE}))*"
    where = rf"(?i:{_SEE}) (?:the |also )?(?:{own}(?: {_PARTS}| above| below)?|(?i:{_PLACE})){more}"
    zh_where = rf"{_ZH_SEE}\s?(?:{own}|{_ZH_PLACE})"
    named = r"(?i:see(?: also)?|cf\.) [A-Z][^()\[\]\n`0-9./:;<>]{3,60}"  # a heading that was a link; not "see RFC 2822"
    brackets = re2.compile(rf"[ \t]?\((?:{named}|{where}[^()\n]*)\)|\s?[（(](?:{zh_where}|在\s?{own})[^（）()\n]*[）)]")
    about = r"(?i:for (?:more|further|additional|full|the|other)[^.,\n]{0,60},? )?"
    read = rf"(?i:you can |to )?(?i:read|learn|find out) (?i:more )?(?i:about|on) [^.()\n]+ in (?:the )?{own}"
    sentence = re2.compile(
        rf"{_ENDS}(?:{about}(?:{where}|{read})(?: (?i:for|on|about|to|if|in)\b[^.()\n]+)?\.(?P<after> |$|\n)"
        rf"|[^。！？\n]*(?:{zh_where}|在\s?{own}\s?(?:章节)?中?(?:阅读|了解|学习)(?:更多)?)[^。！？\n]*。)"
    )
    return brackets, sentence


@lru_cache(maxsize=64)
def _listed(host: str) -> "re2._Regexp[str]":
    """A sentence that says where to look, and a list of nothing but links on the same site."""
    own = rf"\[[^\]\n]+\]\(<?https?://{re2.escape(host)}(?:[/?#][^()\s]*)?>?\)"
    says = r"(?i:for (?:more|further|additional)[^.:\n]{0,60}|(?:see|read)(?: also| more)?[^.:\n]{0,40})[:：]"
    zh_says = rf"[^。：:\n]{{0,40}}{_ZH_SEE}[^。：:\n]{{0,20}}[:：]"
    return re2.compile(rf"{_ENDS}(?:{says}|{zh_says})\n+(?:[ \t]*[-*+•] {own}[.。]?[ \t]*(?:\n|$))+")


def without_pointers(text: str, host: str) -> str:
    """Prose (see `markdown.on_prose`) without them; links to `host` lead to the same site."""
    if _SEES.search(text):
        _, sentences = _pointers(host)
        text = sentences.sub(_before, without_brackets(text, host))
        text = _without_listed(text, host) if host and host in text else text
    return _without_promise(_without_announcements(text).rstrip())


def _without_listed(text: str, host: str) -> str:
    return str(_listed(host).sub(lambda found: str(found["before"]).rstrip(" "), text))


def without_brackets(line: str, host: str) -> str:
    """A line without brackets that only lead to a place on the same site."""
    return str(_pointers(host)[0].sub(lambda found: found[0] if len(found[0]) > _LONGEST else "", line))


def _before(sentence: "re2._Match") -> str:
    """What stands before a sentence that goes; a long one says more than where to look."""
    line_ends = sentence["after"] == "\n"
    return str(sentence[0]) if len(sentence[0]) > _LONGEST else sentence["before"] + "\n" * line_ends


def _without_announcements(text: str) -> str:
    parts = text.split("\n\n")
    for number, (part, below) in enumerate(pairwise(parts)):
        if _DEMONSTRATIVE.search(part) and len(below) > _LABEL and not _SHOWN.match(below):
            parts[number] = part[: _LAST.search(part).start()].rstrip()
    return "\n\n".join(part for part in parts if part)


def _without_promise(text: str) -> str:
    """`text` without a last sentence that only says what another part will do, or invites to what does not follow."""
    last = _LAST.search(text)
    if not last or last.start() == 0:
        return text
    promises = _ONWARDS.match(last[0]) and _OTHER_PART.search(last[0])
    return text[: last.start()].rstrip() if promises or _INVITES.match(last[0]) else text
