"""The arithmetic of {{#expr: …}}: https://www.mediawiki.org/wiki/Help:Extension:ParserFunctions#.23expr"""

import math
from collections.abc import Callable

import re2

_TOKEN = re2.compile(r"\s*(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+|[a-z]+|<=|>=|<>|!=|[-+*/^=<>()])")
_LONGEST, _DEEPEST = 1000, 40
_DIGITS, _MOST_DIGITS = 12, 300  # shown, and rounded to
# operators of two sides, the loosest first
_BINARY: tuple[dict[str, Callable[[float, float], float]], ...] = (
    {"or": lambda a, b: float(bool(a) or bool(b))},
    {"and": lambda a, b: float(bool(a) and bool(b))},
    {
        "=": lambda a, b: float(a == b),
        "<>": lambda a, b: float(a != b),
        "!=": lambda a, b: float(a != b),
        "<": lambda a, b: float(a < b),
        ">": lambda a, b: float(a > b),
        "<=": lambda a, b: float(a <= b),
        ">=": lambda a, b: float(a >= b),
    },
    {"round": lambda a, b: _rounded(a, int(b))},
    {"+": lambda a, b: a + b, "-": lambda a, b: a - b},
    {"*": lambda a, b: a * b, "/": lambda a, b: a / b, "div": lambda a, b: a / b, "mod": math.fmod},
    {"^": lambda a, b: math.pow(a, b)},
)
_UNARY: dict[str, Callable[[float], float]] = {
    "-": lambda a: -a,
    "+": lambda a: a,
    "not": lambda a: float(not a),
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "abs": abs,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "ln": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
}
_CONSTANTS = {"e": math.e, "pi": math.pi}


def _rounded(number: float, digits: int) -> float:
    """Raises ValueError for more digits than a number has, whose power of ten would take all memory."""
    if abs(digits) > _MOST_DIGITS:
        raise ValueError(digits)
    power = math.pow(10, digits)
    return math.floor(number * power + 0.5) / power


def evaluate(text: str) -> float | None:
    """The value of an expression; None for what is none. "" is None too."""
    text = text.replace("−", "-").replace("&minus;", "-").lower()
    if len(text) > _LONGEST:
        return None
    try:
        tokens = _tokens(text)
        found = _binary(tokens, 0, 0) if tokens else None
    except (ValueError, ArithmeticError, IndexError, RecursionError):
        return None
    return found if not tokens and found is not None and math.isfinite(found) else None


def shown(number: float) -> str:
    """As a page shows it: 3 for 3.0."""
    return f"{number:.{_DIGITS}g}" if number != int(number) else str(int(number))


def _tokens(text: str) -> list[str]:
    """The tokens, last first. Raises ValueError for a sign that is none."""
    found: list[str] = []
    place = 0
    bare = text.rstrip()
    while place < len(bare):
        token = _TOKEN.match(bare, place)
        if not token:
            raise ValueError(bare[place])
        found.append(token[1])
        place = token.end()
    return found[::-1]


def _binary(tokens: list[str], level: int, depth: int) -> float:
    if level == len(_BINARY):
        return _unary(tokens, depth)
    left = _binary(tokens, level + 1, depth)
    while tokens and tokens[-1] in _BINARY[level]:
        left = _BINARY[level][tokens.pop()](left, _binary(tokens, level + 1, depth))
    return left


def _unary(tokens: list[str], depth: int) -> float:
    if depth > _DEEPEST:
        raise RecursionError
    token = tokens.pop()
    if token == "(":
        inner = _binary(tokens, 0, depth + 1)
        if tokens.pop() != ")":
            raise ValueError("a bracket that is never closed")
        return inner
    if token in _UNARY:
        return float(_UNARY[token](_unary(tokens, depth + 1)))
    return _CONSTANTS[token] if token in _CONSTANTS else float(token)
