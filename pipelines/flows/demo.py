"""`gristmill demo`: the whole road on what is bundled, from a crawl over loopback to an answer before and after."""

import functools
import http.server
import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipelines import catalog, recipe, storage
from pipelines.catalog import status
from pipelines.flows.stages import STAGES, Stage
from pipelines.messages import Message, tr
from pipelines.recipe import RecipeError

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
HOST, PORT = "127.0.0.1", 8765
NEXT = (
    ("gristmill status", Message("what lies in the data folder, stage by stage")),
    ('gristmill sql "FROM curated LIMIT 5"', Message("ask anything about it")),
    ('gristmill explain "{record}"', Message("the whole life of one record, here a dropped one")),
    ("gristmill try strict --recipe demo", Message("what another policy would keep")),
    ("gristmill up", Message("schedules, run forms and the dashboard")),
    ("gristmill serve demo", Message("talk to the model through any OpenAI client")),
    ("gristmill check stackexchange", Message("an example to make a recipe of your own from")),
)


def demo(data: Path) -> None:
    """Run the bundled recipe through Prefect, and show what it did. Raises RecipeError outside of a checkout."""
    if not SAMPLES.is_dir():
        raise RecipeError(
            "{samples}: the bundled samples are missing; run the demo from a checkout of the project", samples=SAMPLES
        )
    console = Console()
    with site() as port, _recipe(port) as name:
        console.print(tr("[bold]collect → normalise → annotate → dedupe → curate[/bold]: three sources, offline"))
        _mill(name, data, STAGES[:-1])
        _show_funnel(console, data)
        console.print(tr("\n[bold]finetune[/bold]: SmolLM2 on those records, for about two minutes on the CPU"))
        _mill(name, data, STAGES[-1:])
    _show_answers(console, data)
    _show_next(console, data)


def _mill(name: str, data: Path, stages: tuple[Stage, ...]) -> None:
    from pipelines.flows import definitions

    definitions.run_mill(name, data, list(stages))


@contextmanager
def site() -> Iterator[int]:
    """The bundled tutorial site on loopback, at PORT if that is free; gives the port."""
    handler = functools.partial(_Quiet, directory=str(SAMPLES / "site"))
    with _listen(handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Requests are of no interest."""


def _listen(handler: Any) -> http.server.ThreadingHTTPServer:
    try:
        return http.server.ThreadingHTTPServer((HOST, PORT), handler)
    except OSError:
        return http.server.ThreadingHTTPServer((HOST, 0), handler)


@contextmanager
def _recipe(port: int) -> Iterator[str]:
    """The bundled recipe's name, or a copy that goes to another port."""
    if port == PORT:
        yield "demo"
        return
    text = recipe.find("demo").read_text().replace(str(PORT), str(port)).replace("../../data/samples", str(SAMPLES))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "demo.toml"
        copy.write_text(text)
        yield str(copy)


def _show_funnel(console: Console, data: Path) -> None:
    made = recipe.load("demo")
    status.print_table(status.funnel(data, [*made.source_names(), made.name]), console, made.titles())


def _show_answers(console: Console, data: Path) -> None:
    """One held-out instruction, as answered by the base model and by the fine-tuned one."""
    folder = storage.latest(storage.folder(data, "finetune", "demo"))
    numbers = json.loads((folder / "metrics.json").read_text())
    # the packaged model reads English, and a question shows more than a request for code
    sample = min(
        numbers["samples"], key=lambda one: (not one["instruction"].isascii(), one["task"] != "question_answering")
    )
    losses = numbers["held_out"]
    console.print(
        tr(
            "\nheld-out loss {before:.2f} → {after:.2f}; one held-out instruction:",
            before=losses["before"]["loss"],
            after=losses["after"]["loss"],
        )
    )
    for title in (Message("instruction"), Message("before"), Message("after")):
        console.print(Panel(Text(sample[title].strip()), title=tr(title), title_align="left"))


def _show_next(console: Console, data: Path) -> None:
    with catalog.connect(data) as con:
        record = con.sql("SELECT min(record_id) FROM dropped WHERE recipe = 'demo'").fetchall()[0][0]
    where = "" if data == Path("data") else f" --data {data}"
    console.print(tr("\n[bold]What next[/bold]"))
    drawn = Table.grid(padding=(0, 3))
    for command, what in NEXT:
        drawn.add_row(Text(command.format(record=record) + where), tr(what))
    console.print(drawn)
