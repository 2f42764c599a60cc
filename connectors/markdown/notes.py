"""Footnotes, abbreviations, wiki links and attributes of a Markdown file, its code hidden."""

from functools import partial

import re2

from schemas.hole import hole

_ABBREVIATION = re2.compile(r"(?m)^ {0,3}\*\[[^\]\n]+\]:[^\n]*\n?")
_NOTE = re2.compile(
    r"(?m)^ {0,3}\[\^([^\]\s]+)\]:[ \t]*(.*(?:\n(?:(?:[ \t]*\n)*(?: {2,}|\t).*|[^\s\[#>`~:|*+<-].*))*)\n?"
)
_REFERENCE = re2.compile(r"\[\^([^\]\s]+)\]")
_LINK = re2.compile(r"(!?)\[\[([^\[\]\n|]*\p{L}[^\[\]\n|]*)(?:\|([^\[\]\n]+))?\]\]")
_PICTURE = re2.compile(r"(?i)\.(?:png|jpe?g|gif|svg|webp|avif|bmp|mp4|webm|mov|mp3|wav|ogg|m4a)$")
_REMARK = re2.compile(r"(?s)%%.*?%%")
_BLOCK_NAME_ALONE = re2.compile(r"(?m)^(?:> ?)*\^[a-z0-9-]+[ \t]*$")
_BLOCK_NAME = re2.compile(r"(?m)[ \t]+\^[a-z0-9-]+$")
_HEADING_ID = re2.compile(r"(?m)^(#{1,6} .*?)\s*(?:\{:?\s*#([\w.:-]+)[^}\n]*\}|\{/\*\s*#([\w.:-]+)\s*\*/\})\s*$")
_ATTRIBUTES = re2.compile(r"(\]\([^()\s]*\)|!\[\]\([^()\s]*\)|[\x{fdd5}*_])\{:?\s*[.#\w][^{}\n]*\}")


# Marks of pymdownx and Material for MkDocs: icons, keys, changes, text that is marked, raised or lowered
_ICON = re2.compile(r":(?:material|fontawesome|octicons|simple)-[a-z0-9-]+:(?:\{[^{}\n]*\})?")
_KEYS = re2.compile(r"(^|[\s(\[>|])\+\+([\w-]+(?:\+[\w-]+)*)\+\+")
_GONE = re2.compile(r"\{--.*?--\}|\{>>.*?<<\}|\{~~.*?~>")
_CHANGED = re2.compile(r"\{(?:\+\+|==)(.*?)(?:\+\+|==)\}|~~\}")
_MARKED = re2.compile(r"(^|[^\w=])(?:==([^\s=](?:[^=\n]*[^\s=])?)==|\^\^([^\s^](?:[^^\n]*[^\s^])?)\^\^)")
_SHIFTED = re2.compile(r"(\p{L}|\))(?:~(\d{1,3})~|\^(\d{1,3})\^)")


def read(text: str) -> str:
    """`text` with footnotes where they are referred to, and links of wikis as their words."""
    text = _with_notes(_ABBREVIATION.sub("", _BLOCK_NAME_ALONE.sub("", text)))
    if _LINK.search(text):
        text = _LINK.sub(lambda found: _words(found, text), text)
        text = _BLOCK_NAME.sub("", _REMARK.sub("", text))
    return _without_marks(str(_ATTRIBUTES.sub(r"\1", _HEADING_ID.sub(r'\1 <a id="\2\3"></a>', text))))


def _without_marks(text: str) -> str:
    text = _CHANGED.sub(r"\1", _GONE.sub("", text)) if "{" in text or "~~}" in text else text
    text = _KEYS.sub(lambda found: f"{found[1]}<kbd>{found[2].replace('+', '</kbd>+<kbd>')}</kbd>", text)
    text = _SHIFTED.sub(lambda found: f"{found[1]}{_shifted('sub', found[2]) or _shifted('sup', found[3])}", text)
    return str(_MARKED.sub(r"\1\2\3", _ICON.sub("", text)))


def _shifted(tag: str, number: str | None) -> str:
    return f"<{tag}>{number}</{tag}>" if number else ""


def _with_notes(text: str) -> str:
    """A short note stands in brackets where it is referred to, a long one and one of a heading below that paragraph.

    A note that nothing refers to stays below all.
    """
    notes = {found[1]: _plain(found[2]) for found in _NOTE.finditer(text)}
    if not notes:
        return text
    used, paragraphs = set[str](), list[str]()
    for paragraph in _NOTE.sub("", text).split("\n\n"):
        long = list[str]()
        shown = _REFERENCE.sub(partial(_note, notes=notes, used=used, long=long), paragraph)
        paragraphs += [shown, *long]
    return "\n\n".join([*paragraphs, *(note for name, note in notes.items() if name not in used)])


def _plain(note: str) -> str:
    return "\n".join(line.strip() if not line.startswith("        ") else line[4:] for line in note.strip().split("\n"))


def _note(found: "re2._Match", notes: dict[str, str], used: set[str], long: list[str]) -> str:
    note = notes.get(found[1])
    if note is None:
        return str(found[0])
    if found[1] in used:
        return ""
    used.add(found[1])
    line = found.string[found.string.rfind("\n", 0, found.start()) + 1 :]
    if "\n\n" in note or line.startswith("#"):
        long.append(note)
        return ""
    return f" ({' '.join(note.split()).rstrip('.。')})"


def _words(found: "re2._Match", text: str) -> str:
    """What a link to another note is called. `[[x]](address)` is an ordinary link; a picture says nothing."""
    if text[found.end() : found.end() + 1] in ("(", "["):
        return str(found[0])
    if found[1] and _PICTURE.search(found[2].partition("#")[0].strip()):
        return ""
    if found[2].strip().lower() in ("toc", "_toc_"):
        return ""
    if found[1]:
        return hole("include", found[2])
    page, _, heading = found[2].partition("#")
    return (
        found[3] or " > ".join(part.strip(" ^") for part in (page.rpartition("/")[2], heading) if part.strip())
    ).strip()
