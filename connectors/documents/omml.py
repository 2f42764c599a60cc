"""Formulas of Office as MathML, which the reader of HTML knows. ECMA-376 part 1, 22.1."""

from collections.abc import Callable
from typing import Any

from lxml import etree

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_INVISIBLE = ("ctrlPr", "rPr", "sSubPr", "sSupPr", "argPr")


def to_mathml(formula: Any, display: bool = False) -> str:
    """The `math` element of an `m:oMath`, an unknown element as one that no reader of MathML knows either."""
    math = etree.Element("math", **({"display": "block"} if display else {}))
    math.extend(_inside(formula))
    return str(etree.tostring(math, encoding="unicode"))


def _inside(element: Any) -> list[Any]:
    if element is None:
        return []
    parts = [part for part in element if isinstance(part.tag, str)]
    return [made for part in parts for made in _made(part)]


def _made(part: Any) -> list[Any]:
    name = part.tag.removeprefix(M)
    if name == "r":
        return _run(part)
    if name in _WRITERS:
        return [_WRITERS[name](part)]
    if part.tag.startswith(_W) or name.endswith("Pr"):
        return _inside(part) if name in (f"{_W}ins", f"{_W}smartTag") else []
    return _inside(part) if name in ("oMath", "e", "box", "borderBox", "phant") else [etree.Element("unknown")]


def _row(element: Any) -> Any:
    row = etree.Element("mrow")
    row.extend(_inside(element))
    return row


def _run(run: Any) -> list[Any]:
    """Letters are identifiers, digits numbers, upright words text."""
    text = "".join(run.itertext(f"{M}t", f"{_W}t"))
    if run.find(f"{M}rPr/{M}nor") is not None:
        return [_leaf("mtext", text)]
    made: list[Any] = []
    for sign in text:
        kind = "mn" if sign.isdigit() else "mi" if sign.isalpha() else "mo"
        if kind == "mn" and made and made[-1].tag == "mn":
            made[-1].text += sign
        elif not sign.isspace():
            made.append(_leaf(kind, sign))
    return made


def _leaf(tag: str, text: str) -> Any:
    leaf = etree.Element(tag)
    leaf.text = text
    return leaf


def _with(tag: str, *parts: str) -> Callable[[Any], Any]:
    """An element whose parts are those of the formula, each a row."""

    def write(element: Any) -> Any:
        made = etree.Element(tag)
        made.extend(_row(element.find(f"{M}{part}")) for part in parts)
        return made

    return write


def _property(element: Any, name: str, default: str) -> str:
    found = element.find(f"{M}{element.tag.removeprefix(M)}Pr/{M}{name}")
    return default if found is None else found.get(f"{M}val", "")


def _radical(element: Any) -> Any:
    degree = _inside(element.find(f"{M}deg"))
    return _with("mroot", "e", "deg")(element) if degree else _with("msqrt", "e")(element)


def _large(element: Any) -> Any:
    """A sum, an integral and their like, with limits, before what they are of."""
    row, sign = etree.Element("mrow"), etree.Element("msubsup")
    sign.extend(
        [_leaf("mo", _property(element, "chr", "∫")), _row(element.find(f"{M}sub")), _row(element.find(f"{M}sup"))]
    )
    row.extend([sign, _row(element.find(f"{M}e"))])
    return row


def _fenced(element: Any) -> Any:
    row = etree.Element("mrow")
    row.append(_leaf("mo", _property(element, "begChr", "(")))
    for number, part in enumerate(element.findall(f"{M}e")):
        row.extend([_leaf("mo", _property(element, "sepChr", "|"))] if number else [])
        row.append(_row(part))
    row.append(_leaf("mo", _property(element, "endChr", ")")))
    return row


def _function(element: Any) -> Any:
    row = etree.Element("mrow")
    name = element.find(f"{M}fName")
    words = "".join(name.itertext(f"{M}t")) if name is not None else ""
    simple = name is not None and not name.xpath(
        ".//*[local-name()='limLow' or local-name()='sSup' or local-name()='sSub']"
    )
    row.extend([_leaf("mi", words) if simple else _row(name), _row(element.find(f"{M}e"))])
    return row


def _accent(element: Any) -> Any:
    over = etree.Element("mover")
    over.extend([_row(element.find(f"{M}e")), _leaf("mo", _property(element, "chr", "̂").replace("̂", "^"))])
    return over


def _table(element: Any) -> Any:
    table = etree.Element("mtable")
    for line in element.findall(f"{M}mr") or [[cell] for cell in element.findall(f"{M}e")]:
        row = etree.SubElement(table, "mtr")
        for cell in line:
            if not isinstance(cell.tag, str) or cell.tag != f"{M}e":
                continue
            etree.SubElement(row, "mtd").extend(_inside(cell))
    return table


def _before(element: Any) -> Any:
    """Indices before a base, as an empty base with them."""
    row, sign = etree.Element("mrow"), etree.Element("msubsup")
    sign.extend([etree.Element("mrow"), _row(element.find(f"{M}sub")), _row(element.find(f"{M}sup"))])
    row.extend([sign, _row(element.find(f"{M}e"))])
    return row


_WRITERS: dict[str, Callable[[Any], Any]] = {
    "f": _with("mfrac", "num", "den"),
    "sSup": _with("msup", "e", "sup"),
    "sSub": _with("msub", "e", "sub"),
    "sSubSup": _with("msubsup", "e", "sub", "sup"),
    "sPre": _before,
    "rad": _radical,
    "nary": _large,
    "d": _fenced,
    "func": _function,
    "acc": _accent,
    "bar": lambda element: _over_or_under(element, "pos", "¯"),
    "groupChr": lambda element: _over_or_under(element, "pos", _property(element, "chr", "⏟")),
    "limLow": _with("munder", "e", "lim"),
    "limUpp": _with("mover", "e", "lim"),
    "m": _table,
    "eqArr": _table,
}


def _over_or_under(element: Any, key: str, sign: str) -> Any:
    made = etree.Element("mover" if _property(element, key, "bot") == "top" else "munder")
    made.extend([_row(element.find(f"{M}e")), _leaf("mo", sign)])
    return made
