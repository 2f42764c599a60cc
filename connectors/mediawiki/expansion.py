"""Templates that are expanded from their own source, as a dump holds it.

https://www.mediawiki.org/wiki/Help:Templates and https://www.mediawiki.org/wiki/Transclusion
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import mwparserfromhell
import re2
from mwparserfromhell.nodes import Template
from mwparserfromhell.wikicode import Wikicode

# MediaWiki stops at 40 templates within each other: $wgMaxTemplateDepth
DEEPEST = 30
# expansions of one page and the characters of one of them: bombs of templates grow by doubling
_MOST, LONGEST = 20_000, 500_000
_REDIRECTS = 3
FUNCTION = "\ue00c"
_FUNCTION = re2.compile(
    r"(?i)(\{\{\s*(?:(?:safe)?subst:)?\s*(?:#[a-z]{2,20}|formatnum|plural|[lu]c|[lu]cfirst|pad(?:left|right)|urlencode|gender)\s*:)"
)
# a parameter, `{{{1}}}`, is none of them
_USE = re2.compile(r"\{\{\{[^{}|]*(?:\||\}\}\})|\{\{\s*([^{}|#<>\[\]\n]{1,120}?)\s*(?:\||\}\}|\n|<!--)")
_COMMENT = re2.compile(r"(?s)<!--.*?-->")
_NOINCLUDE = re2.compile(r"(?is)<noinclude\s*>.*?(?:</noinclude\s*>|\z)|<noinclude\s*/>")
_INCLUDEONLY = re2.compile(r"(?i)</?includeonly\s*/?>")
_ONLYINCLUDE = re2.compile(r"(?is)<onlyinclude\s*>(.*?)</onlyinclude\s*>")
_REDIRECT = re2.compile(r"(?i)^\s*#\pL+\s*:?\s*\[\[\s*:?(?:[^:\[\]|]*:)?([^\[\]|#]+)")


@dataclass(slots=True)
class Frame:
    """The arguments of one expansion, by name; each is rendered once, among the arguments of the template that gave it
    (`outer`)."""

    arguments: dict[str, Wikicode]
    outer: "Frame | None" = None
    shown: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a page beside its text: `title`, `now` (when it was written), and the `templates` that it uses,
    by `exact` name, as wikitext."""

    title: str = ""
    now: datetime | None = None
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Sources:
    """The sources of templates, parsed when they are first used; counts what was expanded."""

    templates: Mapping[str, str]
    parsed: dict[str, Wikicode | None] = field(default_factory=dict)
    spent: int = 0
    depth: int = 0

    def get(self, name: str) -> Wikicode | None:
        """What a page that uses the template takes over; None where its source is not there."""
        if name not in self.parsed:
            text = transcluded(self.templates, name)
            self.parsed[name] = None if text is None else mwparserfromhell.parse(marked(text))
        return self.parsed[name]

    def may_expand(self) -> bool:
        return self.depth < DEEPEST and self.spent < _MOST


def marked(text: str) -> str:
    """`text` with a bar before the first argument of each parser function: the parser takes what stands before the
    first bar for a title, which may not hold all that an argument may."""
    return str(_FUNCTION.sub(lambda found: f"{found[1]}{FUNCTION}|", text))


def transcluded(templates: Mapping[str, str], name: str) -> str | None:
    """The part of a template's source that is taken over, redirects followed."""
    for _ in range(_REDIRECTS):
        text = templates.get(name)
        target = redirect_of(text or "")
        if text is None or not target:
            return None if text is None else _taken_over(text)
        name = target
    return None


def redirect_of(text: str) -> str:
    """The `exact` name of the template that a redirect leads to, or ""."""
    found = _REDIRECT.match(text[:500])
    return exact(found[1]) if found else ""


def exact(title: str) -> str:
    """A name as a wiki tells templates apart: only the case of its first letter does not count."""
    name = " ".join(title.replace("_", " ").split())
    prefix, colon, rest = name.partition(":")
    name = rest.strip() if colon and prefix.lower() in ("template", "subst", "safesubst", "msg") else name
    return name[:1].upper() + name[1:]


def used(text: str) -> set[str]:
    """The `exact` names of the templates that a wikitext uses."""
    return {exact(name) for name in _USE.findall(text) if name}


def _taken_over(text: str) -> str:
    text = _COMMENT.sub("", text)
    only = _ONLYINCLUDE.findall(text)
    return "".join(only) if only else str(_INCLUDEONLY.sub("", _NOINCLUDE.sub("", text))).strip()


def arguments(node: Template, render: Callable[[Any], str]) -> dict[str, Wikicode]:
    """By name; those without one have their number."""
    return {(render(param.name) if param.showkey else str(param.name)).strip(): param.value for param in node.params}
