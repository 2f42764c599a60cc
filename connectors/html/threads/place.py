"""What a page's address, its head and its links say of the site that it is on: a forum, or articles."""

import re2
from lxml.html import HtmlElement

from connectors.html.schema_org import is_a, linked_data

# Parts of addresses that lead to threads; titles in them say nothing
_HOST = re2.compile(r"forum|communit|\bbbs|\bboards?\b|discuss|\bask\b|answers|tieba|wenda|\bqa\b")
_PATH = re2.compile(
    r"/(?:[\w-]*forums?|threads?|topics?|t|d|questions?|discussions?|[\w-]*discussion-topics?|comments|community|boards?"
    r"|bbs|ask|answers?|qa?|wenda|viewtopic|showthread|read)(?:[/.?=\d]|-\d|$)|[?&]t(?:id|opic)?=\d"
)
# What sites of threads call themselves, or are made with
_FORUM = re2.compile(
    r"(?i)\bforum|message ?board|bulletin board|\bbbs\b|communit|discuss|\bq ?& ?a\b|questions|论坛|論壇|社区|社區|贴吧"
    r"|问答|фору[мн]|\bforo|fórum|discuz|vbulletin|phpbb|mybb|xenforo|nodebb|flarum|simple machines|invision|bbpress"
    r"|wpforo|kunena|vanilla|discourse"
)
_PARTS = re2.compile(r"\s+[|–—·•»:-]\s+|[|｜_]")  # of a title, the first of which is the page's own
_TO_THREAD = re2.compile(r"(?i)forum|thread|topic|discussion|question|viewtopic|/t/|/d/|bbs")
_FEWEST_LINKS, _SHARE = 8, 0.15  # of a page's links, that lead to threads
_ARTICLES = ("Article", "NewsArticle", "BlogPosting", "Recipe", "ReportageNewsArticle", "TechArticle", "Product")


def leads_to_thread(url: str) -> bool:
    """Whether an address looks like that of a thread."""
    host, _, path = url.lower().partition("://")[2].partition("/")
    return bool(_HOST.search(host) or _PATH.search(f"/{path}"))


def is_of_forum(root: HtmlElement) -> bool:
    """Whether the site calls itself a forum, or leads to many threads."""
    parts = _PARTS.split(" ".join(root.xpath("//head/title/text()")).strip())
    told = root.xpath("//meta[@name='generator' or @property='og:site_name']/@content | //body/@class")
    links = [href for href in root.xpath("//a/@href") if not href.startswith(("#", "javascript:"))]
    leading = sum(bool(_TO_THREAD.search(href)) for href in links)
    return bool(_FORUM.search(" ".join([*told, *parts[1:]]))) or leading >= max(_FEWEST_LINKS, _SHARE * len(links))


def is_article(root: HtmlElement) -> bool:
    """Whether the page calls itself an article, as many sites of threads do, too."""
    kinds = (meta.get("content") or "" for meta in root.iter("meta") if meta.get("property") == "og:type")
    return any(kind.lower() in ("article", "news", "product") for kind in kinds) or any(
        is_a(item, *_ARTICLES) for item in linked_data(root)
    )


def is_published(root: HtmlElement) -> bool:
    """Whether the page's head says when an article was published, in which section."""
    return any((meta.get("property") or meta.get("name") or "").startswith("article:") for meta in root.iter("meta"))
