"""`gristmill demo`: the whole road on what is bundled, from a crawl over loopback to an answer before and after."""

import functools
import http.server
import json
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines import catalog, recipe, storage
from pipelines.catalog import status
from pipelines.finetune import answers, gain, languages
from pipelines.flows.stages import OF_DATA, Stage
from pipelines.messages import Message, card_name, tr

SAMPLES = Path(__file__).parents[1] / "samples"  # in a checkout a link to data/samples
HOST, PORT = "127.0.0.1", 8765
QUESTIONS_SHOWN = 3
NEXT = (
    ("gristmill status{data}", Message("what lies in the data folder, stage by stage")),
    ('gristmill sql "FROM curated LIMIT 5"{data}', Message("ask anything about it")),
    ('gristmill explain "{record}"{data}', Message("the whole life of one record, here a dropped one")),
    ("gristmill try strict --recipe demo{data}", Message("what another policy would keep")),
    ("gristmill up{data}", Message("the dashboard, schedules and run forms")),
    ("gristmill serve demo{data}", Message("talk to the model through any OpenAI client")),
    ("less {card}", Message("the model's card, with all {questions} questions")),
    ("gristmill check stackexchange", Message("an example to make a recipe of your own from")),
)


def demo(data: Path) -> None:
    """Run the bundled recipe through Prefect, and show what it did."""
    console = Console()
    with site() as port, _recipe(port) as name:
        console.print(tr("[bold]collect → normalise → annotate → dedupe → curate[/bold]: three sources, offline"))
        _mill(name, data, OF_DATA)
        _show_funnel(console, data)
        steps = recipe.load(name).finetune.max_steps
        console.print(
            tr("\n[bold]finetune[/bold]: SmolLM2, {steps} steps; about two minutes on two idle cores", steps=steps)
        )
        _mill(name, data, ("finetune",))
    model = storage.latest(storage.folder(data, "finetune", "demo"))
    numbers = json.loads((model / "metrics.json").read_text())
    show_result(console, numbers)
    card, questions = model.with_name("latest") / card_name(), len(numbers["samples"])
    show_next(console, data, {"record": _a_dropped_one(data), "card": card, "questions": questions})


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
    text = recipe.find("demo").read_text().replace(str(PORT), str(port)).replace("../samples", str(SAMPLES))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "demo.toml"
        copy.write_text(text)
        yield str(copy)


def _show_funnel(console: Console, data: Path) -> None:
    made = recipe.load("demo")
    status.print_table(status.funnel(data, [*made.source_names(), made.name]), console, made.titles())


def show_result(console: Console, numbers: Mapping[str, Any]) -> None:
    """What a model's `metrics.json` says was learnt, and the first held-out questions, as answered before and after."""
    shown = numbers["samples"][:QUESTIONS_SHOWN]
    counts = {"shown": len(shown), "number": len(numbers["samples"])}
    of_all = tr("{shown} of {number} held-out questions, with both answers:", **counts)
    console.print(f"\n{tr(gain.sentence(numbers))}.\n\n{of_all}", highlight=False)
    for sample in shown:
        measured = numbers["languages"].get(sample["language"])
        console.print(_answers(sample, languages.note(sample["language"], measured) if measured else ""))


def _answers(sample: Mapping[str, Any], note: str) -> Table:
    """A held-out question, both answers side by side, and what has to be known before reading them."""
    question = "\n\n".join(filter(None, (sample["instruction"].strip(), sample["input"].strip())))
    drawn = Table(title=Text(f"\n{question}"), title_justify="left", title_style="bold", caption=tr(note) or None)
    drawn.caption_justify, drawn.expand, drawn.padding = "left", True, (0, 1)
    for name in answers.COLUMNS[1:]:
        drawn.add_column(tr(name), ratio=1, overflow="fold")
    drawn.add_row(Text(sample["before"]), Text(sample["after"]))
    return drawn


def _a_dropped_one(data: Path) -> str:
    with catalog.connect(data) as con:
        record: str = con.sql("SELECT min(record_id) FROM dropped WHERE recipe = 'demo'").fetchall()[0][0]
    return record


def show_next(console: Console, data: Path, named: Mapping[str, object]) -> None:
    """What to look at now. `named`: a `record`, the path of the model's `card`, and how many `questions` it has."""
    said = {**named, "data": "" if data == Path("data") else f" --data {data}"}
    console.print(tr("\n[bold]What next[/bold]"))
    drawn = Table.grid(padding=(0, 3))
    for command, what in NEXT:
        drawn.add_row(Text(command.format(**said)), tr(what, **said))
    console.print(drawn)
