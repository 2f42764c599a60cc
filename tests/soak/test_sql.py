"""Rules and queries that never end or fill memory, through the command line at its true limits."""

import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import GRISTMILL, environment

ENDLESS = {
    "distance": "levenshtein(repeat(output, 5), repeat(instruction, 5)) > 3",  # 70 s; plain it is 3 s on a fast machine
    "matrix": "damerau_levenshtein(output, instruction) > 3",
    "pattern": "output LIKE '%a_%a_%a_%a_%b'",
    "padded": "lpad(output, 2000000000, 'x') = ''",
    "bits": "bitstring('1', 2000000000) IS NULL",
    "flat": "len(flatten(list_transform(range(50000), lambda x: range(50000)))) > 1",
    "doubled": "len(list_reduce(list_transform(range(40), lambda x: 'x'), lambda a, b: a || a)) > 1",
    "times": "len(generate_series(TIMESTAMP '0001-01-01', TIMESTAMP '9999-01-01', INTERVAL 1 MICROSECOND)) > 1",
}
FILLS = [
    "SELECT len(repeat('x', 3000000000))", "SELECT len(range(300000000))", "FROM range(1000000000000)",
    "SELECT list(range) FROM range(1000000000000)", "SELECT len(format('{:>2000000000}', 'x'))",
    "SELECT len(list_resize([1], 2000000000))",
    "WITH RECURSIVE t AS (SELECT 'x' AS x UNION ALL SELECT x || x FROM t) FROM t",
]  # fmt: skip
ENDS_BY_CTRL_C = [
    "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE hash(a.range, b.range) = 1",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
]
MOST = 3 << 20  # KiB of resident memory: 2 GiB of the query's and what the program has itself


def command(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*GRISTMILL, *words], cwd=folder, env=environment(folder), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hears_ctrl_c,
    )  # fmt: skip


def hears_ctrl_c() -> None:
    """Also where these tests run behind a shell's `&`, which has its children ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("name", ENDLESS)
def test_a_rule_without_an_end_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(f'[[rules]]\nname = "{name}"\nwhy = "-"\ndrop_if = """{ENDLESS[name]}"""\n')
    tried = command(tmp_path, "try", "p.toml")
    told = tried.communicate()[1]
    assert tried.returncode == 2 and told.startswith(f"error: p.toml: rules.{name}.drop_if: takes more "), told


@pytest.mark.parametrize("query", FILLS)
def test_a_query_that_fills_memory_ends_with_1(query: str, tmp_path: Path) -> None:
    asked = command(tmp_path, "sql", query)
    told = asked.communicate()[1]
    print(
        f"\n{asked.returncode} {told.strip()[:120]} ({resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10} MB)"
    )
    assert asked.returncode in (1, 2) and told.startswith("error: ") and "Traceback" not in told
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < MOST


@pytest.mark.parametrize("query", ENDS_BY_CTRL_C)
def test_a_query_without_an_end_stops_by_ctrl_c(query: str, tmp_path: Path) -> None:
    asked = command(tmp_path, "sql", query)
    time.sleep(20)
    assert asked.poll() is None
    asked.send_signal(signal.SIGINT)
    try:
        told = asked.communicate(timeout=120)[1]
    finally:
        asked.kill()  # where it went on, it would go on for ever
    assert asked.returncode == 130, told
