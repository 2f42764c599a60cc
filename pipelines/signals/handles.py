"""Handles: names of people on a site, `@name` in prose. A name that code writes with an @ is no handle."""

from bisect import bisect
from functools import lru_cache

import re2

HANDLE = r"@([A-Za-z_\p{Han}][A-Za-z0-9_\-\p{Han}]{1,30})"
# decorators, annotations, at-rules, tags of doc comments, mailing groups: lower case
_NOT_PEOPLE = frozenset((
    "abstractmethod", "access", "after", "afterall", "aftereach", "alias", "all", "apply", "arg", "args", "argument",
    "asyncio", "attribute", "author", "autowired", "babel", "bean", "before", "beforeall", "beforeeach", "brief", "bug",
    "cache", "cached_property", "category", "channel", "charset", "class", "classmethod", "click", "code", "component",
    "computed", "configuration", "constructor", "container", "contextmanager", "controller", "copyright",
    "counter-style",
    "dataclass", "decorator", "default", "define", "delete", "deprecated", "description", "directive", "each", "else",
    "end", "entity", "everyone", "example", "exception", "export", "extend", "fields", "file", "fixture", "font-face",
    "for", "foreach", "function", "get", "getter", "given", "global", "here", "hook", "host", "id", "if", "ignore",
    "implements", "import", "include", "inheritdoc", "inject", "injectable", "input", "interface", "internal", "jit",
    "keyframes", "layer", "license", "link", "lru_cache", "mapping", "media", "memberof", "method", "mixin", "mock",
    "model", "module", "name", "namespace", "ngmodule", "njit", "nonnull", "note", "notnull", "nullable", "numba",
    "observable", "option", "output", "overload", "override", "package", "page", "param", "parameter", "parametrize",
    "patch", "pipe", "post", "private", "prop", "property", "protected", "provides", "public", "put", "pytest",
    "query", "readonly", "receiver", "repository", "request", "requestmapping", "requires", "restcontroller", "return",
    "returns", "route", "scope", "section", "see", "service", "setter", "shared_task", "since", "singledispatch",
    "source", "staticmethod", "step", "strongify", "supports", "suppresswarnings", "synthesize", "table", "task",
    "template", "test", "then", "throws", "todo", "total_ordering", "transactional", "type", "typedef", "types", "use",
    "user", "username", "value", "var", "variable", "vectorize", "version", "view", "viewchild", "when", "while",
    "wraps", "yield", "yields", "valid", "pattern", "digits", "size", "past", "future",
    "exceptionhandler", "edited", "sorry", "官方", "管理员", "管理员吧", "所有人", "全体成员",
))  # fmt: skip
_MAY_PRECEDE = "([,.:;!?\"'>*_/ \t\n"
_MAX_LINE = 1_000  # characters around a name that are looked at
_MAX_HAN = 8  # characters of a Chinese name; a longer run is prose without a space
_FENCE = re2.compile(r"(?m)^\s*(?:```|~~~)")


def is_handle(text: str, start: int, end: int) -> int:
    """Return where the handle text[start:end] ends, or 0 if it is none.

    `start` is the first character after the @. A handle stands in prose, not alone on its line, and is no word that
    code writes with an @.
    """
    name, before, after = text[start:end].rstrip("-"), text[max(0, start - 2) : start - 1], text[end : end + 2]
    in_word = before.isascii() and before not in _MAY_PRECEDE
    if in_word or after.startswith(("@", "(", "/", "=", "\\", "<", "[")):
        return 0
    if not name.isascii() and len(name) > _MAX_HAN:
        return 0
    dotted = after[:1] == "." and after[1:].isalnum()
    if dotted or name.lower() in _NOT_PEOPLE or _is_alone(text, start, end) or _is_in_code(text, start):
        return 0
    return start + len(name)


def _is_alone(text: str, start: int, end: int) -> bool:
    """Is nothing else on the line? Then it is a decorator, an explained variable, or an author's column."""
    before, after = text[max(0, start - _MAX_LINE) : start - 1], text[end : end + _MAX_LINE]
    return not (before.rpartition("\n")[2] + after.partition("\n")[0]).strip(" \t-*+#`“”")


def _is_in_code(text: str, at: int) -> bool:
    """Does the position lie inside a fence, inline code, an indented line or a URL?"""
    line = text[max(0, at - _MAX_LINE) : at].rpartition("\n")[2]
    if line.count("`") % 2 or line.startswith(("    ", "\t")) or "://" in line.rpartition(" ")[2]:
        return True
    return bisect(_fences(text), at) % 2 == 1


@lru_cache(maxsize=4)
def _fences(text: str) -> list[int]:
    return [match.start() for match in _FENCE.finditer(text)]
