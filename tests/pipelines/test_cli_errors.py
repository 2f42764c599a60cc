"""How a command says no: the exit code, one line that names file, key and cure, and what is not loaded for it."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pyarrow.parquet as pq
import pytest

from pipelines import catalog
from pipelines.catalog import explain, shell
from pipelines.cli import options
from pipelines.flows import ports, steps
from pipelines.flows.steps import Outcome
from pipelines.models import base
from pipelines.publish import export
from pipelines.recipe import Recipe, RecipeError, load
from tests.conftest import GRISTMILL, environment
from tests.pipelines.commands import Gristmill
from tests.pipelines.milling import WHATS, dump, go, recipe_file

Milled = tuple[Recipe, Path, list[Outcome]]
SLOW = {"numba", "duckdb", "pyarrow", "connectors", "prefect", "torch", "numpy"}
LOADED = (
    "import sys; from pipelines.cli import main\n"
    "try: main()\n"
    "finally: print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
)


@pytest.mark.parametrize("words", ["--help", "--version", "frobnicate", "run --help", "stage colect demo", "sql --prt"])
def test_help_and_wrong_words_load_nothing_that_is_slow(words: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *words.split()],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in (0, 2)
    loaded = done.stderr.splitlines()[-1].split()
    assert "typer" in loaded
    assert not SLOW & set(loaded)


def test_formats_have_the_same_names_on_the_command_line() -> None:
    assert get_args(options.AnswerFormat) == get_args(shell.Format)
    assert get_args(options.ExportFormat) == get_args(export.Format)


def only_line(text: str) -> str:
    (line,) = text.splitlines()
    return line


@pytest.mark.parametrize("words", ["frobnicate", "run", "check demo --prot 3", "stage colect demo", "up --port 70000"])
def test_wrong_words_are_one_line_with_the_way_to_help(gristmill: Gristmill, words: str) -> None:
    printed = gristmill(*words.split())
    assert printed.code == 2
    assert only_line(printed.err).startswith("error: ")
    assert "; see `gristmill" in printed.err
    assert "Value error" not in printed.err


def test_a_query_that_cannot_be_run_is_one_line(gristmill: Gristmill, milled: Milled) -> None:
    for query in ("SELEC 1", "FROM recrods", "SELECT nosuch\nFROM records"):
        printed = gristmill("sql", query, "--data", milled[1])
        assert printed.code == 2
        assert only_line(printed.err).startswith("error: ")


def test_ctrl_c_says_so_and_gives_130(gristmill: Gristmill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(steps, "run_step", interrupted)
    file = recipe_file(tmp_path, forum=dump(tmp_path / "dump"))
    printed = gristmill("stage", "collect", file, "--data", tmp_path / "data")
    assert (printed.code, only_line(printed.err)) == (
        130,
        "error: stopped by Ctrl-C; the same command goes on from here",
    )


def test_an_unexpected_error_is_one_line_without_a_traceback(
    gristmill: Gristmill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("grain\nand more")

    monkeypatch.setattr(steps, "run_step", broken)
    file = recipe_file(tmp_path, forum=dump(tmp_path / "dump"))
    words = ("stage", "collect", file, "--data", tmp_path / "data")
    printed = gristmill(*words)
    assert printed.code == 1
    assert "KeyError" in only_line(printed.err) and "--debug" in printed.err
    assert "Traceback" in gristmill("--debug", *words).err


def test_serve_looks_at_the_port_before_it_loads_a_model(
    gristmill: Gristmill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded() -> None:
        raise AssertionError("the model's libraries were loaded")

    monkeypatch.setattr(base, "require_train", loaded)
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        printed = gristmill("serve", "demo", "--port", port, "--data", tmp_path)
        assert ports.free_port(port) != port
    assert printed.code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in only_line(printed.err)
    assert "--port" in printed.err


def test_an_unreachable_prefect_server_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('name = "one"\n[[sources]]\nconnector = "python_docs"\nname = "docs"\n')
    api = "http://127.0.0.1:1/api"
    done = subprocess.run(
        [*GRISTMILL, "run", "one.toml"],
        cwd=tmp_path, env=environment(tmp_path) | {"PREFECT_API_URL": api}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"PREFECT_API_URL: no Prefect server answers at {api}; " in only_line(done.stderr)


SOURCE = '[[sources]]\nconnector = "python_docs"\nname = "docs"\n'
SITE = '[[sources]]\nconnector = "website"\nname = "site"\n'
WRONG_RECIPES = {
    "no connector": ('[[sources]]\nname = "a"\n', "sources.0.connector: missing; known: confluence, "),
    "unknown connector": (
        '[[sources]]\nconnector = "websit"\nname = "a"\n',
        "connector: unknown; did you mean 'website'?",
    ),
    "sources are no list": ('sources = "x"\n', "sources: must be a list in [ ]"),
    "a source is no table": ('sources = ["x"]\n', "sources.0: must be a table"),
    "no sources": ("sources = []\n", "sources: must have at least 1 of them"),
    "no start": (SITE, "sources.0: set either `start`"),
    "start without scheme": (
        SITE + 'start = "a.example/docs"\n',
        "sources.0.start: must begin with https:// or http://",
    ),
    "one start without scheme": (
        SITE + 'start = ["https://a.example", "b.example"]\n',
        "sources.0.start.1: must begin with https:// or http://",
    ),
    "a number in words": (
        SITE + 'start = "https://a.example"\nmax_pages = "many"\n',
        "max_pages: must be a whole number",
    ),
    "unknown key": (SITE + 'strat = "https://a.example"\n', "sources.0.strat: unknown key; did you mean 'start'?"),
    "too much": (SOURCE + "[dedupe]\nthreshold = 3\n", "dedupe.threshold: must be at most 1"),
    "no choice": (SOURCE + '[dedupe]\nkey = "pear"\n', "dedupe.key: must be 'pair', 'output' or 'instruction'"),
    "no time": (SOURCE + '[schedule]\ncron = "every day"\n', "schedule.cron: 'every day' is no cron expression"),
    "no hour": (SOURCE + '[schedule]\ncron = "0 24 * * *"\n', "schedule.cron: '0 24 * * *' is no cron expression"),
    "unknown time zone": (
        SOURCE + '[schedule]\ncron = "0 4 * * *"\ntimezone = "Europe/Berln"\n',
        "schedule.timezone: 'Europe/Berln' is no time zone; did you mean 'Europe/Berlin'?",
    ),
    "a time zone like no other": (
        SOURCE + '[schedule]\ncron = "0 4 * * *"\ntimezone = "?"\n',
        "schedule.timezone: '?' is no time zone; say one such as Europe/Berlin",
    ),
}
PYDANTIC = ("Input should", "Value error", "Field required", "discriminator", "validation error", "function-after")


@pytest.mark.parametrize(("text", "message"), WRONG_RECIPES.values(), ids=WRONG_RECIPES)
def test_check_names_file_key_and_cure_in_plain_words(
    gristmill: Gristmill, tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'name = "mine"\n{text}')
    printed = gristmill("check", file, "--data", tmp_path / "data")
    assert printed.code == 2
    assert only_line(printed.err).startswith(f"error: {file}: ")
    assert message in printed.err
    assert not [word for word in PYDANTIC if word in printed.err]


def test_a_recipe_in_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes('name = "mine"\n# café\n'.encode("latin-1"))
    with pytest.raises(RecipeError, match=r"mine\.toml:2: not UTF-8 \(byte 0xe9\); save the file as UTF-8"):
        load(file)


def test_a_byte_order_mark_is_no_part_of_a_recipe(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'name = "mine"\n{SOURCE}', encoding="utf-8-sig")
    assert load(file).name == "mine"


def test_try_refuses_a_recipe_that_was_not_run(gristmill: Gristmill, milled: Milled) -> None:
    printed = gristmill("try", "default", "--recipe", "smal", "--data", milled[1])
    assert printed.code == 2
    assert "--recipe smal: not run up to dedupe in this data folder; did you mean 'small'?" in only_line(printed.err)


def test_a_signal_that_the_stored_data_lacks_wants_annotate(
    gristmill: Gristmill, milled: Milled, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(milled[1], data, symlinks=True)
    for shard in data.glob("3_signals/*/signals-*.parquet"):
        pq.write_table(pq.read_table(shard).drop_columns(["output_words"]), shard)
    printed = gristmill("try", "default", "--data", data)
    assert printed.code == 2
    assert "output_words is not in the stored data" in only_line(printed.err)
    assert "gristmill stage annotate small" in printed.err


def test_signs_of_sql_and_of_patterns_in_a_path_are_letters(gristmill: Gristmill, tmp_path: Path) -> None:
    """A neighbour that a pattern would find is not read."""
    recipe = load(recipe_file(tmp_path, forum=dump(tmp_path / "dump")))
    folder = tmp_path / "it's * {0}?"
    go(recipe, folder)
    shutil.copytree(folder, tmp_path / "it's ** {0}?", symlinks=True)
    printed = gristmill("sql", "SELECT count(*) AS n FROM records", "--format", "csv", "--data", folder)
    assert (printed.code, printed.out) == (0, f"n\n{len(WHATS)}\n")
    assert gristmill("try", "default", "--data", folder).code == 0
    assert gristmill("verify", "--data", folder).code == 0


def test_verify_of_nothing_says_that_there_is_nothing(gristmill: Gristmill, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        printed = gristmill("verify", "--data", folder)
        assert (printed.code, printed.out) == (1, "")
        assert f"{folder}: nothing to verify" in only_line(printed.err)


def test_status_of_a_recipe_that_was_not_run_says_so(gristmill: Gristmill, milled: Milled) -> None:
    printed = gristmill("status", "python", "--data", milled[1])
    assert printed.code == 0
    assert printed.out == f"{milled[1]}: nothing of python yet; `gristmill run python` begins it\n"


WRITERS = (
    "export small {out}", "export small {out} --for trl", "gguf small {out}",
    "review export {out} --recipe small", "learn mine --from votes --out {out}",
)  # fmt: skip


@pytest.mark.parametrize("words", WRITERS)
def test_nothing_is_written_into_the_data_folder_by_its_name(
    words: str, gristmill: Gristmill, milled: Milled, tmp_path: Path
) -> None:
    """A snapshot is never written over, nor a list of what people decided; also not through a link."""
    data = Path(shutil.copytree(milled[1], tmp_path / "data", symlinks=True))
    (tmp_path / "link").symlink_to(data / "5_curated")
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    for out in (
        data / "5_curated/small/v1/train-00000-of-00001.parquet",
        data / "decisions.jsonl",
        tmp_path / "link/x",
    ):
        printed = gristmill(*words.format(out=out).split(), "--data", data)
        assert printed.code == 2 and "is in the data folder" in only_line(printed.err)
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before


def test_export_says_which_folder_is_missing_and_leaves_nothing_behind(
    gristmill: Gristmill, milled: Milled, tmp_path: Path
) -> None:
    printed = gristmill("export", "small", tmp_path / "no" / "a.jsonl", "--data", milled[1])
    assert printed.code == 2
    assert f"there is no folder {tmp_path / 'no'}; make it first" in only_line(printed.err)
    assert gristmill("export", "small", tmp_path, "--data", milled[1]).code == 2
    assert gristmill("export", "smal", tmp_path / "a.jsonl", "--data", milled[1]).code == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_explain_cuts_no_name_of_a_signal(milled: Milled, width: int) -> None:
    import io

    from rich.console import Console

    _, data, _ = milled
    with catalog.connect(data) as con:
        record_id = shell.ask(con, "SELECT min(record_id) AS id FROM records")["id"][0].as_py()
    life = explain.explain(record_id, data)
    out = io.StringIO()
    explain.show(life, Console(file=out, width=width))
    names = [name for name, value in life["signals"].items() if value not in (None, "")]
    assert len(names) > 50
    assert [name for name in names if f" {name} " not in out.getvalue()] == []
    assert max(map(len, out.getvalue().splitlines())) <= width


def completed(folder: Path, typed: str) -> list[str]:
    asked = {"_GRISTMILL_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    env = environment(folder) | asked
    done = subprocess.run(GRISTMILL, cwd=folder, env=env, capture_output=True, text=True)
    return done.stdout.split()


def test_the_shell_completes_commands_recipes_and_policies(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").touch()
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "other.toml").touch()
    (tmp_path / "notes.txt").touch()
    assert completed(tmp_path, "gristmill ex") == ["explain", "export"]
    assert completed(tmp_path, "gristmill run ") == ["demo", "python", "stackexchange", "mine.toml", "recipes/"]
    assert completed(tmp_path, "gristmill run py") == ["python"]
    assert completed(tmp_path, "gristmill check recipes/o") == ["recipes/other.toml"]
    assert completed(tmp_path, "gristmill try st") == ["strict"]
