"""Files that a Markdown file takes in, read while fetching, so that a page holds all it says.

`{* path ln[1:5] hl[3] *}`, `{!path!}`, `{!> path!}` (MkDocs), `--8<-- "path:1:5"` and blocks of such (snippets),
`{% include path name="value" %}` (Jekyll), `{include}` and `{literalinclude}` (MyST), `<<< @/path#region` (VitePress),
`![[note]]` (Obsidian), `{{< readfile "path" >}}` and its like (Hugo), `{{#include path:anchor}}`
(mdBook). What is not there leaves a hole, `include`.
"""

from pathlib import Path, PurePath

import re2

from connectors.markdown import excerpts, front_matter
from connectors.markdown.code_places import substitute
from connectors.markdown.fences import split_options
from connectors.markdown.folder import Folder, text_of
from connectors.markdown.tags import TEXTS, TITLES, arguments
from connectors.reading.local import file_within
from schemas.hole import hole

_RAW = re2.compile(r"(?s)\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}")
_MKDOCS = re2.compile(r"(?m)^([ \t]*)\{([*!])>? *([^\s*!{}:]+)([^\n*!{}]*?) *[*!]\}[ \t]*$")
_SNIPPET = re2.compile(r"(?m)^([ \t]*)-{1,}8<-{1,} +[\"']([^\"'\n]+)[\"'][ \t]*$")
_SNIPPETS = re2.compile(r"(?m)^([ \t]*)-{2,}8<-{2,}[ \t]*\n((?:[ \t]*[^\n]*\n){1,50}?)[ \t]*-{2,}8<-{2,}[ \t]*$")
_ESCAPED = re2.compile(r"(?m)^([ \t]*);(-{1,}8<-{1,})")
_JEKYLL = re2.compile(
    r"(?s)(?P<margin>(?:^|\n)[ \t]*)?\{%-? *include(?:_relative"
    r"|_cached)? +[\"']?([\w./-]+\.\w+)[\"']?(.*?)-?%\}(?P<rest>[ \t]*(?:\n|$))?"
)
_PARAMETER = re2.compile(r"\{\{-? *include\.([\w-]+)[^{}]*\}\}")
_MYST = re2.compile(
    r"(?m)^([ \t]*)(`{3,}|~{3,}|:{3,})\{(include"
    r"|literalinclude)\}[ \t]+([^\n]+)\n((?:[ \t]*:[\w-]+:[^\n]*\n)*)[ \t]*(?:`{3,}|~{3,}|:{3,})[ \t]*$"
)
_VITEPRESS = re2.compile(r"(?m)^([ \t]*)<<< *([^\s{#\[]+)(?:#([\w-]+))?[^\n]*$")
_VITEPRESS_PART = re2.compile(r"(?m)^([ \t]*)<!-- *@include: *([^\s{#]+)(?:#([\w-]+))?[^\n]*?-->[ \t]*$")
_EMBED = re2.compile(r"(?m)^([ \t]*)!\[\[([^\[\]\n|#]+)(?:#([^\[\]\n|]+))?(?:\|[^\[\]\n]*)?\]\][ \t]*$")
_HUGO = re2.compile(
    r"(?m)^([ \t]*)\{\{[<%] *(code_sample|codenew|code|example|glossary_definition"
    r"|[\w./-]*(?:include|read-?file|embed|snippet|transclude)[\w./-]*) +([^\n]*?) */?[%>]\}\}[ \t]*$"
)
_MDBOOK = re2.compile(
    r"(?m)^([ \t]*)\{\{ *#(?:include|rustdoc_include|playground|playpen) +([^\s:{}]+)(?::([^\s{}]*))?[^{}\n]*\}\}"
    r"[ \t]*$"
)
_LINES = re2.compile(r"ln\[(\d+)(?::(\d+))?")
_HEADING = re2.compile(r"^(#{1,6}) +(.+?)\s*$")
_DEEPEST = 5
# of a site's layout: link lists, menus, counters; no text where they are not there
_LAYOUT = frozenset(
    [
        "links",
        "toc",
        "head",
        "header",
        "footer",
        "nav",
        "navigation",
        "sidebar",
        "analytics",
        "comments",
        "disqus",
        "image",
        "figure",
        "video",
        "youtube",
        "gallery",
    ]
)
_FOLDERS = (
    "_includes",
    "includes",
    "snippets",
    "_snippets",
    "examples",
    "content/en/examples",
    "_partials",
    "partials",
    "embeds",
    "content/embeds",
)


def expand(text: str, file: Path, folder: Folder, above: tuple[Path, ...] = ()) -> str:
    """`text` of `file`, which is itself included by those `above`, with its includes, none from outside of `folder`.

    One of a file that is around it, or that is more than `folder` gives, leaves a hole. What Liquid calls raw is left
    alone.
    """
    return _Includes((*above, file.resolve()), folder).outside_raw(text)


class _Includes:
    """Includes of the last of `files`, each of which includes the next."""

    def __init__(self, files: tuple[Path, ...], folder: Folder) -> None:
        self.files, self.folder = files, folder

    def outside_raw(self, text: str) -> str:
        pieces, done = list[str](), 0
        for raw in _RAW.finditer(text):
            pieces += [self._all(text[done : raw.start()]), raw[0]]
            done = raw.end()
        return "".join([*pieces, self._all(text[done:])])

    def _all(self, text: str) -> str:
        text = substitute(_MKDOCS, text, self._mkdocs, in_code=True)
        text = substitute(_SNIPPETS, text, self._snippets, in_code=True)
        text = substitute(_SNIPPET, text, lambda found: self._snippet(found[1], found[2]), in_code=True)
        text = _ESCAPED.sub(r"\1\2", text)
        text = substitute(_MDBOOK, text, self._mdbook, in_code=True)
        text = substitute(_JEKYLL, text, self._jekyll, in_code=True)
        text = substitute(_JEKYLL, text, self._no_jekyll)
        text = substitute(_MYST, text, self._myst)
        text = substitute(_VITEPRESS, text, lambda found: self._vitepress(found, True))
        text = substitute(_VITEPRESS_PART, text, lambda found: self._vitepress(found, False))
        text = substitute(_EMBED, text, self._embed)
        return substitute(_HUGO, text, self._hugo)

    def _mkdocs(self, found: "re2._Match") -> str:
        path = self._find(found[3])
        if path is None:
            return missing(found[1], found[3])
        lines, wanted = lines_of(path), _LINES.search(found[4])
        if wanted:
            lines = lines[int(wanted[1]) - 1 : int(wanted[2] or wanted[1])]
        return self._block(found[1], path, lines) if found[2] == "*" else self._text(found[1], path, lines)

    def _snippets(self, found: "re2._Match") -> str:
        names = (line.strip() for line in found[2].split("\n"))
        return "\n\n".join(self._snippet(found[1], name) for name in names if name and not name.startswith((";", "#")))

    def _snippet(self, margin: str, wanted: str) -> str:
        name, _, part = wanted.partition(":") if "://" not in wanted else (wanted, "", "")
        path = self._find(name)
        if path is None:
            return missing(margin, wanted)
        lines: list[str] | None = lines_of(path)
        if part and not part.strip("0123456789:,-"):
            lines = excerpts.numbered(lines or [], part)
        elif part:
            lines = excerpts.section(lines or [], part)
        return missing(margin, wanted) if lines is None else self._text(margin, path, excerpts.without_marks(lines))

    def _mdbook(self, found: "re2._Match") -> str:
        """Lines (`:2:5`) or an anchor, mostly within a fence that stands around it."""
        path, part = self._find(found[2]), found[3] or ""
        if path is None:
            return missing(found[1], found[2])
        is_lines = not part.strip("0123456789:")
        lines = (
            excerpts.numbered(lines_of(path), part) if part and is_lines else excerpts.anchored(lines_of(path), part)
        )
        return missing(found[1], f"{found[2]}:{part}") if lines is None else self._text(found[1], path, lines)

    def _jekyll(self, found: "re2._Match") -> str:
        """Jekyll reads tags in code too, so a file that is there is taken in anywhere."""
        path = self._find(found[2])
        if path is None:
            return str(found[0])
        given = arguments(found[3]).named
        text = _PARAMETER.sub(lambda use: given.get(use[1].lower(), ""), "\n".join(lines_of(path)))
        shown = self._taken(path, front_matter.split(text)[1])
        return f"{found['margin'] or ''}{shown}{found['rest'] or ''}"

    def _no_jekyll(self, found: "re2._Match") -> str:
        """Of a file that is not there stay the words that it is given."""
        given = arguments(found[3])
        words = [given.named[key] for key in (*TITLES, *TEXTS) if given.named.get(key)]
        is_layout = PurePath(found[2]).stem.lower() in _LAYOUT
        shown = "\n\n".join(words) or ("" if is_layout else hole("include", found[2]))
        return f"{found['margin'] or ''}{shown}{found['rest'] or ''}"

    def _myst(self, found: "re2._Match") -> str:
        path, (options, _) = self._find(found[4].strip()), split_options(found[5].split("\n"))
        lines = excerpts.between(lines_of(path), options) if path else None
        if path is None or lines is None:
            return missing(found[1], found[4].strip())
        is_code = found[3] == "literalinclude" or "code" in options or "literal" in options
        return (
            self._block(found[1], path, lines, options.get("language") or options.get("code", ""))
            if is_code
            else self._text(found[1], path, lines)
        )

    def _vitepress(self, found: "re2._Match", is_code: bool) -> str:
        path = self._find(found[2].removeprefix("@"))
        lines = lines_of(path) if path else None
        if lines and found[3]:
            lines = excerpts.section(lines, found[3])
        if path is None or lines is None:
            return missing(found[1], found[2])
        return self._block(found[1], path, lines) if is_code else self._text(found[1], path, lines)

    def _embed(self, found: "re2._Match") -> str:
        name = found[2].strip()
        if PurePath(name).suffix not in ("", ".md"):
            return str(found[0])
        path = self._find_note(name, name)
        lines = lines_of(path) if path else None
        if lines is not None and found[3]:
            lines = _below_heading(lines, found[3].strip())
        return self._text(found[1], path, lines) if path and lines and any(lines) else missing(found[1], name)

    def _hugo(self, found: "re2._Match") -> str:
        given = arguments(found[3])
        name = given.first(("file", "path", "src", "name", "term_id")) or next(iter(given.listed), "")
        if found[2] == "glossary_definition":
            path = self._find_note(f"docs/reference/glossary/{name}", name)
            about, _ = front_matter.split("\n".join(lines_of(path))) if path else ({}, "")
            words = " ".join(str(about.get("short_description") or "").split())
            return found[1] + words if words else missing(found[1], name)
        if "." not in name or "://" in name:
            return str(found[0])
        path = self._find(name)
        if path is None:
            return missing(found[1], name)
        is_text = path.suffix.lower() in (".md", ".markdown", ".html") and given.named.get("code") != "true"
        return (
            self._text(found[1], path, lines_of(path))
            if is_text
            else self._block(found[1], path, lines_of(path), given.named.get("language", ""))
        )

    def _block(self, margin: str, path: Path, lines: list[str], language: str = "") -> str:
        marks = "`" * max(3, 1 + max((len(run) for run in re2.findall(r"`+", "\n".join(lines))), default=0))
        block = [f"{marks}{language or path.suffix[1:]}", *excerpts.without_marks(lines), marks]
        text = "\n".join(f"{margin}{line}".rstrip() for line in block)
        return text if self.folder.gives(len(text)) else missing(margin, path.name)

    def _text(self, margin: str, path: Path, lines: list[str]) -> str:
        text = "\n".join(f"{margin}{line}".rstrip() for line in front_matter.split("\n".join(lines))[1].split("\n"))
        return self._taken(path, text)

    def _taken(self, path: Path, text: str) -> str:
        return expand(text, path, self.folder, self.files) if self.folder.gives(len(text)) else missing("", path.name)

    def _find(self, name: str) -> Path | None:
        return self._allowed(find(name, self.files[-1], self.folder.root)) if self.folder.gives(0) else None

    def _find_note(self, place: str, name: str) -> Path | None:
        """A note is called by its name alone, wherever it lies."""
        root, called = self.folder.root, f"{PurePath(name).name.removesuffix('.md')}.md"
        note = self.folder.notes.get(called)
        found = find(f"{place.removesuffix('.md')}.md", self.files[-1], root)
        return self._allowed(found or note)

    def _allowed(self, path: Path | None) -> Path | None:
        if path is None or path in self.files or len(self.files) > _DEEPEST:
            return None
        return path if self.folder.may_read(path) else None


def missing(margin: str, name: str) -> str:
    """What stands in place of a file that is not there."""
    return margin + hole("include", name)


def lines_of(path: Path) -> list[str]:
    """The lines of a file's first megabyte."""
    return text_of(path).replace("\r\n", "\n").rstrip("\n").split("\n")


def find(name: str, file: Path, root: Path) -> Path | None:
    """Generators count from the file, from the folder of their settings, or from one for includes: each is tried."""
    name, folder, places = name.lstrip("/"), file.parent, list[Path]()
    while name and folder.is_relative_to(root):
        places += [folder / name, *(folder / within / name for within in _FOLDERS)]
        folder = folder.parent
    return next(filter(None, (file_within(place, root) for place in places)), None)


def _below_heading(lines: list[str], name: str) -> list[str]:
    """The lines below a heading up to the next of its rank, or the block that ends in the name `^name`."""
    if name.startswith("^"):
        blocks = (block for block in "\n".join(lines).split("\n\n") if block.rstrip().endswith(name))
        return next(blocks, "").rstrip().removesuffix(name).rstrip().split("\n")
    start, rank, wanted = 0, 0, name.rpartition("#")[2].strip().lower()
    for index, line in enumerate(lines):
        found = _HEADING.match(line)
        if found and not rank and found[2].strip().lower() == wanted:
            start, rank = index + 1, len(found[1])
        elif found and rank and len(found[1]) <= rank:
            return lines[start:index]
    return lines[start:] if rank else []
