"""The command line in Chinese: by the environment or `--language`, helps, errors and what commands print."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import messages
from pipelines.catalog import described, explain
from pipelines.messages import spoken, tr
from tests.conftest import environment
from tests.pipelines.commands import Gristmill

HAN = re.compile("[\u3400-\u9fff]")
COMMAND = "from pipelines.cli import main; main()"


def said(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own: helps are put into one language for as long as it lives."""
    outside = {name: value for name, value in environment(folder).items() if name not in ("LANGUAGE", "LC_ALL", "LANG")}
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *words], cwd=folder, env=outside | {"COLUMNS": "200"} | variables,
        capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("words", ["--language zh run --help", "run --language zh --help", "run --help --language=zh"])
def test_help_is_chinese_wherever_the_option_stands(words: str, tmp_path: Path) -> None:
    shown = said(tmp_path, *words.split()).stdout
    for word in ("用法：gristmill run", "参数", "选项", "[默认：local]", "[必填]", "显示这段帮助并退出。", "示例："):
        assert word in re.sub(r" +", " ", shown)
    for word in ("Usage", "Options", "Show this", "default:", "required", "Example"):
        assert word not in shown


def test_every_line_of_help_is_chinese(tmp_path: Path) -> None:
    shown = said(tmp_path, "--help", LANG="zh_CN.UTF-8").stdout
    told = [line for line in shown.splitlines() if re.search("[A-Za-z]{3}", line)]
    assert len(told) > 15
    assert not [line for line in told if not HAN.search(line)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("frobnicate", "错误：没有 'frobnicate' 这个命令；用法见 `gristmill --help`"),
        ("run", "错误：缺少参数 'recipe'；用法见 `gristmill run --help`"),
        ("run demo --workers 0", "错误：'--workers' 的值无效：不得小于 1；用法见"),
        (
            "run demo --engine spark",
            "错误：'--engine' 的值无效：'spark' 不在可选值 'local', 'dask', 'ray' 之内；用法见",
        ),
        ("sql --prt", "错误：没有选项 --prt（相近的选项：--format）；用法见"),
        ("check dmeo", "dmeo：没有这个文件，也没有叫这个名字的自带配方；是不是 'demo'？"),
        ("status --data nowhere", "nowhere：这里还是空的；可以从 `gristmill demo` 开始"),
    ],
)
def test_what_is_wrong_is_said_in_chinese(words: str, told: str, tmp_path: Path) -> None:
    done = said(tmp_path, "--language", "zh", *words.split())
    assert told in done.stdout + done.stderr
    assert len((done.stdout + done.stderr).splitlines()) == 1


def test_a_language_that_is_none_is_refused(gristmill: Gristmill) -> None:
    printed = gristmill("--language", "fr", "status")
    assert printed.code == 2
    assert "'fr' is not one of 'en', 'zh'" in printed.err


def test_the_option_comes_before_the_environment(tmp_path: Path) -> None:
    assert "Usage:" in said(tmp_path, "--language", "en", "--help", LANG="zh_CN.UTF-8").stdout
    assert "用法：" in said(tmp_path, "--help", LANG="zh_CN.UTF-8").stdout


def test_processes_that_are_started_speak_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    messages.use_everywhere("zh")
    asked = "from pipelines.messages import language; print(language())"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True).stdout == "zh\n"


def test_what_programs_read_is_the_same_in_every_language(gristmill: Gristmill, tmp_path: Path) -> None:
    # of a file that is missing, since a site that is would be asked again and again
    source = '[[sources]]\nconnector = "instructions"\nname = "notes"\npath = "no"\n'
    (tmp_path / "r.toml").write_text(f'name = "r"\n{source}')
    words = ("check", tmp_path / "r.toml", "--data", tmp_path / "data", "--json")
    english, chinese = gristmill(*words), gristmill("--language", "zh", *words)
    found = [[one for one in json.loads(printed.out) if one["what"] != "disk"] for printed in (english, chinese)]
    assert found[0] == found[1]  # how much is free may have changed between the two
    assert english.out.isascii() and not HAN.search(chinese.out)


@pytest.mark.parametrize("words", [("connectors",), ("signals",)])
def test_what_there_is_is_told_to_programs_in_english(words: tuple[str, ...], gristmill: Gristmill) -> None:
    asked = (*words, "--json", *(("--data", "none") if words == ("signals",) else ()))
    english, chinese = gristmill(*asked), gristmill("--language", "zh", *asked)
    assert english.out == chinese.out and len(json.loads(english.out)) > 10


@pytest.mark.parametrize("one", described.connectors(), ids=lambda one: one.name)
def test_a_connector_is_told_in_chinese(one: described.Described, gristmill: Gristmill) -> None:
    shown = gristmill("--language", "zh", "connectors", one.name).out.split("[[sources]]")[0]
    paragraphs = one.says.split("\n\n")
    with spoken("zh"):
        assert tr(paragraphs[0]) in gristmill("--language", "zh", "connectors").out
        said = [tr(text) for text in (*paragraphs, one.licence, *(each.says for each in one.settings))]
    squeezed = re.sub(r"\s", "", shown)  # lines are broken where they end
    assert all(HAN.search(text) and re.sub(r"\s", "", text) in squeezed for text in said)
    assert not re.search(r"│ (text|whole number|number|true or false|path|list of|must be)", shown)


def test_a_signal_is_told_in_chinese(gristmill: Gristmill) -> None:
    definition = explain.definitions()["output_lorem"]
    shown = gristmill("--language", "zh", "signals", "output_lorem", "--data", "none").out
    with spoken("zh"):
        assert HAN.search(tr(definition)) and tr(definition) in shown
    assert definition not in shown and "定义" in shown
