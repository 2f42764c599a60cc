"""MathML as TeX: what a reader of the formula needs, without its spacing."""

import unicodedata
from collections.abc import Callable

import re2
from lxml.html import HtmlElement

_SYMBOLS = {
    "×": r"\times", "÷": r"\div", "⋅": r"\cdot", "·": r"\cdot", "±": r"\pm", "∓": r"\mp", "−": "-", "≤": r"\le",
    "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "≡": r"\equiv", "∼": r"\sim", "∝": r"\propto", "∞": r"\infty",
    "→": r"\to", "←": r"\leftarrow", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "↦": r"\mapsto", "∈": r"\in",
    "∉": r"\notin", "⊂": r"\subset", "⊆": r"\subseteq", "∪": r"\cup", "∩": r"\cap", "∅": r"\emptyset",
    "∀": r"\forall", "∃": r"\exists", "¬": r"\neg", "∧": r"\land", "∨": r"\lor", "∑": r"\sum", "∏": r"\prod",
    "∫": r"\int", "∂": r"\partial", "∇": r"\nabla", "…": r"\dots", "⋯": r"\cdots", "⟨": r"\langle", "⟩": r"\rangle",
    "{": r"\{", "}": r"\}", "%": r"\%", "#": r"\#", "&": r"\&", "_": r"\_", "$": r"\$", "′": "'", "\u00a0": " ",
    "ϵ": r"\epsilon", "ϕ": r"\phi", "ℏ": r"\hbar", "†": r"\dagger", "∘": r"\circ", "⊗": r"\otimes", "⊕": r"\oplus",
}  # fmt: skip
_INVISIBLE = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064\u200b"))
_FUNCTIONS = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "log",
        "ln",
        "exp",
        "lim",
        "max",
        "min",
        "sup",
        "inf",
        "det",
        "dim",
        "ker",
        "gcd",
        "arg",
        "deg",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "Pr",
    ]
)
_GROUPS = frozenset(("math", "mrow", "mstyle", "mpadded", "mphantom", "menclose", "merror", "semantics", "maction"))
_ACCENTS = {
    "¯": "bar", "‾": "overline", "^": "hat", "ˆ": "hat", "~": "tilde", "˜": "tilde", "→": "vec", "⃗": "vec",
    "˙": "dot", "¨": "ddot", "⏞": "overbrace", "⏟": "underbrace", "_": "underline",
}  # fmt: skip
_NO_TEXT = re2.compile(r"(?i)^(?:(?:alt(?:ernative)?|formula|equation|math) (?:text )?)?(?:is )?not available$|^no alt")
_UNREAD = ("annotation", "annotation-xml", "mspace", "none", "mprescripts", "malignmark", "maligngroup")


def to_tex(math: HtmlElement) -> str:
    """The TeX that a `math` element is annotated with, else what its elements say; "" if one of them is not known."""
    notes = math.xpath('.//*[local-name()="annotation" and contains(@encoding, "tex")]/text()')
    stated = next(iter(notes), "") or math.get("alttext") or ""
    if stated.strip() and not _NO_TEXT.search(stated):
        return str(stated).strip()
    try:
        return " ".join(_tex(math).split())
    except (KeyError, ValueError):
        return ""


def _tex(element: HtmlElement) -> str:
    name = str(element.tag).rpartition(":")[2]
    if name in _GROUPS:
        return (_symbols(element.text or "") if name == "math" else "") + "".join(map(_tex, _parts(element)))
    if name in _UNREAD:
        return ""
    return _WRITERS[name](element)


def _parts(element: HtmlElement) -> list[HtmlElement]:
    return [part for part in element if isinstance(part.tag, str)]


def _each(element: HtmlElement, count: int) -> list[str]:
    """TeX of the parts of an element that has `count` of them. Raises ValueError for another number."""
    parts = [_tex(part) for part in _parts(element)]
    if len(parts) != count:
        raise ValueError(element.tag)
    return parts


def _words(element: HtmlElement) -> str:
    return " ".join((element.text_content() or "").translate(_INVISIBLE).split())


def _symbols(text: str) -> str:
    return "".join(map(_symbol, " ".join(text.translate(_INVISIBLE).split())))


def _symbol(sign: str) -> str:
    if sign in _SYMBOLS:
        written = _SYMBOLS[sign]
        return f"{written} " if written[-1].isalpha() else written
    words = unicodedata.name(sign, "").split()
    if words[:1] == ["GREEK"] and words[2:3] == ["LETTER"] and len(words) == 4 and words[1] in ("SMALL", "CAPITAL"):
        letter = words[3].lower().replace("lamda", "lambda")
        return f"\\{letter if words[1] == 'SMALL' else letter.title()} "
    return sign


def _identifier(element: HtmlElement) -> str:
    words = _words(element)
    if words in _FUNCTIONS:
        return f"\\{words} "
    return f"\\mathrm{{{words}}}" if len(words) > 1 and words.isalpha() and words.isascii() else _symbols(words)


def _text(element: HtmlElement) -> str:
    words = _words(element)
    return f"\\text{{{words}}}" if words else " "


def _atom(tex: str) -> str:
    """`tex` as the base of an index."""
    bare = tex.strip()
    return bare if len(bare) == 1 or (bare.startswith("\\") and bare[1:].isalpha()) else f"{{{bare}}}"


def _with(*signs: str) -> Callable[[HtmlElement], str]:
    """A base with an index for each sign."""

    def write(element: HtmlElement) -> str:
        base, *indices = _each(element, len(signs) + 1)
        shown = zip(signs, indices, strict=True)
        return _atom(base) + "".join(f"{sign}{{{index.strip()}}}" for sign, index in shown if index.strip())

    return write


def _over(element: HtmlElement) -> str:
    accent = _ACCENTS.get(_words(_parts(element)[-1])) if len(_parts(element)) == 2 else None
    return f"\\{accent}{{{_each(element, 2)[0].strip()}}}" if accent else _with("^")(element)


def _fraction(element: HtmlElement) -> str:
    above, below = _each(element, 2)
    return f"\\frac{{{above.strip()}}}{{{below.strip()}}}"


def _root(element: HtmlElement) -> str:
    inside, degree = _each(element, 2)
    return f"\\sqrt[{degree.strip()}]{{{inside.strip()}}}"


def _fenced(element: HtmlElement) -> str:
    between = element.get("separators", ",")[:1]
    inside = between.join(map(_tex, _parts(element)))
    return f"{_symbols(element.get('open', '('))}{inside}{_symbols(element.get('close', ')'))}"


def _table(element: HtmlElement) -> str:
    rows = [" & ".join(_tex(cell).strip() for cell in _parts(row)) for row in _parts(element)]
    return "\\begin{matrix} " + r" \\ ".join(rows) + " \\end{matrix}"


def _inside(element: HtmlElement) -> str:
    return "".join(map(_tex, _parts(element)))


_WRITERS: dict[str, Callable[[HtmlElement], str]] = {
    "mi": _identifier,
    "mn": lambda element: _symbols(_words(element)),
    "mo": lambda element: _symbols(_words(element)),
    "mtext": _text,
    "ms": _text,
    "mfrac": _fraction,
    "msqrt": lambda element: f"\\sqrt{{{_inside(element).strip()}}}",
    "mroot": _root,
    "msup": _with("^"),
    "msub": _with("_"),
    "msubsup": _with("_", "^"),
    "munder": _with("_"),
    "mover": _over,
    "munderover": _with("_", "^"),
    "mfenced": _fenced,
    "mtable": _table,
    "mtd": _inside,
}
