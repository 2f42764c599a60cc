"""Talk pages: each section a thread, each signed comment a post, replies by their indent.

https://www.mediawiki.org/wiki/Help:Talk_pages
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import re2

from connectors.mediawiki.article import context_of
from connectors.mediawiki.expansion import Context
from connectors.mediawiki.lines import plain
from connectors.mediawiki.signatures import Signatures
from connectors.mediawiki.wikitext import render_sections
from connectors.reading.threads import build_thread
from schemas.document import Post, Reject, Thread
from schemas.page import Page

_HEADING = re2.compile(r"^(={1,6})\s*([^=\s](?:.*?[^=\s])?)\s*={1,6}\s*(?:<!--.*-->)?\s*$")
_SECTION = 2  # headings of this level, or above it, begin a thread; those below part a long one
_USER_TALK = 3  # the namespace whose pages are about nothing but their owner
_INDENT = re2.compile(r"^[:*#\s]*")
_OUTDENT = re2.compile(r"(?i)^[:*#\s]*\{\{\s*(?:outdent|od|unindent|de-indent)[^{}]*\}\}")
_ADDRESSED = re2.compile(r"(?i)^[:*#\s]*(?:\{\{\s*(?:ping|re|reply(?:[ _]?to)?|yo|noping)\s*\|[^{}]*\}\}\s*)+")
# What closes a discussion or puts it away, and says nothing of its own
_NOTICE = re2.compile(
    r"(?i)^(?:[\s:*']|<[^<>]*>)*The (?:following|above) (?:discussion|is a closed|is an archived)"
    r"|Please do not (?:modify it|edit this section)|^\s*\{\{\s*(?:archive ?(?:top|bottom)|hat|hab|cot|cob|closed rfc)"
)
# A template that is opened in one comment and closed in another: its name and settings are no text, the rest is
_OPEN_TEMPLATE = re2.compile(r"\{\{[^{}|\n]*(?:\|(?:[ \t]*[\w-]+[ \t]*=[^|{}\n]*)?)*|\}\}")
_CODE = re2.compile(r"(?i)<(/?)(?:pre|source|syntaxhighlight|nowiki|code)\b[^<>]*>")
_CALL = re2.compile(r"^[\s,;:.，：；。]+")  # what is left of "{{ping|Jo}}, you are right"
_HAN = re2.compile(r"\p{Han}")
_LETTER = re2.compile(r"[\pL\pN]")
_BOT = re2.compile(r"(?i)bot\d*$|^MediaWiki message delivery$")


@dataclass(frozen=True, slots=True)
class _Comment:
    """`depth` is its indent; an `outdented` one replies to the comment before it from the margin."""

    lines: list[str]
    author: str
    signed_at: datetime | None
    depth: int
    outdented: bool

    def markdown(self, dropped: tuple[str, ...], context: Context) -> str:
        """Its text without the indent that only says what it replies to. Raises RecursionError."""
        text = _ADDRESSED.sub("", "\n".join(_without_indent(self.lines, self.depth)))
        rendered = "\n\n".join(part.markdown for part in render_sections(text, dropped, context))
        return str(_CALL.sub("", _OPEN_TEMPLATE.sub("", rendered))).strip()


@dataclass(slots=True)
class _Section:
    title: str
    lines: list[str] = field(default_factory=list)


def is_talk(body: dict[str, Any]) -> bool:
    """A page of a namespace for talk, which have odd numbers, or one elsewhere that is signed like them."""
    space = body.get("ns")
    return (isinstance(space, int) and space % 2 == 1) or _signatures(body).speak(body["wikitext"])


def _signatures(body: dict[str, Any]) -> Signatures:
    users = body.get("users")
    return Signatures(tuple(map(str, users)) if isinstance(users, list) else ())


def threads(page: Page, body: dict[str, Any]) -> Iterator[Thread | Reject]:
    """A thread for each section in which somebody signed. Rejects: no_heading, unsigned, bot, empty_question,
    too_deep, empty_talk."""
    signatures = _signatures(body)
    lead, *sections = _sections(body["wikitext"])
    if any(signatures.read(line) for line in lead.lines):
        yield Reject(f"{page.key}/lead", "no_heading", "comments above the first heading")
    if not sections:
        yield Reject(page.key, "empty_talk", "no section")
    taken: dict[str, int] = {}
    for section in sections:
        title = _title(section.title)
        anchor = (title or "section").replace(" ", "_")
        taken[anchor] = taken.get(anchor, 0) + 1
        name = anchor if taken[anchor] == 1 else f"{anchor}~{taken[anchor]}"
        comments = list(_comments(section.lines, signatures))
        yield from _section_thread(page, body, title, (name, anchor), comments)


def _title(markup: str) -> str:
    try:
        shown = next((part.markdown for part in render_sections(markup)), markup)
    except RecursionError:
        return ""
    return plain(shown).replace("*", "")


def _sections(wikitext: str) -> list[_Section]:
    """What stands above the first heading comes first."""
    found = [_Section("")]
    for line in wikitext.split("\n"):
        heading = _HEADING.match(line)
        if heading and len(heading[1]) <= _SECTION:
            found.append(_Section(heading[2]))
        elif not heading:
            found[-1].lines.append(line)
    return found


def _comments(lines: list[str], signatures: Signatures) -> Iterator[_Comment]:
    """A comment ends where it is signed; the last may not be. Lists in it are told from its indent by its first line,
    except in the first comment, which replies to nothing."""
    open_lines: list[str] = []
    first = True
    for line in lines:
        if _NOTICE.search(line):
            continue
        signed = signatures.read(line)
        if signed is None:
            open_lines.append(line)
            continue
        yield _comment([*open_lines, signed.before], first, signed.author, signed.signed_at)
        open_lines, first = [], False
    if any(line.strip() for line in open_lines):
        yield _comment(open_lines, first)


def _comment(lines: list[str], first: bool, author: str = "", signed_at: datetime | None = None) -> _Comment:
    begin = next((line for line in lines if line.strip()), "")
    depth = 0 if first else len([sign for sign in _INDENT.match(begin)[0] if sign in ":*#"])
    return _Comment(lines, author, signed_at, depth, bool(_OUTDENT.match(begin)))


def _section_thread(
    page: Page, body: dict[str, Any], title: str, names: tuple[str, str], comments: list[_Comment]
) -> Iterator[Thread | Reject]:
    """`names` are the section's own within the page, and its anchor, which others may have too."""
    name, anchor = names
    key = f"{page.key}/{name}"
    if not any(comment.signed_at for comment in comments):
        yield Reject(key, "unsigned", "nobody signed in this section")
        return
    url = f"{page.url}#{anchor}" if page.url else ""
    try:
        posts = list(_posts(page, (key, url), comments, tuple(body["dropped"]), context_of(body)))
    except RecursionError:
        yield Reject(key, "too_deep")
        return
    about, heading = _subject(body, title)
    yield from build_thread(key, page.url, heading, posts, (about,) if about else (), page.licence)


def _subject(body: dict[str, Any], title: str) -> tuple[str, str]:
    """What a talk page is about, "" for a user's, and the title of a thread on it."""
    space, _, subject = body["title"].partition(":")
    about = subject if isinstance(body.get("ns"), int) and body["ns"] % 2 and body["ns"] != _USER_TALK else ""
    colon = "：" if _HAN.search(about) else ": "
    return about, f"{about}{colon}{title}" if about and title else title or about or space


def _posts(
    page: Page, names: tuple[str, str], comments: list[_Comment], dropped: tuple[str, ...], context: Context
) -> Iterator[Post | Reject]:
    """`names`: key and address of the thread. Raises RecursionError."""
    key, url = names
    above: list[tuple[int, str]] = []  # the comments that a reply may be to: depth and id, each deeper than the last
    for number, comment in enumerate(comments, 1):
        is_bot = bool(_BOT.search(comment.author))
        text = "" if is_bot else comment.markdown(dropped, context)
        if not _LETTER.search(text):
            yield Reject(f"{key}/{number}", "bot" if is_bot else "empty_post")
            continue
        if not comment.outdented:
            above = [step for step in above if step[0] < comment.depth]
        reply_to = above[-1][1] if above else ""
        above = [(0, str(number))] if comment.outdented else [*above, (comment.depth, str(number))]
        yield Post(
            str(number), text, comment.author, comment.signed_at, reply_to=reply_to, url=url, licence=page.licence
        )


def _without_indent(lines: list[str], depth: int) -> Iterator[str]:
    """Lines of code stay as they are."""
    in_code = False
    for line in lines:
        yield line if in_code else _shifted(_OUTDENT.sub("", line), depth)
        for tag in _CODE.finditer(line):
            in_code = not tag[1]


def _shifted(line: str, depth: int) -> str:
    marks = len(line) - len(line.lstrip(":*#"))
    shift = min(marks, depth)
    return line[shift:].lstrip() if shift else line
