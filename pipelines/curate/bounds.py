"""The numbers in a rule that could be others: each comparison of a measure with a number, and the rule with it moved.

What a measure is, DuckDB's own parser says: a signal, or what a rule computes of signals, as in
`instruction_words + input_words < 2`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.curate.policy import Policy, PolicyError, Rule, mentions
from pipelines.errors import did_you_mean
from pipelines.messages import tr
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

    `condition` is SQL over a column `measure`, with {number} for the number. `node` numbers the comparison in the tree.
    """

    measure: str
    operator: str
    literal: str
    start: int
    condition: str
    node: int

    @property
    def number(self) -> float:
        return float(re.sub(r"[\s_]", "", self.literal))

    def __str__(self) -> str:
        return f"{self.measure} {self.operator} {self.literal}"


def bounds(rule: Rule) -> list[Bound]:
    """The bounds of a rule, in the order in which they are written."""
    parts, text = user_sql.parts(rule.drop_if), rule.drop_if.encode()
    lambdas = [part for part in parts if part.get("class") == "LAMBDA"]  # their variables are no measures
    within = {id(part) for each in lambdas for part in user_sql.nodes(each)}
    numbered = [(number, part) for number, part in enumerate(parts) if id(part) not in within]
    found = [bound for number, part in numbered for bound in _of(part, number, text)]
    return sorted(found, key=lambda bound: bound.start)


def choose(policy: Policy, rule_name: str, signal: str = "") -> tuple[Rule, Bound]:
    """The rule of that name, and its bound on `signal` ("" where it has only one). Raises PolicyError."""
    rules = {rule.name: rule for rule in policy.rules}
    if rule_name not in rules:
        raise PolicyError(tr("no rule {name!r}", name=rule_name) + did_you_mean(rule_name, rules))
    known = bounds(rules[rule_name])
    if not known:
        says = tr("rule {name} compares no signal with a number, so there is nothing to move", name=rule_name)
        raise PolicyError(f"{says}: {' '.join(rules[rule_name].drop_if.split())}")
    fitting = [bound for bound in known if signal in ("", bound.measure, str(bound))]
    fitting = fitting or [bound for bound in known if signal in mentions(bound.measure)]
    if len(fitting) == 1:
        return rules[rule_name], fitting[0]
    measures = [bound.measure for bound in fitting or known]
    listed = measures if len(set(measures)) == len(measures) else [str(bound) for bound in fitting or known]
    quoted = ", ".join(f"'{one}'" for one in listed)
    raise PolicyError(
        tr("rule {name} has several bounds: add --signal with one of {listed}", name=rule_name, listed=quoted)
    )


def moved(rule: Rule, bound: Bound, number: float) -> Rule:
    """The rule with another number in the place of this one."""
    text, end = rule.drop_if.encode(), bound.start + len(bound.literal.encode())
    changed = text[: bound.start] + written(number).encode() + text[end:]
    return rule.model_copy(update={"drop_if": changed.decode()})


def written(number: float) -> str:
    """A number as SQL, whole where it is."""
    return str(int(number)) if float(number).is_integer() else format(number, ".15g")


def with_comparison(rule: Rule, bound: Bound, value: str) -> str:
    """The rule's SQL with `value` (true, false or null) for what the comparison gives."""
    return user_sql.replaced(rule.drop_if, bound.node, "CAST(NULL AS BOOLEAN)" if value == "null" else value)


def _of(node: Node, number: int, text: bytes) -> Iterator[Bound]:
    if node.get("class") == "COMPARISON" and node["type"] in _OPERATORS:
        operator = _OPERATORS[node["type"]]
        for measure, constant, way in (
            (node["left"], node["right"], operator),
            (node["right"], node["left"], _TURNED[operator]),
        ):
            if place := _place(measure, constant, text):
                yield Bound(_shown(measure), way, *place, f"measure {way} {{number}}", number)
    elif node.get("class") == "BETWEEN":
        ends = {">=": node["lower"], "<=": node["upper"]}
        places = {way: _place(node["input"], end, text) for way, end in ends.items()}
        for way, place in places.items():
            if place:
                low, high = ("{number}" if key == way else user_sql.written(end) for key, end in ends.items())
                yield Bound(_shown(node["input"]), way, *place, f"measure BETWEEN {low} AND {high}", number)


def _place(measure: Node, constant: Node, text: bytes) -> tuple[str, int] | None:
    """How the number is written, and where; None where it is none, or the measure looks at nothing."""
    kind: Any = constant.get("value", {}).get("type", {}).get("id") if constant.get("class") == "CONSTANT" else None
    if kind not in _KINDS:
        return None
    if not mentions(user_sql.written(measure)):
        return None
    start = constant["query_location"] - len(user_sql.BEFORE)
    found = _NUMBER.match(text, start) if 0 <= start < len(text) else None
    return (found[0].decode(), start) if found else None


def _shown(measure: Node) -> str:
    text = user_sql.written(measure)
    return text[1:-1] if measure["class"] == "FUNCTION" and text.startswith("(") else text
