"""The numbers in a rule that could be others: each comparison of a measure with a number, and the rule with it moved.

What a measure is, DuckDB's own parser says: a signal, or what a rule computes of signals, as in
`instruction_words + input_words < 2`. A CASE has several numbers, each for some of the records.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pipelines.curate.policy import Policy, PolicyError, Rule, mentions
from pipelines.errors import did_you_mean
from pipelines.messages import Message, joined
from pipelines.storage import user_sql
from pipelines.storage.user_sql import Node

_OPERATORS = {
    "COMPARE_LESSTHAN": "<",
    "COMPARE_LESSTHANOREQUALTO": "<=",
    "COMPARE_GREATERTHAN": ">",
    "COMPARE_GREATERTHANOREQUALTO": ">=",
}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NUMBER = re.compile(rb"-?\s*(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?")
_KINDS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "FLOAT", "DOUBLE"}


@dataclass(frozen=True)
class Bound:
    """A number that a rule compares `measure` with; `literal` is how it is written, from byte `start` of the rule on.

    `condition` is SQL over a column `measure`, with {number} for the number. `node` numbers the comparison in the tree,
    `location` is the place of the number there. `when` is SQL for the records that it is for; "": all.
    """

    measure: str
    operator: str
    literal: str
    start: int
    condition: str
    node: int
    location: int
    when: str = ""

    @property
    def number(self) -> float:
        return float(re.sub(r"[\s_]", "", self.literal))

    @property
    def comparison(self) -> str:
        return f"{self.measure} {self.operator} {self.literal}"

    def __str__(self) -> str:
        return f"{self.comparison} WHERE {self.when}" if self.when else self.comparison


@cache
def find(drop_if: str) -> tuple[Bound, ...]:
    """The bounds of a rule, also those for some records, in the order in which they are written."""
    parts, text = user_sql.parts(drop_if), drop_if.encode()
    lambdas = [part for part in parts if part.get("class") == "LAMBDA"]  # their variables are no measures
    within = {id(part) for each in lambdas for part in user_sql.nodes(each)}
    numbered = [(number, part) for number, part in enumerate(parts) if id(part) not in within]
    found = [bound for number, part in numbered for bound in _of(part, number, text)]
    return tuple(sorted(found, key=lambda bound: bound.start))


def choose(policy: Policy, rule_name: str, signal: str = "") -> tuple[Rule, Bound]:
    """The rule of that name, and its bound on `signal` ("" where it has only one). Raises PolicyError.

    `signal` is what is compared, or the comparison, or that with its WHERE: as much as tells it from the others.
    """
    rules = {rule.name: rule for rule in policy.rules}
    if rule_name not in rules:
        raise PolicyError("no rule {name!r}{cure}", name=rule_name, cure=did_you_mean(rule_name, rules))
    known = find(rules[rule_name].drop_if)
    if not known:
        says = Message("rule {name} compares no signal with a number, so there is nothing to move", name=rule_name)
        raise PolicyError(joined(": ", (says, " ".join(rules[rule_name].drop_if.split()))))
    fitting = _fitting(known, signal)
    if len(fitting) == 1:
        return rules[rule_name], fitting[0]
    quoted = ", ".join(f'"{one}"' for one in _distinct(fitting or known))
    raise PolicyError(
        "rule {name} has several bounds: add --signal with one of {listed}", name=rule_name, listed=quoted
    )


def _fitting(known: Sequence[Bound], signal: str) -> Sequence[Bound]:
    said = [bound for bound in known if signal in ("", bound.measure, bound.comparison, str(bound))]
    return said or [bound for bound in known if signal in mentions(bound.measure)]


def _distinct(listed: Sequence[Bound]) -> list[str]:
    """The shortest names that tell them apart."""
    names = ([one.measure for one in listed], [one.comparison for one in listed], [str(one) for one in listed])
    return next((each for each in names if len(set(each)) == len(each)), names[-1])


def moved(rule: Rule, bound: Bound, number: float) -> Rule:
    """The rule with another number in the place of this one."""
    return rule.model_copy(update={"drop_if": _with_number(rule.drop_if, bound, number)})


def move(drop_if: str, numbers: Mapping[int, float]) -> str:
    """`drop_if` with other numbers in its bounds, which count as in `find`. Raises KeyError for one it lacks."""
    found = dict(enumerate(find(drop_if)))
    for place in sorted(numbers, reverse=True):
        drop_if = _with_number(drop_if, found[place], numbers[place])
    return drop_if


def _with_number(drop_if: str, bound: Bound, number: float) -> str:
    text, end = drop_if.encode(), bound.start + len(bound.literal.encode())
    return (text[: bound.start] + written(number).encode() + text[end:]).decode()


def written(number: float) -> str:
    """A number as SQL, whole where it is."""
    return str(int(number)) if float(number).is_integer() else format(number, ".15g")


def with_comparison(rule: Rule, bound: Bound, value: str) -> str:
    """The rule's SQL with `value` (true, false or null) for what the comparison gives."""
    return user_sql.replaced(rule.drop_if, bound.node, "CAST(NULL AS BOOLEAN)" if value == "null" else value)


def _of(node: Node, number: int, text: bytes) -> Iterator[Bound]:
    if node.get("class") == "COMPARISON" and node["type"] in _OPERATORS:
        operator = _OPERATORS[node["type"]]
        for measure, other, way in (
            (node["left"], node["right"], operator),
            (node["right"], node["left"], _TURNED[operator]),
        ):
            yield from _of_side(measure, other, way, f"measure {way} {{number}}", number, text)
    elif node.get("class") == "BETWEEN":
        ends = {">=": node["lower"], "<=": node["upper"]}
        for way, end in ends.items():
            low, high = ("{number}" if key == way else user_sql.written(each) for key, each in ends.items())
            yield from _of_side(node["input"], end, way, f"measure BETWEEN {low} AND {high}", number, text)


def _of_side(measure: Node, other: Node, way: str, condition: str, number: int, text: bytes) -> Iterator[Bound]:
    """A bound for each number that the other side may be; none where the measure looks at nothing."""
    if not mentions(user_sql.written(measure)):
        return
    for constant, when in _constants(other, ""):
        if literal := _literal(constant, text):
            location = constant["query_location"]
            place = location - len(user_sql.BEFORE)
            yield Bound(_shown(measure), way, literal, place, condition, number, location, when)


def _constants(node: Node, when: str) -> Iterator[tuple[Node, str]]:
    """The constants that an expression may be, each with the condition under which it is."""
    if node.get("class") == "CASE":
        for check in node["case_checks"]:
            is_so = user_sql.written(check["when_expr"])
            yield from _constants(check["then_expr"], _both(when, is_so))
            when = _both(when, f"{is_so} IS NOT TRUE")
        yield from _constants(node["else_expr"], when)
    elif node.get("class") == "CONSTANT":
        yield node, when


def _both(one: str, other: str) -> str:
    return f"{one} AND {other}" if one else other


def _literal(constant: Node, text: bytes) -> str:
    """How the number is written; "" where it is none."""
    start = constant["query_location"] - len(user_sql.BEFORE)
    is_number = constant["value"]["type"]["id"] in _KINDS and 0 <= start < len(text)
    found = _NUMBER.match(text, start) if is_number else None
    return found[0].decode() if found else ""


def _shown(measure: Node) -> str:
    text = user_sql.written(measure)
    return text[1:-1] if measure["class"] == "FUNCTION" and text.startswith("(") else text
