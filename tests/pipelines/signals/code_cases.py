"""What output_code_errors counts, by example."""

from typing import Any

from tests.pipelines.signals.cases import case


def block(language: str, code: str) -> str:
    return f"So:\n\n```{language}\n{code}\n```\n"


def errors(expected: int | None, language: str, code: str) -> tuple[str, Any, dict[str, Any]]:
    return case("output_code_errors", expected, block(language, code))


_PYTHON = [
    errors(0, "python", "def mill(grain):\n    return grain / 2"),
    errors(1, "python", "def mill(grain)\n    return grain / 2"),
    errors(1, "python", "def mill(grain):\nreturn grain / 2"),  # a forum that moved took the indentation
    errors(1, "python", "def mill(grain):\n    如果 grain：\n        返回 grain"),
    errors(0, "python", 'print "flour"\ntry:\n    mill()\nexcept IOError, error:\n    pass'),  # Python 2
    errors(0, "python", "class Mill[Stone]:\n    type Pair = tuple[Stone, Stone]"),  # Python 3.12
    errors(0, "python", "    @property\n    def stone(self):\n        return 1"),
    errors(0, "python", "else:\n    mill()"),
    errors(0, "python", "for stone in stones:"),
    errors(0, "python", "if dry:\n    # mill it\nelse:\n    dry()"),
    errors(0, "python", '@app.get("/flour")'),
    errors(0, "python", "grind(grain: str, *, speed=1) -> str"),
    errors(0, "python", "FLOUR = {\n    'rye': 1,\n    ...\n}"),
    errors(0, "python", "mill = Mill(<your stone>)\n… and so on …"),
    errors(0, "python", "%timeit mill()\n!ls flour"),
    errors(0, "python", "pip install flour"),
    errors(None, "python", "{% if flour %}\n<b>{{ flour }}</b>\n{% endif %}"),
    errors(None, "python", '>>> mill(\n  File "<stdin>", line 1\nSyntaxError: invalid syntax'),
    errors(0, "", ">>> for bag in (1, 2):\n...     print(bag)\n1 bag of flour\n2 bags of flour\n>>> mill(\n    1)"),
    errors(1, "pycon", ">>> mill(1\n1 bag of flour\n>>> 1 +* 2\n3"),
    errors(1, "", "def mill(grain):\n    return grain /"),
    errors(None, "", "mill the grain ("),
]
_DATA = [
    errors(0, "json", '{"flour": [1, 2]}'),
    errors(1, "json", "{'flour': [1, 2]}"),
    errors(1, "json", '{"flour": [1, 2],}'),
    errors(0, "json", '{"flour": 1, // kilograms\n "rye": [1, ...],\n ...}'),
    errors(0, "json", '"flour": 1,'),
    errors(0, "json", '{"flour": 1}\n{"flour": 2}'),
    errors(0, "json", '{"flour": <how much>}'),
    errors(0, "yaml", "flour:\n  - rye\n  - {{ kind }}"),
    errors(1, "yaml", "flour:\n  - rye\n - wheat"),
]
_COMMANDS = [
    errors(0, "sql", "SELECT name FROM flour WHERE kind = :kind;"),
    errors(0, "sql", "SELECT `name` FROM flour LIMIT 1, 2"),  # MySQL
    errors(0, "sql", "WHERE kind = 'rye'"),
    errors(0, "sql", "SELECT ... FROM flour"),
    errors(1, "sql", "SELECT name FROM WHERE kind = 'rye'"),
    errors(1, "", "SELECT name FROM flour WHERE (kind = 'rye'"),
    errors(0, "bash", 'for bag in *.txt; do\n  cat "$bag"\ndone'),
    errors(1, "bash", 'for bag in *.txt; do\n  cat "$bag"'),
    errors(1, "bash", "echo 'flour"),
    errors(0, "bash", "mill <grain> [<options>] ..."),
    errors(0, "console", "$ for bag in 1 2\n> do\n>   mill $bag\n> done\nIt's done (1"),
    errors(0, "bash", "$ git switch main   <1>\n$ git pull    <2>"),
    errors(None, "console", "It's done (1"),
    errors(0, "javascript", "const mill = async (grain) => { await grind(grain); };"),
    errors(1, "js", "function mill(grain) { return grain"),
    errors(0, "js", "mill(grain) { return grain }"),
    errors(0, "js", "rye: 1,\nwheat: 2,"),
    errors(0, "js", "mill({\n  rye: 1,\n  ...\n});"),
    errors(None, "rust", "fn mill( {"),
]
_ANSWERS = [
    case("output_code_errors", None, "Grain is milled (twice."),
    case("output_code_errors", 0, "def mill(grain):\n    return grain\n\nThis mills the grain (once."),
    case("output_code_errors", 1, "def mill(grain):\n  foreach grain:\n    return 1\n\nThis mills it."),
    case("output_code_errors", 1, "import stone\n\nstone.mill(1"),
    case("output_code_errors", None, "import duties are high, and mills (of flour) pay"),
    case("output_code_errors", 1, "SELECT name FROM flour WHERE name = &#39;rye&#39;;"),
    case("output_code_errors", 1, '{"flour": "rye", "bags": }'),
    case("output_code_errors", None, "{flour, rye}"),
    case("output_code_errors", 2, block("json", "{") + block("js", "}") + block("sh", "mill")),
    case("output_code_errors", None, block("json", "{" + " " * 20_000)),
]
CODE_ERRORS = _PYTHON + _DATA + _COMMANDS + _ANSWERS
