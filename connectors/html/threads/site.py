"""Whether a page of any site is a thread rather than an article, also where the article has comments below it."""

from copy import deepcopy

import re2
from lxml.html import HtmlElement

from connectors.html.schema_org import is_a, linked_data
from connectors.html.tags import names
from connectors.html.threads.alone import only_post
from connectors.html.threads.choice import LEAST
from connectors.html.threads.copies import drop_copies
from connectors.html.threads.described_posts import is_declared_thread
from connectors.html.threads.evidence import leads_to_user, letters
from connectors.html.threads.posts import Found, believed, find_posts
from connectors.html.threads.recognised import count_posts

_FEWEST = 2  # posts that make a thread where the page does not say that it is one
_NAMED_LEAST, _UNNAMED_LEAST, _NEVER = (
    0.5,
    0.65,
    1.0,
)  # worth of a reading, where names speak for a thread and where they do not
# Where nothing but its posts says that a page is a thread: worth, share of posts with author and time, and the letters
# of a first post that more may follow than it says itself
_UNSAID_LEAST, _SIGNED, _LONG = 0.55, 0.6, 1_500
_VALUE = re2.compile(r"=[^&]*")
_SENTENCE = 40  # letters of a line that says something
# Parts of addresses that lead to threads; titles in them say nothing
_HOST = re2.compile(r"forum|communit|\bbbs|\bboards?\b|discuss|\bask\b|answers|tieba|wenda|\bqa\b")
_PATH = re2.compile(
    r"/(?:[\w-]*forums?|threads?|topics?|t|d|questions?|discussions?|[\w-]*discussion-topics?|comments|community|boards?"
    r"|bbs|ask|answers?|qa?|wenda|viewtopic|showthread|read)(?:[/.?=\d]|-\d|$)|[?&]t(?:id|opic)?=\d"
)
_NAMED = re2.compile(r"(?i)question|answer|thread|forum|discussion|\btopic(?:s|-)?\b|post-?(?:bit|row|reply)")
_THREAD = re2.compile(r"(?i)[\w-]*thread[\w-]*")  # which blogs call the comments on an article, too
# Of posts on pages that call themselves articles, as sites of threads made with publishing software do
_REPLIES = re2.compile(
    r"(?i)answer[_-]?(?:content|text|body|item|post)|post-?repl(?:y|ies)|(?:topic|thread|forum|discussion)-?(?:post|repl(?:y|ies)|message)"
)
_COMMENTS = re2.compile(r"(?i)comment|review")
_ARTICLES = ("Article", "NewsArticle", "BlogPosting", "Recipe", "ReportageNewsArticle", "TechArticle", "Product")
# What sites of threads call themselves, or are made with
_FORUM = re2.compile(
    r"(?i)\bforum|message ?board|bulletin board|\bbbs\b|communit|discuss|\bq ?& ?a\b|questions|论坛|論壇|社区|社區|贴吧"
    r"|问答|фору[мн]|\bforo|fórum|discuz|vbulletin|phpbb|mybb|xenforo|nodebb|flarum|simple machines|invision|bbpress"
    r"|wpforo|kunena|vanilla|discourse"
)
_LINK = re2.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_PARTS = re2.compile(r"\s+[|–—·•»:-]\s+|[|｜_]")  # of a title, the first of which is the page's own
_TO_THREAD = re2.compile(r"(?i)forum|thread|topic|discussion|question|viewtopic|/t/|/d/|bbs")
_FEWEST_LINKS, _SHARE = 8, 0.15  # of a page's links, that lead to threads


def declares_posts(root: HtmlElement) -> bool:
    """Whether the page says that it is a thread, or has posts of a known engine."""
    return is_declared_thread(root) or count_posts(root) >= _FEWEST


def thread_on(root: HtmlElement, url: str) -> Found | None:
    """The thread, or the board, that a page is; None where it is an article, or anything else. Drops second copies."""
    if declares_posts(root):
        return find_posts(drop_copies(root), url)
    addressed = leads_to_thread(url)
    of_site = addressed or _is_of_forum(root)
    unsaid = not of_site and not _NAMED.search(names(root))
    is_article = not of_site and _is_article(root)
    if unsaid and is_article:
        return None
    # most such pages are articles, which are read with their second copies
    found = find_posts(drop_copies(deepcopy(root) if unsaid else root), url)
    if found is None or max(len(found.blocks), found.listed) < _FEWEST:
        return _question(root, url, found) if addressed and not _is_article(root) else None
    spoken = not is_article or _REPLIES.search(found.names)
    return found if spoken and _is_thread(found, root, of_site, unsaid) else None


def _is_thread(found: Found, root: HtmlElement, of_site: bool, unsaid: bool) -> bool:
    if unsaid:
        return not found.listed and _is_talk(found, root)
    least = _least(found.names, of_site)
    if least == _NEVER and not found.listed and _is_talk(found, root):
        least = _UNNAMED_LEAST
    return found.worth >= least


def _question(root: HtmlElement, url: str, found: Found | None) -> Found | None:
    """A thread that nobody has answered: one signed post, no longer than posts are; tutorials stand on communities'
    addresses, too."""
    kept = believed(found)
    blocks = kept.blocks if kept else only_post(root, url)
    signed = len(blocks) == 1 and blocks[0].author and blocks[0].time and len(blocks[0].markdown) <= _LONG
    return Found(blocks, "alone", LEAST, "") if signed and _has_sentence(blocks[0].markdown) else None


def _has_sentence(markdown: str) -> bool:
    """Whether some line says something, as none of a list of titles does beside its links."""
    return any(letters(_LINK.sub("", line)) >= _SENTENCE for line in markdown.splitlines())


def leads_to_thread(url: str) -> bool:
    """Whether an address looks like that of a thread."""
    host, _, path = url.lower().partition("://")[2].partition("/")
    return bool(_HOST.search(host) or _PATH.search(f"/{path}"))


def _is_talk(found: Found, root: HtmlElement) -> bool:
    """Whether posts by themselves make a thread: most are signed with author and time, nothing calls them comments, or
    else who opens is one of those who comment, and the first is no article that a few words stand below."""
    sizes = [len(block.markdown) for block in found.blocks]
    signed = sum(bool(block.author and block.time) for block in found.blocks)
    if found.worth < _UNSAID_LEAST or signed < _SIGNED * len(sizes):
        return False
    if _COMMENTS.search(found.names) and not _are_peers(found, root):
        return False
    return bool(sizes) and (sizes[0] <= _LONG or 2 * sizes[0] <= sum(sizes))


def _are_peers(found: Found, root: HtmlElement) -> bool:
    """Whether who opens has a page beside those of all who answer: on a board all are members, and below an article its
    author has a page of another kind than readers have, or they have none."""
    folders: dict[str, set[str]] = {}
    for link in root.iter("a"):
        if leads_to_user(link):
            folders.setdefault(" ".join(link.text_content().split()), set()).add(_folder(link.get("href") or ""))
    opens, *answers = (folders.get(block.author, set()) for block in found.blocks)
    return bool(opens) and sum(not opens.isdisjoint(each) for each in answers) >= _SIGNED * len(answers)


def _folder(href: str) -> str:
    """What addresses of people share: all but their last part, and the names of what a query sets."""
    path, _, query = href.partition("#")[0].partition("?")
    return f"{path.rpartition('/')[0] if not query else path}?{_VALUE.sub('', query)}"


def _least(around: str, of_site: bool) -> float:
    """What a reading has to be worth. Comments are a thread only where something else names it."""
    if of_site:
        return LEAST
    are_comments = bool(_COMMENTS.search(around))
    if _NAMED.search(_THREAD.sub("", around) if are_comments else around):
        return _NAMED_LEAST
    return _NEVER if are_comments else _UNNAMED_LEAST


def _is_article(root: HtmlElement) -> bool:
    kinds = (meta.get("content") or "" for meta in root.iter("meta") if meta.get("property") == "og:type")
    return any(kind.lower() in ("article", "news", "product") for kind in kinds) or any(
        is_a(item, *_ARTICLES) for item in linked_data(root)
    )


def _is_of_forum(root: HtmlElement) -> bool:
    """Whether the site calls itself a forum, or leads to many threads."""
    parts = _PARTS.split(" ".join(root.xpath("//head/title/text()")).strip())
    told = root.xpath("//meta[@name='generator' or @property='og:site_name']/@content | //body/@class")
    links = [href for href in root.xpath("//a/@href") if not href.startswith(("#", "javascript:"))]
    leading = sum(bool(_TO_THREAD.search(href)) for href in links)
    return bool(_FORUM.search(" ".join([*told, *parts[1:]]))) or leading >= max(_FEWEST_LINKS, _SHARE * len(links))
