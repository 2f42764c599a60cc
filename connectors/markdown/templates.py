"""What a site generator would have replaced in a Markdown file, taken out of its prose; code stays as it is."""

from collections.abc import Iterator

import re2

from connectors.markdown.containers import fence_end

_FENCE = re2.compile(r"^\s*(?:> ?)*(?:`{3,}|~{3,})[^`]*$")
_HIGHLIGHT = re2.compile(
    r"(?s)\{(?:%|\{<)-?\s*highlight\s+([\w+#-]+)[^\n]*?(?:%|>\})\}\n?(.*?)\{(?:%|\{<)-?\s*/?\s*(?:end)?highlight\s*-?(?:%|>\})\}"
)
_GITBOOK_SECTION = re2.compile(r'(?s)<!--\s*sec data-title="([^"\n]*)".*?-->')
_COMMENT = re2.compile(r"(?s)<!--.*?-->")
_CODE_SPAN = re2.compile(r"(?s)(``+.*?``+|`[^`\n]+`)")
_TEMPLATE = re2.compile(r"\{%[^\n]*?%\}|\{\{[<%][^\n]*?[>%]\}\}|\{\{[^\n]*?\}\}|\{\*[^\n]*?\*\}")
_HEADING_ID = re2.compile(r"(?m)^(#{1,6} .*?)\s*\{:?\s*#([\w.:-]+)[^}\n]*\}\s*$")
_ATTRIBUTES = re2.compile(r"(\]\([^()\s]*\)|!\[\]\([^()\s]*\)|[`*_])\{:?\s*[.#\w][^{}\n]{0,300}\}")
_MODULE = re2.compile(r"""(?m)^(?:import\s[^\n]*['"][^'"\n]+['"];?|export\s+(?:const|default|function|let)\b[^\n]*)$""")
_COMPONENT = re2.compile(r"</?[A-Z][a-z][A-Za-z.]*(?:\s[^<>]*)?/?>")


def without_templates(text: str) -> str:
    text = _HIGHLIGHT.sub(lambda found: f"\n```{found[1]}\n{found[2].rstrip()}\n```\n", text)
    return "\n".join(part if is_code else _prose(part) for is_code, part in _parts(text))


def _prose(text: str) -> str:
    """Code spans and lines that are indented like code are left alone."""
    text = _HEADING_ID.sub(r'\1 <a id="\2"></a>', _MODULE.sub("", _COMMENT.sub("", _titled(text))))
    pieces = _CODE_SPAN.split(text)
    return "".join(piece if index % 2 else _bare(piece) for index, piece in enumerate(pieces))


def _titled(text: str) -> str:
    return str(_GITBOOK_SECTION.sub(r"\n**\1**\n", text))


def _bare(text: str) -> str:
    return str(_ATTRIBUTES.sub(r"\1", _COMPONENT.sub("", _TEMPLATE.sub("", text))))


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    lines, index, start = text.split("\n"), 0, 0
    while index < len(lines):
        if not _FENCE.match(lines[index]):
            index += 1
            continue
        end = fence_end(lines, index) + 1
        yield False, "\n".join(lines[start:index])
        yield True, "\n".join(lines[index:end])
        index = start = end
    yield False, "\n".join(lines[start:])
