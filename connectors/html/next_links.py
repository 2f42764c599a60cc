"""What a link says of itself: that it leads to the next page, in many languages, by its name, its class or an arrow."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

import re2
from lxml.html import HtmlElement

# How surely a link says it: in words said only of pages, in words or arrows that articles use too, by its class alone
SURELY, MAYBE, BY_CLASS, NOT = 3, 2, 1, 0

LONGEST = 60
_TABLE = tomllib.loads(Path(__file__).with_name("next_words.toml").read_text())
_NO_LETTERS = re2.compile(r"[^\pL\pM\d]+")
_ARROWS = re2.compile(r"^[\s\[(]*(?:[>›»→⟩⟫≫▶►▸▷❯⇒⇨⏩⟶➔➙➜➝➞➡➤〉》＞\x{fe0f}]|--?>|={1,2}>)+[\s\])|]*$")
_ICON = re2.compile(  # fonts of icons spell them out
    r"(?i)^(?:keyboard_)?(?:arrow|chevron|angle|caret)[_-]?(?:right|forward|next)\w*$|^navigate_next$"
)
_CLASS = re2.compile(
    r"(?i)(?:^|[\s_-])(?:next|nxt|older)(?:[\s_-]|$)|next(?:postslink|page|link|btn|button)"
    r"|(?:page|pager|pagination|nav|link)next"
)
_OTHER_CLASS = re2.compile(
    r"(?i)next[_-]?(?:topic|thread|post|article|story|unread|slide|month|week|day|year|image|photo|chapter|video|event"
    r"|section|item|tab)(?:[\s_-]|$)|newer|prev"
)
# What a name must not speak of: pages of something else
_OTHER = re2.compile(
    r"(?i)\b(?:topic|thread|post|article|story|unread|slide|month|week|day|year|image|photo|picture|chapter|video|event"
    r"|section|lesson|episode|newer|previous|prev|last|first)\b|下一(?:篇|章|节|主题|个)|上一|最后"
)
_PLACES = re2.compile(
    r"(?i)carousel|slider|slideshow|slick|swiper|calendar|datepicker|lightbox|gallery|post-?navigation(?:[\s_-]|$)"
    r"|nav-?single|single-?nav|related|testimonial|flickity|owl-"
)
_PICTURE = re2.compile(
    r"(?i)(?:^|[^a-z])(?:next|nxt|forward|older|weiter|suivant|siguiente|(?:arrow|pfeil)[_-]?(?:right|rechts|r))"
    r"(?:[^a-z]|$)"
)
_OFF = re2.compile(r"(?i)(?:^|[\s_-])(?:disabled|inactive|off|hidden|is-disabled)(?:[\s_-]|$)")


def says_next(link: HtmlElement) -> int:
    """How surely `link`, which may be a button, says that it leads to the next page: SURELY, MAYBE, BY_CLASS or NOT."""
    text = link_text(link)
    if len(text) > LONGEST or _is_off(link):
        return NOT
    names = _names(link)
    if any(map(str.isalpha, text)) and not _ICON.match(text):
        said = _in_words(text)
        wanted = said == NOT and (_is_next(link) or _CLASS.search(names)) and not _OTHER.search(text)
        return NOT if _OTHER_CLASS.search(names) and said < SURELY else BY_CLASS if wanted else said
    if text and not _ARROWS.match(text) and not _ICON.match(text) and not text.isdecimal():
        return NOT
    return _by_name(link, text, names)


def is_loading(link: HtmlElement) -> bool:
    """Whether `link` says that it loads more of the same page."""
    return _plain(link_text(link)) in _LOADING_WORDS and not _is_off(link)


def link_text(link: HtmlElement) -> str:
    return " ".join(link.text_content().split())


def is_elsewhere(link: HtmlElement) -> bool:
    """Whether `link` stands in what turns pictures, months or articles, not pages."""
    around = [link, *link.iterancestors()][:6]
    return any(_PLACES.search(f"{each.get('class') or ''} {each.get('id') or ''}") for each in around)


def _by_name(link: HtmlElement, text: str, names: str) -> int:
    """Of a link without letters: its label, title or picture's name; else its relation, its class or its arrow."""
    stated = [link.get("aria-label"), link.get("title"), *link.xpath(".//img/@alt | .//img/@title | ./*/@aria-label")]
    for said in filter(None, stated):
        if found := _begins(said):
            return found
        if any(map(str.isalpha, said)) and _OTHER.search(said):
            return NOT
    if _OTHER_CLASS.search(names):
        return NOT
    pictures = (source.rpartition("/")[2] for source in link.xpath(".//img/@src"))
    if _is_next(link) or _CLASS.search(names) or any(map(_PICTURE.search, pictures)):
        return MAYBE
    return MAYBE if text and not text.isdecimal() else NOT


def _in_words(text: str) -> int:
    plain = _plain(text)
    if plain in _SURE_WORDS:
        return SURELY
    return MAYBE if plain in _MAYBE_WORDS or plain in _LOADING_WORDS else NOT


def _begins(said: str) -> int:
    """As in "Next page - Results 11 to 20"."""
    words = _plain(said).split()
    spans = [" ".join(words[:count]) for count in range(min(len(words), 5), 0, -1)]
    if _OTHER.search(said) and not any(span in _SURE_WORDS for span in spans):
        return NOT
    return next((found for span in spans if (found := _in_words(span))), NOT)


def _plain(text: str) -> str:
    """Words without marks and numbers, as in "Next 20 results »"."""
    return " ".join(word for word in _NO_LETTERS.sub(" ", text.casefold()).split() if not word.isdecimal())


# as links are compared with them: "αναρτήσεις" ends in another letter then
_SURE_WORDS, _MAYBE_WORDS, _LOADING_WORDS = (
    frozenset(map(_plain, _TABLE[kind])) for kind in ("surely", "maybe", "loading")
)


def _is_next(link: HtmlElement) -> bool:
    return "next" in (link.get("rel") or "").lower().split()


def _names(link: HtmlElement) -> str:
    """Classes of a link, and of what holds nothing but it."""
    names: list[str] = [link.get("class") or "", link.get("id") or ""]
    around = link.getparent()
    if around is not None and len(_links(around)) == 1:
        names += [around.get("class") or "", around.get("id") or ""]
    return " ".join([*names, *(child.get("class") or "" for child in link)])


def _links(element: HtmlElement) -> list[HtmlElement]:
    return list(element.iter("a", "button"))[:2]


def _is_off(link: HtmlElement) -> bool:
    around: Iterable[HtmlElement] = [each for each in (link, link.getparent()) if each is not None]
    return link.get("disabled") is not None or any(
        each.get("aria-disabled") == "true" or _OFF.search(each.get("class") or "") for each in around
    )
