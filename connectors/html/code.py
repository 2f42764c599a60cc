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
    "view", "viewer", "inner", "group", "editor", "area", "pane", "table", "example", "sample", "window", "frame",
    "header", "body", "title", "ipython", "inline", "tab-size",
    "wrap", "nowrap", "panel", "prettyprinted", "fence", "undefined", "auto",
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
# Other names for one language, as readers see them and as highlighters write them
_SAME = {
    "c#": "csharp",
    "cs": "csharp",
    "c++": "cpp",
    "f#": "fsharp",
    "objective-c": "objectivec",
    "shell": "bash",
    "zsh": "bash",
    "kt": "kotlin",
    "rs": "rust",
    "pwsh": "powershell",
    "azurepowershell": "powershell",
    "docker": "dockerfile",
    "markup": "html",
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
    "crayon-num",
    "crayon-nums",
    "line-num",
    "linenum",
    "code-line-number",
    "rouge-gutter",
    "copybutton",
    "copy-button",
    "copybtn",
    "btn-clipboard",
    "code-toolbar-copy",
    "clipboard-button",
]
_STATED = ("data-lang", "data-language", "language", "data-code-lang", "lang-name", "data-syntaxhighlighter-params")
_LINES = ("div", "p", "li", "tr")
# Lines of a change: VitePress and Shiki, Expressive Code, Docusaurus, Hexo
_CHANGE = re2.compile(
    r"(?:^|\s)(?:(?:diff|code-block-diff|code-line|line|highlight)[- ](?:\S+[- ])?)(remove|removed|deleted|deletion|del"
    r"|add|added|inserted|addition|ins)(?:-line)?(?:$|\s)"
)
_TAKEN_OUT = frozenset(("remove", "removed", "deleted", "deletion", "del"))
_SIGN = "\ufdd2"  # no text holds it
# A line that is a span of its own, as a block: only its class tells
_LINE_SPAN = re2.compile(r"(?:^|\s)(?:line|code-?line|token-line|cl|view-line|cm-line|CodeMirror-line)(?:$|\s)")


def language(block: HtmlElement) -> str:
    """The language a block declares on itself, its code element or its nearest wrappers; "" for none."""
    inner = [child for child in block.iterchildren("code")]
    outer = [
        parent for _, parent in zip(range(4), block.iterancestors("div", "figure", "td", "table", "tr"), strict=False)
    ]
    if _changes(block):
        return "diff"
    for element in (block, *inner, *outer):
        found = _declared(element)
        if found:
            return _ALIASES.get(found, found)
    return ""


def _changes(block: HtmlElement) -> dict[HtmlElement, str]:
    """Lines that a page marks as taken out or put in by colour alone, each with the sign of a diff; none where nothing
    is taken out, and the lines are code as it is then."""
    lines = block.xpath(".//*[self::span or self::div][contains(@class, 'line')]")
    marked = {line: _CHANGE.search(line.get("class") or "") for line in lines}
    signs = {line: "-" if found[1] in _TAKEN_OUT else "+" for line, found in marked.items() if found}
    return signs if "-" in signs.values() else {}


def normal_name(name: str) -> str:
    """One name for all that a language is called."""
    word = name.lower().strip(" :\u00a0")
    word = _ALIASES.get(word, word)
    return _SAME.get(word, word)


def _declared(element: HtmlElement) -> str:
    marked = next((element.get(name) for name in _STATED if element.get(name)), "")
    classes = element.get("class") or ""
    for name in (marked, *_LANGUAGE.findall(classes), *_AFTER.findall(classes)):
        named = (_LANGUAGE.findall(name) or [name])[0]  # `highlight highlight-text` says it twice
        word = named.lower().strip().removeprefix("hl-")
        if word and len(word) < 20 and not _is_none(word) and " " not in word:
            return str(word)
    return ""


def _is_none(word: str) -> bool:
    """Whether a word in the place of a language is none, as docutils' `literal-block` of a block without one."""
    return word in _NO_LANGUAGE or all(part in _NO_LANGUAGE for part in word.split("-"))


def source(block: HtmlElement) -> str:
    """The lines of a `pre`, as a browser shows them, without line numbers and buttons."""
    parts: list[str] = []
    numbers = _line_numbers(block)
    ends = _line_spans(block)
    changes = _changes(block)
    for line, sign in changes.items():
        line.text = f"{_SIGN}{sign}{line.text or ''}"
    _collect(block, parts, numbers, ends)
    text = "".join(parts).replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("\u200b", "")
    lines = text.split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    if changes:
        lines = [line.removeprefix(_SIGN) if line.startswith(_SIGN) else f" {line}".rstrip() for line in lines]
    return "\n".join(lines)


def is_noise(element: HtmlElement) -> bool:
    """Line numbers and copy buttons."""
    if element.tag == "button":
        return True
    classes = (element.get("class") or "").split()
    return any(name in _NOISE for name in classes)


def _line_numbers(block: HtmlElement) -> set[HtmlElement]:
    """Elements that hold nothing but the number of their line, counted up by one from the first line on."""
    numbered = [each for each in block.iter("span", "a", "i", "b", "em", "div", "td") if _is_number(each)]
    numbered = [each for each in numbered if not any(_is_number(part) for part in each.iterdescendants("span", "a"))]
    starts = [each for each in numbered if _begins_line(each, block)]
    first = int(starts[0].text_content()) if starts else 0
    counted = all(int(each.text_content()) == first + place for place, each in enumerate(starts))
    lines = len([line for line in block.text_content().strip("\n").split("\n") if line.strip()])
    return set(starts) if counted and len(starts) > 1 and len(starts) >= lines else set()


def _is_number(element: HtmlElement) -> bool:
    text = (element.text_content() or "").strip()
    return len(text) < 7 and text.isdecimal()


def _begins_line(element: HtmlElement, block: HtmlElement) -> bool:
    while element is not block:
        previous, parent = element.getprevious(), element.getparent()
        before = (previous.tail or "") if previous is not None else (parent.text or "")
        if before.strip(" \t\u00a0"):
            return before.rstrip(" \t\u00a0").endswith("\n")
        if "\n" in before or (previous is not None and previous.tag == "br"):
            return True
        if previous is not None or parent.tag in _LINES:
            return previous is None or previous.tag in _LINES
        element = parent
    return True


def _line_spans(block: HtmlElement) -> set[HtmlElement]:
    """Spans that are lines without a line break between them."""
    if "\n" in (block.text_content() or "").strip("\n"):
        return set()
    spans = [span for span in block.iter("span") if _LINE_SPAN.search(span.get("class") or "")]
    return set(spans) if len(spans) > 1 and not block.xpath(".//br | .//div | .//li | .//tr") else set()


def _collect(element: HtmlElement, parts: list[str], numbers: set[HtmlElement], ends: set[HtmlElement]) -> None:
    parts.extend(filter(None, [element.text]))
    for child in element:
        tail = child.tail
        if child in numbers:
            tail = (tail or "").removeprefix(" ").removeprefix("\u00a0")
        elif isinstance(child.tag, str) and not is_noise(child):
            _collect_child(child, parts, numbers, ends)
        parts.extend(filter(None, ["\n" if child in ends else "", tail]))


def _collect_child(child: HtmlElement, parts: list[str], numbers: set[HtmlElement], ends: set[HtmlElement]) -> None:
    if child.tag == "br":
        parts.append("\n")
        return
    line = child.tag in _LINES
    if line and parts and not parts[-1].endswith("\n"):
        parts.append("\n")
    before = len(parts)
    _collect(child, parts, numbers, ends)
    if line and (len(parts) == before or not parts[-1].endswith("\n")):
        parts.append("\n")
