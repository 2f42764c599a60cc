"""Roles of MyST and Sphinx, such as {term}`hopper`, as the text that readers see."""

from typing import TYPE_CHECKING

import re2

from schemas.hole import hole

if TYPE_CHECKING:
    from connectors.markdown.masks import Masks

_TITLED = re2.compile(r"(?s)^(.+?)\s*<([^<>]+)>$")
_CODE = frozenset(
    [
        "code",
        "literal",
        "class",
        "func",
        "function",
        "meth",
        "method",
        "mod",
        "module",
        "attr",
        "attribute",
        "exc",
        "exception",
        "obj",
        "object",
        "data",
        "const",
        "envvar",
        "file",
        "command",
        "program",
        "option",
        "samp",
        "makevar",
        "regexp",
        "type",
        "var",
        "macro",
        "struct",
        "enum",
        "member",
        "expr",
        "keyword",
        "token",
        "rst",
        "sql",
        "bash",
        "python",
        "cli",
        "confval",
        "setting",
        "djadmin",
        "lookup",
        "tfilter",
        "ttag",
        "kbd",
        "term-code",
        "mimetype",
        "newsgroup",
    ]
)
_PLAIN = frozenset(
    [
        "term",
        "guilabel",
        "menuselection",
        "dfn",
        "emphasis",
        "strong",
        "abbr",
        "title-reference",
        "title",
        "any",
        "ref",
        "numref",
        "doc",
        "eq",
        "download",
        "external",
        "std",
        "index",
        "abbreviation",
        "manpage",
    ]
)
_UNREADABLE = frozenset(("eval", "glue", "bibliography"))  # what they stand for is made by a program
_NUMBERED = {"pep": "PEP ", "rfc": "RFC ", "issue": "#", "pr": "#", "cve": "CVE-", "gh": "#"}
_SILENT = frozenset(("bdg-ref-hidden", "octicon", "fas", "far", "fab", "material-regular", "material-outlined"))


def read(name: str, content: str, masks: "Masks") -> str:  # noqa: PLR0911 - one line for each kind
    """The Markdown of role `name` with `content`. An unknown role shows its content, as Sphinx does on failure."""
    kind = name.rpartition(":")[2].lower() if ":" in name and not name.startswith("cite") else name.lower()
    content = content.strip()
    if kind in _SILENT:
        return ""
    if kind in _UNREADABLE:
        return hole("role", name)
    if kind == "math":
        return masks.formula(content)
    if kind in ("sub", "sup", "subscript", "superscript"):
        return f"<{kind[:3]}>{content}</{kind[:3]}>"
    if kind in _NUMBERED:
        return _titled(content) or _NUMBERED[kind] + content
    if kind.startswith("cite"):
        return f"[{content}]"
    if kind in _CODE or (":" in name and kind not in _PLAIN):
        return _code(content, masks)
    return masks.headings.get(content, "") or _words(kind, content)


def _code(content: str, masks: "Masks") -> str:
    text = _titled(content) or content
    text = text.lstrip("!")
    if text.startswith("~"):
        text = text[1:].rpartition(".")[2] or text[1:]
    marks = "``" if "`" in text else "`"
    return masks.hide(f"{marks}{text}{marks}")


def _words(kind: str, content: str) -> str:
    """The title of a reference; one without is called by the last part of what it leads to."""
    if title := _titled(content):
        return title
    if kind == "menuselection":
        return content.replace("-->", "→")
    if kind in ("doc", "download"):
        return content.rstrip("/").rpartition("/")[2].removesuffix(".md")
    if kind in ("ref", "numref", "eq"):
        return content.replace("-", " ").replace("_", " ") if " " not in content else content
    return content.lstrip("!") if kind == "index" else content


def _titled(content: str) -> str:
    found = _TITLED.match(content)
    return found[1] if found else ""
