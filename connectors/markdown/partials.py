"""Parts that an MDX file imports and uses as components: Markdown files, and code by its raw text."""

from pathlib import Path

import re2

from connectors.markdown import front_matter
from connectors.markdown.code_places import substitute
from connectors.markdown.includes import find, lines_of, missing

_IMPORT = re2.compile(
    r"""(?m)^import\s+([A-Za-z_]\w*)\s*(?:,\s*\{[^{}]*\}\s*)?from\s*['"](?:!!raw-loader!)?([^'"\n]+?\.\w+)(\?raw)?['"];?[ \t]*$"""  # noqa: E501 - one pattern
)
_PROPERTY = re2.compile(
    r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|\{\s*(?:"([^"]*)"|'([^']*)'|([\d.]+|true|false))\s*\})"""
)
_MARKDOWN = (".md", ".mdx", ".markdown")
_PROGRAM = (".js", ".jsx", ".tsx", ".vue", ".svelte", ".css", ".scss", ".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp")
_DEEPEST = 5


def expand(text: str, file: Path, root: Path, depth: int = 0) -> str:
    """`text` of `file` with the parts that it imports in the places where it uses them, none from outside of `root`."""
    if depth == _DEEPEST or "import" not in text:
        return text
    imports = list(_IMPORT.finditer(text))
    for found in imports:
        name, where, is_raw = found[1], found[2], bool(found[3]) or "raw-loader!" in found[0]
        suffix = Path(where).suffix.lower()
        if suffix in _MARKDOWN and not is_raw:
            text = _used(text, name, where, file, root, depth)
        elif is_raw or (suffix not in _PROGRAM and "@theme" not in where):
            text = _shown(text, name, where, file, root)
    return text


def _used(text: str, name: str, where: str, file: Path, root: Path, depth: int) -> str:
    path = find(where.removeprefix("@site"), file, root)
    body = front_matter.split("\n".join(lines_of(path)))[1] if path else ""
    body = expand(body, path, root, depth + 1) if path else ""

    def write(found: "re2._Match") -> str:
        margin = found[1] or ""
        if not path:
            return missing(margin, where)
        given = {each[1]: next(filter(None, each.groups()[1:]), "") for each in _PROPERTY.finditer(found[2])}
        lines = _with_properties(body.strip("\n"), given).split("\n")
        return "\n".join(margin + line if line else "" for line in lines)

    tag = rf"(?m)(^[ \t]*)?<{name}((?:\s[^<>]*?)?)\s*(?:/>|>\s*</{name}\s*>)"
    return substitute(re2.compile(tag), text, write)


def _with_properties(text: str, given: dict[str, str]) -> str:
    for name, value in given.items():
        text = text.replace(f"{{props.{name}}}", value).replace(f"{{{name}}}", value)
    return text


def _shown(text: str, name: str, where: str, file: Path, root: Path) -> str:
    """`<CodeBlock language="py">{name}</CodeBlock>` as a block of the code."""
    path = find(where.removeprefix("@site"), file, root)

    def write(found: "re2._Match") -> str:
        if not path:
            return missing("", where)
        return "\n".join(["", f"```{found[1] or path.suffix[1:]}", *lines_of(path), "```", ""])

    block = rf"""<CodeBlock(?:[^<>]*?\slanguage=["'{{]+(\w+)["'}}]+)?[^<>]*?>\s*\{{\s*{name}\s*\}}\s*</CodeBlock>"""
    return substitute(re2.compile(block), text, write)
