"""Whether those who speak on a page answer each other in a thread, or comment on an article.

`score` is the logarithm of the odds that it is a thread, a sum of weighted traits, none of which decides alone. The
weights are those of a logistic regression with the sign of each given, rounded: `tests/accuracy/fit_conversation.py`
prints on what and how well. What a first post says counts little: threads may ask nothing, and articles may.
"""

import re
import tomllib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import re2
from lxml.html import HtmlElement

from connectors.html.metadata import title
from connectors.html.tags import names
from connectors.html.threads.block import Block
from connectors.html.threads.evidence import leads_to_user, letters
from connectors.html.threads.place import is_article, is_of_forum, is_published, leads_to_thread
from connectors.html.threads.posts import Found

_BIAS = -1.2
# Logarithms of odds. Above the first it is a thread whatever the page calls itself: more articles than threads are met.
# Below the second, posts that are signed, or named as those of threads, are comments
_LIKELY, _UNLIKELY = 1.0, -1.25
_WEIGHTS = {
    "together": 1.7,  # the first post repeats with the others: an article is of another make than its comments
    "peers": 1.4,  # who opens is linked to as those who answer
    "opener": 1.4,  # who opens speaks again, and others do
    "replies": 0.9,  # names in the markup: of replies and answers,
    "named": 0.3,  # of anything that threads have,
    "comments": -0.8,  # of comments
    "address": 1.4,
    "forum": 1.2,
    "told": 1.7,  # the page counts answers, or asks for one
    "title_asks": 0.6,
    "asks": 0.5,
    "me": 0.5,  # whether who opens speaks of himself
    "article": -2.0,  # the page calls itself an article,
    "published": -1.2,  # and says in its head when it was published
    "long": -1.6,
    "headed": -0.5,  # the first post has headings
    "by_chance": -0.6,  # nothing repeats but bodies, or what nobody's name stands at
}
NAMED = re2.compile(r"(?i)question|answer|thread|forum|discussion|\btopic(?:s|-)?\b|post-?(?:bit|row|reply)")
_THREAD = re2.compile(r"(?i)[\w-]*thread[\w-]*")  # which blogs call the comments on an article, too
_REPLIES = re2.compile(
    r"(?i)answer[_-]?(?:content|text|body|item|post)|post-?repl(?:y|ies)|(?:topic|thread|forum|discussion)-?(?:post|repl(?:y|ies)|message)"
)
_COMMENTS = re2.compile(r"(?i)comment|review")
_WORDS = tomllib.loads(Path(__file__).with_name("conversation.toml").read_text(encoding="utf-8"))
_ANSWERS, _ANSWERS_WIDE = frozenset(_WORDS["answers"]), re.compile(_WORDS["wide"])
_INVITES = tuple(f" {each} " if each[0] < "\u1100" else each for each in _WORDS["invites"])
_ME, _ME_WIDE = frozenset(_WORDS["me"]["words"]), re.compile("|".join(_WORDS["me"]["wide_words"]))
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_CODE = re.compile(r"(?s)```.*?```|(?m:^>.*$)|`[^`\n]*`")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_HEAD = re.compile(r"(?m)^#{1,6} |^\*\*[^*\n]{3,80}\*\*$")
_VALUE = re2.compile(r"=[^&]*")
_SHOWN = "//text()[not(parent::script or parent::style or parent::template or parent::noscript)]"
_LONG = 2_500  # letters of a first post that are an article's
_OFTEN = 100  # letters in which somebody who tells of himself says so once
_PEERS = 0.6  # of those who answer
_SIGNED = 0.5  # of the posts
# Worth of a reading on a page that calls itself no article: with names around the posts, with none there, none at all
_AROUND, _UNNAMED, _UNSAID = 0.5, 0.65, 0.55
_SHORT = 1_500  # characters of a first post, that more may follow than it says itself
_FEWEST_HEADS = 2


def is_conversation(found: Found, root: HtmlElement, url: str) -> bool:
    """Whether it is likelier a thread than not. Where a site is of threads, and where the markup speaks of replies or
    answers, it is one: articles hardly ever have these. Nobody signs the questions and answers of an article."""
    its = traits(found, root, url)
    if its["address"] or its["forum"] or its["replies"]:
        return True
    odds = score(its)
    if odds > _LIKELY and _signed(found.blocks, any) >= _SIGNED:
        return True
    return odds > _UNLIKELY and not its["article"] and _is_talk(found, its, bool(NAMED.search(names(root))))


def _is_talk(found: Found, its: dict[str, float], is_named: bool) -> bool:
    """Of a page that calls itself no article, whether its posts make a thread by themselves, or by names: in the markup
    around them, or (`is_named`) anywhere on the page."""
    sizes = [len(block.markdown) for block in found.blocks]
    among_peers = its["peers"] or not its["comments"]
    short = sizes[0] <= _SHORT or 2 * sizes[0] <= sum(sizes)
    talk = found.worth >= _UNSAID and _signed(found.blocks, all) >= _PEERS and among_peers and short
    if not is_named:
        return bool(talk)
    if its["comments"] and not its["named"]:
        return bool(talk and found.worth >= _UNNAMED)
    return found.worth >= (_AROUND if its["named"] else _UNNAMED)


def _signed(blocks: list[Block], how: Callable[[tuple[str, str]], bool]) -> float:
    """The share of posts that have any of author and time, or all."""
    return sum(how((block.author, block.time)) for block in blocks) / len(blocks)


def score(its: dict[str, float]) -> float:
    return _BIAS + sum(weight * its[name] for name, weight in _WEIGHTS.items())


def traits(found: Found, root: HtmlElement, url: str) -> dict[str, float]:
    """From 0 to 1 each."""
    first, *others = found.blocks
    said = _LINK.sub(r"\1", _CODE.sub("", first.markdown))
    comments = bool(_COMMENTS.search(found.names))
    return {
        "together": not found.apart,
        "peers": _are_peers(found.blocks, root),
        "opener": _speaks_again(first, others),
        "replies": bool(_REPLIES.search(found.names)),
        "named": bool(NAMED.search(_THREAD.sub("", found.names) if comments else found.names)),
        "comments": comments,
        "address": leads_to_thread(url),
        "forum": is_of_forum(root),
        "told": _tells_of_answers(" ".join(root.xpath(_SHOWN)).lower()),
        "title_asks": _has_mark(title(root)),
        "asks": _has_mark(said),
        "me": min(1.0, _OFTEN * _of_me(said) / (letters(said) or 1)),
        "article": is_article(root),
        "published": is_published(root),
        "long": min(1.0, letters(said) / _LONG),
        "headed": len(_HEAD.findall(first.markdown)) >= _FEWEST_HEADS,
        "by_chance": found.kind in ("between", "bodies", "nameless"),
    }


def _tells_of_answers(text: str) -> bool:
    """Whether a page, in small letters, counts answers or invites to give one."""
    words = re.findall(r"\w+", text)
    pairs = ((one, two) for here, then in pairwise(words) for one, two in ((here, then), (then, here)))
    counted = any(one.isdigit() and two in _ANSWERS for one, two in pairs)
    said = f" {' '.join(words)} "
    return counted or any(each in said for each in _INVITES) or bool(_ANSWERS_WIDE.search(text))


def _has_mark(text: str) -> bool:
    return any(mark in text for mark in "?？؟")


def _of_me(text: str) -> int:
    words = (word.lower().replace("’", "'") for word in _WORD.findall(text))
    return sum(word in _ME for word in words) + len(_ME_WIDE.findall(text))


def _speaks_again(first: Block, others: list[Block]) -> bool:
    own = sum(block.author == first.author for block in others)
    return bool(first.author) and 0 < own < len(others)


def _are_peers(blocks: list[Block], root: HtmlElement) -> bool:
    """Whether who opens has a page beside those of all who answer: on a board all are members, and below an article its
    author has a page of another kind than readers have, or they have none."""
    folders: dict[str, set[str]] = {}
    for link in root.iter("a"):
        if leads_to_user(link):
            folders.setdefault(" ".join(link.text_content().split()), set()).add(_folder(link.get("href") or ""))
    opens, *answers = (folders.get(block.author, set()) for block in blocks)
    return bool(opens) and sum(not opens.isdisjoint(each) for each in answers) >= _PEERS * len(answers)


def _folder(href: str) -> str:
    """What addresses of people share: all but their last part, and the names of what a query sets."""
    path, _, query = href.partition("#")[0].partition("?")
    return f"{path.rpartition('/')[0] if not query else path}?{_VALUE.sub('', query)}"
