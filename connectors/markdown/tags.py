"""Pairs of shortcodes or Liquid tags, and arguments of one."""

from collections.abc import Callable
from dataclasses import dataclass, field

import re2

_ARGUMENT = re2.compile(
    r"""(?:([\w.-]+)\s*[:=]\s*)?(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\x{fdd4}\d+\x{fdd5})|([^\s"',|]+))"""
)
TITLES = ("title", "tabname", "label", "name", "header", "heading", "summary", "question", "caption", "tabtext")
TEXTS = ("text", "content", "message", "description", "body", "caption", "desc", "aria-label", "alt_text", "tooltip")


@dataclass(frozen=True, slots=True)
class Arguments:
    """`named` by name, `listed` in order, `quoted` those of them that are quoted."""

    named: dict[str, str] = field(default_factory=dict)
    listed: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()

    def get(self, name: str) -> str:
        """By its name, or by its place, counted from 0."""
        if not name.isdecimal():
            return self.named.get(name.lower(), "")
        return self.listed[int(name)] if int(name) < len(self.listed) else ""

    def first(self, names: tuple[str, ...]) -> str:
        """The first that is not empty of these names, else ""."""
        return next((self.named[name].strip() for name in names if self.named.get(name, "").strip()), "")


def arguments(text: str) -> Arguments:
    named, listed, quoted = dict[str, str](), list[str](), list[str]()
    for found in _ARGUMENT.finditer(text):
        value = next((group for group in found.groups()[1:] if group is not None), "")
        value = value.replace('\\"', '"').replace("\\'", "'")
        if found[1]:
            named[found[1].lower()] = value
            continue
        listed.append(value)
        if found[5] is None:
            quoted.append(value)
    return Arguments(named, tuple(listed), tuple(quoted))


def paired(
    pair: "re2._Regexp[str]", closing: "re2._Regexp[str]", shown: Callable[["re2._Match"], str], text: str
) -> str:
    """`text` with what `shown` makes of each `pair`. Behind the last `closing` none is looked for: each tag there would
    be followed to the end, in quadratic time."""
    end = max((found.end() for found in closing.finditer(text)), default=0)
    return str(pair.sub(shown, text[:end])) + text[end:]
