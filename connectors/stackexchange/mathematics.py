"""Keeps TeX out of the hands of the Markdown writer, to which its backslashes and underscores mean something."""

import html

import re2

_CODE = re2.compile(r"(?s)(<pre.*?</pre>|<code.*?</code>)")
# MathJax as Stack Exchange sets it up: https://math.meta.stackexchange.com/q/5020
_TEX = re2.compile(r"\$\$[^$<>]+\$\$|\$[^$<>]{1,1000}\$|\\begin\{[a-z]+\*?\}[^<>]*\\end\{[a-z]+\*?\}")

_LEAD = re2.compile(r"^(?:>[ ]?|[ \t]|[-*+][ ]|\d+[.)][ ])*")  # what the lines of a quote or a list item begin with
_ITEM = re2.compile(r"[^>\s]")


def protected(body: str) -> tuple[str, dict[str, str]]:
    """HTML with a word in place of each formula outside of code, and the formulas by their words."""
    mark = "TeX"
    while mark in body:
        mark += "X"
    formulas: dict[str, str] = {}

    def keep(found: "re2._Match") -> str:
        word = f"{mark}{len(formulas)}{mark}"
        formulas[word] = html.unescape(found[0])
        return word

    parts = _CODE.split(body)
    return "".join(part if place % 2 else _TEX.sub(keep, part) for place, part in enumerate(parts)), formulas


def restored(markdown: str, formulas: dict[str, str]) -> str:
    """Markdown with its formulas; the lines of one in a quote or a list item belong to that, too."""
    for word, formula in formulas.items():
        line = markdown.partition(word)[0].rpartition("\n")[2] if "\n" in formula else ""
        lead = _ITEM.sub(" ", _LEAD.match(line)[0])
        markdown = markdown.replace(word, formula.replace("\n", f"\n{lead}"))
    return markdown
