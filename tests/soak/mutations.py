"""Breaks one line of a module at a time and tells which of these faults its tests do not notice.

    python tests/soak/mutations.py pipelines/storage/inputs.py tests/pipelines/storage/test_inputs.py --sample 40

Works in the current folder, which has to be a copy of the tree that nobody else uses: the module is written anew for
each mutant. One process imports what the tests need of other people's libraries; each mutant is a fork of it.
"""

import argparse
import ast
import copy
import difflib
import importlib
import json
import os
import random
import re
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import parso
import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.operators.exception_replacer import ExceptionReplacer
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.tree import NodeOrLeaf

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.soak.operators import CallGone, NoneReturned, SqlFault

SEED = 8
PER_PLACE = 2  # of cosmic-ray's: it has eleven other operators for every `+`, and most of them say the same
# a decorator's absence breaks the import or, as with `cache`, changes nothing but the time it takes
SKIPPED = ("core/RemoveDecorator", "core/VariableReplacer", "core/VariableInserter", "core/NoOp")
# nothing that a test could see: both sides have one length by construction, and of one row the first is the last
EQUIVALENT = (
    re.compile(r"strict=False"),
    re.compile(r"ConfigDict\(frozen=False"),
    re.compile(r"fetch(?:all|one)\(\)(?:\[0\])?\[ -1\]"),
)
OWN = ("pipelines", "connectors", "schemas", "dashboards", "tests")


@dataclass(frozen=True)
class Mutant:
    """`before` and `after` are the lines that differ, without the spaces around them."""

    line: int
    operator: str
    before: str
    after: str
    source: str


def mutants(source: str, most: int = PER_PLACE) -> list[Mutant]:
    """The faults of a module's text: at most so many of cosmic-ray's in one place, and each of our own."""
    quiet, tree = _annotations(source), get_ast(source)
    places: dict[tuple[Any, str], list[Mutant]] = defaultdict(list)
    nodes = list(ast_nodes(tree))
    for name, operator in _operators():
        kind = name if not name.startswith("core/Replace") else name.split("_")[0]
        found = [(node, *at) for node in nodes for at in enumerate(operator.mutation_positions(node))]
        for node, index, (start, _) in found:
            is_quiet = any(first <= start < last for first, last in quiet)
            mutated = None if is_quiet else _mutated(source, operator, node, index)
            places[start, kind] += [_mutant(name, start[0], source, mutated)] if mutated else []
    chance = random.Random(SEED)
    kept = [
        one if kind == "SqlFault" or len(one) <= most else chance.sample(one, most)
        for (_, kind), one in sorted(places.items())
    ]
    return [mutant for some in kept for mutant in some if not any(same.search(mutant.after) for same in EQUIVALENT)]


def _mutated(source: str, operator: Operator, node: NodeOrLeaf, index: int) -> str | None:
    """The text with a fault in one place, made in a copy of what stands there: parsing the whole for each took minutes.

    None for a dotted name in a tuple of exceptions, over which cosmic-ray's own operator stumbles.
    """
    first, last = (_offset(source, at) for at in (node.get_start_pos_of_prefix(), node.end_pos))
    try:
        mutated = operator.mutate(copy.deepcopy(node, {id(node.parent): node.parent}), index)
    except AttributeError:
        if not isinstance(operator, ExceptionReplacer):
            raise
        return None
    return source[:first] + (mutated.get_code() if mutated else "") + source[last:]


def _offset(source: str, at: tuple[int, int]) -> int:
    """Of a line, from 1, and a column the place among all letters."""
    return sum(map(len, parso.split_lines(source, keepends=True)[: at[0] - 1])) + at[1]


def _operators() -> Iterator[tuple[str, Operator]]:
    for name in sorted(operator_names()):
        if name not in SKIPPED:
            yield name, get_operator(name)()
    for own in (CallGone, NoneReturned, SqlFault):
        yield own.__name__, own()


def _annotations(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where types and decorators are written: a fault in there breaks the import, or takes a guard such as `frozen`
    from those who write code, not from those who run it."""
    nodes = list(ast.walk(ast.parse(source)))
    types = [getattr(node, name, None) for node in nodes for name in ("annotation", "returns")]
    types += [node for node in nodes if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and _type(node)]
    types += [one for node in nodes for one in getattr(node, "decorator_list", ())]
    return [((t.lineno, t.col_offset), (t.end_lineno, t.end_col_offset)) for t in types if t]  # type: ignore[misc]


def _type(node: ast.BinOp) -> bool:
    names = [leaf.id for leaf in ast.walk(node) if isinstance(leaf, ast.Name)]
    return bool(names) and all(name[0].isupper() or name in ("str", "int", "list", "dict", "float") for name in names)


def _mutant(operator: str, line: int, source: str, mutated: str) -> Mutant:
    changed = [one for one in difflib.ndiff(source.splitlines(), mutated.splitlines()) if one[0] in "+-"]
    sides = {side: " / ".join(one[2:].strip() for one in changed if one[0] == side) for side in "-+"}
    return Mutant(line, operator.removeprefix("core/"), sides["-"], sides["+"], mutated)


class Tests:
    """Runs the tests of one module, each time in a fork; `limit` is in seconds."""

    def __init__(self, files: Sequence[str], words: Sequence[str]) -> None:
        self.words = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "timeout=0", "-o"]
        self.words += ["addopts=--import-mode=importlib", *words, *files]
        began = time.monotonic()
        if self.run(900, libraries := Path(f".libraries.{os.getpid()}")):
            raise SystemExit(f"the tests fail before anything is broken: pytest {' '.join(self.words)}")
        for name in json.loads(libraries.read_text()):
            with suppress(Exception):
                importlib.import_module(name)
        libraries.unlink()
        self.limit = 10 + 4 * (time.monotonic() - began)

    def run(self, limit: float, libraries: Path | None = None) -> int:
        """pytest's exit status; 9 when time ran out."""
        child = os.fork()
        if not child:
            self._child(libraries)
        end = time.monotonic() + limit
        while time.monotonic() < end:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return 9

    def _child(self, libraries: Path | None) -> None:
        os.setpgid(0, 0)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        code = 3
        with suppress(BaseException):
            code = int(pytest.main(self.words))
            if libraries:
                libraries.write_text(json.dumps([name for name in sys.modules if name.split(".")[0] not in OWN]))
        os._exit(code)


def survivors(module: Path, tests: Tests, chosen: Sequence[Mutant]) -> Iterator[Mutant]:
    source, stamp = module.read_text(), time.time() - 1_000_000
    try:
        for number, mutant in enumerate(chosen):
            module.write_text(mutant.source)
            os.utime(module, (stamp + number, stamp + number))  # compiled files are told apart by seconds
            if not tests.run(tests.limit):
                yield mutant
    finally:
        module.write_text(source)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", type=Path)
    parser.add_argument("tests", nargs="+", help="files of tests, or words for pytest after --")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants; 0: all")
    parser.add_argument("--only", default="", help="mutants whose changed line contains this")
    given, words = parser.parse_known_args()
    sys.path.insert(0, str(Path.cwd()))
    every = [one for one in mutants(given.module.read_text()) if given.only in one.before]
    some = random.Random(SEED).sample(every, given.sample) if 0 < given.sample < len(every) else every
    tests = Tests(given.tests, words)
    began, alive = time.monotonic(), []
    for mutant in survivors(given.module, tests, some):
        alive.append(asdict(mutant) | {"source": ""})
        print(
            f"  {mutant.line}: {mutant.operator}\n    - {mutant.before}\n    + {mutant.after}",
            file=sys.stderr,
            flush=True,
        )
    spent = time.monotonic() - began
    print(json.dumps({"all": len(every), "tried": len(some), "seconds": round(spent), "alive": alive}))


if __name__ == "__main__":
    main()
