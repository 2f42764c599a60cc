"""What texts hold that would control a terminal or be obeyed by a reader of Markdown is shown, and does nothing."""

import io
import json
import logging
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from pipelines import catalog
from pipelines.catalog import shell
from pipelines.catalog.explain import explain, show
from pipelines.cli import commands
from pipelines.errors import PrintableFormatter, printable
from pipelines.publish.attribution import _line, code_span, escape_markdown
from pipelines.publish.card import RuleLine, _rules
from tests.pipelines import corpus
from tests.pipelines.commands import Gristmill

CONTROLS = "\x1b[2J\x1b]0;owned\x07\x9b31m\rover\x08\x7f\u202egnp\u2066\u061c"
OBEYED = [sign for sign in CONTROLS if not sign.isprintable()]
MARKDOWN = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](http://127.0.0.2/x.png)", "&lt;svg onload=a&gt;",
    "[x](javascript:alert(1))", "<javascript:alert(1)>", "a | b | `c", "``` `` `<i>`", "\n\n<iframe src=//x>\n\n# x",
    "x\\", "\\<b>x</b>", "~~x~~ **y** _z_", "--- | ---", "</td><b>",
]  # fmt: skip


def obeyed(text: str) -> list[str]:
    return [sign for sign in OBEYED if sign in text]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Every field of a record that is text holds signs that control a terminal."""
    record = corpus.record("forum:1#a1", f"ask {CONTROLS}", f"say {CONTROLS}")
    texts = {
        name: f"{value}{CONTROLS}" for name, value in record.items() if isinstance(value, str) and "id" not in name
    }
    corpus.write(tmp_path, corpus.recipe("forum"), [record | texts | {"source": record["source"]}])
    return tmp_path


def test_explain_shows_controls_and_obeys_none(data: Path) -> None:
    screen = io.StringIO()
    show(explain("forum:1#a1", data), Console(file=screen, width=200))
    assert "�[2J" in screen.getvalue() and not obeyed(screen.getvalue())


@pytest.mark.parametrize("kind", ["table", "json", "jsonl"])
def test_answers_obey_none(kind: shell.Format, data: Path) -> None:
    out = io.StringIO()
    with catalog.connect(data) as con:
        shell.show(shell.ask(con, f'SELECT *, 1 AS "{CONTROLS.replace(chr(34), "")}" FROM records'), kind, out)
    assert "[2J" in out.getvalue() and not obeyed(out.getvalue())


def test_what_commands_print_obeys_none(
    gristmill: Gristmill, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = gristmill("sql", f"SELECT '{CONTROLS}' FROM nowhere", "--data", tmp_path)
    assert told.code == 2 and not obeyed(told.err)
    commands.print_json([CONTROLS])
    said = capsys.readouterr().out
    assert json.loads(said) == [CONTROLS] and not obeyed(said)
    line = PrintableFormatter().format(logging.makeLogRecord({"msg": "robots.txt says %s", "args": (CONTROLS,)}))
    assert line.startswith("robots.txt says �[2J") and not obeyed(line)
    assert printable("two\n\tlines, 中文, é, 👩‍💻") == "two\n\tlines, 中文, é, 👩‍💻"


@pytest.mark.parametrize("text", [*MARKDOWN, CONTROLS])
def test_a_card_and_an_attribution_show_texts_as_they_are(text: str) -> None:
    """Read as GitHub reads it: no element but what the page has without them, and the words are all there."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    card = _rules([RuleLine("rule", 1, 0, code_span(text), text)])
    for made, plain in (
        (card, _rules([RuleLine("rule", 1, 0, "`x`", "x")])),
        (_line(text, text, [text]), _line("x", "x", ["x"])),
    ):
        elements = [part for part in reader.render(made).replace("</code>", "").split("<") if part]
        assert [part.split(">")[0] for part in elements] == [
            part.split(">")[0] for part in reader.render(plain).replace("</code>", "").split("<") if part
        ], made
        assert not obeyed(made)
    assert (
        " ".join(text.split())
        in reader.renderInline(escape_markdown(text))
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", '"')
        .replace("&amp;", "&")
        or text == CONTROLS
    )
