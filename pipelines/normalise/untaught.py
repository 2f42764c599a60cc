"""What of an article teaches nothing: sections without words of their own, and banners."""

import re2

from pipelines.normalise import clean, headings, releases
from pipelines.normalise.records import slug

_LINK = re2.compile(r"\[[^\]\n]*\]\([^)\n]*\)|<?https?://[^\s>)]+>?")
_FOOTER = re2.compile(r"^Part of the .{1,60} suite\.?$")
_COMMENT = re2.compile(r"\A(?:\s*(?://|/\*)[^\n]*)+\z")
_TABLE = re2.compile(r"[|\-:\s]+")
_LETTER = re2.compile(r"[\pL\pN]")


def reject_reason(output: str, about: str) -> str:
    """Why a section cannot be taught, or "".

    It has no words, only links, a manual's footer, notes on releases, a comment of its author, or its article's title
    again.
    """
    if _FOOTER.match(output) or releases.tells_releases(output):
        return "back_matter"
    if _COMMENT.match(output):
        return "only_remark"
    if not _LETTER.search(_LINK.sub("", output)):
        return "only_links" if _LETTER.search(output) else "empty_section"
    words = headings.plain(_TABLE.sub(" ", output)) if len(output) < 300 else ""
    return "only_title" if words and slug(words) == slug(about) else ""


def without_banner(output: str, about: str) -> str:
    """`output` without a table at its top that only repeats the article's title, as generators of manuals write it."""
    table, _, rest = output.partition("\n\n")
    repeats = table.startswith("|") and rest and slug(headings.plain(_TABLE.sub(" ", table))) == slug(about)
    return clean.article(rest, "") if repeats else output
