"""output_code_errors on code that is known to be right, on the same code broken, and on what is hostile."""

import ast
import inspect
import random
import textwrap
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.signals.code_errors import count_errors
from pipelines.signals.code_errors.blocks import code_in
from pipelines.signals.code_errors.parsers import PARSERS

FENCED = "~~~{}\n{}\n~~~"


def functions(*modules: ModuleType) -> list[str]:
    """The functions of modules, as far as each is code by itself."""
    sources = []
    for module in modules:
        lines = inspect.getsource(module).split("\n")
        nodes = [node for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, ast.FunctionDef)]
        sources += [textwrap.dedent("\n".join(lines[node.lineno - 1 : node.end_lineno])) for node in nodes]
    return sources


SOURCES = functions(textwrap, random, inspect)


def without(code: str, marks: str) -> str:
    """Code without the first of these marks."""
    at = min((code.find(mark) for mark in marks if mark in code), default=-1)
    return code[:at] + code[at + 1 :]


def test_code_that_is_right_has_no_errors() -> None:
    assert len(SOURCES) > 150
    assert [code for code in SOURCES if count_errors(FENCED.format("python", code))] == []


@pytest.mark.parametrize(
    "marks", ["(", ")", ":", "\n "], ids=["no bracket", "not closed", "no colon", "no indentation"]
)
def test_broken_code_is_found(marks: str) -> None:
    broken = [
        "\n".join(line.lstrip() for line in code.split("\n")) if marks == "\n " else without(code, marks)
        for code in SOURCES
    ]
    found = sum(count_errors(FENCED.format("python", code)) == 1 for code in broken)
    assert found >= 0.97 * len(broken)


HOSTILE = ["(", "[", "{", "<", "'", '"', "`", "$(", "- ", "a: {", "if (", "f(x){", "<<EOF\n", "def f(:\n", "not "]


@pytest.mark.parametrize("language", PARSERS)
@pytest.mark.parametrize("piece", HOSTILE, ids=repr)
def test_what_is_nested_without_end_is_read_to_the_end(language: str, piece: str) -> None:
    assert count_errors(FENCED.format(language, piece * (19_900 // len(piece)))) in (0, 1)


@given(st.sampled_from(sorted(PARSERS)), st.text(alphabet=st.sampled_from("ab1 \n\t:=()[]{}<>'\"`#$%.,;-…\0é面{{")))
def test_any_text_is_read(language: str, code: str) -> None:
    count_errors(FENCED.format(language, code))
    count_errors(code)


@pytest.mark.parametrize(
    ("answer", "blocks"),
    [
        ("```py\nx\n```\nand\n~~~~ {.bash}\ny\n~~~\n~~~~", [("python", "x"), ("shell", "y\n~~~")]),
        ("- one\n\n  ```js\n  x\n    y\n  ```", [("javascript", "x\n  y")]),
        ("```json\n{}", [("json", "{}")]),
        ('```python title="mill.py"\nx\n```', [("python", "x")]),
        ("```language-sql\nSELECT 1\n```", [("sql", "SELECT 1")]),
        ("```rust\nx\n```\n```\n\n```\n```\nx\n```", [("", "x"), ("", "x")]),
        ("one ``` two", []),
        ("import stone\n\n```sh\nmill\n```", [("shell", "mill")]),
        ("import stone\nmill()\n\nThis is how it mills.\n\nstone", [("python", "import stone\nmill()")]),
    ],
)
def test_blocks_are_found_with_their_language(answer: str, blocks: list[tuple[str, str]]) -> None:
    assert list(code_in(answer)) == blocks
