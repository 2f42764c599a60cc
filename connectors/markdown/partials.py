"""Parts that an MDX file imports and uses as components: Markdown files, and code by its raw text."""

from pathlib import Path

import re2

from connectors.markdown import front_matter
from connectors.markdown.code_places import substitute
from connectors.markdown.folder import Folder
from connectors.markdown.includes import find, lines_of, missing

_IMPORT = re2.compile(
    r"""(?m)^import\s+([A-Za-z_]\w*)\s*(?:,\s*\{[^{}]*\}\s*)?from\s*"""
    r"""['"](?:!!raw-loader!)?([^'"\n]+?\.\w+)(\?raw)?['"];?[ \t]*$"""
)
_PROPERTY = re2.compile(
    r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|\{\s*(?:"([^"]*)"|'([^']*)'|([\d.]+|true|false))\s*\})"""
)
_MARKDOWN = (".md", ".mdx", ".markdown")
_PROGRAM = (".js", ".jsx", ".tsx", ".vue", ".svelte", ".css", ".scss", ".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp")
_DEEPEST, _MOST_IMPORTS = 5, 200


def expand(text: str, file: Path, folder: Folder, depth: int = 0) -> str:
    """`text` of `file` with the parts that it imports where it uses them, none from outside of `folder`."""
    if depth == _DEEPEST or "import" not in text:
        return text
    imports = list(_IMPORT.finditer(text))[:_MOST_IMPORTS]
    for found in imports:
        name, where, is_raw = found[1], found[2], bool(found[3]) or "raw-loader!" in found[0]
        suffix = Path(where).suffix.lower()
        if suffix in _MARKDOWN and not is_raw:
            text = _used(text, name, _found(where, file, folder), where, folder, depth)
        elif is_raw or (suffix not in _PROGRAM and "@theme" not in where):
            text = _shown(text, name, _found(where, file, folder), where, folder)
    return text


def _found(where: str, file: Path, folder: Folder) -> Path | None:
    path = find(where.removeprefix("@site"), file, folder.root)
    return path if path and folder.may_read(path) else None


def _used(text: str, name: str, path: Path | None, where: str, folder: Folder, depth: int) -> str:
    body = front_matter.split("\n".join(lines_of(path)))[1] if path else ""
    body = expand(body, path, folder, depth + 1) if path else ""

    def write(found: "re2._Match") -> str:
        margin = found[1] or ""
        if not path:
            return missing(margin, where)
        given = {each[1]: next(filter(None, each.groups()[1:]), "") for each in _PROPERTY.finditer(found[2])}
        shown = _with_properties(body.strip("\n"), given)
        if not folder.gives(len(shown)):
            return missing(margin, where)
        lines = shown.split("\n")
        return "\n".join(margin + line if line else "" for line in lines)

    tag = rf"(?m)(^[ \t]*)?<{name}((?:\s[^<>]*?)?)\s*(?:/>|>\s*</{name}\s*>)"
    return substitute(re2.compile(tag), text, write)


def _with_properties(text: str, given: dict[str, str]) -> str:
    for name, value in given.items():
        text = text.replace(f"{{props.{name}}}", value).replace(f"{{{name}}}", value)
    return text


def _shown(text: str, name: str, path: Path | None, where: str, folder: Folder) -> str:
    """`<CodeBlock language="py">{name}</CodeBlock>` as a block of the code."""

    def write(found: "re2._Match") -> str:
        lines = lines_of(path) if path and folder.may_read(path) else []
        if not path or not lines or not folder.gives(sum(map(len, lines))):
            return missing("", where)
        return "\n".join(["", f"```{found[1] or path.suffix[1:]}", *lines, "```", ""])

    block = rf"""<CodeBlock(?:[^<>]*?\slanguage=["'{{]+(\w+)["'}}]+)?[^<>]*?>\s*\{{\s*{name}\s*\}}\s*</CodeBlock>"""
    return substitute(re2.compile(block), text, write)
