"""The commands: what they print, what they return, and how they say no."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines import catalog, storage
from pipelines.catalog import shell
from pipelines.curate import policy
from pipelines.flows.steps import Outcome
from pipelines.recipe import Recipe
from tests.pipelines.commands import Gristmill
from tests.pipelines.milling import WHATS, dump, recipe_file

Milled = tuple[Recipe, Path, list[Outcome]]


COMMANDS = [
    "demo",
    "run",
    "stage",
    "up",
    "check",
    "status",
    "sql",
    "explain",
    "try",
    "export",
    "forget",
    "serve",
    "verify",
    "decide",
    "tune",
    "review export",
    "review import",
    "connectors",
    "signals",
    "init",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(gristmill: Gristmill, command: str) -> None:
    said = gristmill(*command.split(), "--help")
    assert said.code == 0
    assert f"Example: gristmill {command}" in re.sub(r"\s+", " ", said.out)


WRONG_WORDS = [
    (("run", "dmeo"), "did you mean 'demo'?"),
    (("run", "demo", "--stages", "colect"), "colect: not a stage; known: collect, normalise"),
    (("run", "demo", "--engine", "spark"), "'spark'"),
    (("stage", "colect", "demo"), "'colect'"),
    (("stage", "curate", "demo", "--policy", "strikt"), "did you mean 'strict'?"),
    (("run", "demo", "--policy", "strikt"), "did you mean 'strict'?"),
    (("stage", "collect", "demo", "--source", "demo-sites"), "did you mean 'demo-site'?"),
    (("status", "nosuch"), "nosuch: no such file"),
    (("sql", "DROP VIEW records"), "DROP"),
    (("sql", "SELECT 1; SELECT 2"), "expected one statement, found 2"),
    (("sql", "SELEC 1"), "syntax error"),
    (("sql", "SELECT nosuch FROM records"), "nosuch"),
    (("sql", "--format", "xml", "SELECT 1"), "'xml'"),
    (("try", "defualt"), "did you mean 'default'?"),
    (("explain", "nosuch"), "nosuch"),
    (("forget",), "say one of --url, --author and --record"),
    (("forget", "--url", "pumps"), "not an address"),
    (("forget", "--record", "nosuch"), "no record 'nosuch'"),
    (("forget", "--author", "Ada", "--reason", "ada asked"), "in the clear"),
    (("frobnicate",), "frobnicate"),
]


@pytest.mark.parametrize(("words", "told"), WRONG_WORDS, ids=lambda value: " ".join(value) if value else "")
def test_wrong_words_give_2_and_say_what_is_wrong(
    gristmill: Gristmill, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    said = gristmill(*words) if words == ("frobnicate",) else gristmill(*words, "--data", tmp_path)
    assert said.code == 2
    assert told in re.sub(r"[\s│]+", " ", said.err)
    assert not said.out
    assert "Traceback" not in said.err


def test_a_recipe_with_a_wrong_key_names_file_key_and_cure(gristmill: Gristmill, tmp_path: Path) -> None:
    file = recipe_file(tmp_path, forum=tmp_path)
    file.write_text(file.read_text() + "[dedupe]\ntreshold = 0.9\n")
    said = gristmill("check", file)
    assert (said.code, said.err) == (2, f"error: {file}: dedupe.treshold: unknown key; did you mean 'threshold'?\n")


def test_stage_runs_one_stage_without_prefect(gristmill: Gristmill, tmp_path: Path) -> None:
    file = recipe_file(tmp_path, forum=dump(tmp_path / "dump"))
    words = ("stage", "collect", file, "--data", tmp_path / "data", "--json")
    first, second = (json.loads(gristmill(*words).out)[0] for _ in range(2))
    assert first["counts"]["pages"] == len(WHATS)
    assert (first["skipped"], second["skipped"]) == (False, True)


def test_a_stage_that_fails_gives_1_and_one_line(gristmill: Gristmill, tmp_path: Path) -> None:
    file = recipe_file(tmp_path, absent=tmp_path / "nowhere")
    said = gristmill("stage", "collect", file, "--data", tmp_path / "data")
    assert said.code == 1
    assert "error: collect absent: " in said.err
    assert "nowhere" in said.err
    assert "Traceback" not in said.err
    assert "Traceback" in gristmill("--debug", "stage", "collect", file, "--data", tmp_path / "data").err


def test_another_policy_takes_the_place_of_the_recipes_own(
    gristmill: Gristmill, milled: Milled, tmp_path: Path
) -> None:
    shutil.copytree(milled[1], tmp_path / "data", symlinks=True)
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "default"\noff = ["output_talk"]\n[mixture]\nmax_records = 2\n')
    recipe = milled[1].parent / "small.toml"
    assert gristmill("stage", "curate", recipe, "--policy", mine, "--data", tmp_path / "data").code == 0
    made = storage.read_manifest(storage.latest(tmp_path / "data" / "5_curated" / "small"))
    assert made
    told = policy.load(mine).model_dump(mode="json")
    assert told["mixture"].pop("like") is None  # no part of the key where nothing is asked
    assert made.params["policy"] == told
    assert made.counts["kept"] == 2


def test_forget_says_what_was_erased(gristmill: Gristmill, milled: Milled, tmp_path: Path) -> None:
    shutil.copytree(milled[1], tmp_path / "data", symlinks=True)
    words = ("forget", "--url", "https://forum.example/questions/1", "--data", tmp_path / "data")
    erased = json.loads(gristmill(*words, "--json").out)["erased"]
    assert erased["pages"] == erased["records"] == 1
    assert "nothing was there" in gristmill(*words).out
    assert gristmill("verify", "--data", tmp_path / "data").code == 0


def test_status_tells_the_funnel(gristmill: Gristmill, milled: Milled) -> None:
    _, data, _ = milled
    rows = json.loads(gristmill("status", "--data", data, "--json").out)
    assert [row["stage"] for row in rows] == ["collect", "normalise", "annotate", "dedupe", "curate"]
    assert re.search(r"collect +│ forum +│ +6 │ +6 │", gristmill("status", "--data", data).out)
    assert "gristmill demo" in gristmill("status", "--data", data / "nowhere").out


def test_sql_answers_in_five_formats(milled: Milled) -> None:
    _, data, _ = milled
    with catalog.connect(data) as con:
        table = shell.ask(con, "SELECT source, count(*) AS n, 'a,\"b\nc' AS odd FROM records GROUP BY ALL")
    shown = {}
    for kind in ("table", "csv", "json", "jsonl"):
        out = io.StringIO()
        shell.show(table, kind, out)  # type: ignore[arg-type]
        shown[kind] = out.getvalue()
    assert re.search(r"forum +│ +\d+ │ a,\"b c", shown["table"])
    assert list(csv.DictReader(io.StringIO(shown["csv"]))) == [{"source": "forum", "n": "6", "odd": 'a,"b\nc'}]
    row = {"source": "forum", "n": 6, "odd": 'a,"b\nc'}
    assert json.loads(shown["json"]) == [row]
    assert [json.loads(line) for line in shown["jsonl"].splitlines()] == [row]
    raw = io.BytesIO()
    wrapped = io.TextIOWrapper(raw)
    shell.show(table, "parquet", wrapped)
    assert pq.read_table(io.BytesIO(raw.getvalue())).equals(table)


@pytest.mark.parametrize("kind", ["table", "csv", "json", "jsonl"])
def test_bytes_are_shown_in_hexadecimal_digits(kind: shell.Format, milled: Milled) -> None:
    _, data, _ = milled
    out = io.StringIO()
    with catalog.connect(data) as con:
        shell.show(shell.ask(con, "SELECT '\\xAB\\x00'::BLOB AS signature"), kind, out)
    assert "ab00" in out.getvalue()


REFUSED = [
    "COPY records TO '{data}/5_curated/stolen.csv'",
    "ATTACH '{data}/other.db'",
    "INSTALL httpfs",
    "SET enable_external_access = true",
    "CREATE TABLE mine AS SELECT 1",
    "PRAGMA database_list; SELECT 1",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM '/proc/self/environ'",
    "SELECT * FROM glob('/*')",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE COPY records TO '{data}/stolen.csv'",
    "SELECT getenv('HOME')",
]


READING = ["FROM records", "WITH a AS (SELECT 1) FROM a", "DESCRIBE records", "SUMMARIZE records", "SHOW TABLES"]


@pytest.mark.parametrize("query", READING)
def test_sql_reads(gristmill: Gristmill, milled: Milled, query: str) -> None:
    assert gristmill("sql", query, "--data", milled[1]).code == 0


@pytest.mark.parametrize("query", REFUSED)
def test_sql_reads_and_nothing_else(gristmill: Gristmill, milled: Milled, query: str) -> None:
    _, data, _ = milled
    before = sorted(data.rglob("*"))
    said = gristmill("sql", query.format(data=data), "--data", data)
    assert said.code == 2, said.out
    assert sorted(data.rglob("*")) == before


def test_the_shell_answers_and_outlives_mistakes(
    milled: Milled, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, data, _ = milled
    typed = iter(["SELECT count(*) AS n", "FROM records;", "SELEC 1;", "SELECT 40 + 2 AS sum;", "exit"])
    monkeypatch.setattr("builtins.input", lambda _: next(typed))
    with catalog.connect(data) as con:
        shell.shell(con)
    said = capsys.readouterr()
    assert "views: clusters, contaminated, counts, curated" in said.err
    assert "syntax error" in said.err
    assert "42" in said.out


def test_scraped_text_cannot_drive_the_terminal() -> None:
    shown = shell.cell("\x1b[31mred\x1b[0m [bold]not bold[/bold]\r\n\x07")
    assert shown.plain == " [31mred [0m [bold]not bold[/bold]   "
    assert not shown.spans
    assert len(shell.cell("x" * 1000)) == 160


def test_explain_try_and_export_work_on_what_was_milled(gristmill: Gristmill, milled: Milled, tmp_path: Path) -> None:
    data = Path(shutil.copytree(milled[1], tmp_path / "data", symlinks=True))  # which notes what is exported
    with catalog.connect(data) as con:
        record_id = shell.ask(con, "SELECT min(record_id) AS id FROM curated WHERE split = 'train'")["id"][0].as_py()
        train = len(shell.ask(con, "SELECT 1 FROM curated WHERE split = 'train'"))
    assert json.loads(gristmill("explain", record_id, "--data", data, "--json").out)["record_id"] == record_id
    assert record_id in gristmill("explain", record_id, "--data", data).out
    effect = json.loads(gristmill("try", "strict", "--data", data, "--json").out)
    assert effect["records"] == len(WHATS)
    assert "records kept" in gristmill("try", "default", "--data", data).out
    out = tmp_path / "train.jsonl"
    assert gristmill("export", "small", out, "--format", "alpaca", "--data", data).code == 0
    assert len(out.read_text().splitlines()) == train


def test_verify_finds_a_changed_byte(gristmill: Gristmill, tmp_path: Path) -> None:
    file = recipe_file(tmp_path, forum=dump(tmp_path / "dump"))
    data = tmp_path / "data"
    gristmill("stage", "collect", file, "--data", data)
    assert gristmill("verify", "--data", data).code == 0
    shard = next(data.rglob("pages-*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"?")
    said = gristmill("verify", "--data", data)
    assert said.code == 1
    assert f"{shard}: changed" in said.out


def test_check_says_what_is_wrong_and_what_a_run_would_do(gristmill: Gristmill, tmp_path: Path) -> None:
    file = recipe_file(tmp_path, forum=dump(tmp_path / "dump"), absent=tmp_path / "nowhere")
    said = gristmill("check", file, "--data", tmp_path / "data", "--json")
    found = {(one["what"], one["level"]): one["says"] for one in json.loads(said.out)}
    assert said.code == 1
    assert "nowhere" in found["absent", "error"]
    assert "1 local files" in found["forum", "ok"]
    assert found["collect", "ok"] == "would make absent, forum"
    assert not (tmp_path / "data").exists()


def test_check_asks_the_site_and_obeys_its_robots(gristmill: Gristmill, tmp_path: Path) -> None:
    from pipelines.flows.demo import site

    with site() as port:
        address = f"http://127.0.0.1:{port}"
        sources = [("open", "index.html"), ("shut", "private/drafts.html")]
        text = "".join(
            f'[[sources]]\nconnector = "website"\nname = "{name}"\nstart = "{address}/{path}"\n'
            for name, path in sources
        )
        file = tmp_path / "site.toml"
        file.write_text(f'name = "site"\n{text}[web]\ndelay = 0\nallow_private = ["127.0.0.1:{port}"]\n')
        said = gristmill("check", file, "--data", tmp_path / "data", "--json")
    found = {(one["what"], one["level"]): one["says"] for one in json.loads(said.out)}
    assert "answers 200" in found["open", "ok"]
    assert "robots" in found["shut", "error"]
