"""Code blocks of any highlighter as plain text and a language."""

import re2
from lxml.html import HtmlElement

_LANGUAGE = re2.compile(
    r"(?i)(?:^|\s)(?:language|lang|highlight-source|mw-highlight-lang|highlight|brush:?|src|code)[-: ]\s*"
    r"([a-z][a-z0-9+#.-]{0,19})(?:\s|;|$)"
)
_AFTER = re2.compile(
    r"(?i)(?:^|\s)(?:hljs|sourceCode|prettyprint|highlight|syntaxhighlighter|chroma|programlisting)\s+(?:lang-)?"
    r"([a-z][a-z0-9+#]{0,14})(?:\s|$)"
)
# Words in the place of a language that are none
# fmt: off
_NO_LANGUAGE = frozenset((
    "default", "none", "text", "txt", "plain", "plaintext", "nohighlight", "no-highlight", "notranslate",
    "block", "wrapper", "literal", "numbersource", "content", "listing", "linenums", "highlight", "code",
    "snippet", "box", "pre", "container", "toolbar", "dark", "light", "hljs", "copy", "lines", "line",
    "ipython", "inline", "prettyprinted", "fence", "undefined", "auto",
))
# fmt: on
_ALIASES = {
    "python3": "python",
    "py": "python",
    "python2": "python",
    "js": "javascript",
    "ts": "typescript",
    "sh": "bash",
    "shell-session": "console",
    "ipython3": "python",
    "yml": "yaml",
    "rb": "ruby",
    "golang": "go",
}
_NOISE = [
    "linenos",
    "linenodiv",
    "lineno",
    "line-numbers-rows",
    "hljs-ln-numbers",
    "gutter",
    "blob-num",
    "line-number",
    "linenumber",
    "lnt",
    "ln",
    "copybutton",
    "copy-button",
    "copybtn",
    "btn-clipboard",
    "code-toolbar-copy",
    "clipboard-button",
]
_LINES = ("div", "p", "li", "tr")


def language(block: HtmlElement) -> str:
    """The language a block declares on itself, its code element or its nearest wrappers; "" for none."""
    inner = [child for child in block.iterchildren("code")]
    outer = [
        parent for _, parent in zip(range(3), block.iterancestors("div", "figure", "td", "table", "tr"), strict=False)
    ]
    for element in (block, *inner, *outer):
        found = _declared(element)
        if found:
            return _ALIASES.get(found, found)
    return ""


def _declared(element: HtmlElement) -> str:
    marked = element.get("data-lang") or element.get("data-language") or element.get("lang-name") or ""
    classes = element.get("class") or ""
    for name in (marked, *_LANGUAGE.findall(classes), *_AFTER.findall(classes)):
        word = name.lower().strip()
        if word and len(word) < 20 and word not in _NO_LANGUAGE and " " not in word:
            return word
    return ""


def source(block: HtmlElement) -> str:
    """The lines of a `pre`, as a browser shows them, without line numbers and buttons."""
    parts: list[str] = []
    _collect(block, parts)
    text = "".join(parts).replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("\u200b", "")
    lines = text.split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join(lines)


def is_noise(element: HtmlElement) -> bool:
    """Line numbers and copy buttons."""
    if element.tag == "button":
        return True
    classes = (element.get("class") or "").split()
    return any(name in _NOISE for name in classes)


def _collect(element: HtmlElement, parts: list[str]) -> None:
    parts.extend(filter(None, [element.text]))
    for child in element:
        if isinstance(child.tag, str) and not is_noise(child):
            _collect_child(child, parts)
        parts.extend(filter(None, [child.tail]))


def _collect_child(child: HtmlElement, parts: list[str]) -> None:
    if child.tag == "br":
        parts.append("\n")
        return
    line = child.tag in _LINES
    if line and parts and not parts[-1].endswith("\n"):
        parts.append("\n")
    before = len(parts)
    _collect(child, parts)
    if line and (len(parts) == before or not parts[-1].endswith("\n")):
        parts.append("\n")
