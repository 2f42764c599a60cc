"""What a page shows of who wrote where, when and how much: the ground that readings of unknown engines stand on.

One walk over the page; everything after it looks up elements.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2
from lxml.html import HtmlElement

from connectors.html.threads.bylines import named_in_line, named_with_time
from connectors.html.threads.dates import is_relative, states_time
from connectors.html.threads.tools import ACTION, is_about_author, is_count

_USER_LINK = re2.compile(
    r"(?i)user|member|profile|people|author|/u/|[?&/]u(?:id)?[=/]\d|/@|space[-/]|/id/|/~\w|/home/[\w%.-]+/?$|/u\.php"
)
# What stands below the words of a post and is none of them: signatures, notes of edits
SIGNED = re2.compile(r"(?i)(?:^|[ ._-])sig(?:[ ._\d-]|$)|signature|last-?edit|edited-?by|edit-?note")
# What stands beside a thread
ASIDE = re2.compile(
    r"(?i)related|similar|recommend|popular|latest|recent|sidebar|widget|trending|featured|teaser|activity|footer"
)
_NAMED = re2.compile(
    r"(?i)(?:^|[\s_-])(?:author|user-?name|nick(?:-?name)?|poster|u-?name|screen-?name|replyer|replier|answerer|asker|commenter|display-?name|by-?line|posted-?by|op)(?:$|[\s_-])|(?:^|\s)name(?:\s|$)"
)
JOINED = re2.compile(
    r"(?i)join|registered|registriert|member since|inscri|注册|註冊|регистр|last (?:edit|mod|seen|visit)|edited|最后"
    r"|editiert|bearbeitet|modifié|editado|modificat|отредакт|изменен|编辑|編輯"
)
_TIMES = (
    "datetime", "title", "data-time", "data-timestamp", "content", "data-date", "created", "created-at", "data-created",
    "data-created-at", "data-utc",
)  # fmt: skip
_NAMES_IN = ("data-author", "data-username", "data-user-name", "data-author-name", "data-nickname", "data-poster")
# What is on the page and no one's prose
_SILENT = frozenset((
    "a", "script", "style", "textarea", "select", "button", "template", "nav", "footer", "head", "svg", "title",
    "label",
))  # fmt: skip
_UNSEEN = frozenset(("script", "style", "template", "head", "svg", "textarea", "select"))
_LONGEST_NAME, _LONGEST_MARK, _LONGEST_TIME, _LONGEST_LABEL = 40, 60, 70, 30
# What says in a longer line when something was written
_POSTED = re2.compile(
    r"(?i)(?:^|[^\pL])(?:发表于|發表於"
    r"|(?:posted|written|submitted|asked|answered|replied|geschrieben|verfasst|publié|enviado)(?:[^\pL\pN]|$))"
)
_SENTENCE = 8  # letters of a paragraph that says something
_LONGEST_LINE, _FROM_IT = 175, 45  # letters of such a line, and characters from that on that hold the time
_HIDDEN = "//*[contains(translate(@style, ' ', ''), 'display:none') or @hidden]"
_MENU = 400.0  # letters of what is hidden until somebody opens it
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")  # of texts by the thousand, in which re is faster
_WIDTH = 2.5  # letters that a wide one says as much as
_MOST_ADDRESSES = 3  # that the links to one person have
_NOT_NAMES = frozenset((
    "author", "autor", "auteur", "user", "username", "member", "poster", "posts", "profile", "作者", "用户",
))  # fmt: skip
# Links to a person that do not say who it is
_TO_PERSON = re2.compile(
    r"(?i)^(?:view|visit|see|show|find|send|add|all|more|full|(?:private )?message|pm$|contact$|website$)\b.{0,20}"
    r"(?:profile|posts?|messages?|friend|pm|by|threads|e?mail)\b|^(?:(?:members?|users?|my|his|her)\S{0,2} )?"
    r"(?:profile|posts?|messages?|beiträge|nachricht|profil)$|^(?:发消息|加好友|关注|发私信|查看资料|登[录錄]|立即注册)$"
)
_NO_PERSON = re2.compile(
    r"(?i)log-?in|log-?out|sign-?[iu][pn]|register|(?:users?|members?|people|profiles?)/?$|^#|^javascript"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """`times`: what an element states as a time, absolute or relative; `people`: the names that links to people and
    elements named for authors hold; `prose`: letters outside links, forms and signatures, of every element; `mass`:
    all its letters; `at`: its place in the order of the page; `last`: the place of the last element inside it."""

    times: dict[HtmlElement, str]
    people: dict[HtmlElement, str]
    prose: dict[HtmlElement, float]
    mass: dict[HtmlElement, float]
    at: dict[HtmlElement, int]
    last: dict[HtmlElement, int]
    prose_of_page: float

    def within(self, inner: HtmlElement, outer: HtmlElement) -> bool:
        """Whether `inner` is `outer` or in it."""
        return self.at[outer] <= self.at[inner] <= self.last[outer]

    def is_silent(self, element: HtmlElement) -> bool:
        """Whether nothing that an element holds is prose."""
        return element.tag in _SILENT or _is_signature(element)


def gather(root: HtmlElement) -> Evidence:
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    at = {element: place for place, element in enumerate(elements)}
    prose, mass, last = _weigh(elements, at)
    seen = [element for element in elements if mass[element] or len(element) == 0]
    hidden = {inner for menu in root.xpath(_HIDDEN) if mass[menu] <= _MENU for inner in menu.iter()}
    seen = [element for element in seen if element not in hidden]
    times = {element: stated for element in seen if (stated := _time_of(element, mass[element]))}
    people = _without_labels({element: name for element in seen if (name := _person(element, mass[element]))})
    people |= {shown: name for element, name in people.items() for shown in _showing(element, name, mass)}
    _take_away(prose, mass, {*times, *people})
    return Evidence(times, people, prose, mass, at, last, prose[root])


def _weigh(
    elements: list[HtmlElement], at: dict[HtmlElement, int]
) -> tuple[dict[HtmlElement, float], dict[HtmlElement, float], dict[HtmlElement, int]]:
    """Prose, mass and last place of each element, from the last one up: what is inside comes before what is around."""
    prose: dict[HtmlElement, float] = {}
    mass: dict[HtmlElement, float] = {}
    last: dict[HtmlElement, int] = {}
    for element in reversed(elements):
        said = letters(element.text)
        written, whole, end = _written(element.text, said), said, at[element]
        for child in element:
            after = letters(child.tail)
            written += prose.get(child, 0.0) + _written(child.tail, after)
            whole += mass.get(child, 0.0) + after
            end = max(end, last.get(child, end))
        mass[element] = 0.0 if element.tag in _UNSEEN else whole
        prose[element] = 0.0 if element.tag in _SILENT or _is_signature(element) else written
        last[element] = end
    return prose, mass, last


def _written(text: str | None, said: float) -> float:
    """Of the letters of a text, those that somebody wrote."""
    short = 0 < said < _LONGEST_MARK and bool(text)
    return 0.0 if short and text and (is_about_author(text) or is_count(text.strip())) else said


def _take_away(prose: dict[HtmlElement, float], mass: dict[HtmlElement, float], marks: set[HtmlElement]) -> None:
    """Short elements that say who or when are nobody's prose; of those around others, what they say themselves."""
    for mark in marks:
        said = prose[mark]
        if not 0 < said <= mass[mark] <= _LONGEST_MARK:
            continue
        if not marks.isdisjoint(mark.iterdescendants()):
            own = _own(mark)
            said = letters(own) if states_time(own) or is_relative(own) else 0.0
        for around in (mark, *mark.iterancestors()) if said else ():
            prose[around] = max(0.0, prose[around] - said)


def _own(element: HtmlElement) -> str:
    """What an element says without what is in it, in one line."""
    return " ".join("".join([element.text or "", *(child.tail or "" for child in element)]).split())


def letters(text: str | None) -> float:
    """Letters of a text without blanks, a wide one counted as several."""
    if not text:
        return 0.0
    said = "".join(text.split())
    return float(len(said)) if said.isascii() else len(said) + (_WIDTH - 1) * len(_WIDE.findall(said))


def _is_signature(element: HtmlElement) -> bool:
    return _names(SIGNED, f"{element.get('class') or ''} {element.get('id') or ''}")


@lru_cache(16_384)
def _names(pattern: Any, names: str) -> bool:
    """Pages have few different names on many elements."""
    return len(names) > 1 and bool(pattern.search(names))


def leads_to_user(link: HtmlElement) -> bool:
    return _names(_USER_LINK, link.get("href") or "")


def _time_of(element: HtmlElement, mass: float) -> str:
    """The time that an element states itself, in an attribute or as nearly all its text, where it is that of a post."""
    stated = _stated_time(element, mass)
    return "" if stated and _is_aside(element) else stated


def _is_aside(element: HtmlElement) -> bool:
    """Whether what stands before a time in its line says that somebody joined or edited then."""
    before, parent = element.getprevious(), element.getparent()
    if parent is None:
        return False
    label = parent.text if before is None else before.tail if (before.tail or "").strip() else before.text_content()
    if not label or len(label) > _LONGEST_LABEL or any(map(str.isdigit, label)):  # one with a date has its own
        return False
    return bool(JOINED.search(label))


def _stated_time(element: HtmlElement, mass: float) -> str:
    for name in _TIMES if element.attrib else ():
        stated = element.get(name) or ""
        if 8 <= len(stated) <= 60 and states_time(stated):
            return stated
    if len(element) > 12 or mass > 400:
        return ""
    own = _own(element)
    text = " ".join(element.text_content().split()) if len(element) and len(own) < 60 else own
    for each in (text, own):
        if len(each) >= 6 and letters(each) <= _LONGEST_TIME and not JOINED.search(each) and states_time(each):
            return "" if each is not own and _has_paragraph(element) else each
    if is_relative(own) and not JOINED.search(own):
        return own
    posted = _POSTED.search(own) if len(own) > _FROM_IT and letters(own) <= _LONGEST_LINE else None
    told = own[posted.start() : posted.start() + _FROM_IT] if posted else ""
    return told if told and (states_time(told) or is_relative(told)) else ""


def _has_paragraph(element: HtmlElement) -> bool:
    """Whether what is around a time holds words, too, as a short post does."""
    texts = (each.text_content() for each in element.iterdescendants("p", "pre", "blockquote"))
    return any(letters(text) >= _SENTENCE and not states_time(text) and not is_relative(text) for text in texts)


def _without_labels(people: dict[HtmlElement, str]) -> dict[HtmlElement, str]:
    """The people, without what many links to different ones say: "Profile", "Send a message"."""
    leading: defaultdict[str, set[str]] = defaultdict(set)
    for element, name in people.items():
        leading[name].add(element.get("href") or "")
    labels = {name for name, addresses in leading.items() if len(addresses) > _MOST_ADDRESSES}
    return {element: name for element, name in people.items() if name not in labels}


def _person(element: HtmlElement, mass: float) -> str:
    """The name in a link to a person, in an element that is named for authors, or in an attribute for it."""
    if element.attrib and (stated := _stated_name(element)):
        return stated
    if 0 < mass <= _LONGEST_LINE and (told := _told(element)):
        return told
    if not 0 < mass <= _LONGEST_NAME:
        return ""
    href = element.get("href") or ""
    linked = element.tag == "a" and (leads_to_user(element)) and not _names(_NO_PERSON, href)
    if (
        not linked
        and not _names(_NAMED, element.get("class") or "")
        and "author" not in (element.get("itemprop") or "")
    ):
        return ""
    name = " ".join(element.text_content().split()).strip(" ,:•·|»«")
    return name if is_name(name) else ""


def _told(element: HtmlElement) -> str:
    """The name that a line gives in words."""
    own = _own(element)
    name = named_in_line(element, own) or (named_with_time(own) if states_time(own) or is_relative(own) else "")
    return name if name and is_name(name) else ""


def _stated_name(element: HtmlElement) -> str:
    names = (element.get(name) or "" for name in _NAMES_IN)
    own = element.get("author") or "" if "-" in element.tag else ""
    return next((name for name in (own, *names) if name and is_name(name)), "")


def _showing(element: HtmlElement, name: str, mass: dict[HtmlElement, float]) -> list[HtmlElement]:
    """Where a post shows the name that an attribute of it states."""
    if mass[element] <= _LONGEST_NAME:
        return []
    size = letters(name)
    near = (each for each in element.iterdescendants() if mass.get(each) == size)
    return [each for each in near if " ".join(each.text_content().split()) == name]


def is_name(text: str) -> bool:
    """Whether a text may name a person: it is short, has letters and is no time."""
    short = 1 <= len(text) <= _LONGEST_NAME and any(map(str.isalpha, text)) and text.lower() not in _NOT_NAMES
    short = short and ":" not in text and not text.startswith("#") and not all(map(ACTION.search, text.split()))
    short = short and not _TO_PERSON.search(text)
    return short and not states_time(text) and not is_relative(text)
