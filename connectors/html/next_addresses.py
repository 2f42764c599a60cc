"""How one address lies to another: whether it can be the page after it of the same board, thread or listing."""

from urllib.parse import parse_qsl, urlsplit

import re2

FURTHER, PERHAPS, ELSEWHERE, NEVER = 3, 2, 1, 0

# Parameters that count pages, those that count what has been shown, and those that say where to go on
_PAGES = re2.compile(
    r"(?i)^(?:p|pg|pn|cp|cpage|\w*page(?:d|n\w*|num\w*|index)?|page_?no|pageid|\w*seite|\w*pagina|strana|sida|side|trang"
    r"|pagen_\d+)$"
)
_NOT_PAGES = re2.compile(r"(?i)per_?page|page_?(?:size|limit|length)|items|homepage|landingpage")
_OFFSETS = re2.compile(r"(?i)^(?:st|o|pn|from|skip|begin|\w*offset|\w*start(?:_?(?:index|row|rec|at|post|item))?)$")
_TOKENS = re2.compile(
    r"(?i)^(?:\w*after|\w*cursor|continuation|\w*before|since|since_id|max_id|last_?id|\w*_?page_?token|token|until"
    r"|older_?than|marker|updated-max|next(?:_page)?)$"
)
_WORD = (
    r"(?:pages?|pag|pg|p|seite|pagina|página|strona|strana|sida|side|sivu|oldal|sayfa|trang|halaman|stranica|index|list"
    r"|o|start|offset|страница|stranitsa)"
)
_PART = re2.compile(rf"(?i)^[^\pL\d]*(?:{_WORD}[^\pL\d]*)?(\d{{1,9}})(?:\.\w{{1,6}})?/?$")
_NAMED_PART = re2.compile(rf"(?i)(?:^|[^\pL]){_WORD}[^\pL\d]*(\d{{1,9}})(?:\.\w{{1,6}})?/?$")
_NAMED_BEFORE = re2.compile(rf"(?i)(?:^|[^\pL]){_WORD}[^\pL\d]*$")
_ENDING = re2.compile(r"^(?:\.\w{1,6})?/?$")
_DOTTED = re2.compile(r"^(\d{1,9})(?:\.(\d{1,9}))?$")
_INDEX = re2.compile(r"(?i)/(?:index|default)\.\w{1,5}$")


def relation(url: str, to: str) -> int:
    """FURTHER when `to` is `url` with a later number of a page, PERHAPS when a number or a token differs that may count
    pages, ELSEWHERE for other pages of the host, and NEVER for `url` itself, an earlier page, and other hosts."""
    here, there = urlsplit(url), urlsplit(to)
    if here.netloc.removeprefix("www.") != there.netloc.removeprefix("www."):
        return NEVER
    paths = _path(here.path), _path(there.path)
    if paths[0] == paths[1]:
        return _by_query(dict(parse_qsl(here.query, True)), dict(parse_qsl(there.query, True)))
    return _by_path(*paths) if here.query == there.query or not there.query else _moved(to)


def page_of(url: str) -> int:
    """The number of the page in an address, as far as it is called one; 0 for none."""
    parts = urlsplit(url)
    numbers = [value for name, value in parse_qsl(parts.query) if _is_page(name) and value.isdecimal()]
    found = _NAMED_PART.search(_path(parts.path))
    return int((numbers or [found[1] if found else "0"])[0][:9])


def _path(path: str) -> str:
    return _INDEX.sub("", path).rstrip("/")


def _by_query(here: dict[str, str], there: dict[str, str]) -> int:
    changed = [name for name in there if there[name] != here.get(name)]
    gone = [name for name in here if name not in there and (_is_page(name) or _OFFSETS.match(name))]
    if not changed:
        return NEVER
    steps = [_step(name, here.get(name, ""), there[name]) for name in changed]
    if gone and FURTHER not in steps:
        return NEVER
    if NEVER in steps:
        return NEVER
    replaced = [name for name, step in zip(changed, steps, strict=True) if step == ELSEWHERE and name in here]
    return ELSEWHERE if replaced else max(steps)


def _is_page(name: str) -> bool:
    return bool(_PAGES.match(name)) and not _NOT_PAGES.search(name)


def _step(name: str, before: str, after: str) -> int:
    name, numbers = name.split("[")[0], after.isdecimal() and (before or "0").isdecimal()
    old, new = (int((each or "0")[:9]) for each in (before, after)) if numbers else (0, 0)
    if numbers and _OFFSETS.match(name):
        return FURTHER if new > old else NEVER
    if numbers and _is_page(name):
        return _by_one(old, new)
    if after and (_TOKENS.match(name) or _is_later_part(before, after)):
        return FURTHER
    return PERHAPS if new > old else ELSEWHERE


def _is_later_part(before: str, after: str) -> bool:
    """As in `topic=7.0` and `topic=7.20`, where the first is often `topic=7`."""
    old, new = _DOTTED.match(before), _DOTTED.match(after)
    return bool(old and new and old[1] == new[1] and int(new[2] or "0") > int(old[2] or "0"))


def _by_one(before: int, after: int) -> int:
    """Pages are counted from 0 or from 1, and the first is often not numbered."""
    if after == before + 1 or (before == 0 and after == 2):
        return FURTHER
    return ELSEWHERE if after > before else NEVER


def _by_path(here: str, there: str) -> int:
    head = _common(here, there)
    tail = _common(here[len(head) :][::-1], there[len(head) :][::-1])[::-1]
    before, after = here[len(head) : len(here) - len(tail)], there[len(head) : len(there) - len(tail)]
    old, new = _PART.match(before), _PART.match(after)
    if old and not after.strip("/"):
        return NEVER if _NAMED_PART.search(head + before) else ELSEWHERE
    if not new or (before.strip("/") and not old):
        return _moved(there)
    named = bool(_NAMED_PART.match(after)) or bool(_NAMED_BEFORE.search(head))
    number = int(new[1])
    if not old:
        return FURTHER if number == 2 and (named or _ENDING.match(tail)) else PERHAPS
    if named:
        return _by_one(int(old[1]), number)
    return PERHAPS if number > int(old[1]) else NEVER


def _common(one: str, other: str) -> str:
    """What both begin with; no number is cut in two."""
    length = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    following = one[length : length + 1] + other[length : length + 1]
    return one[:length].rstrip("0123456789") if any(map(str.isdecimal, following)) else one[:length]


def _moved(to: str) -> int:
    """Another path. A page of what it names may still be the next of what is at hand, as the front page's is."""
    return PERHAPS if page_of(to) > 1 else ELSEWHERE
