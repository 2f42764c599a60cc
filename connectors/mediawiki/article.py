"""A page of a wiki as an article."""

from collections.abc import Iterator
from typing import Any

import re2

from connectors.mediawiki.expansion import Context
from connectors.mediawiki.lines import PRIVATE
from connectors.mediawiki.templates import name_of
from connectors.mediawiki.wikitext import RenderedSection, parse_wikitext, render_sections
from connectors.reading.stored_json import load
from connectors.reading.times import parse_time
from schemas.document import Article, Document, Reject, Section
from schemas.page import Page

# MediaWiki saves no page longer than 2 MiB: $wgMaxArticleSize
_LONGEST = 2 << 20
_REDIRECT = re2.compile(r"^\s*#\pL+\s*:?\s*\[\[")
_DISAMBIGUATION = frozenset(
    {
        *("disambig", "disambiguation", "dab", "disamb", "hndis", "geodis", "surname", "human name disambiguation"),
        *("letter disambiguation", "place name disambiguation", "number disambiguation", "letter-number combination"),
        *("消歧义", "消歧義", "消歧义页", "曖昧さ回避", "begriffsklärung", "homonymie", "desambiguación", "disambigua"),
    }
)
# sections that lead elsewhere, in the wording of the large Wikipedias
_NAVIGATION = frozenset(
    {
        *("see also", "references", "external links", "further reading", "bibliography", "notes", "sources"),
        *("citations", "footnotes", "notes and references", "references and notes", "works cited", "gallery"),
        *("general references", "external references", "see", "links"),
        *("参见", "參見", "参看", "參看", "参考文献", "參考文獻", "参考资料", "參考資料", "外部链接", "外部連結"),
        *("外部連接", "注释", "註釋", "注解", "註解", "脚注", "腳註", "延伸阅读", "延伸閱讀", "相关条目", "相關條目"),
        *("einzelnachweise", "weblinks", "siehe auch", "literatur", "véase también", "referencias", "enlaces externos"),
        *(
            "voir aussi",
            "notes et références",
            "liens externes",
            "références",
            "関連項目",
            "外部リンク",
            "脚注",
            "注釈",
            "出典",
        ),
    }
)


def article(page: Page) -> Iterator[Document | Reject]:
    """The article in `page`, and a reject for each section that only leads elsewhere."""
    body = wikitext_of(page)
    if isinstance(body, Reject) or _is_disambiguation(body["wikitext"]):
        yield body if isinstance(body, Reject) else Reject(page.key, "disambiguation")
        return
    try:
        found = tuple(render_sections(body["wikitext"], tuple(body["dropped"]), context_of(body)))
    except RecursionError:
        yield Reject(page.key, "too_deep")
        return
    sections = tuple(Section(part.path, part.markdown, part.anchor) for part in found if not _leads_away(part))
    yield from (Reject(f"{page.key}/{part.anchor}", "navigation") for part in found if _leads_away(part))
    if sections:
        time = parse_time(body["timestamp"])  # of the newest revision: the text as it stands is as old
        yield Article(
            page.key, page.url, body["title"], sections, created_at=time, edited_at=time, licence=page.licence
        )
    else:
        yield Reject(page.key, "empty_article")


def context_of(body: dict[str, Any]) -> Context:
    """What the body of a page says beside its wikitext."""
    templates = body.get("templates")
    sources = templates.items() if isinstance(templates, dict) else ()
    return Context(
        body["title"],
        parse_time(body["timestamp"]),
        {name: PRIVATE.sub("", text) for name, text in sources if isinstance(text, str)},
    )


def wikitext_of(page: Page) -> dict[str, Any] | Reject:
    """The body of `page` as `Revision` has it. Rejects: malformed_json, redirect, not_wikitext, too_large."""
    body = _load(page.body)
    refused = "malformed_json" if body is None else _unsuitable(body)
    return Reject(page.key, refused) if body is None or refused else body


def _load(body: bytes) -> dict[str, Any] | None:
    found = load(body)
    texts = ("title", "redirect", "timestamp", "model", "wikitext")
    if not isinstance(found, dict) or not found.get("title"):
        return None
    if not all(isinstance(found.get(name), str) for name in texts) or not isinstance(found.get("dropped"), list):
        return None
    return found


def _unsuitable(body: dict[str, Any]) -> str:
    text = body["wikitext"]
    if body["redirect"] or _REDIRECT.match(text[:1000]):
        return "redirect"
    if body["model"] != "wikitext":
        return "not_wikitext"
    return "too_large" if len(text) > _LONGEST else ""


def _is_disambiguation(text: str) -> bool:
    if "__DISAMBIG__" in text:
        return True
    # the mark stands at the start or the end of the page
    ends = text if len(text) < 4000 else text[:1000] + "\n" + text[-2000:]
    templates = parse_wikitext(ends).ifilter_templates(recursive=False)
    return any(name_of(template) in _DISAMBIGUATION for template in templates)


def _leads_away(part: RenderedSection) -> bool:
    return any(heading.lower().strip() in _NAVIGATION for heading in part.path)
